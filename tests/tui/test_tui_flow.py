"""The way through the interface: plan, run, verdict, and what a person may do on it."""

from dataclasses import replace

from textual.widgets import Input

from tests.tui.scenes import cancelling, running, starting, unreachable, verdict
from tests.tui.scripted import READY, UP, ScriptedSession
from tests.tui.stage import Opener
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.record import Level, Outcome, Problem, Verdict
from zcal_tui.session.snapshot import LinkState, PrinterLink
from zcal_tui.tui.screens.settings import SettingsScreen
from zcal_tui.tui.widgets.text import BigNumber


async def test_plan_start_samples_verdict(opened: Opener) -> None:
    async with opened() as stage:
        assert stage.screen == "PlanScreen"
        assert "never run" in stage.words()
        await stage.press("enter")
        assert stage.session.asked_for("start") == 1
        assert stage.screen == "RunScreen"
        stage.session.touch(2)
        await stage.settle()
        assert stage.app.screen.query_one(BigNumber).value == "-.-"
        stage.session.touch(14)
        await stage.settle()
        assert stage.app.screen.query_one(BigNumber).value == "2.4"
        text = stage.words()
        for told in ("1.8 … 3.6 µm", "7.4 µm", "< 0.1 %", "14 of at most 20", "7 s left", "+6.0 µm"):
            assert told in text, told
        stage.session.finish()
        await stage.settle()
        assert stage.screen == "VerdictScreen"
        text = stage.words()
        for told in (
            "PASSED",
            "Good enough for bed levelling",
            "Klipper docs",
            "samples_result: median",
            "now average",
        ):
            assert told in text, told
        await stage.press("p")
        assert stage.screen == "PlanScreen"
        assert "passed" in stage.words() and "2 min" in stage.words()


async def test_repeat_runs_again_and_shows_the_new_run(opened: Opener) -> None:
    async with opened() as stage:
        await verdict(stage)
        await stage.press("r")
        assert stage.session.asked_for("start") == 2
        assert stage.screen == "RunScreen"
        assert stage.app.screen.query_one(BigNumber).value == "-.-"


async def test_mouse_alone_gets_through(opened: Opener) -> None:
    async with opened() as stage:
        await stage.click("#start")
        stage.session.touch(14)
        await stage.settle()
        await stage.click("#cancel")
        assert stage.session.asked_for("cancel") == 1
        stage.session.end(Outcome.CANCELLED)
        await stage.settle()
        await stage.click("#plan")
        assert stage.screen == "PlanScreen"


async def test_cancel_is_asked_once_and_ends_on_a_page_that_says_so(opened: Opener) -> None:
    async with opened() as stage:
        await cancelling(stage)
        assert stage.session.asked_for("cancel") == 1
        assert "Cancelling" in stage.words()
        stage.session.end(Outcome.CANCELLED)
        await stage.settle()
        assert stage.screen == "VerdictScreen"
        assert "Cancelled. 14 samples were taken and kept." in stage.words()


async def test_a_second_enter_does_not_cancel(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("enter")
        stage.session.touch(3)
        await stage.press("enter")
        assert stage.session.asked_for("cancel") == 0


async def test_a_problem_is_told_with_cause_and_remedy_and_the_printers_words_as_they_are(
    opened: Opener,
) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.fail()
        await stage.settle()
        assert stage.screen == "ProblemModal"
        text = stage.words()
        assert "The probe did not trigger." in text
        assert "Check the probe's wiring with QUERY_PROBE" in text
        assert "[bold]stop[/]" in text and "[/oops]" in text
        await stage.press("escape")
        assert stage.screen == "VerdictScreen"
        assert "14 samples were taken and kept" in stage.words()


async def test_a_refusal_says_that_nothing_was_measured(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("enter")
        stage.session.fail(
            Problem("This printer has no probe.", "", "Add a [probe] section."), Outcome.REFUSED
        )
        await stage.settle()
        assert stage.screen == "ProblemModal"
        assert "Add a [probe] section." in stage.words()
        await stage.press("enter")
        assert "Nothing was measured" in stage.words()


async def test_the_levels_differ_by_word_and_sign(opened: Opener) -> None:
    for level, told in (
        (Level.WARN, "! WARNING"),
        (Level.FAIL, "✗ FAILED"),
        (Level.UNKNOWN, "? UNDECIDED"),
    ):
        async with opened() as stage:
            await running(stage)
            stage.session.finish(Verdict(level, "A sentence."))
            await stage.settle()
            assert told in stage.words()


async def test_a_run_that_goes_on_can_be_left_and_watched_again(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        await stage.press("p")
        assert stage.screen == "PlanScreen"
        assert "running" in stage.words() and "Watch" in stage.words()
        await stage.press("enter")
        assert stage.screen == "RunScreen"
        assert stage.app.screen.query_one(BigNumber).value == "2.4"
        assert stage.session.asked_for("start") == 1


async def test_a_run_that_ends_behind_the_console_is_shown_on_return(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        await stage.press("c")
        stage.session.finish()
        await stage.settle()
        assert stage.screen == "ConsoleScreen"
        assert "Repeatability: passed" in stage.words()
        await stage.press("escape")
        assert stage.screen == "VerdictScreen"


async def test_a_check_named_on_the_command_line_waits_for_start_with_its_parameters(opened: Opener) -> None:
    session = starting()
    chosen = AccuracyParameters(samples=12)
    async with opened(session, parameters=chosen) as stage:
        assert stage.screen == "ConnectionScreen"
        assert "Preparing Klipper: compiling its C helper" in stage.words()
        assert session.asked_for("start") == 0
        session.update(link=UP, printer=READY)
        await stage.settle()
        assert stage.screen == "PlanScreen"
        assert "samples 12" in stage.words()
        assert session.asked_for("start") == 0, "nothing may move before the person says so"
        await stage.press("enter")
        assert ("start", chosen) in session.asked
        assert stage.screen == "RunScreen"


async def test_the_session_begins_once_the_first_frame_is_out(opened: Opener) -> None:
    session, shown = starting(), []
    async with opened(session, shown=lambda: shown.append(True)) as stage:
        assert session.asked_for("reach") == 1
        assert shown == [True], "whoever waits for the first frame is told once"
        assert stage.screen == "ConnectionScreen"


async def test_a_printer_that_cannot_be_reached_is_explained(opened: Opener) -> None:
    async with opened(unreachable()) as stage:
        text = stage.words()
        assert "Nothing answers at printer.local:7125." in text
        assert "Check the address, or give another with --printer." in text
        assert "Connection refused [/markup?]" not in text, (
            "the printer's words are for the page with the reason"
        )
        await stage.press("q")
    assert stage.app.return_value == 3
    assert stage.session.asked_for("close") == 1


async def test_a_lost_link_is_told_and_forgotten_when_it_is_back(opened: Opener) -> None:
    async with opened() as stage:
        stage.session.update(link=PrinterLink(LinkState.LOST, "localhost:7125", "voron24"))
        await stage.settle()
        assert "link lost" in stage.words() and "The link to the printer was lost" in stage.words()
        assert stage.app.screen.query_one("#start").disabled
        stage.session.update(link=UP)
        await stage.settle()
        assert "lost" not in stage.words()
        assert not stage.app.screen.query_one("#start").disabled


async def test_a_link_lost_during_a_run_keeps_what_was_measured(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.update(link=PrinterLink(LinkState.LOST, "localhost:7125", "voron24"))
        stage.session.fail(Problem("The link to the printer was lost."), Outcome.LOST)
        await stage.settle()
        assert stage.screen == "ProblemModal"
        await stage.press("escape")
        assert "14 samples were taken and kept" in stage.words()


async def test_a_check_that_does_not_apply_says_why_and_cannot_be_started(opened: Opener) -> None:
    session = ScriptedSession(
        printer=replace(READY, probe=None, settings={"printer": {"kinematics": "delta"}})
    )
    async with opened(session) as stage:
        words = stage.words()
        assert "does not apply" in words and "no probe" in words
        await stage.press("enter")
        assert session.asked_for("start") == 0


async def test_nothing_is_started_while_a_print_runs(opened: Opener) -> None:
    async with opened(ScriptedSession(printer=replace(READY, printing=True))) as stage:
        assert "A print is running: nothing is measured." in stage.words()
        await stage.press("enter")
        assert stage.session.asked_for("start") == 0


async def test_a_shutdown_is_told_and_f8_restarts(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("f8")
        assert stage.session.asked_for("restart") == 0, "nothing to restart while klippy is ready"
        stage.session.printer(klippy="shutdown", message="Timer [/too] close\nThis often means")
        await stage.settle()
        assert "Klipper has shut down: Timer [/too] close" in stage.words()
        await stage.press("w")
        assert stage.screen == "ProblemModal" and "This often means" in stage.words()
        await stage.press("escape")
        await stage.press("f8")
        assert stage.session.asked_for("restart") == 1


async def test_a_stop_during_a_run_is_followed_by_its_own_box_and_the_samples(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        await stage.press("f12")
        stage.session.printer(klippy="shutdown", message="Emergency stop")
        stage.session.fail(Problem("The printer was halted by an emergency stop."))
        await stage.settle()
        assert stage.screen == "StoppedModal"
        await stage.press("f")
        assert stage.session.asked_for("restart") == 1
        await stage.press("escape")
        assert stage.screen == "VerdictScreen", "no second box: the person knows why the run ended"
        assert "14 samples were taken and kept" in stage.words()


async def test_a_stop_at_the_moment_the_run_ends_keeps_its_box(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        stage.session.finish()
        stage.app.poll()
        stage.app.action_stop()
        await stage.settle()
        assert stage.screen == "StoppedModal"
        await stage.press("escape")
        assert stage.screen == "VerdictScreen"


async def test_quitting_during_a_run_asks_then_closes_the_session(opened: Opener) -> None:
    async with opened() as stage:
        await running(stage)
        await stage.press("q")
        assert stage.screen == "ConfirmModal"
        await stage.press("escape")
        assert stage.screen == "RunScreen" and stage.session.asked_for("close") == 0
        await stage.press("ctrl+c")
        assert stage.screen == "ConfirmModal"
        await stage.pilot.press("y")
        await stage.app.workers.wait_for_complete()
    assert stage.session.asked_for("close") == 1
    assert stage.app.return_value == 0


async def test_quitting_with_nothing_open_does_not_ask(opened: Opener) -> None:
    async with opened() as stage:
        await stage.pilot.press("q")
        await stage.app.workers.wait_for_complete()
    assert stage.session.asked_for("close") == 1
    assert stage.app.return_value == 0


async def test_settings_are_kept_and_used(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("s")
        stage.app.screen.query_one("#p-samples").focus()
        await stage.press("1", "2", "enter")
        assert stage.screen == "PlanScreen"
        assert "samples 12" in stage.words()
        await stage.press("enter")
        assert stage.session.asked[-1][1].samples == 12


async def test_bad_settings_are_refused_with_the_range(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("s")
        stage.app.screen.query_one("#p-samples").focus()
        await stage.press("5", "0", "0", "enter")
        assert stage.screen == "SettingsScreen"
        assert "500 is out of range (2 to 200)" in stage.words()
        await stage.press("backspace", "backspace", "backspace", "x", "f5")
        assert stage.screen == "SettingsScreen"
        assert "is not a whole number (2 to 200)" in stage.words()
        assert stage.session.asked_for("start") == 0
        await stage.press("ctrl+r", "f5")
        assert stage.session.asked_for("start") == 1


async def test_every_parameter_has_a_field(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("s")
        assert isinstance(stage.app.screen, SettingsScreen)
        for spec in stage.app.screen.specs:
            assert stage.app.screen.query_one(f"#p-{spec.name}")


async def test_the_console_sends_shows_literally_and_remembers(opened: Opener) -> None:
    async with opened() as stage:
        stage.session.console("!! [red]not red[/red] [/")
        await stage.press("c")
        assert "!! [red]not red[/red] [/" in stage.words()
        await stage.press("G", "2", "8", "enter")
        assert stage.session.asked[-1] == ("gcode", "G28")
        assert "> G28" in stage.words()
        await stage.press("up", "enter")
        assert stage.session.asked_for("gcode") == 2
        await stage.press("escape")
        assert stage.screen == "PlanScreen"


async def test_m112_on_the_console_goes_past_the_queue(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("c", "m", "1", "1", "2", "enter")
        assert [word for word, _ in stage.session.asked if word != "reach"] == ["stop"]


async def test_a_snapshot_that_changes_while_a_screen_is_being_put_up(opened: Opener) -> None:
    async with opened() as stage:
        for action in (stage.app.action_console, stage.app.action_help, stage.app.action_command_palette):
            action()
            stage.session.console("// in between")
            stage.app.poll()
            await stage.settle()
            stage.app.pop_screen()
            stage.session.console("// and while it goes")
            stage.app.poll()
            await stage.settle()
        assert stage.screen == "PlanScreen"


async def test_one_console_line_does_not_repaint_what_did_not_change(opened: Opener) -> None:
    session = ScriptedSession()
    async with opened(session) as stage:
        shown = stage.app.desk.snapshot
        stage.app.poll()
        assert stage.app.desk.snapshot is shown
        assert stage.app.desk.look() is False


async def test_choices_are_gone_through_by_key_and_by_tap(opened: Opener) -> None:
    async with opened() as stage:
        await stage.press("s")
        stage.app.screen.query_one("#p-here").focus()
        await stage.press("f3")
        field = stage.app.screen.query_one("#p-here", Input)
        assert field.value == "yes"
        await stage.press("f3", "f3")
        assert field.value == "yes"
        assert field.parent is not None
        await stage.pilot.click(next(iter(field.parent.query(".allowed"))))
        assert field.value == "no"
        await stage.press("f3", "enter", "enter")
        assert stage.session.asked[-1][1].here is True
