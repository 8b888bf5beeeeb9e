"""The check `backlash`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import PROBE, STEPPERS, CheckInfo, EstimateInfo, Needs, needs_samples
from zcal_tui.model.check_info.options import MOTION, PROBING


def _needs(capabilities: Capabilities) -> Needs:
    # A scanner's plugin has a command of its own, which the check drives instead of the module's.
    return Needs(probe=True, module="better" if capabilities.backlash_command else "must", minutes=4.0)


def _unfit(capabilities: Capabilities) -> str | None:
    if (why := needs_samples(capabilities)) is not None:
        return why
    if capabilities.retracts_on_trigger:
        return "A BLTouch retracts its pin when it triggers, so its release on the way up cannot be seen."
    return None


INFO = CheckInfo(
    name="backlash",
    title="Backlash",
    order=70,
    learn="How much Z movement is lost when the direction reverses, and at which Z drive?",
    explain=(
        "Approaches the same height from above and from below, or waits for the probe's switch to release on the way "
        "up, and compares the two: near each Z drive, or where you choose. Backlash should be similar everywhere. A "
        "drive that loses more has a loose belt, a worn lead screw or nut, or a loose coupler."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest=None,
    estimates=(
        EstimateInfo("backlash", "backlash", "Z movement lost when the direction reverses"),
        EstimateInfo(
            "backlash_upper_bound",
            "backlash, at most",
            "includes the switch's own travel between trigger and release",
        ),
        EstimateInfo(
            "backlash_difference", "backlash above the least", "more than at the place where it is least"
        ),
        EstimateInfo("backlash_spread", "backlash, largest − smallest", "difference between the places"),
        EstimateInfo("backlash_sigma", "backlash standard deviation σ", "from one visit to the next"),
    ),
    main=("backlash", "backlash_upper_bound"),
    plots=("places",),
    depends_on={PROBE: PROBING, STEPPERS: MOTION, "zcal": ("switch_hysteresis",)},
    stale_after={
        "probe": "the measurement includes the probe's own differential travel",
        "motion": "backlash is a property of the drives",
    },
    valid_after=("nozzle", "hotend", "bed"),
)
