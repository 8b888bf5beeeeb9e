"""The check `probe-xy`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import CheckInfo, EstimateInfo, Needs, needs_samples


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(probe=True, person=True, cold=True, minutes=6.0)


INFO = CheckInfo(
    name="probe-xy",
    title="Probe XY offset",
    short_title="XY offset",
    order=20,
    learn="Where is the probe relative to the nozzle?",
    explain=(
        "Probes the bed, asks you to mark that point on a piece of tape, and lets you move the nozzle over the mark. "
        "The difference between the two toolhead positions is x_offset and y_offset. Three marks show how well you see "
        "them. If the offsets are wrong, every other measurement is taken in the wrong place."
    ),
    needs=_needs,
    unfit=needs_samples,
    stops_rest="The probe's position must be known before its z_offset can be measured.",
    estimates=(
        EstimateInfo(
            "x_offset", "x_offset", "how far the probe is to the right of the nozzle", is_position=True
        ),
        EstimateInfo("y_offset", "y_offset", "how far the probe is behind the nozzle", is_position=True),
    ),
    main=("x_offset", "y_offset"),
    main_together=True,
    plots=("from_above",),
    depends_on={},
    found_options=("x_offset", "y_offset"),
    stale_after={
        "hotend": "the nozzle may be in another place relative to the probe",
        "probe": "the probe may be in another place relative to the nozzle",
        "motion": "the toolhead may move differently",
    },
    valid_after=("nozzle", "bed"),
)
