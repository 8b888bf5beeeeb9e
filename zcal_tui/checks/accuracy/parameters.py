"""The parameters of `accuracy`."""

from zcal_tui.checks.parameters import (
    ParameterError,
    attach_parameter,
    detach_parameter,
    home_parameter,
    parameter,
)
from zcal_tui.model.lazy_dataclass import dataclass

LEAST_HOMINGS = 3


def enough_homings(value: int) -> int:
    """A number of homings that can be compared. Raises ParameterError."""
    if 0 < value < LEAST_HOMINGS:
        raise ParameterError(f"{value} homings show no scatter; 0 for none, else {LEAST_HOMINGS} or more")
    return value


@dataclass(frozen=True, slots=True)
class AccuracyParameters:
    """How the repeatability is measured."""

    what: str = parameter(
        "probe",
        "what to measure: the probe on the bed, or the nozzle on the Z endstop (needs [z_calibration])",
        choices=("probe", "endstop"),
    )
    method: str = parameter(
        "auto",
        "a scanner's method: scan and touch (Cartographer), proximity and contact (Beacon), scan and tap (Klipper's "
        "eddy current probe), scan alone (eddy-ng, older plugins); auto is what homing and meshes use",
        choices=("auto", "scan", "touch", "tap", "proximity", "contact"),
    )
    compare_methods: bool = parameter(
        False, "compare the coil with the nozzle's contact, in turn at one point (about 5 minutes)"
    )
    sweep: bool = parameter(
        False,
        "compare speeds, retracts and start heights, in random order (5 to 10 minutes)",
    )
    order_seed: int = parameter(1, "with --sweep: random seed of the order", minimum=0, maximum=2**31)
    samples: int | None = parameter(
        None,
        "exact number of samples, instead of as many as the decision needs; default with --sweep (at each setting) "
        "and for the endstop: 20",
        minimum=2,
        maximum=200,
    )
    max_samples: int = parameter(
        50, "without --samples: the largest number of samples", minimum=10, maximum=200
    )
    thorough: bool = parameter(
        False, "take 60 samples, which bounds unseen outliers to 5 %; not with --samples"
    )
    homings: int | None = parameter(
        None,
        "where the probe homes Z: exact number of homings, instead of as many as the decision needs (5 to 12); 0 "
        "for none",
        minimum=0,
        maximum=50,
        rule=enough_homings,
    )
    first_layer: float | None = parameter(
        None,
        "where the probe homes Z: height of the first layer, if it is less than 0.2 mm; a homing or sample that is "
        "farther off than that fails",
        unit="mm",
        minimum=0.05,
        maximum=1.0,
    )
    probe_speed: float | None = parameter(
        None, "probing speed instead of the configured one", unit="mm/s", minimum=0.1, maximum=50
    )
    lift_speed: float | None = parameter(
        None, "lift speed instead of the configured one", unit="mm/s", minimum=0.1, maximum=100
    )
    retract: float | None = parameter(
        None, "lift between samples (sample_retract_dist)", unit="mm", minimum=0.1, maximum=20
    )
    x: float | None = parameter(None, "toolhead position; default: middle of the bed", unit="mm")
    y: float | None = parameter(None, "toolhead position; default: middle of the bed", unit="mm")
    here: bool = parameter(False, "measure at the present position")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
