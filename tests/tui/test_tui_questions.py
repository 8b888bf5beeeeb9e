"""What a running check asks: shown, answered by keys and by taps, and gone when it is over."""

from dataclasses import replace

import pytest

from tests.tui.scenes import jog, paper, paper_begins, paper_warns, running
from tests.tui.scripted import CHOOSE, JOG, PAPER, RISKY, SAVE, UP, jogged, moved
from tests.tui.stage import Opener
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm, JogMove, PaperMove
from zcal_tui.model.record import Outcome, Problem
from zcal_tui.tui.widgets.text import BigNumber


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False), ("enter", True)])
async def test_a_yes_or_no_is_answered_by_keys(key: str, answer: bool, opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(SAVE)
        await stage.settle()
        assert stage.screen == "QuestionModal"
        await stage.press(key)
        assert stage.session.answers == [answer]
        assert stage.screen == "RunScreen"


async def test_a_dangerous_yes_is_not_what_enter_says(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(RISKY)
        await stage.settle()
        assert "into the bed [not" in stage.words()
        await stage.press("enter")
        assert stage.session.answers == [False]


async def test_a_difference_is_shown_line_by_line_and_scrolls(opened: Opener) -> None:
    lines = "\n".join(f"+#*# line{n} = {n}" for n in range(60))
    async with opened(size=(60, 20)) as stage:
        await running(stage)
        stage.session.ask(replace(SAVE, detail=f"@@ -1 +1 @@\n{lines}"))
        await stage.settle()
        assert "+#*# line3 = 3" in stage.text() and "line40" not in stage.text()
        for _ in range(5):
            await stage.press("pagedown")
        assert "line40 = 40" in stage.text()
        assert stage.screen == "QuestionModal"


async def test_one_of_several_by_number_and_by_tap(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(CHOOSE)
        await stage.settle()
        await stage.press("9")
        assert stage.session.answers == []
        await stage.press("2")
        stage.session.ask(CHOOSE)
        await stage.settle()
        await stage.click("#option3")
        stage.session.ask(CHOOSE)
        await stage.settle()
        await stage.press("down", "enter")
        assert stage.session.answers == ["move", "skip", "move"]


async def test_the_whole_check_can_be_cancelled_from_a_question(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(CHOOSE)
        await stage.settle()
        await stage.click("#cancel")
        assert stage.session.asked_for("cancel") == 1
        stage.session.update(question=None)
        stage.session.end(Outcome.CANCELLED)
        await stage.settle()
        assert stage.screen == "VerdictScreen"


async def test_the_paper_test_by_keys(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        assert stage.screen == "PaperScreen"
        assert stage.app.screen.query_one(BigNumber).value == "0.112"
        words = stage.words()
        for told in (
            "150 µm between the two",
            "1.245 mm",
            "The nozzle will be 0.5 µm",
            "test 2 of 3",
            "± 31 µm",
        ):
            assert told in words, told
        await stage.press("5", "j")
        assert stage.session.answers == [PaperMove("step", "-0.01")]
        assert stage.screen == "PaperScreen" and "The nozzle moves" in stage.words()
        await stage.press("j", "a")
        assert len(stage.session.answers) == 1, "nothing is asked while the printer moves"
        stage.session.ask(moved(PAPER, PaperMove("step", "-0.01")))
        await stage.settle()
        assert stage.app.screen.query_one(BigNumber).value == "0.102"
        for key, answer in (
            ("k", PaperMove("step", "0.01")),
            ("minus", PaperMove("step", "-")),
            ("plus", PaperMove("step", "+")),
            ("u", PaperMove("undo")),
            ("a", PaperMove("accept")),
        ):
            stage.session.ask(PAPER)
            await stage.settle()
            await stage.press(key)
            assert stage.session.answers[-1] == answer
        assert stage.screen == "RunScreen", "the height is taken: the check goes on"


async def test_the_paper_test_by_taps(opened: Opener) -> None:
    async with opened(size=(60, 20)) as stage:
        await paper(stage)
        await stage.click("#step2")
        for button, answer in (
            ("#lower", PaperMove("step", "-0.1")),
            ("#raise", PaperMove("step", "0.1")),
            ("#half_down", PaperMove("step", "-")),
            ("#half_up", PaperMove("step", "+")),
            ("#undo", PaperMove("undo")),
            ("#accept", PaperMove("accept")),
        ):
            await stage.click(button)
            assert stage.session.answers[-1] == answer
            stage.session.ask(PAPER)
            await stage.settle()


async def test_a_typed_distance_is_told_before_it_is_made(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("z", *"abc", "enter")
        assert "Type a distance in mm or µm" in stage.words()
        assert "not understood" in stage.words() and stage.session.answers == []
        await stage.press("backspace", "backspace", "backspace", "minus", "9", "enter")
        assert "below the lowest height of the axis" in stage.words() and stage.session.answers == []
        await stage.press("backspace", *"0", "comma", *"012", "enter")
        assert stage.session.answers == [PaperMove("step", "-0.012")]


async def test_no_height_is_accepted_before_the_nozzle_is_lowered(opened: Opener) -> None:
    async with opened() as stage:
        await paper_begins(stage)
        await stage.press("a", "u")
        assert stage.session.answers == []
        assert "Lower the nozzle onto the paper first" in stage.words()


async def test_a_step_that_may_hit_the_bed_is_told_before_it_is_made(opened: Opener) -> None:
    async with opened() as stage:
        await paper_warns(stage)
        assert "may press the nozzle into the bed" in stage.words() and "! Lower" in stage.words()
        await stage.press("j")
        stage.session.ask(RISKY)
        await stage.settle()
        assert stage.screen == "QuestionModal"
        await stage.press("n")
        assert stage.screen == "PaperScreen", "the paper test goes on below the question"
        stage.session.ask(PAPER)
        await stage.settle()
        await stage.press("4", "j")
        assert stage.session.answers[-1] == PaperMove("step", "-0.05")


async def test_the_step_shrinks_on_the_way_down_until_the_person_chooses(opened: Opener) -> None:
    async with opened() as stage:
        await paper_begins(stage)
        assert "●1" in stage.text()
        await stage.press("j")
        stage.session.ask(replace(PAPER, height=0.4, lower=None, upper=5.0, tried=(5.0, 0.4), test=1))
        await stage.settle()
        assert "●0.1" in stage.text()
        await stage.press("5")
        stage.session.ask(replace(PAPER, height=0.3, lower=None, upper=0.4, tried=(5.0, 0.4, 0.3), test=1))
        await stage.settle()
        assert "●0.01" in stage.text()


async def test_what_the_check_says_of_a_step_is_shown(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("j")
        stage.session.say(Notice("The step was not made: position_min is -5.0000 mm."))
        stage.session.ask(PAPER)
        await stage.settle()
        assert "The step was not made" in stage.words()


async def test_giving_up_asks_where_heights_were_tried(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("escape")
        assert stage.screen == "ConfirmModal"
        await stage.press("escape")
        assert stage.screen == "PaperScreen" and stage.session.answers == []
        await stage.press("escape", "y")
        assert stage.session.answers == [PaperMove("abort")]
        assert stage.screen == "RunScreen"


async def test_a_paper_test_that_is_ended_elsewhere_is_closed(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        stage.session.update(question=None)
        stage.session.fail()
        await stage.settle()
        assert stage.screen == "ProblemModal"
        await stage.press("escape")
        assert stage.screen == "VerdictScreen"


async def test_the_next_stage_closes_it(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("j")
        stage.session.say(Stage("touch", "Touching again"))
        await stage.settle()
        assert stage.screen == "RunScreen" and "Touching again" in stage.words()


@pytest.mark.slow
async def test_jogging_by_keys_and_taps(opened: Opener) -> None:
    async with opened(size=(60, 20)) as stage:
        await jog(stage)
        assert stage.screen == "JogScreen"
        assert stage.app.screen.query_one("#number-x", BigNumber).value == "-25.15"
        question = JOG
        for press, tap, answer in (
            ("left", "#left", JogMove("move", dx=-0.1)),
            ("right", "#right", JogMove("move", dx=0.1)),
            ("up", "#back", JogMove("move", dy=0.1)),
            ("down", "#front", JogMove("move", dy=-0.1)),
            ("k", "#higher", JogMove("move", dz=0.1)),
            ("j", "#lower", JogMove("move", dz=-0.1)),
        ):
            await stage.press("3", press)
            assert stage.session.answers[-1] == answer
            question = jogged(question, answer)
            stage.session.ask(question)
            await stage.settle()
            await stage.click(tap)
            assert stage.session.answers[-1] == answer
            stage.session.ask(question)
            await stage.settle()
        await stage.press("z", "x", "2", "space", "y", "minus", "1", "enter")
        assert stage.session.answers[-1] == JogMove("move", dx=2.0, dy=-1.0)
        stage.session.ask(question)
        await stage.settle()
        await stage.press("d")
        assert stage.session.answers[-1] == JogMove("done")
        assert stage.screen == "RunScreen"


async def test_jogging_ends_at_the_axes_ends(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(replace(JOG, x=0.5))
        await stage.settle()
        await stage.press("left")
        assert stage.session.answers == [] and "The axis ends there" in stage.words()
        await stage.press("3", "left")
        assert stage.session.answers == [JogMove("move", dx=-0.1)]


async def test_a_question_waits_for_a_person_who_looks_elsewhere(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        await stage.press("c")
        stage.session.ask(PAPER)
        await stage.settle()
        assert stage.screen == "ConsoleScreen" and "The check asks you something" in stage.words()
        await stage.press("escape")
        assert stage.screen == "PaperScreen"


async def test_a_question_that_stands_when_the_link_comes_up_is_put(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("c", "escape")
        assert stage.screen == "PaperScreen"
        stage.session.update(link=replace(UP, control="/nonexistent/control"))
        await stage.settle()
        assert "paper" in stage.words(), "a simulated printer that does not answer is no trouble"


async def test_an_unknown_yes_and_no_in_words_of_its_own(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.ask(Confirm("new", "Is [the] tape there?", yes="It is", no="Go on without"))
        await stage.settle()
        for told in ("Is [the] tape there?", "It is y", "Go on without n"):
            assert told in stage.words()


async def test_leaving_a_paper_test_asks_first(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("q")
        assert stage.screen == "ConfirmModal" and "A check is running" in stage.words()
        await stage.press("escape")
        assert stage.screen == "PaperScreen" and stage.session.asked_for("close") == 0


async def test_a_stop_in_a_paper_test_ends_at_what_was_kept(opened: Opener) -> None:
    async with opened() as stage:
        await paper(stage)
        await stage.press("f12")
        assert stage.screen == "StoppedModal"
        stage.session.update(question=None)
        stage.session.printer(klippy="shutdown", message="Emergency stop")
        stage.session.fail(Problem("The printer was halted by an emergency stop."))
        await stage.settle()
        assert stage.screen == "StoppedModal"
        await stage.press("escape")
        assert stage.screen == "VerdictScreen", "no second box: the person knows why the run ended"
