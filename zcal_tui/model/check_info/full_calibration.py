"""The full calibration, `all`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits
from zcal_tui.model.record import WHOLE


def _needs(capabilities: Capabilities) -> Needs:
    from zcal_tui.model.check_info import CHECK_INFO  # which is made of the modules of this folder

    minutes = sum(
        info.needs(capabilities).minutes for info in CHECK_INFO.values() if info.unfit(capabilities) is None
    )
    return Needs(homed=False, person=True, module="better", cold=True, minutes=minutes)


INFO = CheckInfo(
    name=WHOLE,
    title="Full calibration",
    short_title="Calibration",
    order=1000,
    learn="Every check that applies, one after the other",
    explain=(
        "Runs every check that applies to this printer, in the order in which they build on each other. Saves what you "
        "agree to in between, and stops where a result makes the rest meaningless. After a restart it homes and "
        "levels again, as agreed at the start."
    ),
    needs=_needs,
    unfit=always_fits,
    stops_rest=None,
    estimates=(),
    main=(),
    plots=(),
    depends_on={},
    stale_after={},
    valid_after=("nozzle", "hotend", "probe", "bed", "motion"),
)
