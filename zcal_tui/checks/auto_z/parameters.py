"""The parameters of `auto-z`."""

from zcal_tui.checks.heating.parameters import bed_parameter, nozzle_parameter, soak_parameter
from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class AutoZParameters:
    """How the automatic Z offset is checked."""

    repeats: int = parameter(
        3, "number of CALIBRATE_Z runs, without homing in between", minimum=1, maximum=20
    )
    endstop_touches: int = parameter(
        10,
        "samples of the Z endstop (PROBE_Z_ACCURACY) before that; 0 skips them",
        minimum=0,
        maximum=100,
    )
    tune: bool = parameter(False, "find switch_offset with a paper test; needs a person")
    switch: str = parameter(
        "auto",
        "the probe's switch, for the initial switch_offset of its datasheet; auto uses the configured value, and asks "
        "where there is none",
        choices=("auto", "D2F-5", "SSG-5H"),
    )
    switch_offset: float | None = parameter(
        None, "a switch_offset instead of the configured one", unit="mm", minimum=0.001, maximum=10
    )
    papers: int = parameter(
        2,
        "with --tune: number of paper tests; one more is offered while they do not decide",
        minimum=1,
        maximum=10,
    )
    paper: float = parameter(0.1, "thickness of the paper", unit="mm", minimum=0.02, maximum=0.5)
    zero: str = parameter(
        "auto",
        "the meaning of Z 0: nozzle contact, or where the paper drags (correct if CALIBRATE_Z measures a cold nozzle "
        "before prints); auto decides by the macro that starts a print",
        choices=("auto", "contact", "paper"),
    )
    bed: float | None = bed_parameter()
    nozzle: float | None = nozzle_parameter()
    soak: float = soak_parameter()
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
