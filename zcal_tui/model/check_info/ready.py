"""The check `ready`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(homed=False, minutes=0.5)


INFO = CheckInfo(
    name="ready",
    title="Ready",
    order=10,
    learn="Is the printer ready for Z measurements?",
    explain=(
        "Checks for things that silently ruin a Z calibration: axes that are not homed, an active bed mesh or G-code "
        "offset, a gantry that is not levelled, a probe switch that never changes, a Klipper build with a known "
        "fault, warm parts. Nothing moves without your consent."
    ),
    needs=_needs,
    unfit=always_fits,
    stops_rest="Measurements on a printer that is not ready mean nothing.",
    estimates=(),
    main=(),
    plots=(),
    depends_on={},
    stale_after={},
    valid_after=("nozzle", "hotend", "probe", "bed", "motion"),
    stale_rules=("printer_state",),
    reads_with={"offer": False, "fetch": False},
)
