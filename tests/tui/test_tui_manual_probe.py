"""A manual probe that something else opened, on the screen: offered, and its paper page."""

from dataclasses import replace

import pytest

from tests.tui.app_driver import Opener
from tests.tui.scenes import running
from tests.tui.scripted import PAPER, READY, ScriptedSession
from zcal_tui.checks.manual_probe.declaration import ManualProbeParameters
from zcal_tui.model.questions import PaperMove
from zcal_tui.printer.state import ManualProbeState
from zcal_tui.tui.screens import paper as paper_module

STAGES = "After the last point, Klipper computes the delta's geometry and stages it."
POINT = replace(
    PAPER,
    height=5.0,
    lower=None,
    upper=None,
    start=5.0,
    expected=None,
    old=None,
    name="",
    tried=(5.0,),
    test=2,
    tests=7,
    place="X 10.0 Y 20.0",
    opener="DELTA_CALIBRATE",
    accept=STAGES,
)
STEPPED = replace(POINT, height=0.1, upper=5.0, tried=(5.0, 0.1))


async def test_it_is_offered_to_take_it_over(opened: Opener) -> None:
    printer = replace(READY, manual_probe=ManualProbeState(is_active=True, z_position=1.0))
    session = ScriptedSession(printer=printer)
    async with opened(session) as driver:
        await driver.press("w")
        assert "Take over" in driver.words() and "Send ABORT" in driver.words()
        await driver.press("t")
        assert session.asked[-1] == ("start", ManualProbeParameters())
        assert driver.screen == "RunScreen"


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_its_page_shows_what_it_is_for_and_what_accept_stages(
    size: tuple[int, int], opened: Opener
) -> None:
    async with opened(size=size) as driver:
        await running(driver)
        driver.session.ask(STEPPED)
        await driver.settle()
        assert driver.screen == "PaperScreen"
        words = driver.words()
        assert "DELTA_CALIBRATE" in words
        assert "After the last point," in words
        assert "stages" in words
        assert size[0] < 80 or "test 2 of 7 · X 10.0 Y 20.0" in words
        assert "z_offset" not in words


async def test_accept_is_off_for_a_moment_and_until_a_step_was_made(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as driver:
        await running(driver)
        monkeypatch.setattr(paper_module, "ACCEPT_AFTER", 60.0)
        driver.session.ask(STEPPED)
        await driver.settle()
        await driver.press("a")
        assert driver.session.answers == [], "a key that was meant for the point before"
        monkeypatch.setattr(paper_module, "ACCEPT_AFTER", 0.0)
        driver.session.ask(POINT)
        await driver.settle()
        await driver.press("a")
        assert driver.session.answers == [], "no step was made"
        assert "at least one step" in driver.words()
        driver.session.ask(STEPPED)
        await driver.settle()
        await driver.press("a")
        assert driver.session.answers == [PaperMove("accept")]


async def test_abort_says_that_it_ends_it_for_everybody(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(POINT)
        await driver.settle()
        await driver.press("escape")
        assert "ends DELTA_CALIBRATE for every client" in driver.words()
        assert driver.session.answers == []
        await driver.press("y")
        assert driver.session.answers == [PaperMove("abort")]
