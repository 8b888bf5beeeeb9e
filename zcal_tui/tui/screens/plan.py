"""The plan: every check with how it stands, and what the chosen one teaches, needs and takes."""

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button

from zcal_tui.checks.base import Check
from zcal_tui.checks.parameters import specs
from zcal_tui.model.record import Level
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.desk import Desk, Standing
from zcal_tui.tui.faces import face_of
from zcal_tui.tui.messages import RunWatched, SettingsRequested, StartRequested
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.checklist import STYLE, CheckList, Entry
from zcal_tui.tui.widgets.text import Plain

FACT_WIDTH = 8


def fact(label: str, value: str | Content, style: str = "") -> Content:
    """A labelled line."""
    text = value if isinstance(value, Content) else Content.assemble((value, style))
    return Content.assemble((f"{label:<{FACT_WIDTH}}", "$z-dim"), text)


def needs_text(check: Check) -> str:
    """What a check needs, in words."""
    needs = ["homed axes"] if check.needs.homed else []
    if check.needs.probe:
        needs.append("a probe")
    if check.needs.person:
        needs.append("you beside the printer")
    return " · ".join(needs) or "nothing"


def minutes_text(minutes: float) -> str:
    """How long a check takes, about."""
    return "about a minute" if minutes <= 1 else f"about {minutes:g} minutes"


def changed_parameters(desk: Desk, name: str) -> str:
    """The parameters that differ from the defaults, as a person would say them."""
    chosen = desk.parameters(name)
    words = []
    for spec in specs(desk.checks[name].parameters):
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
        lines.append(fact("frame", kinematics))
    if printer.probe is not None:
        probe = settings.get("probe") or settings.get("bltouch") or settings.get("smart_effector") or {}
        z_offset = probe.get("z_offset")
        told = f"z_offset {z_offset:.3f}" if isinstance(z_offset, (int, float)) else "configured"
        lines.append(fact("probe", told))
    elif settings:
        lines.append(fact("probe", "none in the configuration", "$text-warning"))
    lines.append(fact("mesh", printer.bed_mesh.profile_name or "none loaded"))
    if printer.save_config.pending:
        lines.append(fact("unsaved", "values wait for SAVE_CONFIG", "$text-warning"))
    return Content("\n").join(lines)


class PlanScreen(ZcalScreen):
    """Where a person starts and comes back to."""

    CSS_PATH = "plan.tcss"
    ABOUT = (
        "The checks stand in the order in which they make sense. Choose one with the arrow keys or a tap; "
        "at the right stands what it teaches and needs. Enter starts it with the settings shown under `with`; "
        "S changes them. Nothing is written to the printer's configuration without your yes."
    )
    BINDINGS: ClassVar = [
        Binding("enter", "start", "Start", id="plan.start"),
        Binding("s", "settings", "Settings", id="plan.settings"),
        Binding(
            "pageup", "page(-1)", "Read on at the right", id="plan.pageup", key_display="PgUp/Dn", show=False
        ),
        Binding("pagedown", "page(1)", "", id="plan.pagedown", show=False),
    ]

    def __init__(self, desk: Desk, chosen: str | None = None) -> None:
        super().__init__(desk)
        self._first = chosen
        self._facts_of: tuple[object, ...] = ()
        self._detail_of: tuple[object, ...] = ()

    def compose_body(self) -> Iterable[Widget]:
        """The list at the left, the chosen check at the right."""
        with Horizontal(id="plan"):
            with Vertical(id="left"):
                checks = CheckList(id="checks")
                checks.border_title = "Plan"
                yield checks
                printer = Plain(id="printer")
                printer.border_title = "Printer"
                yield printer
            with Vertical(id="detail"):
                with VerticalScroll(id="about", can_focus=False):
                    yield Plain(id="text")
                with Horizontal(id="buttons"):
                    yield Button("Start", id="start", variant="success", action="screen.start")
                    yield Button("Settings", id="settings", action="screen.settings")

    def on_mount(self) -> None:
        """The list has the focus, at the check that was asked for."""
        self.query_one(CheckList).focus()

    def show(self, snapshot: Snapshot) -> None:
        """Follow the snapshot."""
        super().show(snapshot)
        entries = tuple(self._entry(name, check) for name, check in self.desk.checks.items())
        self.query_one(CheckList).show(entries)
        if self._first is not None:
            self.choose(self._first)
            self._first = None
        printer = snapshot.printer
        facts_of = (
            printer.settings,
            printer.app,
            printer.probe is None,
            printer.bed_mesh,
            printer.save_config,
        )
        if facts_of != self._facts_of:
            self._facts_of = facts_of
            self.query_one("#printer", Plain).say(printer_facts(printer))
        self._show_detail()

    def choose(self, name: str) -> None:
        """Bring a check to the right-hand side."""
        self.query_one(CheckList).choose(name)

    def _entry(self, name: str, check: Check) -> Entry:
        record = self.desk.last.get(name)
        result = ""
        if record is not None and record.verdict is not None:
            live = face_of(name).live(record)
            result = f"{live.digits} {live.unit}"
        return Entry(name, check.title, self.desk.standing(name), result)

    def _show_detail(self) -> None:
        name = self.query_one(CheckList).name_chosen
        if not name:
            return
        check, standing = self.desk.checks[name], self.desk.standing(name)
        # Composing the text costs more than everything else here, and four times a second nothing has changed
        detail_of = (
            name,
            standing,
            self.desk.last.get(name),
            self.desk.parameters(name),
            self.desk.can_start,
        )
        if detail_of == self._detail_of:
            return
        self._detail_of = detail_of
        detail = self.query_one("#detail")
        if detail.border_title != check.title:
            detail.border_title = check.title
        self.query_one("#text", Plain).say(self._text(name, check, standing))
        start = self.query_one("#start", Button)
        label = "Watch" if standing.running else "Start"
        if str(start.label) != label:
            start.label = label
        start.disabled = not (standing.running or self._can_start(standing))

    def _text(self, name: str, check: Check, standing: Standing) -> Content:
        lines = [fact("last", self._last(name, standing))]
        if standing.unfit:
            lines.append(fact("not for", Content.assemble((standing.unfit, "$text-warning"))))
        lines += [fact("needs", needs_text(check)), fact("takes", minutes_text(check.needs.minutes))]
        changed = changed_parameters(self.desk, name)
        lines.append(fact("with", changed or "the usual settings"))
        facts = Content("\n").join(lines)
        return Content("\n\n").join([Content.assemble((check.learn, "bold")), facts, Content(check.explain)])

    def _last(self, name: str, standing: Standing) -> Content:
        record = self.desk.last.get(name)
        if record is None:
            return Content.assemble((standing.word, "$z-dim" if not standing.running else "$text-primary"))
        style = STYLE[standing.level] if standing.level is not None else "$z-dim"
        live = face_of(name).live(record)
        told = f" · {live.digits} {live.unit}" if standing.level not in (None, Level.UNKNOWN) else ""
        when = f" · {standing.when}" if standing.when else ""
        return Content.assemble((standing.word, f"bold {style}"), told, (when, "$z-dim"))

    def _can_start(self, standing: Standing) -> bool:
        return self.desk.can_start and standing.unfit is None

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
        if self.desk.running is not None:
            self.post_message(RunWatched(self.desk.running))
        elif self._can_start(self.desk.standing(name)):
            self.post_message(StartRequested(name))
        else:
            self.notify(
                "It cannot start now: see the line under the bar.",
                severity="warning",
                markup=False,
                timeout=4,
            )

    def action_settings(self) -> None:
        """The chosen check's form."""
        name = self.query_one(CheckList).name_chosen
        if name:
            self.post_message(SettingsRequested(name))
