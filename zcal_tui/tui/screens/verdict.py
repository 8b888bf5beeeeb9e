"""The answer of a run: in a sentence, in numbers with their intervals, why, and what follows."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button

from zcal_tui.model.record import Change, Level, Outcome, Record, Verdict
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.desk import LEVEL_WORDS, Desk
from zcal_tui.tui.faces import face_of
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.messages import PlanRequested, SettingsRequested, StartRequested
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.figures import Figures, LimitGauge
from zcal_tui.tui.widgets.plot import SamplePlot
from zcal_tui.tui.widgets.text import Plain

ENDINGS = {
    Outcome.CANCELLED: "Cancelled",
    Outcome.REFUSED: "Not started",
    Outcome.ERROR: "The printer could not go on",
    Outcome.LOST: "The link to the printer was lost",
    Outcome.FINISHED: "No verdict",
    Outcome.RUNNING: "Not finished",
}


def headline(record: Record, glyphs: Glyphs) -> tuple[Level, Content]:
    """The answer: sign, word, sentence. Without a verdict: how the run ended and what is left of it."""
    if record.verdict is not None:
        level = record.verdict.level
        word = LEVEL_WORDS[level].upper()
        return level, Content.assemble((f"{glyphs.level(level)} {word}  ", "bold"), record.verdict.summary)
    count = len(record.samples)
    kept = f" {count} samples were taken and kept." if count else " Nothing was measured."
    failed = record.outcome in (Outcome.ERROR, Outcome.LOST)
    level = Level.FAIL if failed else Level.UNKNOWN
    sign = glyphs.failed if failed else glyphs.not_applicable
    why = f": {record.problem.what}" if record.problem is not None else "."
    return level, Content.assemble((f"{sign} {ENDINGS[record.outcome]}", "bold"), why, kept)


def follows(record: Record, glyphs: Glyphs) -> Content:
    """What to do next, and the config lines that do it."""
    parts = []
    if record.problem is not None and record.problem.remedy:
        parts.append(_arrow(record.problem.remedy, glyphs))
    parts += [_arrow(text, glyphs) for text in record.advice]
    if record.changes:
        parts.append(config_lines(record.changes))
    if not parts:
        parts.append(Content.assemble(("Nothing: go on with the plan.", "$z-dim")))
    return Content("\n").join(parts)


def _arrow(text: str, glyphs: Glyphs) -> Content:
    return Content.assemble((f"{glyphs.follows} ", "$text-accent"), text)


def config_lines(changes: tuple[Change, ...]) -> Content:
    """The lines as they would stand in printer.cfg, with the old value beside each."""
    lines = []
    section = None
    for change in changes:
        if change.section != section:
            section = change.section
            lines.append(Content.assemble((f"[{section}]", "bold")))
        old = f"  # now {change.old}" if change.old is not None else "  # not set now"
        lines.append(
            Content.assemble((f"{change.option}: {change.new}", "bold $text-primary"), (old, "$z-dim"))
        )
    return Content("\n").join(lines)


def reasons(verdict: Verdict) -> Content:
    """Why: each reason with its threshold and source."""
    return Content("\n").join(Content.assemble(("· ", "$z-dim"), reason) for reason in verdict.reasons)


class VerdictScreen(ZcalScreen):
    """The result of one run."""

    CSS_PATH = "verdict.tcss"
    ABOUT = (
        "The answer in a sentence, the numbers it rests on with their intervals, the reasons with the threshold "
        "and where it comes from, and what follows. The lines for printer.cfg are a proposal: nothing was changed."
    )
    BINDINGS: ClassVar = [
        Binding("r", "repeat", "Repeat", id="verdict.repeat"),
        Binding("s", "settings", "Settings", id="verdict.settings"),
        Binding("p,escape", "plan", "Plan", id="verdict.plan", key_display="p"),
        Binding("left", "app.focus_previous", show=False, id="verdict.left"),
        Binding("right", "app.focus_next", show=False, id="verdict.right"),
        Binding("up", "scroll_body(-1)", "Read on", id="verdict.up", key_display="↑↓"),
        Binding("down", "scroll_body(1)", "", show=False, id="verdict.down"),
    ]

    def __init__(self, desk: Desk, record: Record) -> None:
        super().__init__(desk)
        self.record = record

    def compose_body(self) -> Iterable[Widget]:
        """The answer; numbers beside what follows; why; buttons."""
        record, glyphs = self.record, glyphs_of(self)
        face = face_of(record.check)
        level, answer = headline(record, glyphs)
        yield Plain(answer, id="answer", classes=f"-{level.value}")
        with VerticalScroll(id="body", can_focus=False):
            with Horizontal(id="columns"):
                with Vertical(id="numbers"):
                    yield Plain(self.desk.checks[record.check].title, classes="heading")
                    yield Figures(id="figures")
                    if record.samples:
                        yield LimitGauge(id="gauge")
                        yield Plain(face.setup(record), id="setup")
                with Vertical(id="next"):
                    yield Plain("What follows", classes="heading")
                    yield Plain(follows(record, glyphs), id="follows")
            if record.verdict is not None and record.verdict.reasons:
                yield Plain("Why", classes="heading")
                yield Plain(reasons(record.verdict), id="why")
            if record.samples:
                with Vertical(id="plotpane"):
                    yield Plain(face.plot_title, classes="heading")
                    yield SamplePlot(id="heights")
        with Horizontal(id="buttons"):
            yield Button("Plan", id="plan", variant="success", action="screen.plan")
            yield Button("Repeat", id="repeat", action="screen.repeat")
            yield Button("Settings", id="settings", action="screen.settings")

    def on_mount(self) -> None:
        """The numbers, and the first button in focus."""
        record, face = self.record, face_of(self.record.check)
        self.query_one("#figures", Figures).show(face.figures(record, final=True))
        if record.samples:
            self.query_one("#gauge", LimitGauge).show(face.gauge(record))
            self.query_one("#heights", SamplePlot).show(face.points(record), len(record.samples))
        self.query_one("#plan", Button).focus()

    def show(self, snapshot: Snapshot) -> None:
        """Only the bars change: a result does not."""
        super().show(snapshot)
        self.refresh_bindings()
        self.query_one("#repeat", Button).disabled = not self.desk.can_start

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Scrolling is offered only where it does not all fit."""
        if action == "scroll_body" and self.is_mounted:
            return self.query_one("#body", VerticalScroll).max_scroll_y > 0
        return True

    def action_scroll_body(self, by: int) -> None:
        """Scroll where it does not all fit."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=by, animate=False)

    def action_repeat(self) -> None:
        """Run again with the same settings."""
        if self.desk.can_start:
            self.post_message(StartRequested(self.record.check))

    def action_settings(self) -> None:
        """Change the settings."""
        self.post_message(SettingsRequested(self.record.check))

    def action_plan(self) -> None:
        """Back to the plan."""
        self.post_message(PlanRequested())
