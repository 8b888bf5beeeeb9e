"""The numbers along a plot's axes. Imported with the first plot, since textual-plot brings numpy."""

from collections.abc import Sequence

from textual_plot import NumericAxisFormatter

from zcal_tui.model.units import MINUS


class MinusFormatter(NumericAxisFormatter):
    """With true minus signs, as everywhere else on the screen."""

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """The labels."""
        return [text.replace("-", MINUS) for text in super().get_labels_for_ticks(ticks)]
