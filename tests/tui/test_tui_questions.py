"""What a running check asks: shown, answered by keys and by taps, and gone when it is over."""

import asyncio
import re
import time
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Button, Input

from tests.tui.app_driver import NORMAL, SMALL, Opener, at_sizes
from tests.tui.onscreen import cut_off
from tests.tui.scenes import Scene, jog, paper, paper_begins, paper_warns, running
from tests.tui.scripted import CHOOSE, JOG, PAPER, RISKY, SAVE, UP, jogged, moved
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm, JogMove, PaperMove
from zcal_tui.model.record import Outcome, Problem
from zcal_tui.tui.screens import jog as jog_module
from zcal_tui.tui.widgets.keypad import NUMBER_KEYS, Keypad, KeypadButton
from zcal_tui.tui.widgets.text import BigNumber, Plain


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False), ("enter", True)])
async def test_a_yes_or_no_is_answered_by_keys(key: str, answer: bool, opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(replace(SAVE, consent=False))
        await driver.settle()
        assert driver.screen == "QuestionModal"
        await driver.press(key)
        assert driver.session.answers == [answer]
        assert driver.screen == "RunScreen"


async def test_a_dangerous_yes_is_not_what_enter_says(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(RISKY)
        await driver.settle()
        assert "into the bed [not" in driver.words()
        await driver.press("enter")
        assert driver.session.answers == [False]


async def test_a_difference_is_shown_line_by_line_and_scrolls(opened: Opener) -> None:
    lines = "\n".join(f"+#*# line{n} = {n}" for n in range(60))
    async with opened(size=(60, 20)) as driver:
        await running(driver)
        driver.session.ask(replace(SAVE, detail=f"@@ -1 +1 @@\n{lines}"))
        await driver.settle()
        assert "+#*# line3 = 3" in driver.text() and "line40" not in driver.text()
        for _ in range(5):
            await driver.press("pagedown")
        assert "line40 = 40" in driver.text()
        assert driver.screen == "QuestionModal"


async def test_one_of_several_by_number_and_by_tap(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(CHOOSE)
        await driver.settle()
        await driver.press("9")
        assert driver.session.answers == []
        await driver.press("2")
        driver.session.ask(CHOOSE)
        await driver.settle()
        await driver.click("#option3")
        driver.session.ask(CHOOSE)
        await driver.settle()
        await driver.press("down", "enter")
        assert driver.session.answers == ["measure", "stop", "measure"]


async def test_the_whole_check_can_be_cancelled_from_a_question(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(CHOOSE)
        await driver.settle()
        await driver.click("#cancel")
        assert driver.session.asked_for("cancel") == 1
        driver.session.update(question=None)
        driver.session.end(Outcome.CANCELLED)
        await driver.settle()
        assert driver.screen == "VerdictScreen"


async def test_the_paper_test_by_keys(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        assert driver.screen == "PaperScreen"
        assert driver.app.screen.query_one(BigNumber).value == "0.112"
        words = driver.words()
        for told in (
            "150 µm between",
            "1.245 mm",
            "The nozzle will be 0.5 µm",
            "test 2 of 3",
            "± 75 µm",
        ):
            assert told in words, told
        await driver.press("5", "j")
        assert driver.session.answers == [PaperMove("step", "-0.01")]
        assert driver.screen == "PaperScreen" and "Moving the nozzle" in driver.words()
        await driver.press("j", "a")
        assert len(driver.session.answers) == 1, "nothing is asked while the printer moves"
        driver.session.ask(moved(PAPER, PaperMove("step", "-0.01")))
        await driver.settle()
        assert driver.app.screen.query_one(BigNumber).value == "0.102"
        for key, answer in (
            ("k", PaperMove("step", "0.01")),
            ("minus", PaperMove("step", "-0.01")),
            ("plus", PaperMove("step", "0.01")),
            ("left_square_bracket", PaperMove("step", "--")),
            ("right_square_bracket", PaperMove("step", "++")),
            ("u", PaperMove("undo")),
            ("a", PaperMove("accept")),
        ):
            driver.session.ask(PAPER)
            await driver.settle()
            await driver.press(key)
            assert driver.session.answers[-1] == answer
        assert driver.screen == "RunScreen", "the height is taken: the check goes on"


async def test_the_paper_test_by_taps(opened: Opener) -> None:
    async with opened(size=(60, 20)) as driver:
        await paper(driver)
        await driver.click("#step2")
        for button, answer in (
            ("#lower", PaperMove("step", "-0.1")),
            ("#raise", PaperMove("step", "0.1")),
            ("#bisect_down", PaperMove("step", "-0.031")),
            ("#bisect_up", PaperMove("step", "0.044")),
            ("#to_lower", PaperMove("step", "--")),
            ("#to_upper", PaperMove("step", "++")),
            ("#undo", PaperMove("undo")),
            ("#accept", PaperMove("accept")),
        ):
            await driver.click(button)
            assert driver.session.answers[-1] == answer
            driver.session.ask(PAPER)
            await driver.settle()


async def test_a_typed_distance_is_told_before_it_is_made(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("z", *"abc", "enter")
        assert "Type a distance in mm or µm" in driver.words()
        assert "not understood" in driver.words() and driver.session.answers == []
        await driver.press("backspace", "backspace", "backspace", "minus", "9", "enter")
        assert "below the lowest height of the axis" in driver.words() and driver.session.answers == []
        await driver.press("backspace", *"0", "comma", *"012", "enter")
        assert driver.session.answers == [PaperMove("step", "-0.012")]


async def test_a_distance_is_typed_by_taps(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await paper(driver)
        await driver.click("#type")
        await driver.taps_count()
        for text in "-0.08<3":
            key = next(key for key in driver.app.screen.query(KeypadButton) if key.text == text)
            assert await driver.pilot.click(key)
        await driver.click("#go")
        assert driver.session.answers == [PaperMove("step", "-0.03")]


async def test_a_tapped_key_replaces_what_is_selected_as_a_typed_one_does() -> None:
    class Form(App[None]):
        def compose(self) -> ComposeResult:
            yield Input("200")
            yield Keypad(NUMBER_KEYS)

    async with Form().run_test() as pilot:
        entry = pilot.app.query_one(Input)
        entry.focus()
        await pilot.pause()
        assert entry.selected_text == "200"
        for text in "15<8":
            next(key for key in pilot.app.query(KeypadButton) if key.text == text).press()
            await pilot.pause()
        assert entry.value == "18"


async def test_no_height_is_accepted_before_the_nozzle_is_lowered(opened: Opener) -> None:
    async with opened() as driver:
        await paper_begins(driver)
        await driver.press("a", "u")
        assert driver.session.answers == []
        assert "Lower the nozzle onto the paper first" in driver.words()


async def test_a_step_that_may_hit_the_bed_is_told_before_it_is_made(opened: Opener) -> None:
    async with opened() as driver:
        await paper_warns(driver)
        assert "may press the nozzle into the bed" in driver.words() and "! Lower" in driver.words()
        await driver.press("j")
        driver.session.ask(RISKY)
        await driver.settle()
        assert driver.screen == "QuestionModal"
        await driver.press("n")
        assert driver.screen == "PaperScreen", "the paper test goes on below the question"
        driver.session.ask(PAPER)
        await driver.settle()
        await driver.press("4", "j")
        assert driver.session.answers[-1] == PaperMove("step", "-0.05")


async def test_bisecting_needs_a_height_that_dragged_and_one_that_was_free(opened: Opener) -> None:
    async with opened() as driver:
        await paper_begins(driver)
        assert "Put a sheet of paper under the nozzle" in driver.words()
        assert "not bracketed yet" in driver.words()
        await driver.press("minus", "plus")
        assert driver.session.answers == []
        assert "No height was marked dragging below this one" in driver.words()
        step = replace(
            PAPER, height=0.1, lower=None, upper=0.4, tried=(5.0, 0.4, 0.1), free=(5.0, 0.4), dragging=()
        )
        driver.session.ask(step)
        await driver.settle()
        await driver.press("minus")
        assert driver.session.answers == [] and "not bracketed yet" in driver.words()
        await driver.press("2", "plus")
        assert driver.session.answers == [PaperMove("step", "0.15")], "this height is marked dragging by it"


async def test_a_bisection_goes_no_farther_than_lower(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("5", "plus")
        assert driver.session.answers == [PaperMove("step", "0.01")]


async def test_lower_and_accept_are_not_neighbours(opened: Opener) -> None:
    for size in (SMALL, NORMAL):
        async with opened(size=size) as driver:
            await paper(driver)
            lower, accept = (driver.app.screen.query_one(name).region for name in ("#lower", "#accept"))
            assert accept.x > lower.right + 4, "nor above one another"


async def test_a_tap_right_after_a_change_of_pages_does_nothing(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await paper(driver)
        driver.app.screen.shown_at = time.monotonic() + 60  # type: ignore[attr-defined]
        await driver.pilot.click(driver.app.screen.query_one("#accept"))
        await driver.settle()
        assert driver.session.answers == []
        driver.app.screen.shown_at = 0.0  # type: ignore[attr-defined]
        await driver.click("#accept")
        assert driver.session.answers == [PaperMove("accept")]


async def test_the_step_shrinks_on_the_way_down_until_the_person_chooses(opened: Opener) -> None:
    async with opened() as driver:
        await paper_begins(driver)
        assert "●auto" in driver.text() and "4.000" in driver.text(), "1 mm at most"
        await driver.press("j")
        driver.session.ask(replace(PAPER, height=0.6, lower=None, upper=5.0, tried=(5.0, 0.6), test=1))
        await driver.settle()
        assert "●auto" in driver.text() and "0.250" in driver.text()
        await driver.press("5")
        driver.session.ask(replace(PAPER, height=0.3, lower=None, upper=0.4, tried=(5.0, 0.4, 0.3), test=1))
        await driver.settle()
        assert "●0.01" in driver.text()


async def test_what_the_check_says_of_a_step_is_shown(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("j")
        driver.session.emit(Notice("The step was not made: position_min is -5.0000 mm."))
        driver.session.ask(PAPER)
        await driver.settle()
        assert "The step was not made" in driver.words()


async def test_giving_up_asks_where_heights_were_tried(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("escape")
        assert driver.screen == "ConfirmModal"
        await driver.press("escape")
        assert driver.screen == "PaperScreen" and driver.session.answers == []
        await driver.press("escape", "y")
        assert driver.session.answers == [PaperMove("abort")]
        assert driver.screen == "RunScreen"


async def test_a_paper_test_that_is_ended_elsewhere_is_closed(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        driver.session.update(question=None)
        driver.session.fail()
        await driver.settle()
        assert driver.screen == "ProblemModal"
        await driver.press("escape")
        assert driver.screen == "VerdictScreen"


async def test_the_next_stage_closes_it(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("j")
        driver.session.emit(Stage("touch", "Touching again"))
        await driver.settle()
        assert driver.screen == "RunScreen" and "Touching again" in driver.words()


@pytest.mark.slow
async def test_jogging_by_keys_and_taps(opened: Opener) -> None:
    async with opened(size=(60, 20)) as driver:
        await jog(driver)
        assert driver.screen == "JogScreen"
        assert driver.app.screen.query_one("#number-x", BigNumber).value == "-25.15"
        question = JOG
        for press, tap, answer in (
            ("left", "#left", JogMove("move", dx=-0.1)),
            ("right", "#right", JogMove("move", dx=0.1)),
            ("up", "#back", JogMove("move", dy=0.1)),
            ("down", "#front", JogMove("move", dy=-0.1)),
            ("k", "#higher", JogMove("move", dz=0.1)),
            ("j", "#lower", JogMove("move", dz=-0.1)),
        ):
            await driver.press("3", press)
            assert driver.session.answers[-1] == answer
            question = jogged(question, answer)
            driver.session.ask(question)
            await driver.settle()
            await driver.click(tap)
            assert driver.session.answers[-1] == answer
            driver.session.ask(question)
            await driver.settle()
        await driver.press("z", "x", "2", "space", "y", "minus", "1", "enter")
        assert driver.session.answers[-1] == JogMove("move", dx=2.0, dy=-1.0)
        driver.session.ask(question)
        await driver.settle()
        await driver.press("d")
        assert driver.session.answers[-1] == JogMove("done")
        assert driver.screen == "RunScreen"


async def test_the_mark_seen_before_a_move_is_not_shown_after_it(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark that was under the nozzle is not there any more, while where it is now is still being looked at."""
    looks = 0

    async def look(control: str) -> tuple[float, float]:
        nonlocal looks
        looks += 1
        if looks > 1:
            await asyncio.Event().wait()
        return 0.0, 0.0

    monkeypatch.setattr(jog_module, "ask_mark", look)
    async with opened(size=(80, 24)) as driver:
        driver.session.update(link=replace(UP, control="/nowhere/control"))
        await jog(driver)
        await driver.settle()
        assert "under the nozzle" in driver.words()
        driver.session.ask(replace(JOG, y=JOG.y + 2.0))
        await driver.settle()
        assert looks == 2
        assert "under the nozzle" not in driver.words() and "0.00 ↓ 0.00" not in driver.words()


async def test_jogging_ends_at_the_axes_ends(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(replace(JOG, x=0.5))
        await driver.settle()
        await driver.press("left")
        assert driver.session.answers == [] and "This move exceeds the axis limits" in driver.words()
        await driver.press("3", "left")
        assert driver.session.answers == [JogMove("move", dx=-0.1)]


async def test_a_question_waits_for_a_person_who_looks_elsewhere(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        await driver.press("c")
        driver.session.ask(PAPER)
        await driver.settle()
        assert driver.screen == "ConsoleScreen" and "The check is waiting for your answer" in driver.words()
        await driver.press("escape")
        assert driver.screen == "PaperScreen"


async def test_a_question_that_stands_when_the_link_comes_up_is_put(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("c", "escape")
        assert driver.screen == "PaperScreen"
        driver.session.update(link=replace(UP, control="/nonexistent/control"))
        await driver.settle()
        assert "paper" in driver.words(), "a simulated printer that does not answer is no trouble"


async def test_an_unknown_yes_and_no_in_words_of_its_own(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(Confirm("new", "Is [the] tape there?", yes="It is", no="Go on without"))
        await driver.settle()
        for told in ("Is [the] tape there?", "It is y", "Go on without n"):
            assert told in driver.words()


async def test_leaving_a_paper_test_asks_first(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("q")
        assert driver.screen == "ConfirmModal" and "A check is running" in driver.words()
        await driver.press("escape")
        assert driver.screen == "PaperScreen" and driver.session.asked_for("close") == 0


async def test_a_stop_in_a_paper_test_ends_at_what_was_kept(opened: Opener) -> None:
    async with opened() as driver:
        await paper(driver)
        await driver.press("f12")
        assert driver.screen == "StoppedModal"
        driver.session.update(question=None)
        driver.session.printer(klippy="shutdown", message="Emergency stop")
        driver.session.fail(Problem("The printer was halted by an emergency stop."))
        await driver.settle()
        assert driver.screen == "StoppedModal"
        await driver.press("escape")
        assert driver.screen == "VerdictScreen", "no second box: the person knows why the run ended"


@pytest.mark.parametrize(("scene", "first"), [(paper, "auto"), (jog, "10")])
@at_sizes(SMALL, NORMAL)
async def test_the_key_of_each_step_is_beside_it(
    size: tuple[int, int], scene: Scene, first: str, opened: Opener
) -> None:
    async with opened(size=size) as driver:
        await scene(driver)
        labels = [str(driver.app.screen.query_one(f"#step{n}", Button).label) for n in range(5)]
        assert [label.partition("\n")[0] for label in labels] == ["1", "2", "3", "4", "5"]
        assert [label.partition("\n")[2].lstrip("●") for label in labels][:3] == [first, "1", "0.1"]
        keys = next(line for line in driver.text().splitlines() if re.match(r"[\s│]*key ", line))
        steps = next(line for line in driver.text().splitlines() if re.match(r"[\s│]*mm ", line))
        assert keys.split("│")[-1 if size == SMALL else 1].split() == ["key", "1", "2", "3", "4", "5"]
        assert first in steps
        assert cut_off(driver.app.screen) == []


async def test_raising_and_lowering_name_the_height_they_lead_to(opened: Opener) -> None:
    async with opened() as driver:
        await jog(driver)
        labels = {
            name: str(driver.app.screen.query_one(name, Button).label) for name in ("#higher", "#lower")
        }
        assert labels == {"#higher": "▲ Raise\nZ 1.80", "#lower": "▼ Lower\nZ −0.20"}
        await driver.press("3")
        assert str(driver.app.screen.query_one("#lower", Button).label) == "▼ Lower\nZ 0.70"


async def test_accept_is_suggested_once_the_height_is_known_and_says_that_nothing_is_saved(
    opened: Opener,
) -> None:
    async with opened() as driver:
        await paper(driver)
        accept = driver.app.screen.query_one("#accept", Button)
        assert "± 75 µm" in driver.words() and accept.variant == "default"
        assert str(accept.label) == "✓ Accept\nsaves nothing"
        await driver.press("j")
        driver.session.ask(replace(PAPER, free=(0.126,), dragging=(0.1,)))
        await driver.settle()
        assert "± 13 µm" in driver.words() and accept.variant == "success"
        await driver.press("j")
        driver.session.ask(replace(PAPER, free=(0.2,), dragging=(0.1,)))
        await driver.settle()
        assert accept.variant == "default"


@pytest.mark.parametrize("scene", [paper, jog])
async def test_what_an_abort_ends_is_said_before(scene: Scene, opened: Opener) -> None:
    async with opened() as driver:
        await scene(driver)
        await driver.press("escape")
        assert driver.screen == "ConfirmModal"
        said = str(driver.app.screen.query_one(".text", Plain).content)
        assert said.endswith("discarded, and the check ends. Nothing is saved.")


@at_sizes(SMALL, NORMAL)
async def test_the_answers_of_a_save_are_whole_and_its_difference_is_in_sight(
    size: tuple[int, int], opened: Opener
) -> None:
    async with opened(size=size) as driver:
        await running(driver)
        driver.session.ask(SAVE)
        await driver.settle()
        words = driver.words()
        assert "Klipper restarts. This clears: homing." in words
        assert "-#*# z_offset = 1.245" in words and "+#*# z_offset = 1.246" in words
        assert cut_off(driver.app.screen) == []
        labels = {name: str(driver.app.screen.query_one(name, Button).label) for name in ("#yes", "#no")}
        flat = {name: label.replace("\n", " ") for name, label in labels.items()}
        assert flat == {"#yes": "Save and restart  y", "#no": "Keep the old value  n"}
        for _ in range(3):
            await driver.press("pagedown")
        assert "Klipper keeps the previous file as printer-DATE_TIME.cfg." in driver.words()
