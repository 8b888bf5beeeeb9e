"""The way through the interface: plan, run, verdict, and what a person may do on it."""

from dataclasses import replace

from textual.widgets import Input

from tests.tui.app_driver import Opener
from tests.tui.scenes import cancelling, running, starting, unreachable, verdict
from tests.tui.scripted import READY, UP, ScriptedSession
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.record import Level, Outcome, Problem, Verdict
from zcal_tui.session.snapshot import ConsoleLine, LinkState, PrinterLink
from zcal_tui.tui.screens.settings import SettingsScreen
from zcal_tui.tui.widgets.text import BigNumber


async def test_plan_start_samples_verdict(opened: Opener) -> None:
    async with opened() as driver:
        assert driver.screen == "PlanScreen"
        assert "never run" in driver.words()
        await driver.press("enter")
        assert driver.session.asked_for("start") == 1
        assert driver.screen == "RunScreen"
        driver.session.touch(2)
        await driver.settle()
        assert driver.app.screen.query_one(BigNumber).value == "-.-"
        driver.session.touch(14)
        await driver.settle()
        assert driver.app.screen.query_one(BigNumber).value == "2.4"
        text = driver.words()
        for told in ("1.8 … 3.6 µm", "7.4 µm", "< 0.1 %", "14 of at most 20", "7 s left", "+6.0 µm"):
            assert told in text, told
        driver.session.finish()
        await driver.settle()
        assert driver.screen == "VerdictScreen"
        text = driver.words()
        for told in (
            "PASSED",
            "Accurate enough for bed levelling",
            "Klipper docs",
            "samples_result: median",
            "now average",
        ):
            assert told in text, told
        await driver.press("p")
        assert driver.screen == "PlanScreen"
        assert "passed" in driver.words() and "2 min ago" in driver.words()


async def test_repeat_runs_again_and_shows_the_new_run(opened: Opener) -> None:
    async with opened() as driver:
        await verdict(driver)
        await driver.press("r")
        assert driver.session.asked_for("start") == 2
        assert driver.screen == "RunScreen"
        assert driver.app.screen.query_one(BigNumber).value == "-.-"


async def test_mouse_alone_gets_through(opened: Opener) -> None:
    async with opened() as driver:
        await driver.click("#start")
        driver.session.touch(14)
        await driver.settle()
        await driver.click("#cancel")
        assert driver.session.asked_for("cancel") == 1
        driver.session.end(Outcome.CANCELLED)
        await driver.settle()
        await driver.click("#plan")
        assert driver.screen == "PlanScreen"


async def test_cancel_is_asked_once_and_ends_on_a_page_that_says_so(opened: Opener) -> None:
    async with opened() as driver:
        await cancelling(driver)
        assert driver.session.asked_for("cancel") == 1
        assert "Cancelling" in driver.words()
        driver.session.end(Outcome.CANCELLED)
        await driver.settle()
        assert driver.screen == "VerdictScreen"
        assert "Cancelled. 14 samples are stored." in driver.words()


async def test_a_second_enter_does_not_cancel(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("enter")
        driver.session.touch(3)
        await driver.press("enter")
        assert driver.session.asked_for("cancel") == 0


async def test_a_problem_is_told_with_cause_and_remedy_and_the_printers_words_as_they_are(
    opened: Opener,
) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.fail()
        await driver.settle()
        assert driver.screen == "ProblemModal"
        text = driver.words()
        assert "The probe did not trigger." in text
        assert "Check the probe's wiring with QUERY_PROBE" in text
        assert "[bold]stop[/]" in text and "[/oops]" in text
        await driver.press("escape")
        assert driver.screen == "VerdictScreen"
        assert "14 samples are stored" in driver.words()


async def test_a_refusal_says_that_nothing_was_measured(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("enter")
        driver.session.fail(
            Problem("This printer has no probe.", "", "Add a [probe] section."), Outcome.REFUSED
        )
        await driver.settle()
        assert driver.screen == "ProblemModal"
        assert "Add a [probe] section." in driver.words()
        await driver.press("enter")
        assert "No samples were taken" in driver.words()


async def test_the_levels_differ_by_word_and_sign(opened: Opener) -> None:
    for level, told in (
        (Level.WARN, "! WARNING"),
        (Level.FAIL, "✗ FAILED"),
        (Level.UNKNOWN, "? UNDECIDED"),
    ):
        async with opened() as driver:
            await running(driver)
            driver.session.finish(Verdict(level, "A sentence."))
            await driver.settle()
            assert told in driver.words()


async def test_a_run_that_goes_on_can_be_left_and_watched_again(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        await driver.press("p")
        assert driver.screen == "PlanScreen"
        assert "running" in driver.words() and "Watch" in driver.words()
        await driver.press("enter")
        assert driver.screen == "RunScreen"
        assert driver.app.screen.query_one(BigNumber).value == "2.4"
        assert driver.session.asked_for("start") == 1


async def test_a_run_that_ends_behind_the_console_is_shown_on_return(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        await driver.press("c")
        driver.session.finish()
        await driver.settle()
        assert driver.screen == "ConsoleScreen"
        assert "Repeatability: passed" in driver.words()
        await driver.press("escape")
        assert driver.screen == "VerdictScreen"


async def test_a_check_named_on_the_command_line_waits_for_start_with_its_parameters(opened: Opener) -> None:
    session = starting()
    chosen = AccuracyParameters(samples=12)
    async with opened(session, parameters=chosen) as driver:
        assert driver.screen == "ConnectionScreen"
        assert "Preparing Klipper: compiling its C helper" in driver.words()
        assert session.asked_for("start") == 0
        session.update(link=UP, printer=READY)
        await driver.settle()
        assert driver.screen == "PlanScreen"
        assert "samples 12" in driver.words()
        assert session.asked_for("start") == 0, "nothing may move before the person says so"
        await driver.press("enter")
        assert ("start", chosen) in session.asked
        assert driver.screen == "RunScreen"


async def test_the_session_begins_once_the_first_frame_is_out(opened: Opener) -> None:
    session, shown = starting(), []
    async with opened(session, shown=lambda: shown.append(True)) as driver:
        assert session.asked_for("reach") == 1
        assert shown == [True], "whoever waits for the first frame is told once"
        assert driver.screen == "ConnectionScreen"


async def test_a_printer_that_cannot_be_reached_is_explained(opened: Opener) -> None:
    async with opened(unreachable()) as driver:
        text = driver.words()
        assert "Nothing answers at printer.local:7125." in text
        assert "Check the address, or give another with --printer." in text
        assert "Connection refused [/markup?]" not in text, (
            "the printer's words are for the page with the reason"
        )
        await driver.press("q")
    assert driver.app.return_value == 3
    assert driver.session.asked_for("close") == 1


async def test_a_lost_link_is_told_and_forgotten_when_it_is_back(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.update(link=PrinterLink(LinkState.LOST, "localhost:7125", "voron24"))
        await driver.settle()
        assert "reconnecting" in driver.words() and "Connection lost" in driver.words()
        assert driver.app.screen.query_one("#start").disabled
        driver.session.update(link=UP)
        await driver.settle()
        assert "Connection lost" not in driver.words()
        assert not driver.app.screen.query_one("#start").disabled


async def test_a_link_lost_during_a_run_keeps_what_was_measured(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.update(link=PrinterLink(LinkState.LOST, "localhost:7125", "voron24"))
        driver.session.fail(Problem("The link to the printer was lost."), Outcome.LOST)
        await driver.settle()
        assert driver.screen == "ProblemModal"
        await driver.press("escape")
        assert "14 samples are stored" in driver.words()


async def test_a_check_that_does_not_apply_says_why_and_cannot_be_started(opened: Opener) -> None:
    session = ScriptedSession(
        printer=replace(READY, probe=None, settings={"printer": {"kinematics": "delta"}})
    )
    async with opened(session) as driver:
        words = driver.words()
        assert "does not apply" in words and "No probe is configured" in words
        await driver.press("enter")
        assert session.asked_for("start") == 0


async def test_nothing_is_started_while_a_print_runs(opened: Opener) -> None:
    async with opened(ScriptedSession(printer=replace(READY, printing=True))) as driver:
        assert "A print is running. Checks are disabled." in driver.words()
        await driver.press("enter")
        assert driver.session.asked_for("start") == 0


async def test_a_shutdown_is_told_and_f8_restarts(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("f8")
        assert driver.session.asked_for("restart") == 0, "nothing to restart while klippy is ready"
        driver.session.printer(klippy="shutdown", message="Timer [/too] close\nThis often means")
        await driver.settle()
        assert "Klipper has shut down: Timer [/too] close" in driver.words()
        await driver.press("w")
        assert driver.screen == "ProblemModal" and "This often means" in driver.words()
        await driver.press("escape")
        await driver.press("f8")
        assert driver.session.asked_for("restart") == 1


async def test_a_stop_during_a_run_is_followed_by_its_own_box_and_the_samples(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        await driver.press("f12")
        driver.session.printer(klippy="shutdown", message="Emergency stop")
        driver.session.fail(Problem("The printer was halted by an emergency stop."))
        await driver.settle()
        assert driver.screen == "StoppedModal"
        await driver.press("f")
        assert driver.session.asked_for("restart") == 1
        await driver.press("escape")
        assert driver.screen == "VerdictScreen", "no second box: the person knows why the run ended"
        assert "14 samples are stored" in driver.words()


async def test_a_stop_at_the_moment_the_run_ends_keeps_its_box(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.finish()
        driver.app.poll()
        driver.app.action_stop()
        await driver.settle()
        assert driver.screen == "StoppedModal"
        await driver.press("escape")
        assert driver.screen == "VerdictScreen"


async def test_quitting_during_a_run_asks_then_closes_the_session(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        await driver.press("q")
        assert driver.screen == "ConfirmModal"
        await driver.press("escape")
        assert driver.screen == "RunScreen" and driver.session.asked_for("close") == 0
        await driver.press("ctrl+c")
        assert driver.screen == "ConfirmModal"
        await driver.pilot.press("y")
        await driver.app.workers.wait_for_complete()
    assert driver.session.asked_for("close") == 1
    assert driver.app.return_value == 5


async def test_quitting_with_nothing_open_does_not_ask(opened: Opener) -> None:
    async with opened() as driver:
        await driver.pilot.press("q")
        await driver.app.workers.wait_for_complete()
    assert driver.session.asked_for("close") == 1
    assert driver.app.return_value == 0


async def test_settings_are_kept_and_used(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("s")
        driver.app.screen.query_one("#p-samples").focus()
        await driver.press("1", "2", "enter")
        assert driver.screen == "PlanScreen"
        assert "samples 12" in driver.words()
        await driver.press("enter")
        assert driver.session.asked[-1][1].samples == 12


async def test_bad_settings_are_refused_with_the_range(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("s")
        driver.app.screen.query_one("#p-samples").focus()
        await driver.press("5", "0", "0", "enter")
        assert driver.screen == "SettingsScreen"
        assert "Samples: 500 is out of range (2 to 200)." in driver.words()
        await driver.press("backspace", "backspace", "backspace", "x", "f5")
        assert driver.screen == "SettingsScreen"
        assert "is not a whole number (2 to 200)" in driver.words()
        assert driver.session.asked_for("start") == 0
        await driver.press("ctrl+r", "f5")
        assert driver.session.asked_for("start") == 1


async def test_every_parameter_has_a_field(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("s")
        assert isinstance(driver.app.screen, SettingsScreen)
        for spec in driver.app.screen.specs:
            assert driver.app.screen.query_one(f"#p-{spec.name}")


async def test_the_console_sends_shows_literally_and_remembers(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.console("!! [red]not red[/red] [/")
        await driver.press("c")
        assert "!! [red]not red[/red] [/" in driver.words()
        await driver.press("G", "2", "8", "enter")
        assert driver.session.asked[-1] == ("gcode", "G28")
        assert "> G28" in driver.words()
        await driver.press("up", "enter")
        assert driver.session.asked_for("gcode") == 2
        await driver.press("escape")
        assert driver.screen == "PlanScreen"


async def test_m112_on_the_console_goes_past_the_queue(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("c", "m", "1", "1", "2", "enter")
        assert [word for word, _ in driver.session.asked if word != "reach"] == ["stop"]


async def test_a_snapshot_that_changes_while_a_screen_is_being_put_up(opened: Opener) -> None:
    async with opened() as driver:
        for action in (driver.app.action_console, driver.app.action_help, driver.app.action_command_palette):
            action()
            driver.session.console("// in between")
            driver.app.poll()
            await driver.settle()
            driver.app.pop_screen()
            driver.session.console("// and while it goes")
            driver.app.poll()
            await driver.settle()
        assert driver.screen == "PlanScreen"


async def test_one_console_line_does_not_repaint_what_did_not_change(opened: Opener) -> None:
    session = ScriptedSession()
    async with opened(session) as driver:
        shown = driver.app.app_state.snapshot
        driver.app.poll()
        assert driver.app.app_state.snapshot is shown
        assert driver.app.app_state.refresh() is False


async def test_choices_are_gone_through_by_key_and_by_tap(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("s")
        driver.app.screen.query_one("#p-here").focus()
        await driver.press("f3")
        field = driver.app.screen.query_one("#p-here", Input)
        assert field.value == "yes"
        await driver.press("f3", "f3")
        assert field.value == "yes"
        assert field.parent is not None
        await driver.pilot.click(next(iter(field.parent.query(".allowed"))))
        assert field.value == "no"
        await driver.press("f3", "enter", "enter")
        assert driver.session.asked[-1][1].here is True


async def test_what_a_killed_run_left_changed_is_reported_at_the_start(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.update(unrestored="unloaded the bed mesh default")
        driver.app.poll()
        await driver.settle()
        shown = [notification.message for notification in driver.app._notifications]
    assert any("unloaded the bed mesh default" in text and "put it back" in text for text in shown), shown


async def test_the_error_that_was_printed_last_is_explained(opened: Opener) -> None:
    async with opened() as driver:
        lines = (
            "!! Probe triggered prior to movement",
            "!! No trigger on stepper_x after full movement",
            "// ok",
        )
        driver.session.update(console=tuple(ConsoleLine(n, line) for n, line in enumerate(lines)))
        await driver.settle()
        driver.app.action_explain()
        await driver.settle()
        assert "The X endstop did not trigger." in driver.words()
        assert "prior to movement" not in driver.words()
