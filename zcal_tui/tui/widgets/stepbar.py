"""The choice of how far a move goes: one button a step with its key above, the chosen one with a sign before it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from zcal_tui.tui.actions import key_text
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain


class StepBar(Horizontal):
    """The steps in mm, None for the automatic one; pressing the n-th runs the screen's action `step(n)`."""

    def __init__(self, steps: Sequence[float | None], group: str, *, id: str | None = None) -> None:
        """`group` is that of the actions that choose a step, step1 and so on."""
        super().__init__(id=id)
        self._steps, self._group = tuple(steps), group

    def compose(self) -> ComposeResult:
        """A caption and the buttons."""
        yield Plain(Content.styled("key\nmm", "$z-dim"), classes="caption")
        for n, step in enumerate(self._steps):
            yield PlainButton(self._label(n, step_label(step)), id=f"step{n}", action=f"screen.step({n})")

    def show(self, chosen: int) -> None:
        """Mark the chosen one."""
        sign = glyphs_of(self).point
        for n, (step, button) in enumerate(zip(self._steps, self.query(PlainButton), strict=True)):
            label = self._label(n, f"{sign}{step_label(step)}" if n == chosen else step_label(step))
            if str(button.label) != label:
                button.label = label
                button.set_class(n == chosen, "-chosen")

    def _label(self, n: int, step: str) -> str:
        """The key of the n-th step, and the step below it."""
        key = key_text(self.app, f"{self._group}.step{n + 1}")
        return f"{key}\n{step}"


def step_label(step: float | None) -> str:
    """A step as its button shows it."""
    return "auto" if step is None else f"{step:g}"


def enable(button: PlainButton, can: bool) -> None:
    """Enable or disable, and repaint only where that changes."""
    if button.disabled == can:
        button.disabled = not can
