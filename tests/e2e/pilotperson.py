"""The person at the real program without a terminal: Textual's Pilot presses the keys, the screen is read as text."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.e2e.person import KEYS, Person
from tests.tui.onscreen import cut_off, shown_text
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.model.policy import SavePolicy
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import DemoOptions, PrinterTarget
from zcal_tui.sim.host.control_client import ControlClient
from zcal_tui.tui.app import ZcalApp
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.screens.plan import PlanScreen

REACTION = 1.5
"""Seconds within which the screen has to answer to what was done."""
SETTLING = 0.5
"""Seconds after which what is still cut off is so: a screen that comes up is laid out in steps."""
START = 200.0
"""Seconds that the simulated printer may take to start: the first one ever installs its klippy."""


@dataclass
class PilotPerson:
    """The running program, and a person in front of it."""

    session: Session
    app: ZcalApp
    pilot: Pilot[Any]
    person: Person = field(default_factory=Person)
    pressed: int = 0
    cut: list[str] = field(default_factory=list)
    """What was needed and not wholly on the screen, with the screens."""
    screens: set[str] = field(default_factory=set)
    """The screens that were seen, by their classes."""
    seen: str = ""
    """Everything that was seen since `walk` began, one screen after the other."""

    def text(self) -> str:
        """What the screen shows."""
        return shown_text(self.app)

    def words(self) -> str:
        """The same on one line, however it was wrapped and framed."""
        return " ".join(self.text().replace("│", " ").split())

    @property
    def screen(self) -> str:
        """The class of the screen in front."""
        return type(self.app.screen).__name__

    @contextlib.contextmanager
    def control(self) -> Any:
        """The simulated printer's control socket."""
        path = self.session.snapshot.link.control
        assert path is not None
        with ControlClient(path) as client:
            yield client

    async def until(self, condition: Any, limit: float = 120.0) -> None:
        """Wait until something is so."""
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, f"not so within {limit:g} s:\n{self.text()}"
            await self.pilot.pause(0.05)

    async def until_shown(self, text: str, limit: float = 120.0) -> None:
        """Wait until the screen shows these words."""
        await self.until(lambda: text in self.words(), limit)

    async def press(self, *keys: str) -> None:
        """Press keys, and let the screen follow."""
        before = self.text()
        self.pressed += len(keys)
        await self.pilot.press(*keys)
        end = time.monotonic() + REACTION
        while self.text() == before and time.monotonic() < end:
            await self.pilot.pause(0.03)

    async def walk(self, until: str, limit: float) -> None:
        """Do what the screens ask until a screen of this class is in front."""
        end = time.monotonic() + limit
        while self.screen != until:
            screen = self.text()
            assert time.monotonic() < end, f"{until} was not reached within {limit:g} s:\n{screen}"
            assert "The check stopped" not in screen, screen
            await self._look(screen)
            deeds = self.person.deeds(screen)
            for deed in deeds:
                await self._do(deed)
            await self.pilot.pause(0.0 if deeds else 0.1)
        await self.pilot.pause(SETTLING)
        await self._look(self.text())

    async def _do(self, deed: str) -> None:
        if deed.startswith("go "):
            await self.press("z")
            await self.press(*[_key(letter) for letter in deed.removeprefix("go ")])
            await self.press("enter")
        else:
            await self.press(KEYS.get(deed, deed[-1]))

    async def _look(self, screen: str) -> None:
        """Remember what was seen, and what of it was cut off."""
        self.screens.add(self.screen)
        if screen not in self.seen:
            self.seen += f"{screen}\n"
        if not cut_off(self.app.screen):
            return
        front = self.app.screen
        await self.pilot.pause(SETTLING)
        if self.app.screen is front and (left := cut_off(front)):
            self.cut.append("\n".join([*left, self.text()]))


KEY_NAMES = {" ": "space", ".": "full_stop", "-": "minus"}


def _key(letter: str) -> str:
    return KEY_NAMES.get(letter, letter)


@contextlib.asynccontextmanager
async def at_the_program(
    folder: Path,
    printer: DemoOptions | PrinterTarget,
    check: str,
    parameters: Mapping[str, Any],
    *,
    save: SavePolicy = "ask",
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[PilotPerson]:
    """The program as a user starts it with `--demo` or `--printer`, at a check, with the plan in front."""
    target = printer if isinstance(printer, PrinterTarget) else PrinterTarget(demo=printer)
    session = Session(target, Store(folder))
    app_state = AppState(session, CHECKS)
    declared = app_state.declared(check)
    assert declared is not None
    app = ZcalApp(
        session,
        CHECKS,
        app_state=app_state,
        check=check,
        parameters=declared.parameters(**parameters),
        environ={"TERM": "xterm-256color"},
        save=save,
    )
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            person = PilotPerson(session, app, pilot)
            await person.until(lambda: isinstance(app.screen, PlanScreen), START)
            await person.until(lambda: app_state.can_start and "Start" in person.text())
            await pilot.pause(SETTLING)
            yield person
    finally:
        await asyncio.to_thread(session.close)
