"""The check `auto-z`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import EVERY_OPTION, PROBE, STEPPERS, CheckInfo, EstimateInfo, Needs
from zcal_tui.model.check_info.options import AXIS_TWIST, MOTION, PROBE_POSITION, PROBING
from zcal_tui.model.check_info.shared_estimates import (
    CONTACT,
    ENDSTOP_SIGMA,
    FEEL,
    HOT_ESTIMATES,
    HOT_VARIANT,
    PAIR_OVER_LIMIT,
)


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(probe=True, module="better", minutes=4.0)


def _unfit(capabilities: Capabilities) -> str | None:
    needed = "The automatic Z offset needs a Z endstop that the nozzle presses, and a switch probe beside it."
    match capabilities.nozzle_endstop:
        case "none":
            return f"{needed} No Z endstop is configured."
        case "probe":
            return (
                f"{needed} On this printer the probe is the Z endstop (probe:z_virtual_endstop). Where the nozzle can "
                "press a switch beside the bed, name its pin as endstop_pin in [z_calibration]."
            )
        case "tower":
            return f"{needed} A delta's endstops are at its towers, where the nozzle cannot reach them."
        case "switch":
            pass
    if not capabilities.probe:
        return f"{needed} No probe is configured."
    if not capabilities.z_calibration:
        return (
            "No [z_calibration] is configured. It is for printers whose nozzle homes on a switch and that have a "
            "switch probe. `zcal-tui install` adds it (docs/z_calibration.md)."
        )
    return None


INFO = CheckInfo(
    name="auto-z",
    title="Automatic Z offset",
    short_title="Auto Z offset",
    order=80,
    learn="How certain is the offset that CALIBRATE_Z finds before each print, and is switch_offset right?",
    explain=(
        "Samples the Z endstop with the nozzle, then runs CALIBRATE_Z several times and shows each of its three "
        "heights: how much they vary, whether one drifts, which one moved since last time. With `--tune`, a paper "
        "test under the offset that was found gives the right switch_offset. The macro that starts a print is "
        "checked too."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest=None,
    estimates=(
        EstimateInfo(
            "offset", "offset", "G-code offset at which the nozzle touches the bed at Z 0", is_position=True
        ),
        EstimateInfo("offset_sigma", "offset standard deviation σ", "of the offset from run to run"),
        EstimateInfo(
            "nozzle", "nozzle", "toolhead Z at which the nozzle triggers the Z endstop", is_position=True
        ),
        EstimateInfo(
            "switch",
            "switch body",
            "toolhead Z at which the probe's body triggers the Z endstop",
            is_position=True,
        ),
        EstimateInfo("bed", "bed", "toolhead Z at which the probe triggers on the bed", is_position=True),
        EstimateInfo(
            "switch_offset",
            "switch_offset",
            "how far below its body the probe's switch triggers",
            is_position=True,
        ),
        ENDSTOP_SIGMA,
        PAIR_OVER_LIMIT,
        CONTACT,
        FEEL,
        *HOT_ESTIMATES,
    ),
    variants=(HOT_VARIANT,),
    main=("offset",),
    repeated_sample="offset",
    plots=("three_heights", "repeats"),
    presenter="automatic_offset",
    depends_on={
        PROBE: (*PROBING, *PROBE_POSITION),
        STEPPERS: (*MOTION, "position_endstop", "endstop_pin"),
        "z_calibration": EVERY_OPTION,
        "safe_z_home": ("home_xy_position",),
        "bed_mesh": ("zero_reference_position", "relative_reference_index"),
        **AXIS_TWIST,
    },
    plans_with={PROBE: ("z_offset",)},  # compared with what the endstop's heights imply
    stale_after={
        "nozzle": "the nozzle's length is part of the offset",
        "hotend": "the nozzle's height is part of the offset",
        "probe": "its switch may trigger at another height below its body",
        "bed": "the bed's height is part of the offset",
        "motion": "all three heights are measured with the Z drives",
    },
    lost_by_restart="the offset that CALIBRATE_Z applied",
)
