"""A check's settings: a form made from what the check declares; bad values are refused with what is allowed."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click, DescendantFocus
from textual.widget import Widget
from textual.widgets import Input

from zcal_tui.checks.parameters import ParameterError, ParameterSpec, build, specs
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.messages import StartRequested
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.keypad import NUMBER_KEYS, Keypad
from zcal_tui.tui.widgets.text import Plain


def value_text(value: Any) -> str:
    """A parameter's value as it is typed: nothing for `automatic`, yes and no for a switch."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def allowed_text(spec: ParameterSpec) -> str:
    """What may be typed, in words."""
    if spec.kind is bool:
        return "yes or no"
    return spec.range_text or spec.unit


class Field(Horizontal):
    """One parameter: its name, the input, what is allowed."""

    def __init__(self, spec: ParameterSpec, value: Any) -> None:
        super().__init__(classes="field")
        self.spec = spec
        default = value_text(spec.default) or "automatic"
        self.input = Input(value_text(value), placeholder=default, compact=True, id=f"p-{spec.name}")
        self.input.cursor_blink = False

    @property
    def label(self) -> str:
        """The parameter's name as the form shows it."""
        return self.spec.name.replace("_", " ").capitalize()

    @property
    def choices(self) -> tuple[str, ...]:
        """What there is to choose from, where it is only a few."""
        return ("yes", "no") if self.spec.kind is bool else self.spec.choices

    def choose_next(self) -> None:
        """The choice after the present one."""
        choices = self.choices
        if choices:
            present = self.input.value.strip() or value_text(self.spec.default)
            at = choices.index(present) + 1 if present in choices else 0
            self.input.value = choices[at % len(choices)]
            self.input.cursor_position = len(self.input.value)

    def on_click(self, event: Click) -> None:
        """A tap beside the line changes to the next choice."""
        if event.widget is not self.input and self.choices:
            event.stop()
            self.choose_next()
        self.input.focus()

    def compose(self) -> Iterable[Widget]:
        """The line."""
        yield Plain(self.label, classes="label")
        yield self.input
        yield Plain(allowed_text(self.spec), classes="allowed")

    def refusal(self) -> str | None:
        """Why the value is refused; None where it is allowed, or empty for the default."""
        text = self.input.value.strip()
        if not text:
            return None
        try:
            self.spec.parse(text)
        except ParameterError as error:
            return str(error).removeprefix(f"{self.spec.flag}: ")
        return None


class SettingsScreen(ZcalScreen):
    """The form of one check."""

    STYLE_SHEET = "settings.tcss"
    ABOUT = (
        "Every setting of the check with the values it may take. An empty field means the value shown in grey; "
        "`automatic` lets the check or printer.cfg decide. {settings.choose}, or a tap beside a field, selects the "
        "next choice. Enter or {settings.keep} applies the values; {settings.start} applies them and starts the "
        "check."
    )
    BINDINGS: ClassVar = bindings("settings")

    def __init__(self, app_state: AppState, check: str) -> None:
        super().__init__(app_state)
        self.check = check
        declared = app_state.declared(check)
        assert declared is not None
        self.declared = declared
        self.specs = specs(declared.parameters)

    def compose_body(self) -> Iterable[Widget]:
        """A line a parameter; below, what the one in focus means; buttons."""
        chosen = self.app_state.parameters(self.check)
        with Vertical(id="form") as form:
            form.border_title = f"{self.declared.info.title} · settings"
            with VerticalScroll(id="fields", can_focus=False):
                for spec in self.specs:
                    yield Field(spec, self._own(chosen, spec))
            yield Plain(id="meaning")
            yield Keypad(NUMBER_KEYS, id="keypad")
            with Horizontal(id="buttons"):
                yield PlainButton("Apply", id="keep", variant="success", action="screen.keep")
                yield PlainButton("Start", id="start", action="screen.start")
                yield PlainButton("Defaults", id="defaults", action="screen.defaults")
                yield PlainButton("Back", id="back", action="app.back")

    @staticmethod
    def _own(chosen: Any, spec: ParameterSpec) -> Any:
        """A value worth showing: one that differs from the default, which is shown in grey anyway."""
        value = getattr(chosen, spec.name)
        return None if value == spec.default else value

    def on_mount(self) -> None:
        """The first field has the focus."""
        inputs = self.query(Input)
        if inputs:
            inputs.first().focus()

    @on(DescendantFocus)
    def _explain(self, event: DescendantFocus) -> None:
        if isinstance(event.widget.parent, Field):
            self._show_meaning(event.widget.parent)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if isinstance(event.input.parent, Field):
            self._show_meaning(event.input.parent)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_keep()

    def _show_meaning(self, field: Field) -> None:
        """The field's meaning, or why its value is refused."""
        refusal = field.refusal()
        field.input.set_class(refusal is not None, "-refused")
        if refusal is None:
            text = Content.assemble((field.spec.help, "$z-dim"))
        else:
            text = Content.assemble(
                (f"{glyphs_of(self).failed} {field.label}: {refusal}.", "bold $text-error")
            )
        self.query_one("#meaning", Plain).set_text(text)

    def take(self) -> bool:
        """Store the chosen values; False where one is refused, which is then shown and in focus."""
        fields = list(self.query(Field))
        for field in fields:
            if field.refusal() is not None:
                field.input.focus()
                self._show_meaning(field)
                return False
        texts = {f.spec.name: f.input.value.strip() for f in fields if f.input.value.strip()}
        try:
            self.app_state.chosen[self.check] = build(self.declared.parameters, texts)
        except (ParameterError, ValueError) as error:
            self.query_one("#meaning", Plain).set_text(
                Content.assemble((f"{glyphs_of(self).failed} {error}", "bold $text-error"))
            )
            return False
        return True

    def action_keep(self) -> None:
        """Keep and go back."""
        if self.take():
            self.app.pop_screen()

    def action_start(self) -> None:
        """Keep and start."""
        if self.take():
            self.post_message(StartRequested(self.check))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Choosing only where the field in focus has a choice."""
        field = self._field()
        return action != "choose" or (field is not None and bool(field.choices))

    def _field(self) -> Field | None:
        parent = self.focused.parent if self.focused is not None else None
        return parent if isinstance(parent, Field) else None

    def action_choose(self) -> None:
        """The next choice of the field in focus."""
        field = self._field()
        if field is not None:
            field.choose_next()

    def action_defaults(self) -> None:
        """Empty every field: the defaults are shown in grey."""
        for field in self.query(Field):
            field.input.value = ""
            field.input.remove_class("-refused")
