"""Taps: what is tapped is what is meant, at every size."""

from dataclasses import replace

import pytest

from tests.tui.app_driver import LARGE, NORMAL, SMALL, AppDriver, Opener
from tests.tui.onscreen import cut_off
from tests.tui.scenes import SCENES, first_touch, running, verdict
from tests.tui.scripted import RISKY, SAVE, UP, ScriptedSession
from zcal_tui.model.questions import Choose, Option
from zcal_tui.tui.widgets.checklist import CheckList

SIZES = pytest.mark.parametrize("size", [SMALL, NORMAL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
LONG = Choose(
    "first-layer-step",
    "The nozzle is at Z 5. Is the gap about 5 mm?",
    (
        Option("on", "Go down to Z 3", "the gap is about 5 mm"),
        Option("touches", "Much narrower, or it touches", "go back up and do the paper test from there"),
        Option("stop", "Stop", "lift the nozzle and end the check"),
    ),
    "Look from the side, with light behind the nozzle. At Z 1 and below, slide a sheet of paper under it. Do not "
    "continue if the gap is much narrower than Z: the next step could press the nozzle into the bed.",
)


async def tap_words(driver: AppDriver, words: str, *, row: int = -1) -> None:
    """Tap the middle of what shows these words, in the last row that does."""
    screen = driver.app.screen
    lines = [strip.text for strip in screen._compositor.render_strips(driver.app.size)]
    found = [(y, line.index(words)) for y, line in enumerate(lines) if words in line]
    assert found, f"{words!r} is not on the screen"
    y, x = found[row]
    await driver.taps_count()
    assert await driver.pilot.click(offset=(x + len(words) // 2, y))
    await driver.settle()


@SIZES
async def test_the_check_that_is_tapped_is_chosen(size: tuple[int, int], opened: Opener) -> None:
    async with opened(size=size) as driver:
        checks = driver.app.screen.query_one(CheckList)
        for title, name in (("Ready", "ready"), ("Z offset", "z-offset"), ("Backlash", "backlash")):
            await tap_words(driver, f"· {title}", row=0)
            assert checks.name_chosen == name


@SIZES
async def test_the_keys_that_have_no_room_are_in_the_palette(size: tuple[int, int], opened: Opener) -> None:
    async with opened(size=size) as driver:
        await tap_words(driver, "^p ")
        assert driver.screen == "Palette"
        assert "Quit" in driver.text() or "Plan" in driver.text()


async def test_each_arrow_in_the_last_line_is_its_own_key(opened: Opener) -> None:
    async with opened() as driver:
        checks = driver.app.screen.query_one(CheckList)
        before = checks.chosen
        await tap_words(driver, "↓")
        assert checks.chosen == before + 1
        await tap_words(driver, "↑")
        assert checks.chosen == before


async def test_a_long_result_is_read_on_by_a_tap(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await verdict(driver)
        body = driver.app.screen.query_one("#body")
        assert body.max_scroll_y > 0
        await tap_words(driver, "Scroll")
        assert body.scroll_y > 0


@pytest.mark.parametrize("simulated", [True, False])
@SIZES
async def test_every_answer_of_a_long_question_is_on_the_screen(
    size: tuple[int, int], simulated: bool, opened: Opener
) -> None:
    link = replace(UP, control="/nowhere/control") if simulated else UP
    async with opened(ScriptedSession(link=link), size=size) as driver:
        await first_touch(driver)
        for question in (LONG, RISKY):
            driver.session.ask(question)
            driver.app.poll()
            await driver.pilot.pause()
            first = {button.id: button.region for button in driver.app.screen.query("Button")}
            await driver.settle()
            await driver.app.workers.wait_for_complete()
            await driver.settle()
            assert cut_off(driver.app.screen) == []
            last = {button.id: button.region for button in driver.app.screen.query("Button")}
            assert first == last, "an answer moved after it was shown"
            await driver.press("3" if question is LONG else "n")


@pytest.mark.parametrize("simulated", [True, False])
@SIZES
async def test_start_is_on_the_screen_though_not_now_is_in_focus(
    size: tuple[int, int], simulated: bool, opened: Opener
) -> None:
    link = replace(UP, control="/nowhere/control") if simulated else UP
    async with opened(ScriptedSession(link=link), size=size) as driver:
        await SCENES["plan_consent"](driver)
        assert driver.app.focused is not None and driver.app.focused.id == "option6"
        assert cut_off(driver.app.screen) == []
        assert driver.app.screen.query_one("#options").max_scroll_y == 0
        await tap_words(driver, "1  Start")
        assert driver.session.answers[-1] == "start"


async def test_a_difference_that_does_not_fit_says_how_to_read_on(opened: Opener) -> None:
    detail = SAVE.detail + "\n" + "\n".join(f" line {n}" for n in range(30))
    async with opened() as driver:
        await running(driver)
        driver.session.ask(replace(SAVE, detail=detail))
        await driver.settle()
        assert "line 29" not in driver.text()
        for _ in range(5):
            await tap_words(driver, "Scroll")
        assert "line 29" in driver.text()
