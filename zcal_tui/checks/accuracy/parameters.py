"""How the repeatability is measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class AccuracyParameters:
    """How the repeatability is measured."""

    what: str = parameter(
        "probe",
        "what is touched: the bed by the probe, or the Z endstop by the nozzle (needs [z_calibration])",
        choices=("probe", "endstop"),
    )
    sweep: bool = parameter(
        False,
        "compare speeds, retracts, start heights and numbers of samples, in random order (5 to 10 minutes)",
    )
    order_seed: int = parameter(1, "with --sweep: what the order is drawn from", minimum=0, maximum=2**31)
    samples: int | None = parameter(
        None,
        "touch exactly this often, instead of as often as it takes to decide; with --sweep: at each setting, and "
        "of the endstop, 20 unless given",
        minimum=2,
        maximum=200,
    )
    max_samples: int = parameter(50, "without --samples: the most touches to make", minimum=10, maximum=200)
    probe_speed: float | None = parameter(
        None, "speed of the touch instead of the configured one", unit="mm/s", minimum=0.1, maximum=50
    )
    lift_speed: float | None = parameter(
        None, "speed of the lift instead of the configured one", unit="mm/s", minimum=0.1, maximum=100
    )
    retract: float | None = parameter(
        None, "how far to lift between touches (sample_retract_dist)", unit="mm", minimum=0.1, maximum=20
    )
    x: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    y: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    here: bool = parameter(False, "measure where the toolhead stands now")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
