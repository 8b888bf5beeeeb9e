"""What a run found for printer.cfg: saved, declined, waiting, or lines to edit by hand."""

from collections.abc import Iterable, Sequence

from textual.content import Content

from zcal_tui.model.record import Change
from zcal_tui.tui.glyphs import Glyphs

DONE = {
    "saved": ("Saved in printer.cfg", "$text-success"),
    "staged": ("Staged, but SAVE_CONFIG was not confirmed: check printer.cfg", "$text-warning"),
    "declined": ("Not saved: declined", "$text-warning"),
}
"""The heading and colour of each state of a change; those only proposed are lines to edit."""


def changes_text(changes: Sequence[Change], glyphs: Glyphs) -> Content:
    """The changes, those of one state together."""
    parts: list[Content] = []
    for state, (heading, style) in DONE.items():
        members = [change for change in changes if change.state == state]
        if members:
            sign = glyphs.passed if state == "saved" else glyphs.warned
            parts.append(Content.styled(f"{sign} {heading}", f"bold {style}"))
            parts += [line for change in members for line in _became(change, glyphs)]
    waiting = [change for change in changes if change.state not in DONE]
    unsaved = [change for change in waiting if change.saves]
    if unsaved:
        parts.append(Content.styled("Not saved", "bold $text-warning"))
        parts += [line for change in unsaved for line in _became(change, glyphs)]
    by_hand = [change for change in waiting if not change.saves]
    if by_hand:
        parts.append(Content.styled("Edit in printer.cfg", "bold"))
        parts += config_lines(by_hand)
    return Content("\n").join(parts)


def _became(change: Change, glyphs: Glyphs) -> Iterable[Content]:
    old = f"{change.was} {glyphs.follows} " if change.old is not None else ""
    yield Content.assemble(
        (f"[{change.section}] ", "$z-dim"), f"{change.option} ", (old, "$z-dim"), (change.shown, "bold")
    )
    if change.effect:
        yield Content.styled(f"  {change.effect}", "$text-accent")


def config_lines(changes: Iterable[Change]) -> list[Content]:
    """The lines for printer.cfg, with the old value beside each."""
    lines = []
    section = None
    for change in changes:
        if change.section != section:
            section = change.section
            lines.append(Content.assemble((f"[{section}]", "bold")))
        old = f"  # now {change.was}" if change.old is not None else "  # now not set"
        lines.append(
            Content.assemble((f"{change.option}: {change.shown}", "bold $text-primary"), (old, "$z-dim"))
        )
        if change.effect:
            lines.append(Content.styled(f"  # {change.effect}", "$z-dim"))
    return lines
