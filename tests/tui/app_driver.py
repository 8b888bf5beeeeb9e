"""An open app over a scripted session, and hands to press its keys with."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from tests.tui.onscreen import shown_text
from tests.tui.scripted import ScriptedSession
from zcal_tui.tui.app import ZcalApp
from zcal_tui.tui.widgets.button import TAP_GUARD

SMALL, NORMAL, LARGE = (60, 20), (80, 24), (120, 40)


def at_sizes(*sizes: tuple[int, int]) -> pytest.MarkDecorator:
    """Run a test at each size. All but the first are slow tests: where there is least room most goes wrong."""
    return pytest.mark.parametrize(
        "size",
        [pytest.param(size, marks=[] if size == sizes[0] else [pytest.mark.slow]) for size in sizes],
        ids=lambda size: f"{size[0]}x{size[1]}",
    )


@dataclass
class AppDriver:
    """An open app, its session, and hands to press keys with."""

    app: ZcalApp
    session: ScriptedSession
    pilot: Pilot[Any]

    async def settle(self) -> None:
        """Let the app see the newest snapshot now instead of at its next look, and finish painting."""
        for _ in range(3):
            await wait_for_idle(0)
            self.app.poll()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and let things settle."""
        await self.pilot.press(*keys)
        await self.settle()

    async def taps_count(self) -> None:
        """Wait until the page in front is old enough for a tap to count."""
        shown_at = getattr(self.app.screen, "shown_at", 0.0)
        await asyncio.sleep(max(0.0, shown_at + TAP_GUARD - time.monotonic()))

    async def click(self, selector: str) -> None:
        """Tap a widget of the screen in front."""
        await self.taps_count()
        assert await self.pilot.click(self.app.screen.query_one(selector)), f"{selector} cannot be reached"
        await self.settle()

    @property
    def screen(self) -> str:
        """The class of the screen in front."""
        return type(self.app.screen).__name__

    def text(self) -> str:
        """What the screen shows, as lines of text."""
        return shown_text(self.app)

    def words(self) -> str:
        """What the screen shows, as words on one line, however it was wrapped and framed."""
        return " ".join(re.sub("[│┃]", " ", self.text()).split())


Opener = Callable[..., AbstractAsyncContextManager[AppDriver]]
