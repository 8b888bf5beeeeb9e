"""The check `bias`."""

from zcal_tui.model import limits
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import PROBE, STEPPERS, CheckInfo, EstimateInfo, Needs, needs_a_probe
from zcal_tui.model.check_info.options import AXIS_TWIST, DELTA, MODEL_OFFSET, MOTION, PROBE_POSITION, PROBING
from zcal_tui.model.check_info.shared_estimates import FEEL, Z_OFFSET


def _unfit(capabilities: Capabilities) -> str | None:
    if capabilities.senses_distance:
        return (
            "The probe measures distance and has no trigger to compare with the paper test. Compare its mesh with one "
            "measured by nozzle contact, where it has that."
        )
    return needs_a_probe(capabilities)


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(probe=True, person=True, module="better", cold=True, minutes=20.0)


INFO = CheckInfo(
    name="bias",
    title="Location bias",
    order=50,
    learn="Is the probe's z_offset the same everywhere on the bed?",
    explain=(
        "A mount or gantry that tilts along the way makes the probe trigger at different heights in different corners, "
        "and the bed mesh then has a hidden error. At each corner, or near each tower of a delta, the probe samples "
        "the bed and you do the paper test. At least two rounds separate your feel from the place. Use a cold, clean "
        "nozzle and a cold bed."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest=None,
    estimates=(
        EstimateInfo("spread", "spread", "largest minus smallest z_offset over the bed"),
        Z_OFFSET,
        FEEL,
    ),
    main=("spread",),
    plots=("places",),
    limit=lambda: limits.LOCATION_BIAS,
    presenter="limit",
    legend=(
        "The large number is how much the z_offset differs over the bed. The map shows where it is larger and smaller."
    ),
    depends_on={PROBE: (*PROBING, *PROBE_POSITION), STEPPERS: MOTION, **DELTA, **AXIS_TWIST},
    plans_with={PROBE: ("z_offset",), **MODEL_OFFSET},  # where the paper test expects the bed
    stale_after={
        "hotend": "the nozzle may tilt differently relative to the probe",
        "probe": "another mount may tilt differently",
        "bed": "the bed's surface is part of the comparison",
        "motion": "the axes that carry the toolhead decide how it tilts",
    },
    valid_after=("nozzle",),
    stale_rules=("axis_twist_version", "delta_geometry", "chamber"),
)
