"""Where no printer answers: what is offered, and what the program starts again with."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.app_driver import NORMAL, SMALL, Opener
from tests.tui.onscreen import cut_off
from tests.tui.scenes import running, starting, unreachable
from tests.tui.scripted import SAVE, UP
from tests.tui.stored_runs import accuracy
from zcal_tui.model.events import RunEnded, Stage
from zcal_tui.results.store import Store
from zcal_tui.session.snapshot import LinkState
from zcal_tui.transport.mdns import FoundServer
from zcal_tui.tui.found_printers import FoundPrinter, with_servers
from zcal_tui.tui.printer_status import restart_expected
from zcal_tui.tui.relaunch import arguments


@pytest.mark.parametrize("term", ["xterm-256color", "linux"])
@pytest.mark.parametrize("size", [SMALL, NORMAL])
async def test_the_ways_on_are_offered_and_quitting_is_not_in_focus(
    size: tuple[int, int], term: str, opened: Opener
) -> None:
    async with opened(unreachable(), size=size, term=term) as driver:
        await driver.settle()
        words = driver.words()
        assert all(way in words for way in ("Retry", "Address", "Demo", "Doctor", "Quit"))
        assert driver.app.focused is not None and driver.app.focused.id == "retry"
        assert cut_off(driver.app.screen) == []


async def test_nothing_is_in_focus_while_it_connects(opened: Opener) -> None:
    async with opened(starting()) as driver:
        assert driver.app.focused is None
        assert "Retry" not in driver.words()


@pytest.mark.parametrize(
    ("keys", "more"),
    [
        (("enter",), ()),
        (("r",), ()),
        (("d",), ("--demo",)),
        (("o",), ("doctor",)),
        (("a", *"voron", "enter"), ("--printer", "voron")),
    ],
)
async def test_each_way_starts_the_program_again(
    keys: tuple[str, ...], more: tuple[str, ...], opened: Opener
) -> None:
    async with opened(unreachable()) as driver:
        await driver.settle()
        await driver.pilot.press(*keys)
        await driver.pilot.pause(0.2)
        assert driver.app.relaunch == more
        assert driver.session.asked_for("close") == 1, "the terminal and the session are given back first"


async def test_a_wrong_address_is_named_before_it_is_tried(opened: Opener) -> None:
    async with opened(unreachable()) as driver:
        await driver.settle()
        await driver.press("a", *"ftp://x", "enter")
        assert driver.app.relaunch is None
        assert driver.screen == "TypedModal"


async def test_a_socket_of_this_machine_is_offered(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tmp_path / "klippy.sock"
    monkeypatch.setattr("zcal_tui.tui.found_printers.sockets_here", lambda home: [found])
    monkeypatch.setattr("zcal_tui.tui.found_printers.servers_here", list)
    async with opened(unreachable(), size=(120, 40)) as driver:
        await driver.settle()
        assert "1 found here" in driver.words()
        await driver.pilot.press("1")
        await driver.pilot.pause(0.2)
        assert driver.app.relaunch == ("--printer", str(found))


async def test_an_address_of_an_earlier_run_is_offered(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.tui.found_printers.sockets_here", lambda home: [])
    monkeypatch.setattr("zcal_tui.tui.found_printers.servers_here", lambda: ["localhost:7126"])
    session = unreachable()
    session.store = Store(tmp_path)
    for printer, address in (("voron", "http://voron.local:7125"), ("demo", "simulated, 20× real time")):
        record = replace(accuracy(3, 4), printer={"name": printer, "address": address})
        journal = session.store.begin(printer, record.id)
        journal.write(RunEnded(record))
        journal.close()
    async with opened(session, size=(120, 40)) as driver:
        await driver.settle()
        words = driver.words()
        assert "1 answers here: localhost:7126" in words
        assert "2 voron, used before: http://voron.local:7125" in words
        assert "demo, used before" not in words
        await driver.pilot.press("2")
        await driver.pilot.pause(0.2)
        assert driver.app.relaunch == ("--printer", "http://voron.local:7125")


@pytest.mark.parametrize("size", [SMALL, NORMAL])
async def test_the_network_is_asked_once_a_press(
    size: tuple[int, int], opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, found = [], [FoundServer("voron", "192.168.1.20", 7125)]

    def search() -> list[FoundServer]:
        asked.append(1)
        return found

    monkeypatch.setattr("zcal_tui.tui.widgets.no_printer.search", search)
    monkeypatch.setattr("zcal_tui.tui.found_printers.servers_here", list)
    async with opened(unreachable(), size=size) as driver:
        await driver.settle()
        assert asked == [], "not before it was asked for"
        await driver.press("s")
        await driver.settle()
        assert asked == [1]
        words = driver.words()
        assert "1 Moonraker has answered." in words
        assert "1 voron on the network: 192.168.1.20:7125" in words
        assert cut_off(driver.app.screen) == []
        found.clear()
        await driver.press("s")
        await driver.settle()
        assert asked == [1, 1]
        assert "No Moonraker has answered." in driver.words()


async def test_a_server_found_on_the_network_gets_no_login_of_another_printer(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "zcal_tui.tui.widgets.no_printer.search", lambda: [FoundServer("voron", "192.168.1.66", 7125)]
    )
    monkeypatch.setattr("zcal_tui.tui.found_printers.servers_here", list)
    async with opened(unreachable()) as driver:
        await driver.settle()
        await driver.press("s")
        await driver.settle()
        await driver.pilot.press("1")
        await driver.pilot.pause(0.2)
        assert driver.app.relaunch == ("--printer", "192.168.1.66:7125", "--no-login")


def test_the_login_is_kept_for_an_address_that_was_used_before() -> None:
    known = [FoundPrinter("http://192.168.1.20:7125", "voron, used before")]
    found = with_servers(known, [FoundServer(n, f"192.168.1.{at}", 7125) for n, at in (("a", 20), ("b", 21))])
    assert [(one.address, one.login) for one in found] == [
        ("192.168.1.20:7125", True),
        ("192.168.1.21:7125", False),
    ]


def test_only_what_has_nothing_to_do_with_the_printer_is_kept() -> None:
    given = ["--printer", "old", "--config", "c.toml", "--demo", "--theme=zcal-light", "accuracy"]
    assert arguments(given, ("--printer", "new")) == [
        "--config",
        "c.toml",
        "--theme=zcal-light",
        "--printer",
        "new",
    ]
    assert arguments(given, ("doctor",)) == ["doctor"]


async def test_a_restart_that_saving_makes_is_no_trouble(opened: Opener) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.emit(Stage("save", "Waiting for Klipper to restart (3 s)"))
        driver.session.update(link=replace(UP, state=LinkState.LOST))
        await driver.settle()
        words = driver.words()
        assert "restarting" in words and "Waiting for Klipper to restart (3 s)" in words
        assert "Connection lost" not in words
        assert not driver.app.screen.query_one("#trouble").display
        driver.session.emit(Stage("touch", "Probing the bed"))
        await driver.settle()
        assert "Connection lost" in driver.words()
        driver.session.emit(Stage("save", "Checking what SAVE_CONFIG would write"))
        driver.session.ask(SAVE)
        await driver.settle()
        assert not restart_expected(driver.session.snapshot), "nothing was sent yet"
