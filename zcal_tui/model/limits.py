"""Every limit that a verdict, a gauge or a piece of advice rests on, each once, with its source.

Read a limit as `limits.RANGE_OF_TEN` where it is used, never by `from … import`: a changed limit then reaches the
gauge, the verdict, the advice and their texts alike. docs/limits.md is made from this module.
"""

from dataclasses import dataclass

from zcal_tui.model.units import UM_PER_MM, duration


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: what it limits, its value in `unit` (mm, s, °C; empty for a share), and where it comes from."""

    name: str
    value: float
    unit: str
    source: str

    @property
    def text(self) -> str:
        """The value as people read it: `25 µm`, `1 mm`, `5 %`, `6 min`."""
        match self.unit:
            case "":
                return f"{100 * self.value:g} %"
            case "mm" if abs(self.value) <= 0.1:
                return f"{UM_PER_MM * self.value:g} µm"
            case "s":
                return duration(self.value)
            case unit:
                return f"{self.value:g} {unit}"

    @property
    def sentence(self) -> str:
        """The limit with its source: `Limit: 25 µm (Klipper docs, Bed_Level).`"""
        return f"Limit: {self.text} ({self.source})."


_ACCURACY = 0.025
"""mm. Klipper's documentation gives the same 25 microns for a probe's range, its location bias and the bed."""

RANGE_OF_TEN = Limit(
    "range of ten samples", _ACCURACY, "mm", "Klipper docs, Probe_Calibrate, Repeatability check"
)
LOCATION_BIAS = Limit(
    "spread of z_offset over the bed", _ACCURACY, "mm", "Klipper docs, Probe_Calibrate, Location Bias Check"
)
_ZONE = 0.4
BIAS_ZONE = Limit(
    "distance from the limit, as a share of it, within which a spread of z_offset is borderline",
    _ZONE,
    "",
    f"our choice: {UM_PER_MM * _ACCURACY * (1 - _ZONE):g} to {UM_PER_MM * _ACCURACY * (1 + _ZONE):g} µm; no affordable "
    "number of paper tests distinguishes less",
)
Z_ACCURACY = Limit("accuracy of Z", _ACCURACY, "mm", "Klipper docs, Bed_Level")
TEMPERATURE_SHIFT = Limit(
    "shift of the trigger height with temperature",
    _ACCURACY,
    "mm",
    "Klipper docs, Bed_Level; Probe_Calibrate, Temperature Bias, gives no number",
)

NORMAL_RANGE = Limit(
    "normal range of ten samples, if one step is less",
    0.005,
    "mm",
    "Klipper docs, Probe_Calibrate, Repeatability check",
)
MECHANICAL_SHIFT = Limit(
    "shift over three samples that heat cannot cause",
    4 * _ACCURACY,
    "mm",
    "our choice: heat moves a trigger height by micrometres from sample to sample",
)
TRIGGER_IN_THE_AIR = Limit(
    "height of a sample above the others that is a trigger in the air",
    0.5,
    "mm",
    "our choice: neither scatter nor dirt reaches it",
)
FIT_SHARE = Limit(
    "share of series over the limit below which a probe is fit",
    0.05,
    "",
    "our choice: hardly any series is over the limit",
)
UNFIT_SHARE = Limit(
    "share of series over the limit above which a probe is unfit",
    0.5,
    "",
    "our choice: most series are over the limit",
)
HOMING_UNFIT_SHARE = Limit(
    "share of pairs of homings over the accuracy of Z above which homing by the probe is bad",
    0.25,
    "",
    "our choice: prints start at visibly different heights",
)

BACKLASH_HARMLESS = Limit(
    "backlash that changes nothing visible, if one step is less",
    0.010,
    "mm",
    "our choice: less is not seen in a print",
)
BACKLASH_FAULT = Limit(
    "backlash that is a mechanical fault",
    4 * _ACCURACY,
    "mm",
    "our choice: four times the accuracy of Z",
)

LARGE_Z_CHANGE = Limit(
    "change of z_offset or position_endstop to check twice",
    1.0,
    "mm",
    "our choice: more is a mistake or a new nozzle, hotend or probe",
)
SCAN_HEIGHT = Limit("height from which a bed mesh is scanned", 1.0, "mm", "Klipper docs, Eddy_Probe")
XY_ACCURACY = Limit(
    "accuracy of x_offset and y_offset",
    1.0,
    "mm",
    "our choice: on a bed that rises 0.1 mm over 100 mm that is 1 µm",
)
XY_CHANGE = Limit(
    "smallest change of x_offset or y_offset worth saving",
    0.05,
    "mm",
    "our choice: nobody sees the difference",
)

FIRST_LAYER = Limit("correction of a first layer", 0.2, "mm", "our choice: a usual first layer")
SWITCH_BASE = Limit(
    "correction of switch_offset where none is configured",
    0.5,
    "mm",
    "protoloft's z_calibration, How to test it: smaller than the base of the switch",
)
SWITCH_OFFSET_ERROR = Limit("error of switch_offset", 0.1, "mm", "our choice: a sheet of paper")
SWITCH_OFFSET_AGREEMENT = Limit(
    "difference to the answer of CALCULATE_SWITCH_OFFSET", 0.002, "mm", "our choice: rounding and one step"
)
LARGE_OFFSET = Limit(
    "offset from which another position_endstop is suggested",
    0.2,
    "mm",
    "z_calibration's limit for this suggestion",
)
ROUGH_Z_OFFSET = Limit(
    "error of the probe's z_offset beside an automatic offset",
    0.5,
    "mm",
    "our choice: it need not be exact, but roughly right",
)

STILL_HEIGHT = Limit(
    "movement of a settled trigger height in six minutes, if half a step is less",
    0.0025,
    "mm",
    "our choice: with a time constant of five minutes less than the normal range is then left",
)
LEAST_SOAK = Limit(
    "shortest soak after a temperature is reached",
    360.0,
    "s",
    "Klipper docs, Probe_Calibrate, Temperature Bias: several minutes",
)
LEAST_RISE = Limit(
    "temperature rise of a heater worth measuring", 15.0, "°C", "our choice: less shows nothing"
)


def every_limit() -> tuple[Limit, ...]:
    """All limits of this module, in the order of their definition."""
    return tuple(value for value in globals().values() if isinstance(value, Limit))
