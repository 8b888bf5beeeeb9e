"""The answer of a run: in a sentence, in numbers with their intervals, why, and what follows."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.bias.short_run import short_run
from zcal_tui.model.advice import advice_left
from zcal_tui.model.outcome_words import LEVEL_WORDS, OUTCOME_WORDS
from zcal_tui.model.record import SAVE, Change, Level, Outcome, Record, RecordPart, Verdict
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.actions import bindings, key_word
from zcal_tui.tui.app_state import AppState, stored_parameters
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.messages import (
    DiscardRequested,
    PlanRequested,
    SaveRequested,
    SettingsRequested,
    StartRequested,
)
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.screens.changes import DONE, changes_text
from zcal_tui.tui.unsaved import can_discard, change_lines, offered
from zcal_tui.tui.widgets.bedmap import bed_of
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.checklist import STYLE
from zcal_tui.tui.widgets.figures import Figures, LimitGauge
from zcal_tui.tui.widgets.plot_view import PlotView
from zcal_tui.tui.widgets.samples import SampleTable
from zcal_tui.tui.widgets.text import Plain

PART_WIDTH = 20
SAVE_SHOWS = "Save shows the change to printer.cfg first, then asks before the restart."
"""Below the change that Save is for."""
KEPT = "Not saved: you kept the old value. You can still save the new one."
"""The same after the person has declined the save."""
KEY_GUARD = 0.5
"""Seconds after a declined save within which the key of the next check does nothing: it is also the key of the no."""
SAVE_OR_NOT = "Save the new value, or continue without saving."
LEAST_BUTTON = 8
"""Columns of a button with a short label."""

ENDINGS = {
    Outcome.CANCELLED: "Cancelled",
    Outcome.REFUSED: "Not started",
    Outcome.ERROR: "Printer error",
    Outcome.LOST: "Connection lost",
    Outcome.FINISHED: "No verdict",
    Outcome.RUNNING: "Not finished",
}


def headline(record: Record, glyphs: Glyphs) -> tuple[Level, Content]:
    """The answer: sign, word, sentence. Without a verdict: how the run ended and what is left of it."""
    if record.verdict is not None and record.outcome is Outcome.FINISHED:
        level = record.verdict.level
        word = LEVEL_WORDS[level].upper()
        return level, Content.assemble((f"{glyphs.level(level)} {word}  ", "bold"), record.verdict.summary)
    count = len(record.samples)
    stored = f" {count} samples are stored." if count else " No samples were taken."
    if record.verdict is not None:
        stored = f" So far: {record.verdict.summary}"
    failed = record.outcome in (Outcome.ERROR, Outcome.LOST)
    level = Level.FAIL if failed else Level.UNKNOWN
    sign = glyphs.failed if failed else glyphs.not_applicable
    why = f": {record.problem.what}" if record.problem is not None else "."
    why = (
        "." if record.parts and record.problem is not None else why
    )  # what stopped it is in the list of its parts
    return level, Content.assemble((f"{sign} {ENDINGS[record.outcome]}", "bold"), why, stored)


def follows(
    record: Record,
    glyphs: Glyphs,
    on_buttons: Sequence[Change] = (),
    notices: Sequence[str] = (),
    *,
    parts: Sequence[str] = (),
    continues: bool = True,
) -> Content:
    """What became of the values, what to do next, and the config lines that do it. `on_buttons` are the changes that a
    button saves, `notices` what was said while they were saved, `parts` what to do about the checks of a full
    calibration; `continues` says that a check is left to do."""
    lines = []
    settled = [change for change in record.changes if change.state in DONE]
    if settled:
        lines.append(changes_text(settled, glyphs))
    lines += [_arrow(text, glyphs) for text in notices]
    if record.problem is not None and record.problem.remedy:
        lines.append(_arrow(record.problem.remedy, glyphs))
    if on_buttons:
        lines.append(_arrow(SAVE_OR_NOT, glyphs))
    lines += [_arrow(text, glyphs) for text in advice_left(record, on_buttons)]
    lines += [_arrow(text, glyphs) for text in parts]
    waiting = [change for change in record.changes if change.state not in DONE]
    if left := [change for change in waiting if change not in on_buttons]:
        lines.append(changes_text(left, glyphs))
    if not lines:
        none = "None. Continue with the plan." if continues else "None. All checks are done."
        lines.append(Content.assemble((none, "$z-dim")))
    return Content("\n").join(lines)


def _arrow(text: str, glyphs: Glyphs) -> Content:
    return Content.assemble((f"{glyphs.follows} ", "$text-accent"), text)


def reasons(verdict: Verdict) -> Content:
    """Why: each reason with its threshold and source."""
    return Content("\n").join(Content.assemble(("· ", "$z-dim"), reason) for reason in verdict.reasons)


def last_parts(record: Record) -> tuple[RecordPart, ...]:
    """The checks of a full calibration, each once: the last run of a repeated one counts."""
    return tuple({part.check: part for part in record.parts}.values())


def parts_advice(record: Record, title: Callable[[str], str], key: str) -> list[str]:
    """What to do about the checks of a full calibration that have not passed; `key` shows a last result."""
    missing = [title(part.check) for part in last_parts(record) if part.level is None]
    open_ones = [title(part.check) for part in last_parts(record) if part.level not in (None, Level.PASS)]
    found = []
    if open_ones:
        found.append(f"Select {listed(open_ones)} in the plan. {key} shows the result and what to do.")
    if missing:
        found.append(f"Run {listed(missing)} again: no result yet.")
    return found


def listed(names: Sequence[str]) -> str:
    """Names as a list: `A`, `A and B`, `A, B and C`."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def part_line(part: RecordPart, title: str, glyphs: Glyphs) -> Content:
    """One check of a whole calibration: how it ended, and its answer."""
    if part.level is not None:
        sign, style, word = glyphs.level(part.level), STYLE[part.level], LEVEL_WORDS[part.level]
    else:
        sign, style, word = (
            glyphs.not_applicable,
            "$text-warning",
            OUTCOME_WORDS[part.outcome],
        )
    return Content.assemble(
        (f"{sign} ", style),
        (f"{title:<{PART_WIDTH}}", "bold"),
        (f"{word}  ", style),
        (part.summary, "$z-dim"),
    )


class VerdictScreen(ZcalScreen):
    """The result of one run."""

    STYLE_SHEET = "verdict.tcss"
    ABOUT = (
        "The answer in a sentence, then the numbers with their intervals and the reasons with each threshold and its "
        "source. Where the value found differs significantly, Save ({verdict.save}) shows what changes in printer.cfg "
        "and asks before it writes. {verdict.discard} discards the result; its record stays in the history. Next steps "
        "are the values that were saved and the lines to edit in printer.cfg. {verdict.next} "
        "starts the next check of the plan, {verdict.picture} shows the samples as a plot."
    )
    BINDINGS: ClassVar = bindings("verdict")

    OFFERS_SAVE: ClassVar = True

    def __init__(
        self, app_state: AppState, record: Record, notices: Sequence[str] = (), *, declined: bool = False
    ) -> None:
        """`notices` are what was said while its values were saved; `declined` says that the person has just not
        saved them."""
        super().__init__(app_state)
        self._declined = declined
        self.record = record
        self._short_run = short_run(record)
        self._notices = tuple(notices)
        self._offered = offered(app_state, record) if self.OFFERS_SAVE else ()
        """The changes that Save is for."""

    def compose_body(self) -> Iterable[Widget]:
        """The answer; numbers beside what follows; why; buttons."""
        record, glyphs = self.record, glyphs_of(self)
        level, answer = headline(record, glyphs)
        yield Plain(answer, id="answer", classes=f"-{level.value}")
        if self._offered:
            change = change_lines(record, self._offered, glyphs)
            below = KEPT if self._declined else SAVE_SHOWS
            yield Plain(change + Content.styled(f"\n{below}", "$z-dim"), id="change")
        with Horizontal(id="halves"):
            with VerticalScroll(id="body", can_focus=False):
                yield from self._compose_text(record, glyphs)
            if record.samples:
                with Vertical(id="side"):
                    yield PlotView("verdict.picture", id="side-plot")
                    yield SampleTable(id="side-samples")
        with Horizontal(id="buttons"):
            yield from self.compose_buttons()

    def _compose_text(self, record: Record, glyphs: Glyphs) -> Iterable[Widget]:
        """Numbers beside what follows; why; the plot where it is not at the side."""
        presenter = presenter_of(record.check)
        if record.parts:
            yield Plain(self._parts(), id="parts")
        with Horizontal(id="columns"):
            with Vertical(id="numbers") as numbers:
                numbers.display = bool(record.estimates or record.samples)
                yield Plain(self.app_state.title(record.check), classes="heading")
                yield Figures(id="figures")
                if record.samples:
                    if presenter.gauge(record) is not None:
                        yield LimitGauge(id="gauge")
                    yield Plain(presenter.setup(record), id="setup")
            with Vertical(id="next"):
                yield Plain("Next steps", classes="heading")
                yield Plain(self._follows(record, glyphs), id="follows")
        if record.verdict is not None and record.verdict.reasons and not record.parts:
            yield Plain("Why", classes="heading")
            yield Plain(reasons(record.verdict), id="why")
        yield from self.compose_more()
        if record.samples:
            with Vertical(id="plotpane"):
                yield PlotView("verdict.picture", id="plot-view")

    def _follows(self, record: Record, glyphs: Glyphs) -> Content:
        return follows(
            record,
            glyphs,
            self._offered,
            self._notices,
            parts=parts_advice(record, self.app_state.title, key_word(self.app, "plan.result")),
            continues=self.app_state.next_check(record.check) is not None,
        )

    def compose_more(self) -> Iterable[Widget]:
        """More widgets below the reasons."""
        return ()

    def compose_buttons(self) -> Iterable[Widget]:
        """The ways on."""
        labels = self._labels(self.app.size.width)
        if self._offered:
            yield PlainButton(labels["save"], id="save", variant="success", action="screen.save")
        if self.app_state.next_check(self.record.check) is not None:
            variant = "default" if self._offered else "success"
            yield PlainButton(labels["next-check"], id="next-check", variant=variant, action="screen.next")
        if self._short_run is not None:
            yield PlainButton(labels["check-saved"], id="check-saved", action="screen.check_saved")
        if self.record.check != SAVE:
            yield PlainButton(labels["repeat"], id="repeat", action="screen.repeat")
        if "discard" in labels:
            yield PlainButton(labels["discard"], id="discard", action="screen.discard")
        yield PlainButton(labels["plan"], id="plan", action="screen.plan")
        if "settings" in labels:
            yield PlainButton(labels["settings"], id="settings", action="screen.settings")

    def _labels(self, width: int) -> dict[str, str]:
        """The buttons' labels by their ids: in one line where there is room for all, else in lines of their own."""
        for variants in zip(*self._variants().values(), strict=True):
            longest = [max(map(len, label.splitlines())) for label in variants]
            # each with a space at both ends and one between two buttons; the row has one at both ends
            if sum(max(LEAST_BUTTON, columns + 2) + 1 for columns in longest) - 1 <= width - 2:
                break
        return dict(zip(self._variants(), variants, strict=True))

    def _variants(self) -> dict[str, tuple[str, ...]]:
        """Each button's label for a wide, a usual and a narrow screen."""
        record, dots = self.record, "..." if glyphs_of(self).console else "…"
        found: dict[str, tuple[str, ...]] = {}
        if self._offered:
            found["save"] = (*[f"Save and restart{dots}"] * 2, f"Save and\nrestart{dots}")
        if (following := self.app_state.next_check(record.check)) is not None:
            title = self.app_state.title(following)
            found["next-check"] = (f"Continue: {title}", f"Continue:\n{title}", "Continue")
            if self._offered:
                found["next-check"] = (
                    "Continue without saving",
                    "Continue\nwithout saving",
                    "Continue\nwithout\nsaving",
                )
        if self._short_run is not None:
            found["check-saved"] = ("Check it",) * 3
        if record.check != SAVE:
            found["repeat"] = ("Repeat",) * 3
        if can_discard(self.app_state, record):
            found["discard"] = ("Discard this result", "Discard this\nresult", "Discard\nthis result")
        found["plan"] = ("Plan",) * 3
        if not self._offered and record.check != SAVE:
            found["settings"] = ("Settings",) * 3
        return found

    def on_resize(self) -> None:
        """The labels of the buttons are shorter on a narrow screen."""
        for name, label in self._labels(self.app.size.width).items():
            for button in self.query(f"#{name}").results(PlainButton):
                button.label = label

    def on_mount(self) -> None:
        """The numbers, and the first button in focus."""
        record, presenter = self.record, presenter_of(self.record.check)
        self.query_one("#figures", Figures).show(presenter.figures(record, final=True))
        if record.samples:
            for gauge in self.query(LimitGauge):
                gauge.show(presenter.gauge(record))
            bed = bed_of(self.app_state.snapshot.printer)
            for view in self.query(PlotView):
                view.show(presenter.plots(record), len(record.samples), bed)
            self.query_one("#side-samples", SampleTable).show(presenter.rows(record))
        first = self.query("#buttons PlainButton").first(PlainButton)
        first.focus()

    def _parts(self) -> Content:
        signs = glyphs_of(self)
        lines = [part_line(part, self.app_state.title(part.check), signs) for part in last_parts(self.record)]
        return Content("\n").join(lines)

    def show(self, snapshot: Snapshot) -> None:
        """Only the bars change: a result does not."""
        super().show(snapshot)
        self.refresh_bindings()
        for button in self.query("#save, #repeat, #discard, #next-check, #check-saved").results(PlainButton):
            button.disabled = not self.app_state.can_start

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Scrolling is offered only where it does not all fit, a plot and a next check where there are any."""
        if action == "plot":
            return bool(presenter_of(self.record.check).plots(self.record))
        if action == "check_saved":
            return self.app_state.can_start and self._short_run is not None
        if action == "next":
            return self.app_state.can_start and self.app_state.next_check(self.record.check) is not None
        if action == "save":
            return self.app_state.can_start and bool(self._offered)
        if action == "discard":
            return self.app_state.can_start and can_discard(self.app_state, self.record)
        if action in ("repeat", "settings"):
            return self.record.check != SAVE
        if action == "scroll_body" and self.is_mounted:
            return self.query_one("#body", VerticalScroll).max_scroll_y > 0
        return True

    def action_scroll_body(self, by: int) -> None:
        """Scroll where it does not all fit."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=by, animate=False)

    def action_next(self) -> None:
        """Start the next check of the plan."""
        if self._declined and time.monotonic() - self.shown_at < KEY_GUARD:
            return
        following = self.app_state.next_check(self.record.check)
        if following is not None and self.app_state.can_start:
            self.post_message(StartRequested(following))

    def action_plot(self) -> None:
        """The samples, drawn over the whole screen."""
        from zcal_tui.tui.screens.plots import PlotScreen

        self.app.push_screen(PlotScreen(self.app_state, self.record))

    def action_save(self) -> None:
        """Show what saving changes, and ask."""
        if self._offered and self.app_state.can_start:
            self.post_message(SaveRequested(self.record))

    @work
    async def action_discard(self) -> None:
        """Discard the result, after a question."""
        from zcal_tui.tui.screens.modals import ConfirmModal

        question = ConfirmModal(
            self.app_state,
            "Discard this result?",
            "None of its values is saved, and the result before it counts again. The record stays in the history.",
            "Discard",
            "Keep",
        )
        if await self.app.push_screen_wait(question):
            self.post_message(DiscardRequested(self.record))

    def action_repeat(self) -> None:
        """Run again with the same settings."""
        if self.app_state.can_start:
            self.post_message(StartRequested(self.record.check))

    def action_check_saved(self) -> None:
        """Check what was saved with a short run."""
        if self._short_run is not None and self.app_state.can_start:
            parameters = stored_parameters(BiasParameters, self._short_run)
            self.post_message(StartRequested(self.record.check, parameters=parameters))

    def action_settings(self) -> None:
        """Change the settings."""
        self.post_message(SettingsRequested(self.record.check))

    def action_plan(self) -> None:
        """Back to the plan."""
        self.post_message(PlanRequested())
