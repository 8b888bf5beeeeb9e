"""Checks whose main number is shown against a limit."""

from collections.abc import Callable

from zcal_tui.model.labels import label
from zcal_tui.model.limits import Limit
from zcal_tui.model.record import Record
from zcal_tui.model.units import UM_PER_MM
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.presenter import Gauge


class LimitPresenter(PlainPresenter):
    """As the plain presenter, with the main estimate on a scale. The limit (mm) is read whenever it is shown."""

    def __init__(self, main: str, limit: Callable[[], Limit], legend: str) -> None:
        self.main = main
        self._limit = limit
        self._legend = legend

    @property
    def about(self) -> str:
        """The help text."""
        return f"{self._legend} The limit is {self._limit().text}."

    def gauge(self, record: Record) -> Gauge | None:
        """The main estimate without its sign, in µm."""
        estimate, limit = record.estimates.get(self.main or ""), self._limit().value * UM_PER_MM
        if estimate is None or estimate.value is None:
            return Gauge(None, limit, "µm", name=label(self.main or ""))
        ends = [abs(end) * UM_PER_MM for end in (estimate.low, estimate.high) if end is not None]
        value, high = abs(estimate.value) * UM_PER_MM, max(ends, default=None)
        return Gauge(value, limit, "µm", None, high, label(estimate.name))
