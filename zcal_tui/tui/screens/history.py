"""The stored runs of this printer: a list, the outcome of the selected run, and its number over time."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import Problem
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import StoredRun, read_whole
from zcal_tui.results.variant import key
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import ALL, AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.history_model import HistoryModel, Trend, outcome_text, read_runs, stale_reason, with_trends
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.runlist import RunList
from zcal_tui.tui.widgets.text import Plain
from zcal_tui.tui.widgets.trendplot import TrendPlot

LETTERS = "AB"


class FixedText(Plain):
    """A text whose place is as high as the style sheet says: another one needs no new layout."""

    def update(self, content: VisualType = "", *, layout: bool = False) -> None:
        """Show it without a new layout."""
        super().update(content, layout=layout)


class HistoryScreen(ZcalScreen):
    """The stored runs of this printer."""

    STYLE_SHEET = "history.tcss"
    ABOUT = (
        "Every stored run of this printer, newest first, with its verdict and its main number. The plot shows that "
        "number over the runs with 95 % intervals. The diamond is the selected run; a circle cannot be compared with "
        "the newest. {history.open} opens a run. {history.before} and {history.after} show one check only. "
        "{history.mark} marks a run; {history.compare} compares two marked runs, or a marked one with the selected "
        "one. Nothing here moves the printer or deletes anything."
    )
    BINDINGS: ClassVar = bindings("history")

    def __init__(self, app_state: AppState, check: str = "") -> None:
        """`check` is the one that is shown alone at first; empty for all."""
        super().__init__(app_state)
        self._check = check
        self._history: HistoryModel | None = None
        """None until it was read."""
        self._marked: list[StoredRun] = []
        self._could_compare = False
        self._read_for: tuple[object, ...] = ()

    def compose_body(self) -> Iterable[Widget]:
        """The list, what the chosen run says, the plot, buttons."""
        with Horizontal(id="history"):
            yield RunList(self.app_state.title, id="runs")
            with Vertical(id="chosen"):
                yield FixedText(id="outcome")
                yield FixedText(id="trend-title")
                yield TrendPlot(id="trend")
        with Horizontal(id="buttons"):
            yield PlainButton("Open", id="open", variant="success", action="screen.open")
            yield PlainButton("Mark", id="mark", action="screen.mark")
            yield PlainButton("Compare", id="compare", action="screen.compare")
            yield PlainButton(f"Check {glyphs_of(self).right}", id="filter", action="screen.filter(1)")
            if not self.app_state.kiosk:
                yield PlainButton("Report", id="report", action="app.report")
            yield PlainButton("Back", id="back", action="app.back")

    def on_mount(self) -> None:
        """The list takes the keys."""
        self.query_one(RunList).focus()
        self._show_history()

    def show(self, snapshot: Snapshot) -> None:
        """Read the disk again where a run has ended, or was closed, or the printer is another one."""
        super().show(snapshot)
        reads = (snapshot.filed_under, snapshot.last, snapshot.interrupted, snapshot.changed)
        if len(self._read_for) != len(reads) or any(
            a is not b and a != b for a, b in zip(self._read_for, reads, strict=True)
        ):
            self._read_for = reads
            self._read(snapshot.filed_under, snapshot.changed)

    # ------------------------------------------------------------------ reading

    @work(exclusive=True, group="history")
    async def _read(self, printer: str, changes: Sequence[Changed]) -> None:
        """On a thread of its own: a disk may be slow, and there may be years on it."""
        history = await asyncio.to_thread(read_runs, self.app_state.session.store, printer)
        there = {entry.path: entry for entry in history.entries}
        self._marked = [there[marked.path] for marked in self._marked if marked.path in there]
        trends = self._history.trends if self._history is not None else None
        self._history = replace(history, trends=trends)  # those of before, until there are new ones
        self._show_history()
        self._history = await asyncio.to_thread(with_trends, history, changes)
        self._show_history()

    # ------------------------------------------------------------------ showing

    @property
    def _entries(self) -> tuple[StoredRun, ...]:
        return self._history.entries if self._history is not None else ()

    @property
    def _shown(self) -> tuple[StoredRun, ...]:
        return self._history.of(self._check) if self._history is not None else ()

    def _show_history(self) -> None:
        shown, runs = self._shown, self.query_one(RunList)
        title = self.app_state.title(self._check) if self._check else "All checks"
        count = f"{len(shown)} run{'' if len(shown) == 1 else 's'}"
        runs.border_title = Content(f"{title} · {count if self._history is not None else 'reading …'}")
        self.query_one("#filter", PlainButton).disabled = len(self._filters) < 2
        runs.show(shown, dict(zip((entry.path for entry in self._marked), LETTERS, strict=False)))
        self._show_chosen()

    @on(RunList.Chosen)
    def _show_chosen(self) -> None:
        entry = self.query_one(RunList).entry
        self.query_one("#outcome", Plain).set_text(
            outcome_text(entry) if entry is not None else self._nothing()
        )
        name = self._check
        if entry is not None:
            name = entry.check if entry.record is None else key(entry.record)
        trend = (self._history.trends or {}).get(name) if self._history is not None else None
        self.query_one("#trend-title", Plain).set_text(self._trend_title(trend))
        chosen = entry.record.id if entry is not None and entry.record is not None else ""
        self.query_one(TrendPlot).show(trend, chosen)
        for name, can in (
            ("open", entry is not None),
            ("mark", entry is not None),
            ("compare", self._can_compare),
        ):
            self.query_one(f"#{name}", PlainButton).disabled = not can
        if self._can_compare != self._could_compare:
            self._could_compare = self._can_compare
            self.refresh_bindings()

    def _nothing(self) -> str:
        if self._history is None:
            return "Reading the stored runs …"
        return "No check has been run on this printer yet." if not self._entries else ""

    def _trend_title(self, trend: Trend | None) -> Content:
        if trend is None:
            return Content("")
        title = Content.styled(trend.title, "$z-dim")
        return title + Content.styled(f" Circles: {trend.left_out}.", "$z-dim") if trend.left_out else title

    # ------------------------------------------------------------------ doing

    @property
    def _filters(self) -> tuple[str, ...]:
        return (
            "",
            *(self._history.checks((*self.app_state.checks, ALL)) if self._history is not None else ()),
        )

    def action_filter(self, by: int) -> None:
        """The runs of the next check alone; after the last one all of them again."""
        there = self._filters
        at = there.index(self._check) if self._check in there else 0
        self._check = there[(at + by) % len(there)]
        self._show_history()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Comparing only where there are two that can be compared."""
        return self._can_compare if action == "compare" else True

    def action_mark(self) -> None:
        """Mark the chosen run, or take its mark away; of three marked ones the first loses its mark."""
        entry = self.query_one(RunList).entry
        if entry is None:
            return
        others = [marked for marked in self._marked if marked.path != entry.path]
        self._marked = others if len(others) < len(self._marked) else [*others, entry][-len(LETTERS) :]
        self._show_history()

    @property
    def _pair(self) -> tuple[StoredRun, StoredRun] | None:
        """The two runs that would be compared: the marked ones, or the marked one and the chosen one, the earlier one
        first."""
        found = list(self._marked)
        entry = self.query_one(RunList).entry if self._has_widgets else None
        if len(found) == 1 and entry is not None and entry.path != found[0].path:
            found.append(entry)
        if len(found) != len(LETTERS):
            return None
        first, second = sorted(found, key=lambda entry: entry.started)
        return first, second

    @property
    def _can_compare(self) -> bool:
        pair = self._pair
        readable = pair is not None and all(entry.record is not None for entry in pair)
        return readable and pair is not None and pair[0].check == pair[1].check

    def action_compare(self) -> None:
        """Two runs side by side."""
        from zcal_tui.tui.screens.compare import CompareScreen

        pair = self._pair
        if pair is not None and pair[0].record is not None and pair[1].record is not None:
            self.app.push_screen(CompareScreen(self.app_state, pair[0].record, pair[1].record))

    @on(RunList.Opened)
    def action_open(self) -> None:
        """The chosen run, whole; what is wrong with it where it cannot be read."""
        entry = self.query_one(RunList).entry
        if entry is not None:
            self._open(entry)

    @work(exclusive=True, group="open")
    async def _open(self, entry: StoredRun) -> None:
        """Read it, then show it."""
        from zcal_tui.tui.screens.stored_run import StoredRunScreen

        try:
            record = await asyncio.to_thread(read_whole, entry.path)
        except (OSError, SchemaError) as error:
            self._explain_unreadable(entry, entry.why_not or str(error))
            return
        if self.is_current:
            why = stale_reason(record, self._history or HistoryModel(), self.app_state.snapshot.changed)
            self.app.push_screen(StoredRunScreen(self.app_state, record, why))

    def _explain_unreadable(self, entry: StoredRun, why: str) -> None:
        from zcal_tui.tui.screens.modals import ProblemModal

        problem = Problem(
            "This run cannot be read.",
            f"{entry.path}: {why}.",
            "No other run depends on it, and it is skipped. Restore the file from a backup, or delete it.",
        )
        if self.is_current:
            self.app.push_screen(ProblemModal(self.app_state, problem, "Unreadable file"))
