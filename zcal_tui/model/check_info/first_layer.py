"""The check `first-layer`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import PROBE, STEPPERS, CheckInfo, EstimateInfo, Needs, always_fits
from zcal_tui.model.check_info.options import DELTA, MODEL_OFFSET, MOTION, PROBE_POSITION
from zcal_tui.model.check_info.shared_estimates import CONTACT, FEEL


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(person=True, module="better", cold=True, minutes=6.0)


INFO = CheckInfo(
    name="first-layer",
    title="First layer",
    order=90,
    learn="Is the nozzle where a print expects it at Z 0, and what has to change if not?",
    explain=(
        "Lowers the nozzle by G-code moves to 5, 3, 1, 0.5, 0.3 and 0.1 mm, with the offset and mesh of a print, and "
        "asks you before each step. Then you do the paper test. The difference is the error of switch_offset, "
        "z_offset or position_endstop."
    ),
    needs=_needs,
    unfit=always_fits,
    stops_rest=None,
    estimates=(
        EstimateInfo("adjustment", "adjustment", "how much higher Z 0 has to be (negative = lower)"),
        CONTACT,
        FEEL,
    ),
    main=("adjustment",),
    repeated_sample="paper",
    plots=("repeats",),
    depends_on={
        PROBE: ("z_offset", *PROBE_POSITION),
        **MODEL_OFFSET,
        STEPPERS: (*MOTION, "position_endstop"),
        "z_calibration": ("switch_offset",),
        **DELTA,
    },
    stale_after={
        "nozzle": "the nozzle tip may be at another height",
        "hotend": "the nozzle may be at another height",
        "probe": "Z zero may be at another height",
        "bed": "the bed may be at another height",
        "motion": "Z zero may be at another height",
    },
    stale_rules=("live_offset",),
)
