"""The plan: every check with its status, and what the selected one measures, needs and takes."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.checks.base import Declaration
from zcal_tui.checks.operator_scatter_text import operator_title, scatter_text
from zcal_tui.checks.parameters import specs
from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.check_info.info import Needs
from zcal_tui.model.record import Level
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.actions import bindings, key_word
from zcal_tui.tui.app_state import ALL, AppState, CheckStatus
from zcal_tui.tui.messages import RunWatched, SettingsRequested, StartRequested
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.screens.base import NARROW, ZcalScreen
from zcal_tui.tui.unsaved import offered
from zcal_tui.tui.widgets.bedmap import bed_of
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.checklist import STYLE, CheckList, ChecklistEntry
from zcal_tui.tui.widgets.plot_view import PlotView
from zcal_tui.tui.widgets.samples import SampleTable
from zcal_tui.tui.widgets.text import Plain

FACT_WIDTH = 9

EARLIER = {False: "Earlier results", True: "Earlier"}

OPERATED = ("z-offset", "bias", "auto-z", "first-layer", ALL)
"""Checks with paper tests, whose operator is shown."""


def fact(label: str, value: str | Content, style: str = "", width: int = 0) -> Content:
    """A labelled line; what does not fit into `width` columns continues below, indented."""
    text = value if isinstance(value, Content) else Content.assemble((value, style))
    lines = text.wrap(width - FACT_WIDTH) if width > 2 * FACT_WIDTH else [text]
    return Content.assemble(
        (f"{label:<{FACT_WIDTH}}", "$z-dim"), Content("\n" + " " * FACT_WIDTH).join(lines)
    )


def needs_text(needs: Needs, *, module: bool) -> str:
    """What a check needs, in words; `module` says whether the [zcal] module is installed."""
    missing = "" if module else " (not installed: run zcal-tui install)"
    words = [
        "homed axes" if needs.homed else "",
        "a probe" if needs.probe else "",
        "cold nozzle and bed" if needs.cold else "",
        "a person at the printer" if needs.person else "",
        {
            "no": "",
            "better": "" if module else f"better with the companion module [zcal]{missing}",
            "must": f"the companion module [zcal]{missing}",
        }[needs.module],
    ]
    return " · ".join(word for word in words if word) or "nothing"


def minutes_text(minutes: float) -> str:
    """How long a check takes, about."""
    return "about a minute" if minutes <= 1 else f"about {minutes:.0f} minutes"


def summary_text(done: int, of: int, minutes: float) -> Content:
    """How much of the plan is done, and about how long the rest takes."""
    if done == of:
        return Content.styled(f"all {of} done", "$text-success")
    return Content.styled(f"{done} of {of} done · {minutes:.0f} min left", "$z-dim")


def changed_parameters(app_state: AppState, name: str) -> str:
    """The parameters that differ from the defaults, as a person would say them."""
    chosen = app_state.parameters(name)
    words = []
    declared = app_state.declared(name)
    for spec in specs(declared.parameters) if declared is not None else ():
        value = getattr(chosen, spec.name)
        if value != spec.default:
            words.append(f"{spec.name.replace('_', ' ')} {value}{' ' + spec.unit if spec.unit else ''}")
    return ", ".join(words)


def printer_facts(printer: PrinterState) -> Content:
    """What the printer's configuration says about Z."""
    settings = printer.settings
    kinematics = str(settings.get("printer", {}).get("kinematics", ""))
    version = printer.software_version.strip("?")
    lines = [fact("klippy", f"{printer.app} {version}".strip())]
    if kinematics:
        lines.append(fact("motion", kinematics))
    if (probe := probe_config(printer)) is not None:
        has_offset = "z_offset" in settings.get(probe.section, {})
        lines.append(fact("probe", f"z_offset {probe.z_offset:.3f}" if has_offset else f"[{probe.section}]"))
    elif settings:
        lines.append(fact("probe", "none in the configuration", "$text-warning"))
    lines.append(fact("mesh", printer.bed_mesh.profile_name or "none loaded"))
    if printer.save_config.pending:
        lines.append(fact("unsaved", "values pending SAVE_CONFIG", "$text-warning"))
    return Content("\n").join(lines)


class PlanScreen(ZcalScreen):
    """Where a person starts and comes back to."""

    STYLE_SHEET = "plan.tcss"
    ABOUT = (
        "The checks are in a sensible order. Select one with {list.up} and {list.down} or a tap; its description is "
        "on the right. {plan.start} starts it with the settings shown; {plan.settings} changes them. {plan.next} "
        "starts the next check that is not done. {plan.operator} chooses who does the paper tests, so that how much "
        "they vary is learned. {plan.all} selects the full calibration, which runs one check after "
        "the other. {plan.result} shows the last result, `Earlier results` every run of the check, {plan.history} the "
        "runs of all checks. {plan.report} writes a report about this printer to a file. {plan.changed} records a "
        "hardware change; results that depend on it are marked stale. Nothing is written to the printer's "
        "configuration without your consent."
    )
    BINDINGS: ClassVar = bindings("plan")

    def __init__(self, app_state: AppState, chosen: str | None = None) -> None:
        super().__init__(app_state)
        self._first = chosen
        self._has_chosen = False
        self._statuses: Mapping[str, CheckStatus] | None = None
        self._facts_of: tuple[object, ...] = ()
        self._detail_of: tuple[object, ...] = ()

    def compose_body(self) -> Iterable[Widget]:
        """The list at the left, the chosen check at the right."""
        with Horizontal(id="plan"):
            with Vertical(id="left"):
                checks = CheckList(id="checks")
                checks.border_title = "Plan"
                yield checks
                yield Plain(id="summary")
                printer = Plain(id="printer")
                printer.border_title = "Printer"
                yield printer
            with Vertical(id="detail"):
                with VerticalScroll(id="about", can_focus=False):
                    yield Plain(id="text")
                with Horizontal(id="buttons"):
                    yield PlainButton("Start", id="start", variant="success", action="screen.start")
                    yield PlainButton("Settings", id="settings", action="screen.settings")
                    yield PlainButton("Earlier results", id="earlier", action="screen.earlier")
            with Vertical(id="side") as side:
                side.border_title = "Last result"
                yield PlotView("plan.result", id="side-plot")
                yield SampleTable(id="side-samples")

    def on_mount(self) -> None:
        """The list has the focus, at the check that was asked for."""
        self.query_one(CheckList).focus()

    def show(self, snapshot: Snapshot) -> None:
        """Follow the snapshot."""
        super().show(snapshot)
        statuses = self.app_state.statuses
        if statuses is not self._statuses:
            self._statuses = statuses
            self.query_one(CheckList).show(tuple(self._entry(name) for name in statuses))
            self.query_one("#summary", Plain).set_text(summary_text(*self.app_state.progress))
        self._choose_first(snapshot)
        printer = snapshot.printer
        facts_of = (
            printer.settings,
            printer.app,
            None if printer.probe is None else (printer.probe.name, printer.probe.tool),
            printer.bed_mesh,
            printer.save_config,
        )
        if facts_of != self._facts_of:
            self._facts_of = facts_of
            self.query_one("#printer", Plain).set_text(printer_facts(printer))
        self._show_detail()

    def choose(self, name: str) -> None:
        """Bring a check to the right-hand side."""
        self.query_one(CheckList).choose(name)

    def _choose_first(self, snapshot: Snapshot) -> None:
        """At first the check that was named, else, once the printer is known, the next sensible one."""
        if self._has_chosen:
            return
        name = self._first
        if name is None and snapshot.printer.settings:
            name = self.app_state.next_check()
        if name is not None:
            self._has_chosen = True
            self.choose(name)

    def _entry(self, name: str) -> ChecklistEntry:
        record = self.app_state.last.get(name)
        result = ""
        if record is not None and record.verdict is not None:
            result = presenter_of(name).live(record).text if record.estimates else ""
        title, declared = self.app_state.title(name), self.app_state.declared(name)
        short = (declared.info.short_title if declared is not None else "") or title
        return ChecklistEntry(name, title, short, self.app_state.status(name), result)

    def _show_detail(self) -> None:
        name = self.query_one(CheckList).name_chosen
        if not name:
            return
        check, status = self.app_state.declared(name), self.app_state.status(name)
        assert check is not None
        earlier, label = self.query_one("#earlier", PlainButton), EARLIER[self.size.width < NARROW]
        if str(earlier.label) != label:
            earlier.label = label
        # Composing the text costs more than everything else here, and four times a second nothing has changed
        width = self.query_one("#about").content_size.width - 1  # the scrollbar
        detail_of = (
            width,
            self.has_class("-huge"),
            name,
            status,
            self.app_state.last.get(name),
            self.app_state.parameters(name),
            self.app_state.can_start,
            self.app_state.operator,
        )
        if detail_of == self._detail_of:
            return
        self._detail_of = detail_of
        detail = self.query_one("#detail")
        if detail.border_title != (title := title_and_name(name)):
            detail.border_title = title
        self.query_one("#text", Plain).set_text(self._text(name, check, status, width))
        if self.has_class("-huge"):
            self._show_side(name)
        start = self.query_one("#start", PlainButton)
        label = "Watch" if status.running else "Start"
        if str(start.label) != label:
            start.label = label
        start.disabled = not (status.running or self._can_start(status))
        self.query_one("#earlier", PlainButton).disabled = self.app_state.last.get(name) is None

    def _show_side(self, name: str) -> None:
        """The plot and the samples of the check's last result, where there is room beside the text."""
        record, presenter = self.app_state.last.get(name), presenter_of(name)
        words = Content.styled("No samples yet.", "$z-dim")
        plots = () if record is None else presenter.plots(record)[:1]
        count = 0 if record is None else len(record.samples)
        bed = bed_of(self.app_state.snapshot.printer)
        self.query_one("#side-plot", PlotView).show(plots, count, bed, words)
        rows = () if record is None else presenter.rows(record)
        self.query_one("#side-samples", SampleTable).show(rows)

    def _text(self, name: str, check: Declaration, status: CheckStatus, width: int) -> Content:
        changed, capabilities = changed_parameters(self.app_state, name), self.app_state.capabilities
        needs = check.info.needs(capabilities)
        lines: list[tuple[str, str | Content]] = [("last", self._last(name, status))]
        if status.attempt:
            again = f"The last run ended without a verdict ({status.attempt}); this result still counts."
            lines.append(("again", Content.styled(again, "$z-dim")))
        lines += [("found", Content.styled(text, "$text-accent")) for text in self._not_saved(name)]
        if status.stale:
            lines.append(("stale", Content.styled(status.stale, "$text-warning")))
        if status.unfit:
            lines.append(("n/a", Content.styled(status.unfit, "$text-warning")))
        lines += [
            ("needs", needs_text(needs, module=capabilities.zcal)),
            ("takes", minutes_text(needs.minutes)),
            ("settings", changed or "defaults"),
        ]
        if name in OPERATED:
            operator = self.app_state.operator
            lines.append(("operator", f"{operator_title(operator)}. {scatter_text(operator)}"))
        facts = Content("\n").join(fact(label, value, width=width) for label, value in lines)
        return Content("\n\n").join(
            [Content.styled(check.info.learn, "bold"), facts, Content(check.info.explain)]
        )

    def _not_saved(self, name: str) -> Iterable[str]:
        """What the check's last result offers to save."""
        record = self.app_state.last.get(name)
        for change in () if record is None else offered(self.app_state, record):
            key = key_word(self.app, "plan.result")
            yield f"{change.option} {change.shown}, not saved. {key} shows the result, which offers Save."

    def on_resize(self) -> None:
        """The lines at the right are wrapped again."""
        self.call_after_refresh(self._show_detail)

    def _last(self, name: str, status: CheckStatus) -> Content:
        record = self.app_state.last.get(name)
        if record is None:
            return Content.assemble((status.word, "$z-dim" if not status.running else "$text-primary"))
        style = STYLE[status.level] if status.level is not None else "$z-dim"
        live = presenter_of(name).live(record)
        result = ""
        if status.level not in (None, Level.UNKNOWN) and record.estimates:
            result = f" · {live.text} {live.interval[0] if live.interval else ''}".rstrip()
        when = f" · {status.when}" if status.when else ""
        return Content.assemble((status.word, f"bold {style}"), result, (when, "$z-dim"))

    def _can_start(self, status: CheckStatus) -> bool:
        return self.app_state.can_start and status.unfit is None

    @on(CheckList.Chosen)
    def _chosen(self) -> None:
        self._show_detail()

    def action_page(self, by: int) -> None:
        """Scroll the text at the right where it does not all fit."""
        self.query_one("#about", VerticalScroll).scroll_relative(y=by * 4, animate=False)

    def action_start(self) -> None:
        """Start the chosen check, or watch it if it runs."""
        name = self.query_one(CheckList).name_chosen
        if not name:
            return
        if self.app_state.running is not None:
            self.post_message(RunWatched(self.app_state.running))
        elif self._can_start(self.app_state.status(name)):
            self.post_message(StartRequested(name))
        else:
            self.notify(
                "Cannot start now; see the line under the status bar.",
                severity="warning",
                markup=False,
                timeout=4,
            )

    def action_next(self) -> None:
        """Start the next sensible check."""
        name = self.app_state.next_check()
        if name is None:
            self.notify("All checks are done.", markup=False)
        else:
            self.choose(name)
            self.action_start()

    def action_all(self) -> None:
        """Choose the whole calibration; started once it is chosen already."""
        if self.query_one(CheckList).name_chosen == ALL:
            self.action_start()
        else:
            self.choose(ALL)

    def action_result(self) -> None:
        """The chosen check's last result."""
        record = self.app_state.last.get(self.query_one(CheckList).name_chosen)
        if record is not None:
            from zcal_tui.tui.screens.verdict import VerdictScreen

            self.app.push_screen(VerdictScreen(self.app_state, record))

    def action_earlier(self) -> None:
        """The chosen check's runs."""
        from zcal_tui.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(self.app_state, self.query_one(CheckList).name_chosen))

    def action_settings(self) -> None:
        """The chosen check's form."""
        name = self.query_one(CheckList).name_chosen
        if name:
            self.post_message(SettingsRequested(name))
