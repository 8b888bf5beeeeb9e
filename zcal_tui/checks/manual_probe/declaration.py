"""What is known about taking over a manual probe before it runs. It is no check of the plan: it measures nothing by
itself, and applies only while a manual probe is open."""

from typing import ClassVar

from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import MANUAL_PROBE


@dataclass(frozen=True)
class ManualProbeParameters:
    """It has none."""


class ManualProbeDeclaration:
    """The declaration."""

    info: ClassVar[CheckInfo] = CheckInfo(
        name=MANUAL_PROBE,
        title="Manual probe",
        order=0,
        learn="At which height does the paper drag in the manual probe that is open?",
        explain="Takes over a manual probe that another command or screen has opened, by consent: PROBE_CALIBRATE, "
        "DELTA_CALIBRATE, BED_MESH_CALIBRATE METHOD=manual, a scanner's calibration and others. Shows what opened it "
        "and what Accept stages. It stays open if the program quits or the link is lost.",
        needs=lambda capabilities: Needs(homed=False, person=True, minutes=2.0),
        unfit=always_fits,
        stops_rest=None,
        estimates=(),
        main=(),
        plots=(),
        depends_on={},
        stale_after={},
    )
    parameters: ClassVar[type] = ManualProbeParameters
