"""The guided path in a real terminal (tmux): from a printer that was never calibrated to values that are saved, by keys
alone and by taps alone, as a person does who knows nothing but what the screen shows."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.screenperson import ScreenPerson
from tests.e2e.tmux import Tmux
from tests.present import present
from tests.programs import needs
from zcal_tui.model.record import Level, Record
from zcal_tui.results.store import read_run

pytestmark = needs("tmux")

SPEED = 20.0
NEAR = 0.010
"""mm: how near the truth the saved value has to be."""
NORMAL, SMALL = (80, 24), (60, 20)
SHORTER = ("all", "--only", "ready,probe-xy,z-offset,first-layer")
"""Of the whole calibration what leads to a saved z_offset, and what confirms it."""

Opened = Callable[..., Tmux]

TRUE_OFFSETS = (0.35, 24.6)
"""mm: the probe's x_offset and y_offset; printer.cfg has others."""
TRUE_Z_OFFSET = 1.53
PAPER = 0.1
"""mm: Klipper's z_offset is the one with the paper below the nozzle (Klipper docs, Bed_Level)."""
WINDOW = 0.003
"""mm: how far from the right height the paper still drags, for a person whose tests vary by 2 µm. With the simulator's
usual 10 µm, the saved value and what confirms it may differ by so much that ± 25 µm is rightly undecided."""
TRUTH = (
    f"[probe]\nx_offset = {TRUE_OFFSETS[0]}\ny_offset = {TRUE_OFFSETS[1]}\nz_offset = {TRUE_Z_OFFSET}\n"
    f"[person]\npaper = {PAPER}\nsigma = 0.002\nwindow = {WINDOW}\neye = 0.1\n"
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens the program on a terminal of its own, with a simulated printer whose offsets are not the configured
    ones."""
    terminals: list[Tmux] = []
    truth = tmp_path / "truth.toml"
    truth.write_text(TRUTH)

    def start(*check: str, size: tuple[int, int] = NORMAL) -> Tmux:
        demo = ("--demo", "corexy", "--truth", str(truth), "--sim-speed", f"{SPEED:g}")
        terminals.append(Tmux(tmp_path, program.command(*demo, *check), program.environment(tmp_path), size))
        terminals[-1].wait_for("● ready", 200.0)
        terminals[-1].wait(lambda screen: "Full calib" in screen and " Start " in screen)
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def record_of(folder: Path, check: str) -> Record:
    """The newest record of a check that was kept."""
    found = [read_run(path).record for path in folder.rglob("*.jsonl")]
    mine = sorted((record for record in found if record.check == check), key=lambda record: record.started)
    assert mine, f"no run of {check} was kept"
    return mine[-1]


def saved(folder: Path, check: str, option: str) -> float:
    """The value of an option that a check's run saved; what it found where that is within chance of what there was."""
    record = record_of(folder, check)
    assert record.verdict is not None and record.verdict.level in (Level.PASS, Level.WARN), record.verdict
    changes = [change for change in record.changes if change.option == option]
    if not changes:
        return present(record.estimates[option].value)
    assert [change.state for change in changes] == ["saved"]
    return float(changes[0].new)


def assert_calibrated(folder: Path) -> None:
    """Every part is done, and what it saved is what is so."""
    whole = record_of(folder, "all")
    assert {part.check for part in whole.parts} == {"ready", "probe-xy", "z-offset", "first-layer"}
    for axis, true in zip("xy", TRUE_OFFSETS, strict=True):
        assert saved(folder, "probe-xy", f"{axis}_offset") == pytest.approx(true, abs=0.5)
    assert saved(folder, "z-offset", "z_offset") == pytest.approx(TRUE_Z_OFFSET - PAPER, abs=NEAR)
    adjustment = record_of(folder, "first-layer").estimates["adjustment"]
    assert adjustment.value == pytest.approx(0.0, abs=0.025)


def wait_for_end(terminal: Tmux) -> None:
    """The program has left, and given its terminal back."""
    until = time.monotonic() + 60
    while terminal.alive:
        assert time.monotonic() < until, terminal.screen()
        time.sleep(0.5)


def assert_passed(screen: str) -> None:
    """Every check has passed; `ready` warns of a Klipper that is known to have faults."""
    warned = "known faults" in " ".join(screen.split())
    assert ("3 of 4 checks passed" if warned else "All 4 checks passed") in screen, screen


def test_the_whole_path_by_keys_alone(opened: Opened, tmp_path: Path) -> None:
    terminal = opened(*SHORTER)
    person = ScreenPerson(terminal)
    person.press("Enter")
    screen = person.walk("r Repeat", 420.0)
    assert_passed(screen)
    assert_calibrated(tmp_path)
    assert len(person.heights) >= 3
    person.press("p")
    terminal.wait_for("Full calib")
    terminal.press("q")
    wait_for_end(terminal)


@pytest.mark.parametrize("size", [NORMAL, SMALL], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_whole_path_by_taps_alone(size: tuple[int, int], opened: Opened, tmp_path: Path) -> None:
    terminal = opened(*SHORTER, size=size)
    person = ScreenPerson(terminal, mouse=True)
    person.tap(r" Start ")
    screen = person.walk("r Repeat", 420.0)
    assert_passed(screen)
    assert_calibrated(tmp_path)
    assert ("Scroll" in screen) == (size == (60, 20)), "the list of the parts fits 80x24"
    if size == (60, 20):
        person.tap(r"Scroll")
    terminal.wait_for("First layer")
    person.tap(r" Plan ")
    terminal.wait_for("─ Plan ─")
    person.tap(r"✓ Z offset")
    terminal.wait_for("Z offset · z-offset")
    person.tap(r"\^p More")
    terminal.wait_for("Search for commands")
    terminal.wait_for("Console")  # the first of the palette's list, which is longer than the screen
    person.scroll_to(r"Quit", (20, 12))
    person.tap(r"Quit")
    wait_for_end(terminal)


def test_resized_and_stopped_in_the_middle(opened: Opened) -> None:
    terminal = opened("accuracy", size=SMALL)
    terminal.wait_for("Repeatability")
    terminal.press("Enter")
    terminal.wait_for("left", 120)
    for size in ((200, 60), NORMAL, SMALL, (100, 30)):
        terminal.resize(*size)
        terminal.wait(lambda screen: "STOP" in screen and "Cancel" in screen, 20)
    terminal.press("F12")
    terminal.wait_for("Emergency stop", 20)
    terminal.wait_for("shutdown", 30)
    terminal.press("f")
    terminal.wait_for("ready: home", 60)
