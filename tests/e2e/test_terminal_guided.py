"""The guided path in a real terminal (tmux), keys only: from a printer whose z_offset is wrong to one that is saved."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import program
from screenperson import ScreenPerson
from tmux import AVAILABLE, Tmux
from zcal_tui.model.record import Level, Record
from zcal_tui.results.store import read_run

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

SPEED = 8.0
NEAR = 0.010
"""mm: how near the truth the saved value has to be (issue: 10 µm)."""

Opened = Callable[..., Tmux]


TRUE_Z_OFFSET = 1.53
PAPER = 0.1
"""mm: Klipper's z_offset is the one with the paper below the nozzle (Klipper docs, Bed_Level)."""
TRUTH = f"[probe]\nz_offset = {TRUE_Z_OFFSET}\n[person]\npaper = {PAPER}\nsigma = 0.004\n"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens the program on a terminal of its own, with a simulated printer whose z_offset is not the configured
    one."""
    terminals: list[Tmux] = []
    truth = tmp_path / "truth.toml"
    truth.write_text(TRUTH)

    def start(check: str, size: tuple[int, int] = (80, 24)) -> Tmux:
        words = program.command("--demo", "corexy", "--truth", str(truth), "--sim-speed", f"{SPEED:g}", check)
        terminals.append(Tmux(tmp_path, words, program.environment(tmp_path), size))
        terminals[-1].wait_for("● ready", 200.0)
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def record_of(folder: Path, check: str) -> Record:
    """The newest record of a check that was kept."""
    paths = sorted(folder.rglob(f"*{check}*.jsonl"))
    assert paths, f"no run of {check} was kept"
    return read_run(paths[-1]).view.record


def test_from_start_to_a_saved_z_offset_by_keys_alone(opened: Opened, tmp_path: Path) -> None:
    terminal = opened("z-offset")
    terminal.wait_for("Z offset: the paper test")
    terminal.press("Enter")
    person = ScreenPerson(terminal)
    screen = person.walk("r Repeat", 420.0)
    assert "Saved in printer.cfg" in screen or "Saved in printer.cfg" in scrolled(terminal)
    record = record_of(tmp_path, "z-offset")
    assert record.verdict is not None and record.verdict.level in (Level.PASS, Level.WARN)
    (change,) = [change for change in record.changes if change.option == "z_offset"]
    assert change.state == "saved"
    assert len(person.heights) >= 2
    assert float(change.new) == pytest.approx(TRUE_Z_OFFSET - PAPER, abs=NEAR)
    terminal.press("p")
    terminal.wait_for("Z offset")
    terminal.press("q")
    until = time.monotonic() + 60
    while terminal.alive:
        assert time.monotonic() < until, terminal.screen()
        time.sleep(0.5)


def scrolled(terminal: Tmux) -> str:
    """The end of the verdict's page."""
    for _ in range(30):
        terminal.press("Down")
    return terminal.screen()


def test_resized_and_stopped_in_the_middle(opened: Opened) -> None:
    terminal = opened("accuracy", size=(60, 20))
    terminal.wait_for("Repeatability")
    terminal.press("Enter")
    terminal.wait_for("left", 120)
    for size in ((200, 60), (80, 24), (60, 20), (100, 30)):
        terminal.resize(*size)
        terminal.wait(lambda screen: "STOP" in screen and "Cancel" in screen, 20)
    terminal.press("F12")
    terminal.wait_for("Emergency stop", 20)
    terminal.wait_for("shutdown", 30)
    terminal.press("f")
    terminal.wait_for("ready again", 60)
