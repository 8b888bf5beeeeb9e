"""Checks whose main number stands against a limit."""

from zcal_tui.model.record import Record
from zcal_tui.model.units import UM_PER_MM
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.presenter import Gauge

LIMIT_MM = 0.025
"""Klipper docs, Probe_Calibrate: a bias over the bed, and one with temperature, of more than 25 µm matters."""


class LimitPresenter(PlainPresenter):
    """As the plain face, with the main estimate on a scale."""

    def __init__(self, main: str, about: str) -> None:
        self.main = main
        self.about = about

    def gauge(self, record: Record) -> Gauge | None:
        """The main estimate without its sign, in µm."""
        estimate, limit = record.estimates.get(self.main or ""), LIMIT_MM * UM_PER_MM
        if estimate is None or estimate.value is None:
            return Gauge(None, limit, "µm")
        ends = [abs(end) * UM_PER_MM for end in (estimate.low, estimate.high) if end is not None]
        return Gauge(abs(estimate.value) * UM_PER_MM, limit, "µm", None, max(ends, default=None))
