"""Two runs of one check side by side: how their numbers differ, whether significantly, and what else differs."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Record
from zcal_tui.results.compare import Difference, RunComparison, compare
from zcal_tui.results.text import difference_text, estimate_value, moment, significance_text
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.history_model import ending
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.checklist import STYLE
from zcal_tui.tui.widgets.text import Plain

LONGEST_WORD = 24
"""Columns of a circumstance's name."""
BARS = 30
"""Columns of a drawn interval."""
SIGNIFICANCE_STYLE = {True: "bold $text-warning", False: "$text-success", None: "$z-dim"}


def interval_bar(estimate: Estimate | None, low: float, high: float, width: int, signs: Glyphs) -> str:
    """An estimate on a scale from `low` to `high`: its interval as a line, its value as a point on it."""
    if estimate is None or estimate.value is None:
        return " " * width
    if high <= low:
        return signs.point.center(width)

    def cell(value: float) -> int:
        return min(width - 1, max(0, round((value - low) / (high - low) * (width - 1))))

    left, right = (estimate.value if end is None else end for end in (estimate.low, estimate.high))
    row = [signs.bar_rest if cell(left) <= x <= cell(right) else " " for x in range(width)]
    row[cell(estimate.value)] = signs.point
    return "".join(row)


def scale(difference: Difference) -> tuple[float, float]:
    """The ends of what both runs' intervals reach over."""
    found = [
        end
        for estimate in (difference.first, difference.second)
        if estimate is not None
        for end in (estimate.low, estimate.value, estimate.high)
        if end is not None
    ]
    return (min(found), max(found)) if found else (0.0, 0.0)


def difference_lines(difference: Difference, width: int, signs: Glyphs) -> list[Content]:
    """One estimate: its name, whether the difference is significant, then each run with its interval drawn."""
    significance = significance_text(difference)
    head = Content.assemble((label(difference.name), "bold"), "  ", difference_text(difference))
    if significance:
        head += Content.assemble("  ", (significance, SIGNIFICANCE_STYLE[difference.significant]))
    lines = [head]
    ends = scale(difference)
    for letter, estimate in (("A", difference.first), ("B", difference.second)):
        drawn = interval_bar(estimate, *ends, min(BARS, max(8, width - 24)), signs)
        lines.append(
            Content.assemble(
                (f"  {letter} ", "bold $text-accent"),
                (f"{estimate_value(estimate):>12}  ", ""),
                (drawn, "$text-primary"),
            )
        )
    return lines


def others_text(comparison: RunComparison, width: int) -> Content:
    """What else was different, a line each."""
    lines = []
    room = min(LONGEST_WORD, max((len(c.what) for c in comparison.context_differences), default=0))
    for difference in comparison.context_differences:
        name = difference.what
        name = name if len(name) <= room else f"{name[: room - 1]}…"
        first, second = (" ".join(text.split()) for text in (difference.first, difference.second))
        line = Content.assemble((f"{name:<{room}}  ", "$z-dim"), first, (" → ", "$text-accent"), second)
        lines.append(line.truncate(max(20, width), ellipsis=True))
    return Content("\n").join(lines)


class CompareScreen(ZcalScreen):
    """B against A, the later run against the earlier one."""

    STYLE_SHEET = "compare.tcss"
    AUTO_FOCUS = "#back"
    ABOUT = (
        "Two runs of one check. For each number: B minus A with its 95 % interval, and whether the difference is "
        "statistically significant. The intervals assume no error common to both runs. Below: both numbers on one "
        "scale. Then every other difference, the settings that matter to this check first."
    )
    BINDINGS: ClassVar = bindings("compare")

    def __init__(self, app_state: AppState, first: Record, second: Record) -> None:
        super().__init__(app_state)
        self._comparison = compare(first, second)

    def compose_body(self) -> Iterable[Widget]:
        """Which two, the numbers, the notes, what else."""
        with VerticalScroll(id="body", can_focus=False):
            yield Plain(self._heads(), id="heads")
            yield Plain(id="numbers")
            if self._comparison.notes:
                yield Plain("Notes", classes="heading")
                yield Plain("\n".join(f"· {note}" for note in self._comparison.notes), id="notes")
            yield Plain("Other differences", classes="heading")
            yield Plain(id="others")
        with Horizontal(id="buttons"):
            yield PlainButton("Back", id="back", action="app.back")

    def on_mount(self) -> None:
        """Name it."""
        title = self.app_state.title(self._comparison.first.check)
        self.query_one("#body").border_title = Content(f"{title}: B against A")

    def on_resize(self) -> None:
        """The lines are as long as there is room."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        if not self.is_attached:
            return
        width, signs = self.query_one("#body").content_size.width - 1, glyphs_of(self)  # the scrollbar
        blocks = [Content("\n").join(difference_lines(d, width, signs)) for d in self._comparison.differences]
        nothing = Content.styled("Neither run has estimates.", "$z-dim")
        self.query_one("#numbers", Plain).set_text(Content("\n\n").join(blocks) if blocks else nothing)
        others = others_text(self._comparison, width)
        same = Content.styled("None in the stored data.", "$z-dim")
        self.query_one("#others", Plain).set_text(others if self._comparison.context_differences else same)

    def _heads(self) -> Content:
        signs, lines = glyphs_of(self), []
        for letter, record in (("A", self._comparison.first), ("B", self._comparison.second)):
            level, word = ending(record)
            sign = signs.level(level) if level is not None else signs.not_applicable
            style = STYLE[level] if level is not None else "$z-dim"
            lines.append(
                Content.assemble(
                    (f"{letter}  ", "bold $text-accent"),
                    (moment(record.started), "bold"),
                    (f"  {sign} {word}", style),
                )
            )
        return Content("\n").join(lines)

    def action_scroll_body(self, by: int) -> None:
        """Scroll where it does not all fit."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=by, animate=False)
