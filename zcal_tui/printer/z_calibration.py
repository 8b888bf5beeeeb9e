"""The automatic Z offset as a client sees it: what CALIBRATE_Z found, from our module's status or from the console.

docs/z_calibration.md is the status' contract. The original plugin by protoloft and Kalico's own publish no heights;
there the samples and the formula are read from the console lines, old wordings and new.
"""

import math
import statistics
from collections.abc import Mapping
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.mesh_reference import mesh_reference
from zcal_tui.printer.messages import Message, ProbeSample, SamplesRetry, ZCalibrationResult
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, number, pair, text

SECTION = "z_calibration"
_SAME_PLACE = 0.01
_ROUNDING = 0.00051
"""mm: how far a height of the formula, printed with three decimals, may differ from that of its samples."""


@dataclass(frozen=True)
class Height:
    """One of the three heights: toolhead Z in mm. `samples` are empty where they are not published."""

    value: float
    samples: tuple[float, ...] = ()
    median: bool = True
    """Whether the value is the median of the samples, else their mean."""

    @property
    def sigma(self) -> float | None:
        """The standard deviation of the samples (n − 1); None below two."""
        return statistics.stdev(self.samples) if len(self.samples) > 1 else None

    @property
    def standard_error(self) -> float | None:
        """The standard uncertainty of the value from the scatter of its samples. A median's variance is
        π / (2 n + π − 2) of a sample's, for normal scatter."""
        if self.sigma is None:
            return None
        n = len(self.samples)
        share = math.pi / (2 * n + math.pi - 2) if self.median else 1 / n
        return self.sigma * math.sqrt(share)


@dataclass(frozen=True)
class AutomaticOffset:
    """One CALIBRATE_Z. `offset` = bed − (switch − nozzle + switch_offset); `half_width` is half of its 95 % interval
    from the scatter of the samples, without switch_offset's own error. `twist` is axis_twist_compensation's part of
    `bed`."""

    offset: float
    switch_offset: float | None
    nozzle: Height
    switch: Height
    bed: Height
    half_width: float | None = None
    twist: float = 0.0

    @property
    def heights(self) -> Mapping[str, Height]:
        """The three by name."""
        return {"nozzle": self.nozzle, "switch": self.switch, "bed": self.bed}


@dataclass(frozen=True)
class ZCalibrationSection:
    """[z_calibration] as it is configured. mm; None where the plugin decides."""

    switch_offset: float | None
    margins: tuple[float, float]
    nozzle: Xy | None
    switch: Xy | None
    """Where the toolhead is for the nozzle, and for the switch's body, to be over the endstop."""
    bed: Xy | None
    """The bed point that is probed, where the section or the mesh names it."""
    zero_reference: Xy | None
    moves_the_probe: bool
    """Whether the section's own gcode attaches or docks the probe."""
    samples: int
    median: bool
    applies_by_script: bool = False
    """Whether its offset_gcode applies the offset, such as to a tool, instead of SET_GCODE_OFFSET."""
    margins_option: str = "offset_margins"
    """The option, or the two, that the margins come from."""


def section(state: PrinterState) -> ZCalibrationSection | None:
    """The section, None where it is not configured."""
    options = state.settings.get(SECTION)
    if options is None:
        return None
    probe = probe_config(state)
    zero = mesh_reference(state.settings)
    bed = pair(options.get("bed_xy_position"))
    result = text(options.get("samples_result")) or "none"
    if result == "none":
        result = probe.samples_result if probe is not None else "average"
    gcodes = (text(options.get(name)) or "" for name in ("start_gcode", "before_switch_gcode", "end_gcode"))
    nozzle = pair(options.get("nozzle_xy_position")) or pair(
        state.settings.get("safe_z_home", {}).get("home_xy_position")
    )
    switch = pair(options.get("switch_xy_position"))
    beside = pair(options.get("switch_xy_offsets"))
    if switch is None and nozzle is not None and beside is not None:
        switch = nozzle[0] + beside[0], nozzle[1] + beside[1]
    margins, margins_option = _margins(options)
    return ZCalibrationSection(
        switch_offset=number(options.get("switch_offset")),
        margins=margins,
        margins_option=margins_option,
        nozzle=nozzle,
        switch=switch,
        bed=bed or zero,
        zero_reference=zero,
        moves_the_probe=any(gcode.strip() for gcode in gcodes),
        samples=int(number(options.get("samples")) or (probe.samples if probe is not None else 1)),
        median=result == "median",
        applies_by_script=text(options.get("offset_gcode")) is not None,
    )


def _margins(options: Mapping[str, Any]) -> tuple[tuple[float, float], str]:
    """The offsets that are allowed, and the option that says so; max_deviation is the older one, and by itself the only
    limit."""
    deviation = number(options.get("max_deviation"))
    usual = 1.0 if deviation is None else deviation
    low, high = -usual, usual
    try:
        values = [float(part) for part in str(options.get("offset_margins", "")).strip("()[] ").split(",")]
    except ValueError:
        values = []
    if len(values) == 1:
        low, high = -abs(values[0]), abs(values[0])
    elif len(values) > 1:
        low, high = min(values[:2]), max(values[:2])
    if deviation is None:
        return (low, high), "offset_margins"
    both = max(low, -deviation), min(high, deviation)
    if both == (-deviation, deviation):
        return both, "max_deviation"
    return both, "offset_margins" if both == (low, high) else "offset_margins and max_deviation"


def from_status(status: Mapping[str, Any], *, median: bool = True) -> AutomaticOffset | None:
    """The result in our module's status; None where there is none, or another plugin publishes none."""
    result = mapping(status.get("result"))
    offset = number(result.get("offset"))
    heights = {name: mapping(result.get(name)) for name in ("nozzle", "switch", "bed")}
    values = {name: number(height.get("value")) for name, height in heights.items()}
    nozzle, switch, bed = values["nozzle"], values["switch"], values["bed"]
    if offset is None or nozzle is None or switch is None or bed is None:
        return None
    samples = {name: _numbers(height.get("samples")) for name, height in heights.items()}
    return AutomaticOffset(
        offset=offset,
        switch_offset=number(result.get("switch_offset")),
        nozzle=Height(nozzle, samples["nozzle"], median),
        switch=Height(switch, samples["switch"], median),
        bed=Height(bed, samples["bed"], median),
        half_width=number(result.get("half_width")),
        twist=number(heights["bed"].get("twist")) or 0.0,
    )


def _numbers(value: object) -> tuple[float, ...]:
    items = value if isinstance(value, list | tuple) else ()
    return tuple(item for raw in items if (item := number(raw)) is not None)


class ConsoleCalibration:
    """Puts a calibration together from the console lines of one CALIBRATE_Z."""

    def __init__(self, samples: int, median: bool) -> None:
        """A height is the median, or else the mean, of so many samples."""
        self._samples = samples
        self._median = median
        self._groups: list[tuple[Xy, list[float]]] = []
        self._formula: ZCalibrationResult | None = None

    def hear(self, message: Message) -> None:
        """Take a console message into account."""
        match message:
            case ProbeSample(x, y, z, "toolhead"):
                if not self._groups or math.dist(self._groups[-1][0], (x, y)) > _SAME_PLACE:
                    self._groups.append(((x, y), []))
                self._groups[-1][1].append(z)
            case SamplesRetry() if self._groups:
                self._groups[-1][1].clear()
            case ZCalibrationResult():
                self._formula = message

    @property
    def site(self) -> str:
        """Where the last samples were taken: nozzle, switch or bed, by the order of CALIBRATE_Z; empty where there were
        none, or at more places."""
        return dict(enumerate(("nozzle", "switch", "bed"), 1)).get(len(self._groups), "")

    def result(self) -> AutomaticOffset | None:
        """What CALIBRATE_Z found; None before its formula was heard."""
        formula = self._formula
        if formula is None:
            return None
        groups = [samples for _, samples in self._groups[-3:]]
        if len(groups) < 3:
            groups = [[], [], []]
        nozzle, switch, bed = (
            self._height(value, samples)
            for value, samples in zip((formula.nozzle, formula.switch, formula.bed), groups, strict=True)
        )
        return AutomaticOffset(formula.offset, formula.switch_offset, nozzle, switch, bed)

    def _height(self, printed: float, group: list[float]) -> Height:
        """A height with its samples, where they agree with it; a first, fast one does not count."""
        samples = group[-self._samples :]
        if samples:
            value = statistics.median(samples) if self._median else statistics.fmean(samples)
            if abs(value - printed) < _ROUNDING:
                return Height(value, tuple(samples), self._median)
        return Height(printed, (), self._median)


def applied_offset(state: PrinterState) -> float | None:
    """The offset of CALIBRATE_Z that is in force; None where none is, or that of something else."""
    status = state.z_calibration
    live = state.homing_origin[2]
    if "applied" in status:
        applied = number(status.get("applied"))
        return applied if applied is not None and abs(applied - live) < 1e-4 else None
    last = number(status.get("last_z_offset"))
    if status.get("last_query") is True and last is not None and abs(last - live) < 1e-4 and live != 0.0:
        return last
    return None
