"""The console's messages, typed. Lengths in mm, speeds in mm/s."""

from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass

Frame = Literal["toolhead", "bed"]
"""Which height a probe line reports. "toolhead": the raw toolhead Z (and XY) at the trigger, as Klipper printed until
the end of 2025 and Kalico prints. "bed": where the nozzle would touch, z_offset and XY offsets applied."""


@dataclass(frozen=True)
class ProbeSample:
    """One sample. `command` is the z_calibration command that prints it, or None for the probe's own. `scanned`: it was
    printed as a distance, measured by a coil from a height."""

    x: float
    y: float
    z: float
    frame: Frame
    command: str | None = None
    scanned: bool = False


@dataclass(frozen=True)
class ProbeHeight:
    """What PROBE of older Klippers and plugins ends with: a toolhead Z, without a place."""

    z: float


@dataclass(frozen=True)
class ContactEstimate:
    """Where Cartographer's PROBE and TOUCH_PROBE say that the nozzle would touch the bed; x and y are the bed point."""

    x: float
    y: float
    z: float


@dataclass(frozen=True)
class AccuracyHeader:
    """A series begins: the toolhead's position and the series' settings, as far as they are printed."""

    command: str
    x: float
    y: float
    z: float
    samples: int
    retract: float | None = None
    speed: float | None = None
    lift_speed: float | None = None


@dataclass(frozen=True)
class AccuracyStats:
    """A series' summary. `sigma` is the population's standard deviation, as Klipper computes it."""

    maximum: float
    minimum: float
    range: float
    average: float
    median: float
    sigma: float
    source: str = "probe"
    command: str | None = None


@dataclass(frozen=True)
class ProbeQuery:
    """QUERY_PROBE's answer."""

    triggered: bool


@dataclass(frozen=True)
class SamplesRetry:
    """The samples of one measurement differed too much; all are discarded and taken again."""

    command: str | None = None


@dataclass(frozen=True)
class ManualProbeStarted:
    """The paper test helper waits for TESTZ, ACCEPT or ABORT."""


@dataclass(frozen=True)
class ManualProbeZ:
    """The height of a paper test; None where no lower or higher one was tried yet."""

    lower: float | None
    z: float
    upper: float | None


@dataclass(frozen=True)
class NoPositionChange:
    """A TESTZ was smaller than a step."""


@dataclass(frozen=True)
class ManualProbeFailed:
    """ACCEPT came where it cannot: the paper test is over without a result."""


@dataclass(frozen=True)
class ManualProbeHeight:
    """MANUAL_PROBE's result."""

    z: float


@dataclass(frozen=True)
class StagedValue:
    """One config value that SAVE_CONFIG would write."""

    section: str
    option: str
    value: float


@dataclass(frozen=True)
class ValuesStaged:
    """Values were staged for SAVE_CONFIG."""

    values: tuple[StagedValue, ...]


@dataclass(frozen=True)
class UnknownCommand:
    """Klipper has no such command. The script that contains it still succeeds."""

    command: str


@dataclass(frozen=True)
class ZCalibrationResult:
    """CALIBRATE_Z's formula: offset = bed - (switch - nozzle + switch_offset). `endstop` only in the oldest form."""

    bed: float
    switch: float
    nozzle: float
    switch_offset: float | None
    offset: float
    endstop: float | None = None
    command: str | None = None


@dataclass(frozen=True)
class SwitchOffsetResult:
    """CALCULATE_SWITCH_OFFSET's result."""

    switch_offset: float
    z: float
    z_offset: float
    new: float
    command: str | None = None


@dataclass(frozen=True)
class SwitchOffsetNegative:
    """CALCULATE_SWITCH_OFFSET would come out negative."""

    command: str | None = None


@dataclass(frozen=True)
class AxisTwistPoint:
    """AXIS_TWIST_COMPENSATION_CALIBRATE is at point `number` of `total`."""

    number: int
    total: int


@dataclass(frozen=True)
class AxisTwistCancelled:
    """A manual probe of the axis twist calibration was aborted."""


@dataclass(frozen=True)
class AxisTwistComplete:
    """The axis twist calibration's result: z offsets along the axis, and their mean."""

    offsets: tuple[float, ...]
    mean: float


@dataclass(frozen=True)
class BacklashNone:
    """The plugin found no significant backlash."""

    samples: int
    t: float


@dataclass(frozen=True)
class BacklashFound:
    """The plugin found backlash of that size (mm)."""

    samples: int
    backlash: float


@dataclass(frozen=True)
class BacklashNegative:
    """The estimate came out negative, which Cartographer ignores."""

    backlash: float


@dataclass(frozen=True)
class BacklashCalibrated:
    """Cartographer staged a compensation, or none."""

    compensation: float | None


@dataclass(frozen=True)
class BeaconBacklash:
    """Beacon's medians going up and down, and their difference."""

    up: float
    down: float
    delta: float
    samples: int


@dataclass(frozen=True)
class Info:
    """Anything else, as text for a person."""

    text: str


Message = (
    ProbeSample
    | ProbeHeight
    | ContactEstimate
    | AccuracyHeader
    | AccuracyStats
    | ProbeQuery
    | SamplesRetry
    | ManualProbeStarted
    | ManualProbeZ
    | NoPositionChange
    | ManualProbeFailed
    | ManualProbeHeight
    | ValuesStaged
    | UnknownCommand
    | ZCalibrationResult
    | SwitchOffsetResult
    | SwitchOffsetNegative
    | AxisTwistPoint
    | AxisTwistCancelled
    | AxisTwistComplete
    | BacklashNone
    | BacklashFound
    | BacklashNegative
    | BacklashCalibrated
    | BeaconBacklash
    | Info
)
