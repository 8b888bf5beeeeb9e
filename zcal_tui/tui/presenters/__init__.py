"""How each check's record becomes words, numbers and plots on the screen."""

from collections.abc import Callable, Mapping
from functools import cache

from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.info import CheckInfo, PresenterName
from zcal_tui.model.limits import Limit
from zcal_tui.tui.presenters.accuracy import AccuracyPresenter
from zcal_tui.tui.presenters.auto_z import AutoZPresenter
from zcal_tui.tui.presenters.limit import LimitPresenter
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.presenter import Presenter


def limit_of(info: CheckInfo) -> Callable[[], Limit]:
    """The limit of a check that is shown against one. Raises ValueError where its description has none."""
    if info.limit is None:
        raise ValueError(f"{info.name} has no limit to be shown against")
    return info.limit


PRESENTERS: Mapping[PresenterName, Callable[[CheckInfo], Presenter]] = {
    "plain": lambda info: PlainPresenter(),
    "repeatability": lambda info: AccuracyPresenter(),
    "limit": lambda info: LimitPresenter(info.main[0], limit_of(info), info.legend),
    "automatic_offset": lambda info: AutoZPresenter(),
}
"""Each makes the presenter of a check from its description."""

_UNKNOWN = PlainPresenter()


@cache
def presenter_of(check: str) -> Presenter:
    """The presenter of a check; for a check that this version does not know, one that lists its estimates."""
    info = info_of(check)
    return _UNKNOWN if info is None else PRESENTERS[info.presenter](info)
