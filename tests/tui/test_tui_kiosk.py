"""On a printer's screen nothing leads out of the program, and STOP is on every page."""

import pytest
from textual import events
from textual.widgets import Input

from tests.tui.app_driver import NORMAL, SMALL, Opener
from tests.tui.scenes import unreachable
from zcal_tui.tui.actions import ACTIONS, CLOSED_IN_KIOSK, STOP_KEYS
from zcal_tui.tui.relaunch import arguments

SCREENS = {
    "plan": (),
    "settings": ("s",),
    "history": ("h",),
    "help": ("question_mark",),
    "commands": ("ctrl+p",),
    "hardware changed": ("m",),
    "operator": ("o",),
}


@pytest.mark.parametrize("size", [SMALL, NORMAL])
@pytest.mark.parametrize("keys", SCREENS.values(), ids=SCREENS)
async def test_stop_can_be_tapped_on_every_page(
    keys: tuple[str, ...], size: tuple[int, int], opened: Opener
) -> None:
    async with opened(size=size, kiosk=True) as driver:
        await driver.press(*keys)
        await driver.click("#stop")
        assert driver.session.asked_for("stop") == 1


async def test_stop_can_be_tapped_where_no_printer_answers(opened: Opener) -> None:
    async with opened(unreachable(), size=SMALL, kiosk=True) as driver:
        await driver.settle()
        await driver.click("#stop")
        assert driver.session.asked_for("stop") == 1


@pytest.mark.parametrize("kiosk", [False, True])
@pytest.mark.parametrize("name", sorted(CLOSED_IN_KIOSK))
async def test_what_leads_out_of_the_program_is_closed(name: str, kiosk: bool, opened: Opener) -> None:
    session = unreachable() if name.startswith("connection") else None
    async with opened(session, kiosk=kiosk) as driver:
        await driver.settle()
        if name.startswith("history"):
            await driver.press("h")
        action, owner = ACTIONS[name].run, driver.app.screen if name.startswith("connection") else driver.app
        allowed = owner.check_action(action.removeprefix("app.").partition("(")[0], ())
        if kiosk or not name.startswith("connection.found"):  # none is found here
            assert bool(allowed) is not kiosk
        if kiosk:
            before = driver.screen
            await driver.app.run_action(action, driver.app.screen if name.startswith("connection") else None)
            await driver.press(*ACTIONS[name].keys.split(",")[:1] if ACTIONS[name].keys else ())
            assert driver.screen == before
            assert driver.app.relaunch is None


async def test_the_ways_out_are_not_offered(opened: Opener) -> None:
    async with opened(unreachable(), kiosk=True) as driver:
        await driver.settle()
        words = driver.words()
        assert "Retry" in words and "Quit" in words
        assert not any(way in words for way in ("Address", "Demo", "Doctor", "search"))
    async with opened(kiosk=True) as driver:
        await driver.press("h")
        assert "Report" not in driver.words()
        await driver.press("escape", "ctrl+p")
        await driver.press(*"console")
        assert "Show the printer's console" not in driver.words()


@pytest.mark.parametrize("kiosk", [False, True])
async def test_nothing_is_pasted_or_copied(kiosk: bool, opened: Opener) -> None:
    async with opened(kiosk=kiosk) as driver:
        await driver.press("s")
        field = driver.app.screen.query(Input).first()
        field.focus()
        before = field.value
        await driver.app.on_event(events.Paste("4711"))
        await driver.settle()
        assert (field.value == before) is kiosk
        driver.app.copy_to_clipboard("text")
        assert (driver.app.clipboard == "") is kiosk


async def test_the_process_is_not_suspended(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[int] = []
    monkeypatch.setattr("os.kill", lambda *_: stopped.append(1))
    async with opened(kiosk=True) as driver:
        await driver.press("ctrl+z")
        driver.app.action_suspend_process()
        assert stopped == []


def test_starting_again_stays_a_kiosk() -> None:
    assert arguments(["--kiosk", "--data", "x"], ("--printer", "y")) == [
        "--kiosk",
        "--data",
        "x",
        "--printer",
        "y",
    ]


def test_stop_has_its_keys_in_a_kiosk_too() -> None:
    assert "app.stop" not in CLOSED_IN_KIOSK
    assert ACTIONS["app.stop"].keys == STOP_KEYS


@pytest.mark.parametrize("size", [SMALL, NORMAL])
async def test_quitting_can_be_tapped_on_the_plan(size: tuple[int, int], opened: Opener) -> None:
    async with opened(size=size, kiosk=True) as driver:
        assert driver.text().splitlines()[-1].lstrip().startswith("q Quit")
        await driver.pilot.click("#keys", offset=(3, 0))
        await driver.pilot.pause(0.2)
        assert driver.session.asked_for("close") == 1
