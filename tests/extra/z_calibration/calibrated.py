"""A printer with a nozzle endstop and a dockable probe, and the `[z_calibration]` section under test."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.e2e import klippers
from tests.e2e.simulated import KlippyClient, PrinterSim, printers

ROOT = Path(__file__).parents[3]
EXTRA = ROOT / "klippy_extra"
PROFILES = ROOT / "zcal_tui" / "sim" / "profiles"

SECTION = """
[z_calibration]
nozzle_xy_position: 206, 256
switch_xy_position: 206, 232.25
switch_offset: 0.52
start_gcode: ATTACH_PROBE
end_gcode:
    DETACH_PROBE
    RESPOND MSG="put away"
"""
SWITCH_OFFSET = 0.52
BED = (125.0, 125.0)

Starter = Callable[..., PrinterSim]
SAMPLE = re.compile(r"CALIBRATE_Z: probe at (-?[\d.]+),(-?[\d.]+) is z=(-?[\d.]+)")
RESULT = re.compile(r"--> new_offset=(-?\d+\.\d+)")


@contextlib.contextmanager
def starting(folder: Path) -> Iterator[Starter]:
    """Yields `start(section, profile="voron", edit=…, **options)`: a printer whose printer.cfg has that section.

    `edit` changes the text of the profile's printer.cfg; options are `simulated.start_printer`'s.
    """
    with printers() as start:
        number = 0

        def begin(
            section: str = SECTION,
            *,
            profile: str = "voron",
            edit: Callable[[str], str] = lambda text: text,
            **options: Any,
        ) -> PrinterSim:
            nonlocal number
            number += 1
            place = folder / str(number)
            shutil.copytree(PROFILES / profile, place)
            text = edit(without_section((place / "printer.cfg").read_text())) + section
            if klippers.KALICO:  # has its own z_calibration
                text += "\n[danger_options]\nallow_plugin_override: True\n"
            (place / "printer.cfg").write_text(text)
            extras = tuple(
                word for name in ("zcal", "z_calibration") for word in ("--extra", str(EXTRA / name))
            )
            return start(str(place), options=extras, **options)

        yield begin


def without_section(text: str) -> str:
    """A printer.cfg without its [z_calibration] section."""
    return re.sub(r"(?ms)^\[z_calibration\].*?(?=^\[|\Z)", "", text)


def set_truth(printer: PrinterSim, **values: Any) -> None:
    """Change true parameters of the simulated machine: `set_truth(printer, probe__noise=0.001)`."""
    for name, value in values.items():
        printer.control.request("set", path=name.replace("__", "."), value=value)


def quiet(printer: PrinterSim) -> None:
    """Remove what a calibration cannot know: location bias, drift, outliers, slipping motors."""
    set_truth(
        printer,
        probe__bias_x=0.0,
        probe__bias_y=0.0,
        probe__bias_xx=0.0,
        probe__first_sample_shift=0.0,
        probe__drift_per_touch=0.0,
        probe__outlier_rate=0.0,
    )


def heights(console: list[str]) -> dict[str, list[float]]:
    """The heights that a calibration printed, by point."""
    found: dict[str, list[float]] = {}
    for line in console:
        if match := SAMPLE.search(line):
            found.setdefault(f"{match[1]},{match[2]}", []).append(float(match[3]))
    return found


def offset_of(console: list[str]) -> float:
    """The offset that a calibration printed."""
    match = RESULT.search("\n".join(console))
    assert match, console
    return float(match[1])


def gap_error(printer: PrinterSim, klippy: KlippyClient) -> float:
    """The error of the offset in effect, at the probed point, mm."""
    klippy.gcode("G90\nG1 Z20 F900")
    klippy.gcode(f"G1 X{BED[0]} Y{BED[1]} F9000\nG1 Z1 F300")
    gap = float(printer.report()["gap"])
    klippy.gcode("G1 Z20 F900")
    return gap - 1.0
