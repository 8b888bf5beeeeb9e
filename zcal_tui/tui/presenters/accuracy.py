"""The repeatability check on the screen: σ large, the range of ten against Klipper's limit, the samples as dots."""

from dataclasses import replace

from zcal_tui.model import limits
from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Record
from zcal_tui.model.units import UM_PER_MM, millimetres, percent
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.plots import Dots, Plot
from zcal_tui.tui.presenters.presenter import UNKNOWN, Figure, Gauge, Live, finite, um, um_interval


def _excludes_zero(estimate: Estimate) -> bool:
    return (estimate.low is not None and estimate.low > 0) or (
        estimate.high is not None and estimate.high < 0
    )


def _marked(plot: Plot) -> Plot:
    if not isinstance(plot, Dots) or not plot.points:
        return plot
    first, *others = plot.points
    return replace(plot, points=(replace(first, odd=True), *others))


class AccuracyPresenter(PlainPresenter):
    """The record of `accuracy`."""

    @property
    def about(self) -> str:
        """What the running check's screen shows, for its help page."""
        return (
            "The large number is the standard deviation σ of the trigger heights with its 95 % interval. The bar "
            "shows the expected range of ten samples against Klipper's limit of "
            f"{limits.RANGE_OF_TEN.text}. A diamond in the plot is a first sample that differs from the others."
        )

    def live(self, record: Record) -> Live:
        """σ in µm with its interval."""
        sigma = record.estimates.get("sigma")
        if sigma is None or sigma.value is None or not finite(sigma.value):
            return Live("-.-", "µm", "σ", ("needs", "a few samples"))
        return Live(
            um(sigma.value), "µm", "σ", (um_interval(sigma), f"{sigma.confidence * 100:g} % interval")
        )

    def gauge(self, record: Record) -> Gauge | None:
        """The expected range of ten samples against its limit."""
        ten = record.estimates.get("range_of_ten")
        limit = limits.RANGE_OF_TEN.value * UM_PER_MM
        if ten is None or ten.value is None:
            return Gauge(None, limit, "µm", name=label("range_of_ten"))
        low = ten.low * UM_PER_MM if ten.low is not None else None
        high = ten.high * UM_PER_MM if ten.high is not None else None
        return Gauge(ten.value * UM_PER_MM, limit, "µm", low, high, label("range_of_ten"))

    def figures(self, record: Record, *, final: bool = False) -> tuple[Figure, ...]:
        """Range of ten, probability to exceed the limit, range, mean, drift, first sample; in the end σ before them."""
        by_name = record.estimates
        sigma = (self._length("σ", by_name.get("sigma"), final),) if final else ()
        return (
            *sigma,
            self._ten(by_name.get("range_of_ten"), final),
            self._over(by_name.get("over_limit")),
            self._length("range" if final else "range so far", by_name.get("range"), False),
            self._mean(by_name.get("mean")),
            self._effect("drift", by_name.get("drift_per_sample"), "per sample"),
            self._effect("first sample", by_name.get("first_sample_shift"), ""),
        )

    def plots(self, record: Record) -> tuple[Plot, ...]:
        """As the plain presenter, with a first sample that differs marked."""
        shift = record.estimates.get("first_sample_shift")
        if shift is None or not _excludes_zero(shift):
            return super().plots(record)
        return tuple(_marked(plot) for plot in super().plots(record))

    def setup(self, record: Record) -> str:
        """Samples, speed, place."""
        parts = [f"{len(record.samples)} samples"]
        speed = record.parameters.get("speed") or record.context.get("speed")
        if isinstance(speed, (int, float)):
            parts.append(f"at {speed:g} mm/s")
        if record.samples:
            first = record.samples[0]
            parts.append(f"X {first.x:.0f} Y {first.y:.0f}")
        return " · ".join(parts)

    @staticmethod
    def _ten(ten: Estimate | None, final: bool) -> Figure:
        if ten is None or ten.value is None:
            return Figure("range of ten", UNKNOWN)
        tone = "bad" if ten.value > limits.RANGE_OF_TEN.value else ""
        return Figure("range of ten", f"{um(ten.value)} µm", um_interval(ten) if final else "expected", tone)

    @staticmethod
    def _over(over: Estimate | None) -> Figure:
        name = f"over {limits.RANGE_OF_TEN.text}"
        if over is None or over.value is None:
            return Figure(name, UNKNOWN)
        fit, unfit = limits.FIT_SHARE.value, limits.UNFIT_SHARE.value
        tone = "good" if over.value < fit else "bad" if over.value > unfit else "warn"
        return Figure(name, percent(over.value), "probability", tone)

    @staticmethod
    def _length(name: str, estimate: Estimate | None, interval: bool) -> Figure:
        if estimate is None or estimate.value is None:
            return Figure(name, UNKNOWN)
        return Figure(name, f"{um(estimate.value)} µm", um_interval(estimate) if interval else "")

    @staticmethod
    def _mean(mean: Estimate | None) -> Figure:
        if mean is None or mean.value is None:
            return Figure("mean", UNKNOWN)
        note = ""
        if mean.low is not None and mean.high is not None:
            note = f"± {um((mean.high - mean.low) / 2)} µm"
        return Figure("mean", millimetres(mean.value), note)

    @staticmethod
    def _effect(name: str, estimate: Estimate | None, per: str) -> Figure:
        """Something that should not be there: named where its interval excludes zero."""
        if estimate is None or estimate.value is None:
            return Figure(name, UNKNOWN)
        if not _excludes_zero(estimate):
            return Figure(name, "none")
        return Figure(name, f"{um(estimate.value, sign=True)} µm", per, "warn")
