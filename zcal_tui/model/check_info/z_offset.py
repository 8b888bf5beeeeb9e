"""The check `z-offset`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import PROBE, STEPPERS, CheckInfo, EstimateInfo, Needs, Variant
from zcal_tui.model.check_info.options import AXIS_TWIST, DELTA, MOTION, PROBE_POSITION, PROBING, SAMPLES
from zcal_tui.model.check_info.shared_estimates import (
    CONTACT,
    FEEL,
    FIRST_SAMPLE,
    HOT_ESTIMATES,
    HOT_VARIANT,
    Z_OFFSET,
    measured_hot,
)
from zcal_tui.model.record import Record


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(person=True, module="better", cold=True, minutes=4.0)


def _unfit(capabilities: Capabilities) -> str | None:
    if capabilities.no_model:
        return capabilities.no_model
    if capabilities.probe or capabilities.position_endstop:
        return None
    return "The printer has neither a probe nor a Z endstop with a position_endstop."


def _of_endstop(record: Record) -> bool:
    # Without a probe the endstop is measured by default, and no parameter says so.
    found = "position_endstop" in record.estimates and "z_offset" not in record.estimates
    return found or record.parameters.get("what") == "endstop"


def _of_hot_endstop(record: Record) -> bool:
    return measured_hot(record) and _of_endstop(record)


def _of_scanner(record: Record) -> bool:
    """A scanner's own calibration, which finds no z_offset."""
    return record.parameters.get("calibrate") not in (None, "none")


INFO = CheckInfo(
    name="z-offset",
    title="Z offset",
    order=30,
    learn="How far is the nozzle from the bed when the probe triggers?",
    explain=(
        "Probes the bed, moves the nozzle over the same point, and lets you lower it onto a sheet of paper until the "
        "paper just drags. The difference is the z_offset. Without a probe, the same paper test gives "
        "position_endstop. Klipper's eddy current probe has no z_offset: after one paper test, Klipper's own command "
        "calibrates its whole range. Use a cold, clean nozzle and a cold bed, or "
        "measure at print temperature with `--bed` and `--nozzle`."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest="Without a z_offset, the heights of the other checks mean nothing.",
    estimates=(
        Z_OFFSET,
        EstimateInfo(
            "position_endstop",
            "position_endstop",
            "toolhead Z at which the Z endstop triggers",
            is_position=True,
        ),
        CONTACT,
        FEEL,
        FIRST_SAMPLE,
        EstimateInfo(
            "calibrated_to",
            "calibrated up to",
            "largest distance that the sensor can measure",
            is_position=True,
        ),
        EstimateInfo("reading_sigma", "reading standard deviation σ", "of the sensor's single readings"),
        EstimateInfo(
            "reading_shift",
            "change of the reading",
            "at the same distance, compared with the previous calibration",
        ),
        *HOT_ESTIMATES,
    ),
    main=("z_offset", "position_endstop"),
    variants=(
        Variant("scanner", "scanner calibration", _of_scanner),
        Variant("hot-endstop", "Z endstop at print temperature", _of_hot_endstop),
        Variant("endstop", "Z endstop", _of_endstop),
        HOT_VARIANT,
    ),
    repeated_sample="paper",
    plots=("repeats", "samples"),
    depends_on={
        PROBE: (*PROBING, *SAMPLES, *PROBE_POSITION),
        STEPPERS: MOTION,
        **DELTA,
        **AXIS_TWIST,
    },
    found_options=("z_offset", "position_endstop"),
    stale_after={
        "nozzle": "the nozzle tip may be at another height relative to the probe",
        "hotend": "the nozzle may be at another height relative to the probe",
        "probe": "the probe may trigger at another height relative to the nozzle",
        "bed": "tilt or surface of the bed may differ between probe and nozzle",
        "motion": "Z zero, or the distance of a step, may have changed",
    },
    stale_rules=("levelling", "axis_twist_version", "delta_geometry", "chamber"),
)
