"""The drag of the paper and the place of the mark on a simulated printer, asked of its simulated person."""

import asyncio
import contextlib

from textual.content import Content

from zcal_tui.session.simulated_person import SimulatedPerson, SimulatedPersonGone
from zcal_tui.tui.glyphs import Glyphs

HOW = (
    "Push and pull the sheet by its edge. Correct: the paper slides with slight, even drag. Slides freely: too high. "
    "Buckles or sticks: too low."
)
"""Klipper docs, Bed_Level, `The paper test`: a small amount of friction when the paper is pushed back and forth."""

NEAR = 1.0
"""mm: a gap wider than this needs no paper."""
PAPER_WORDS = {"free": "slides freely", "drags": "drags", "stuck": "does not move"}

DRAG_TEXTS = {
    "free": ("free", "slides freely: lower the nozzle", "$text-primary"),
    "drags": ("drags", "slight drag both ways: accept", "$text-success"),
    "stuck": ("stuck", "does not move: raise the nozzle", "$text-error"),
}


def drag_text(drag: str | None, glyphs: Glyphs) -> Content:
    """What the simulated paper does, in a line."""
    if drag is None:
        return Content.assemble(("paper  ", "$z-dim"), ("…", "$z-dim"))
    word, meaning, style = DRAG_TEXTS.get(drag, (drag, "", ""))
    sign = {"free": glyphs.up_arrow, "drags": glyphs.passed, "stuck": glyphs.down}.get(drag, "")
    return Content.assemble(
        ("paper  ", "$z-dim"), (f"{sign} {word}", f"bold {style}".strip()), (f"  {meaning}", "$z-dim")
    )


async def ask_drag(control: str) -> str | None:
    """The drag of the paper under the simulated nozzle; None without an answer. Asked on another thread."""
    try:
        return await asyncio.to_thread(SimulatedPerson(control, timeout=3.0).drag)
    except SimulatedPersonGone:
        return None


async def ask_mark(control: str) -> tuple[float, float] | None:
    """Where the simulated person sees the mark from the nozzle, mm in X and Y; None where there is none, or no
    answer. Asked on another thread."""
    try:
        return await asyncio.to_thread(SimulatedPerson(control, timeout=3.0).see)
    except SimulatedPersonGone:
        return None


def short_mark_text(mark: tuple[float, float] | None, asked: bool, glyphs: Glyphs) -> Content:
    """Where the mark is from the nozzle, with the arrows of the buttons that lead there."""
    if mark is None:
        return mark_text(mark, asked)
    x, y = mark
    across = f"{glyphs.follows if x > 0 else glyphs.left_thin} {abs(x):.2f}"
    along = f"{glyphs.up_thin if y > 0 else glyphs.down_thin} {abs(y):.2f}"
    return Content.assemble(
        ("mark ", "$z-dim"), (f"{across} {along}", "bold $text-accent"), (" mm", "$z-dim")
    )


def mark_text(mark: tuple[float, float] | None, asked: bool) -> Content:
    """Where the mark is from the nozzle, in words."""
    if mark is None:
        return Content.assemble(("mark  ", "$z-dim"), ("not visible" if asked else "…", "$z-dim"))
    x, y = mark
    parts = []
    if abs(x) >= 0.005:
        parts.append(f"{abs(x):.2f} mm {'right' if x > 0 else 'left'}")
    if abs(y) >= 0.005:
        parts.append(f"{abs(y):.2f} mm {'behind' if y > 0 else 'in front'}")
    meaning = ", ".join(parts) or "under the nozzle"
    return Content.assemble(("mark  ", "$z-dim"), (meaning, "bold $text-accent"))


async def describe_scene(control: str) -> str | None:
    """The scene at the simulated machine, in a line; None without an answer."""

    def look() -> str:
        person = SimulatedPerson(control, timeout=3.0)
        gap = person.gap()
        words = [
            f"the gap below the nozzle is {gap:.2f} mm" if gap is not None else "no bed below the nozzle"
        ]
        if gap is not None and gap < NEAR:
            words.append(f"the paper {PAPER_WORDS.get(drag := person.drag(), drag)}")
        if (state := person.probe_state()) is not None:
            words.append(f"the probe is {state}")
        return " · ".join(words)

    try:
        return await asyncio.to_thread(look)
    except SimulatedPersonGone:
        return None


async def make_mark(control: str) -> None:
    """Have the simulated person mark the bed below the probe; nothing without an answer."""

    def mark() -> None:
        person = SimulatedPerson(control, timeout=3.0)
        person.new_test()
        person.mark()

    with contextlib.suppress(SimulatedPersonGone):
        await asyncio.to_thread(mark)


async def take_fresh_sheet(control: str) -> None:
    """A new paper test: the simulated person's error is drawn again; nothing without an answer."""
    with contextlib.suppress(SimulatedPersonGone):
        await asyncio.to_thread(SimulatedPerson(control, timeout=3.0).new_test)
