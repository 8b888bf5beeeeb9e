"""How the automatic Z offset is checked: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class AutoZParameters:
    """How the automatic Z offset is checked."""

    repeats: int = parameter(
        3, "how often to run CALIBRATE_Z, without homing in between", minimum=1, maximum=20
    )
    endstop_touches: int = parameter(
        10,
        "touches of the Z endstop (PROBE_Z_ACCURACY) to begin with; 0 leaves them out",
        minimum=0,
        maximum=100,
    )
    tune: bool = parameter(False, "find the switch_offset by a paper test; needs a person")
    switch: str = parameter(
        "auto",
        "which switch the probe has, for its datasheet's switch_offset to begin with; auto takes the "
        "configured one, and asks where there is none",
        choices=("auto", "D2F-5", "SSG-5H"),
    )
    switch_offset: float | None = parameter(
        None, "a switch_offset instead of the configured one", unit="mm", minimum=0.001, maximum=10
    )
    papers: int = parameter(1, "with --tune: how often to do the paper test", minimum=1, maximum=10)
    paper: float = parameter(0.1, "thickness of the paper", unit="mm", minimum=0.02, maximum=0.5)
    zero: str = parameter(
        "auto",
        "what Z 0 is to be: contact of nozzle and bed, or where a sheet of paper drags (right if CALIBRATE_Z "
        "measures a cold nozzle before prints); auto looks at the macro that starts a print",
        choices=("auto", "contact", "paper"),
    )
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
