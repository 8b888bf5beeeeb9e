"""Every screen: its picture, nothing cut off, STOP within reach."""

from collections.abc import Callable

import pytest
from textual.css.stylesheet import Stylesheet
from textual.widgets import Button, Input

from tests.tui.app_driver import LARGE, NORMAL, SMALL, AppDriver, Opener, at_sizes
from tests.tui.onscreen import cut_off
from tests.tui.scenes import SCENES, starting, unreachable
from tests.tui.scripted import ScriptedSession
from zcal_tui.model.events import ChangesUpdated, VerdictReached
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change, Level, Outcome, Verdict
from zcal_tui.session.undo import UndoParameters
from zcal_tui.tui.actions import ACTIONS
from zcal_tui.tui.widgets.text import Plain

PICTURED = (
    "auto_z",
    "bias",
    "choose",
    "console",
    "help_page",
    "jog",
    "map_alone",
    "paper",
    "paper_begins",
    "plan_after",
    "plan_consent",
    "problem",
    "ready",
    "refused",
    "result_card",
    "running",
    "save",
    "shutdown",
    "stopped",
    "temperature",
    "verdict",
    "whole_plan",
    "z_offset_found",
    "z_offset_saved",
)
CODE_PAGE_437 = bytes(range(256)).decode("cp437") + "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
BESIDE_IT = "╭╮╰╯−…●✓✗⏎—×▁▂▃▅▆▇▉▊▋▍▎▏▔╌⇧"
"""Signs that Textual and our words use besides: the console shows a plain one, or its own, for them."""
SESSIONS: dict[str, Callable[[], ScriptedSession]] = {"starting": starting, "unreachable": unreachable}


def assert_nothing_is_cut_off(driver: AppDriver) -> None:
    """Every button and number of the screen in front is whole and inside the screen."""
    assert cut_off(driver.app.screen) == []


@pytest.mark.parametrize("name", SCENES)
async def test_nothing_is_cut_off_on_a_small_text_console(name: str, opened: Opener) -> None:
    async with opened(size=SMALL, term="linux") as driver:
        await SCENES[name](driver)
        assert_nothing_is_cut_off(driver)


@pytest.mark.parametrize("name", SCENES)
@at_sizes(SMALL, NORMAL)
async def test_nothing_is_cut_off_and_stop_is_there(name: str, size: tuple[int, int], opened: Opener) -> None:
    async with opened(size=size) as driver:
        await SCENES[name](driver)
        assert_nothing_is_cut_off(driver)
        before = driver.session.asked_for("stop")
        if size == SMALL:
            await driver.click("#stop")
        else:
            await driver.press("f12")
        assert driver.session.asked_for("stop") == before + 1
        assert driver.screen == "StoppedModal"


@at_sizes(SMALL, NORMAL)
@pytest.mark.parametrize("name", SESSIONS)
async def test_the_connection_page(
    name: str, size: tuple[int, int], opened: Opener, same_snapshot: Callable[[AppDriver, str], None]
) -> None:
    async with opened(SESSIONS[name](), size=size) as driver:
        assert_nothing_is_cut_off(driver)
        same_snapshot(driver, f"{name}-{size[0]}x{size[1]}")
        await driver.click("#stop")
        assert driver.session.asked_for("stop") == 1
        assert "switch it off at its power switch" in driver.words()


@pytest.mark.parametrize("name", ["plan", "running", "settings", "console", "problem", "palette"])
async def test_the_other_stop_key_and_a_large_screen(name: str, opened: Opener) -> None:
    async with opened(size=LARGE) as driver:
        await SCENES[name](driver)
        assert_nothing_is_cut_off(driver)
        await driver.press("ctrl+backslash")
        assert driver.session.asked_for("stop") == 1
        assert driver.screen == "StoppedModal"


async def test_after_a_stop_a_restart_is_offered_once_klippy_is_down(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("f12", "f")
        assert driver.session.asked_for("restart") == 0, "klippy is still up: nothing to restart yet"
        driver.session.printer(klippy="shutdown", message="Emergency stop")
        await driver.settle()
        await driver.click("#restart")
        assert driver.session.asked_for("restart") == 1
        driver.session.printer(klippy="startup", message="")
        await driver.settle()
        driver.session.printer(klippy="ready", homed_axes="")
        await driver.settle()
        assert "ready: home the printer first" in driver.text()


@at_sizes(SMALL, NORMAL)
@pytest.mark.parametrize("name", PICTURED)
async def test_pictures(
    name: str, size: tuple[int, int], opened: Opener, same_snapshot: Callable[[AppDriver, str], None]
) -> None:
    async with opened(size=size) as driver:
        await SCENES[name](driver)
        same_snapshot(driver, f"{name}-{size[0]}x{size[1]}")


async def test_picture_on_a_text_console(
    opened: Opener, same_snapshot: Callable[[AppDriver, str], None]
) -> None:
    async with opened(term="linux") as driver:
        await SCENES["running"](driver)
        assert driver.app.theme == "ansi-dark"
        assert not any(0x2800 <= ord(letter) <= 0x28FF for letter in driver.text()), "no braille there"
        same_snapshot(driver, "running-linux-80x24")


@pytest.mark.parametrize("name", ["verdict", "paper"])
async def test_picture_in_the_light(
    name: str, opened: Opener, same_snapshot: Callable[[AppDriver, str], None]
) -> None:
    async with opened(theme="zcal-light") as driver:
        await SCENES[name](driver)
        same_snapshot(driver, f"{name}-light-80x24")


@pytest.mark.parametrize("name", ["paper", "jog", "bias"])
async def test_on_a_text_console_nothing_is_cut_off_and_every_sign_can_be_shown(
    name: str, opened: Opener
) -> None:
    async with opened(term="linux") as driver:
        await SCENES[name](driver)
        assert_nothing_is_cut_off(driver)
        text = driver.text()
        assert not any(0x2800 <= ord(letter) <= 0x28FF for letter in text)
        for letter in set(text):
            assert ord(letter) < 128 or letter in CODE_PAGE_437 or letter in BESIDE_IT, letter


@pytest.mark.slow
async def test_resizing_while_a_check_runs(opened: Opener) -> None:
    async with opened() as driver:
        await SCENES["running"](driver)
        for size in ((200, 60), (60, 20), (30, 8), (20, 5), (120, 40), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
        assert_nothing_is_cut_off(driver)


async def test_help_lists_every_key_of_the_screen(opened: Opener) -> None:
    async with opened(size=LARGE) as driver:
        await SCENES["help_page"](driver)
        for described in ("plan.start", "plan.settings", "app.console", "app.stop", "app.quit"):
            action = ACTIONS[described]
            assert (action.together or action.description) in driver.words()
        await driver.press("escape")
        assert driver.screen == "PlanScreen"


async def test_every_binding_has_an_id_so_that_keys_can_be_remapped(opened: Opener) -> None:
    async with opened() as driver:
        for name in ("plan", "running", "verdict", "settings", "console"):
            await driver.app.run_action("plan")
            if name != "plan":
                await SCENES[name](driver)
            if (
                driver.session.snapshot.run is not None
                and driver.session.snapshot.run.running
                and name != "running"
            ):
                continue
            for active in driver.app.screen.active_bindings.values():
                ours = type(active.node).__module__.startswith("zcal_tui") and not isinstance(
                    active.node, Input
                )
                inherited = active.binding.key in ("tab", "shift+tab", "escape", "ctrl+c", "super+c") or (
                    isinstance(active.node, Button) and active.binding in Button.BINDINGS
                )
                assert not ours or inherited or active.binding.id, active


async def test_the_palette_has_the_actions(opened: Opener) -> None:
    async with opened() as driver:
        titles = {command.title for command in driver.app.get_system_commands(driver.app.screen)}
        assert {"STOP", "Start: Repeatability", "Settings: Repeatability", "Console", "Quit"} <= titles
        await SCENES["running"](driver)
        titles = {command.title for command in driver.app.get_system_commands(driver.app.screen)}
        assert {"STOP", "Watch: Repeatability", "Cancel the check"} <= titles


async def test_the_last_save_is_undone_from_the_palette(opened: Opener) -> None:
    async with opened(check=None) as driver:
        (undo,) = (
            command
            for command in driver.app.get_system_commands(driver.app.screen)
            if command.title == "Undo the last save"
        )
        undo.callback()
        await driver.settle()
        assert driver.session.asked[-1] == ("start", UndoParameters())
        assert driver.screen == "RunScreen"
        driver.session.ask(Confirm("save", "Save z_offset 1.500 and restart Klipper?", "-1.52\n+1.50"))
        await driver.settle()
        assert "Save z_offset 1.500" in driver.words()
        await driver.press("y")
        driver.session.emit(
            VerdictReached(Verdict(Level.PASS, "The last save was found.")),
            ChangesUpdated((Change("probe", "z_offset", "1.520", "1.500", state="saved", saves=True),)),
        )
        driver.session.end(Outcome.FINISHED)
        await driver.settle()
        assert driver.screen == "VerdictScreen"
        assert "The last save was found." in driver.words()
        await driver.press("p")
        assert driver.screen == "PlanScreen"


async def test_a_question_about_a_klipper_that_did_not_start_is_shown(opened: Opener) -> None:
    async with opened() as driver:
        session = driver.session
        await SCENES["running"](driver)
        session.printer(klippy="error", message="Option 'z_offset' in section 'probe' is not fine")
        session.ask(
            Confirm(
                "restore-backup",
                "Klipper does not start with the new printer.cfg. Put the backup back and restart?",
                "-#z_offset: 1.5\n+z_offset: 1.5",
                yes="Put it back",
                no="Leave it",
                when_halted=True,
            )
        )
        await driver.settle()
        assert "Put the backup back and restart?" in driver.words()
        await driver.press("y")
        assert session.answers == [True]


async def test_opening_a_screen_parses_no_style_sheet_again(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    reparsed: list[Stylesheet] = []
    async with opened(check=None) as driver:
        monkeypatch.setattr(Stylesheet, "reparse", reparsed.append)
        for key in ("question_mark", "escape", "h", "escape", "c"):
            await driver.press(key)
        assert driver.screen == "ConsoleScreen"
    assert reparsed == []


async def test_the_help_begins_with_the_emergency_stop(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await SCENES["help_page"](driver)
        text = str(driver.app.screen.query_one("#help Plain", Plain).content)
        assert text.startswith("STOP, F12 or Ctrl+\\ is the emergency stop.")
        assert "STOP, F12 or Ctrl+\\ is the emergency stop." in driver.words()


async def test_a_check_that_stopped_says_that_the_nozzle_is_low_until_it_is_raised(opened: Opener) -> None:
    async with opened() as driver:
        await SCENES["problem"](driver)
        nozzle = driver.app.screen.query_one("#nozzle", Plain)
        assert nozzle.display and str(nozzle.content).startswith("The nozzle is low: Z 0.120 mm.")
        driver.session.printer(position=(125.0, 125.0, 12.0))
        await driver.settle()
        assert not nozzle.display


async def test_an_error_of_the_console_says_nothing_about_the_nozzle(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.printer(position=(125.0, 125.0, 0.1))
        driver.session.console("!! Must home axis first")
        await driver.settle()
        await driver.press("e")
        assert driver.screen == "ProblemModal"
        assert not driver.app.screen.query_one("#nozzle", Plain).display


async def test_the_next_steps_of_a_full_calibration_are_those_of_the_checks_that_have_not_passed(
    opened: Opener,
) -> None:
    async with opened(size=LARGE) as driver:
        await SCENES["whole_plan"](driver)
        words = driver.words()
        assert "→ Select Location bias in the plan. L shows the result and what to do." in words
        assert "→ Run Temperature again: no result yet." in words
        assert "None. Continue" not in words
        assert "Continue: Ready" not in words, "it has passed"


async def test_a_button_whose_word_is_broken_is_cut_off(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await SCENES["verdict"](driver)
        assert_nothing_is_cut_off(driver)
        button = driver.app.screen.query_one("#next-check", Button)
        button.styles.min_width = button.styles.width = 8
        await driver.settle()
        assert len(cut_off(driver.app.screen)) == 1
