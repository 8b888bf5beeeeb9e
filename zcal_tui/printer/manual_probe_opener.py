"""What opened a manual probe that this program did not open, and what ACCEPT does there.

Klipper's status does not say it. The [zcal] module does (`zcal/manual_probe`), and Moonraker remembers the commands it
was sent. Without both it is unknown, and nothing is guessed.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.console import parse
from zcal_tui.printer.messages import ManualProbeFailed, ManualProbeStarted, ProbeSample, ValuesStaged
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.values import mapping, number, text
from zcal_tui.printer.zcal_interface import MANUAL_PROBE_OPENER, speaks
from zcal_tui.transport.failures import TransportError

STORED_LINES = 200
"""How many of Moonraker's stored commands and responses are read."""


@dataclass(frozen=True, slots=True)
class ManualCommand:
    """A command that opens a manual probe."""

    name: str
    accept: str
    """What ACCEPT does and stages, as a sentence."""
    module: str = ""
    """A word of the Klipper module that gets the result."""
    function: str = ""
    """Part of that function's name, where the module has several."""
    points: bool = False
    """Whether it opens one after the other, at several points."""
    sets_z: bool = False
    """Whether it sets Z to a made-up height first, so that heights mean nothing until ACCEPT."""
    option: str = ""
    """The one option that it stages; empty where it stages none or several."""


_MESH = "After the last point, Klipper computes the mesh, uses it, and stages it as [bed_mesh default] for SAVE_CONFIG."
_MODEL = "Accept makes the plugin measure by itself. It then stages a model of the scanner for SAVE_CONFIG and uses it."
_DRIVES = "After the last point, Klipper moves the Z drives to level the bed or gantry. It stages nothing."

COMMANDS: tuple[ManualCommand, ...] = (
    ManualCommand(
        "MANUAL_PROBE",
        "Accept prints the height. It stages nothing.",
        "manual_probe",
        "manual_probe_finalize",
    ),
    ManualCommand("ZCAL_PAPER_TEST", "Accept reports the height. It stages nothing.", "zcal"),
    ManualCommand(
        "PROBE_CALIBRATE",
        "Accept stages the probe's z_offset for SAVE_CONFIG.",
        "probe",
        "probe_calibrate",
        option="z_offset",
    ),
    ManualCommand(
        "Z_ENDSTOP_CALIBRATE",
        "Accept stages position_endstop of the Z stepper for SAVE_CONFIG.",
        "manual_probe",
        "z_endstop",
        option="position_endstop",
    ),
    ManualCommand(
        "DELTA_CALIBRATE",
        "After the last point, Klipper computes the delta's geometry and stages it for SAVE_CONFIG: delta_radius, and "
        "position_endstop, angle and arm_length of each tower.",
        "delta_calibrate",
        points=True,
    ),
    ManualCommand(
        "AXIS_TWIST_COMPENSATION_CALIBRATE",
        "After each point, Klipper moves on and probes the next one. After the last, it stages the compensation in "
        "[axis_twist_compensation] for SAVE_CONFIG.",
        "axis_twist_compensation",
        points=True,
    ),
    ManualCommand("BED_MESH_CALIBRATE", _MESH, "bed_mesh", points=True),
    ManualCommand(
        "BED_TILT_CALIBRATE",
        "After the last point, Klipper stages x_adjust, y_adjust and z_adjust of [bed_tilt] for SAVE_CONFIG.",
        "bed_tilt",
        points=True,
    ),
    ManualCommand("QUAD_GANTRY_LEVEL", _DRIVES, "quad_gantry_level", points=True),
    ManualCommand("Z_TILT_ADJUST", _DRIVES, "z_tilt", points=True),
    ManualCommand("Z_TILT_ADJUST", _DRIVES, "z_tilt_ng", points=True),
    ManualCommand(
        "SCREWS_TILT_CALCULATE",
        "After the last point, Klipper prints how far to turn each screw. It stages nothing.",
        "screws_tilt_adjust",
        points=True,
    ),
    ManualCommand(
        "PROBE_EDDY_CURRENT_CALIBRATE",
        "After Accept, Klipper lifts the sensor and measures by itself for one or two minutes. It then stages the "
        "table `calibrate` of the sensor for SAVE_CONFIG.",
        "probe_eddy_current",
    ),
    ManualCommand(
        "TEMPERATURE_PROBE_CALIBRATE",
        "After Accept, Klipper measures the sensor by itself and opens the next manual probe at the next temperature. "
        "At the end it stages the drift calibration for SAVE_CONFIG.",
        "temperature_probe",
        points=True,
    ),
    ManualCommand("CARTOGRAPHER_SCAN_CALIBRATE", _MODEL, "cartographer", sets_z=True),
    ManualCommand("CARTOGRAPHER_CALIBRATE", _MODEL, "scanner", sets_z=True),
    ManualCommand("BEACON_CALIBRATE", _MODEL, "beacon", sets_z=True),
    ManualCommand("IDM_CALIBRATE", _MODEL, "idm", sets_z=True),
    ManualCommand("PROBE_EDDY_NG_SETUP", _MODEL, "probe_eddy_ng", sets_z=True),
    ManualCommand("PROBE_EDDY_NG_CALIBRATE", _MODEL, "probe_eddy_ng", sets_z=True),
)
"""Every command that is known to open one."""

_FIRST_WORD = re.compile(r"^[ \t]*([A-Za-z_][A-Za-z0-9_]*)", re.MULTILINE)
_WITHIN = ("ACCEPT", "NEXT")
"""Commands after which another manual probe of the same calibration may open."""


@dataclass(frozen=True, slots=True)
class Opener:
    """What is known about who opened a manual probe; `command` is None where it is unknown."""

    command: ManualCommand | None = None
    point: int | None = None
    points: int | None = None
    """Which of several points it is, and how many there are, where the module reports it."""
    trigger: float | None = None
    """The trigger height (toolhead Z) that PROBE_CALIBRATE has probed."""

    @property
    def name(self) -> str:
        """The command's name, or that it is unknown."""
        return "an unknown command" if self.command is None else self.command.name

    @property
    def accept(self) -> str:
        """What ACCEPT does and stages."""
        if self.command is not None:
            return self.command.accept
        return "What Accept stages for SAVE_CONFIG is unknown, because what opened it is unknown."


async def find_opener(printer: Printer) -> Opener:
    """What opened the manual probe that is open. Raises nothing but asyncio.CancelledError."""
    found = Opener()
    if speaks(printer.state.zcal.get("version"), MANUAL_PROBE_OPENER):
        with contextlib.suppress(TransportError):
            found = opener_of_module(mapping(mapping(await printer.call("zcal/manual_probe")).get("open")))
    if found.command is None:
        with contextlib.suppress(TransportError):
            stored = mapping(await printer.call("server.gcode_store", {"count": STORED_LINES}))
            entries = stored.get("gcode_store")
            probe = probe_config(printer.state)
            z_offset = None if probe is None else probe.z_offset
            found = opener_of_store(entries if isinstance(entries, list) else [], z_offset)
    return found


def opener_of_module(answer: Mapping[str, Any]) -> Opener:
    """The opener by the answer of the [zcal] module."""
    words = (text(answer.get("module")) or "").split(".")
    function = text(answer.get("function")) or ""
    command = next(
        (one for one in COMMANDS if one.module in words and one.function in function),
        None,
    )
    point, points = number(answer.get("point")), number(answer.get("points"))
    return Opener(
        command,
        None if point is None else int(point),
        None if points is None else int(points),
        number(answer.get("trigger")),
    )


def opener_of_store(entries: Sequence[Any], z_offset: float | None) -> Opener:
    """The opener by Moonraker's stored commands and responses, oldest first. `z_offset` is the probe's, by which a
    bed height becomes a trigger height."""
    lines = [
        (entry.get("type"), text(entry.get("message")) or "")
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    last = len(lines)
    while last > 0:
        start = _last_start(lines[:last])
        if start is None:
            return Opener()
        before = next((n for n in range(start - 1, -1, -1) if lines[n][0] == "command"), None)
        if before is None:
            return Opener()
        words = [word.upper() for word in _FIRST_WORD.findall(lines[before][1])]
        command = next((one for word in words for one in COMMANDS if one.name == word), None)
        if command is not None:
            return Opener(command, trigger=_trigger(lines[before:start], z_offset))
        if not any(word in _WITHIN for word in words):
            return Opener()  # a macro, whose commands are not stored
        last = start
    return Opener()


def _last_start(lines: Sequence[tuple[object, str]]) -> int | None:
    """Where the newest manual probe started; None where the newest one has ended with a result."""
    for n in range(len(lines) - 1, -1, -1):
        kind, line = lines[n]
        if kind == "command":
            continue
        message = parse(line)
        if isinstance(message, ManualProbeStarted):
            return n
        if isinstance(message, (ValuesStaged, ManualProbeFailed)):
            return None
    return None


def _trigger(lines: Sequence[tuple[object, str]], z_offset: float | None) -> float | None:
    """The trigger height that was probed before the manual probe started."""
    for kind, line in reversed(lines):
        message = parse(line) if kind != "command" else None
        if isinstance(message, ProbeSample):
            if message.frame == "toolhead":
                return message.z
            return None if z_offset is None else message.z + z_offset
    return None
