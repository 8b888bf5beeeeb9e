"""Two programs at one printer, each in tmux: who holds it, from when on, and what a killed one has left."""

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.simulated import PrinterSim, Starter
from tests.e2e.tmux import Tmux
from tests.programs import needs
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.store import read_run

pytestmark = needs("tmux")

SPEED, FAST = 2.0, 30.0
"""Of the printer's clock: while programs hold leases, and while it homes. Who holds one renews it by the pace of that
clock, which does not change meanwhile."""
SAMPLES = 40
"""Enough to look at both programs meanwhile."""
HELD = re.compile(r"In use by (zcal-tui on \S+ \(\d+\))\. View only since (\d\d:\d\d)\.")
FREE = re.compile(r"Free in (\d+) s")

Opened = Callable[[], Tmux]


@pytest.fixture
def printer(printer_sim: Starter) -> PrinterSim:
    """A printer that is homed."""
    printer = printer_sim("corexy", speed=FAST)
    client = printer.connect()
    client.gcode("G28")
    client.close()
    printer.control.request("speed", value=SPEED)
    return printer


@pytest.fixture
def opened(printer: PrinterSim, tmp_path: Path) -> Iterator[Opened]:
    """Opens the program on a terminal of its own; all of them store their runs in the same folder."""
    terminals: list[Tmux] = []

    def start() -> Tmux:
        folder = tmp_path / str(len(terminals))
        folder.mkdir()
        words = ("--printer", printer.klippy, "accuracy", "--samples", str(SAMPLES), "--homings", "0")
        terminals.append(Tmux(folder, program.command(*words), program.environment(tmp_path / "data")))
        terminals[-1].wait(lambda screen: "● ready" in screen and " Start " in screen, 60.0)
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def holder(printer: PrinterSim) -> str | None:
    """Who holds the lease."""
    client = printer.connect()
    lease = client.status("zcal")["lease"]
    client.close()
    return None if lease is None else str(lease["holder"])


def stored(folder: Path) -> list[Record]:
    """The runs, oldest first."""
    runs = [read_run(path).record for path in (folder / "data").rglob("*.jsonl")]
    return sorted(runs, key=lambda run: run.started)


def counted_down(terminal: Tmux) -> None:
    """Wait until the screen has counted seconds down."""

    def seconds(screen: str) -> int | None:
        found = FREE.search(screen)
        return None if found is None else int(found[1])

    before = seconds(terminal.wait(FREE.search))
    assert before is not None
    terminal.wait(lambda screen: (now := seconds(screen)) is not None and now < before)


def test_the_second_program_shows_the_first_and_resumes_what_it_left(
    printer: PrinterSim, opened: Opened, tmp_path: Path
) -> None:
    first, second = opened(), opened()
    name = f"zcal-tui on {socket.gethostname()} ({first.pid})"
    began = datetime.now()
    first.press("Enter")
    first.wait_for(" left", 60.0)
    seen = HELD.search(second.wait(HELD.search))
    assert seen is not None and seen[1] == name
    apart = (
        datetime.strptime(seen[2], "%H:%M").replace(year=began.year, month=began.month, day=began.day) - began
    )
    assert abs(apart) < timedelta(minutes=5) or abs(apart) > timedelta(hours=23)
    second.press("Enter")
    second.wait_for("Cannot start now")
    assert holder(printer) == name
    os.kill(first.pid, signal.SIGKILL)
    second.wait_for(f"A check may take over: {name} has ended.")
    screen = second.wait_for("Unfinished run")
    assert "did not finish" in screen
    counted_down(second)
    second.press("1")
    second.wait(lambda _: holder(printer) == f"zcal-tui on {socket.gethostname()} ({second.pid})")
    second.wait_for("r Repeat", 180.0)
    killed, resumed = stored(tmp_path)
    assert (killed.outcome, resumed.outcome) == (Outcome.LOST, Outcome.FINISHED)
    assert resumed.context["continues"] == killed.id
    assert holder(printer) is None


def test_a_program_that_stays_away_is_counted_down_until_the_printer_is_free(
    printer: PrinterSim, opened: Opened, tmp_path: Path
) -> None:
    """It ran on another computer, so that nobody here can know whether it has ended."""
    terminal = opened()
    client = printer.connect()
    client.call("zcal/lease", holder="zcal-tui on workshop (4711)", seconds=60)
    client.close()
    terminal.wait_for("In use by zcal-tui on workshop (4711). View only since")
    terminal.wait_for("zcal-tui on workshop (4711) does not respond.")
    terminal.press("Enter")
    terminal.wait_for("Cannot start now")
    counted_down(terminal)
    terminal.wait(lambda screen: "● ready" in screen and "workshop" not in screen)
    terminal.press("Enter")
    terminal.wait_for("r Repeat", 180.0)
    (run,) = stored(tmp_path)
    assert run.outcome is Outcome.FINISHED
