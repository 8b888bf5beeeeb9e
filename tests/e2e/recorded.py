"""What a calibration asks of a person, recorded in a real terminal: `python -m tests.e2e.recorded [NAME …]`.

A simulated person works at the program in tmux, on the simulated printer `voron`, and does only what the screen shows:
a key has to be in the footer or on a button, a tap has to hit what is written. It prints the keys or taps, every one of
them counted until the value is saved, the questions answered, and the minutes of the printer's time with the person and
without. Nothing here passes or fails; the figures go into docs/effort.md.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import program
from tests.e2e.person import Person, flat, place_of
from tests.e2e.tmux import SETTLING, Tmux
from zcal_tui.model.record import Record
from zcal_tui.results.store import read_run
from zcal_tui.session.simulated_person import SimulatedPerson, SimulatedPersonGone
from zcal_tui.sim.host.control_client import ControlClient
from zcal_tui.tui.widgets.button import TAP_GUARD

KEYS = {
    "bisect": "+",
    "bisect down": "-",
    "yes": "y",
    "no": "n",
    "lower": "j",
    "raise": "k",
    "accept": "a",
    "undo": "u",
    "done": "d",
    "save": "^s",
    "continue": "enter",
    "left": "left",
    "right": "right",
    "back": "up",
    "front": "down",
}
"""The key of each deed, as the screen names it."""
SIGNS = {"left": "←", "right": "→", "up": "↑", "down": "↓", "+": "+", "-": "-"}
"""How the footer shows keys that share an entry."""
NAMES = {"enter": "Enter", "left": "Left", "right": "Right", "up": "Up", "down": "Down", "^s": "C-s"}
"""tmux's names of keys."""
LEAVE = re.compile(r"After that you can leave: (\d+) min")
END = "r Repeat"
REACTION = 3.0
LIMIT = 2700.0


class NotShown(AssertionError):
    """A key that the screen does not show would have been needed."""


@dataclass(frozen=True)
class Scenario:
    """What is calibrated, how, and what may be expected of a person for it."""

    check: tuple[str, ...]
    size: tuple[int, int] = (80, 24)
    mouse: bool = False
    presses: int | None = None
    minutes: float | None = None


SCENARIOS = {
    "z-offset": Scenario(("z-offset",), presses=20),
    "plan": Scenario(("all", "--skip", "bias"), presses=120, minutes=45.0),
    "plan-with-bias": Scenario(("all",), presses=220),
    "taps": Scenario(("all", "--skip", "bias"), (60, 20), mouse=True),
}


@dataclass
class Recording:
    """What a run asked of the person."""

    name: str
    presses: int = 0
    questions: int = 0
    moves: int = 0
    """Presses on the pages on which the nozzle is moved."""
    began: float = 0.0
    left: float | None = None
    ended: float = 0.0
    verdict: str = ""
    log: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The figures in a few lines."""
        present = (self.ended if self.left is None else self.left) - self.began
        alone = 0.0 if self.left is None else self.ended - self.left
        scenario = SCENARIOS[self.name]
        goal = "" if scenario.presses is None else f" (at most {scenario.presses} wanted)"
        minutes = "" if scenario.minutes is None else f" (at most {scenario.minutes:.0f} wanted)"
        what = "taps" if scenario.mouse else "keys"
        pressed = f"{self.presses} {what}{goal}, {self.moves} of them to move the nozzle"
        times = f"with the person {present / 60:.1f} min{minutes}, without {alone / 60:.1f} min"
        return f"{self.name}: {pressed}; {self.questions} questions\n  {times}\n  {self.verdict}"


class RecordedPerson:
    """Walks a check to its end at a terminal."""

    def __init__(self, terminal: Tmux, control: str, recording: Recording, *, mouse: bool) -> None:
        self._terminal, self._mouse = terminal, mouse
        self._control = control
        self._recording = recording
        self._saved = False
        self._person = Person(typing=False)  # the arrow keys take fewer presses than a typed distance

    def time(self) -> float:
        """The printer's time in s."""
        with ControlClient(self._control) as client:
            return float(client.request("time")["time"])

    def walk(self) -> None:
        """Do what the screen asks until the verdict is shown. Raises AssertionError where it is not."""
        recording = self._recording
        recording.began = self.time()
        self._do("start", self._terminal.screen())
        end = time.monotonic() + LIMIT
        while not self._over(self._terminal.settled()):
            screen = self._terminal.settled()
            assert time.monotonic() < end, f"the end was not reached:\n{screen}"
            assert self._terminal.alive, screen
            deeds = self._saving(screen) if END in screen else self._deeds(screen)
            for number, deed in enumerate(deeds):
                self._do(deed, self._terminal.settled() if number else screen)
        recording.ended = self.time()

    def _over(self, screen: str) -> bool:
        """Whether the result is shown, and nothing is left that it offers to save, as it does a moment later."""
        until = time.monotonic() + REACTION
        while END in screen and not shown(KEYS["save"], screen):
            if time.monotonic() > until:
                return True
            time.sleep(SETTLING)
            screen = self._terminal.screen()
        return False

    def _saving(self, screen: str) -> tuple[str, ...]:
        if self._saved or not shown(KEYS["save"], screen):
            return ()
        self._saved = True
        return ("save",)

    def _deeds(self, screen: str) -> tuple[str, ...]:
        recording = self._recording
        deeds = self._person.deeds(screen)
        if deeds and "Bisect" not in screen and "Done" not in screen:
            recording.questions += 1
        elif deeds:
            recording.moves += len(deeds)
        if deeds and "Is the nozzle clean" in flat(screen):
            try:
                SimulatedPerson(self._control).wipe()
            except SimulatedPersonGone:
                return ()
        if deeds and recording.left is None and LEAVE.search(flat(screen)):
            recording.left = self.time()
        return deeds

    def _do(self, deed: str, screen: str) -> None:
        if self._mouse:
            place = self._place(deed, screen)
            if place is None:
                return  # another page has come up since: look again
            self._recording.presses += 1
            self._note(f"tap {deed}", screen)
            time.sleep(TAP_GUARD)
            self._terminal.tap(*place)
            self._follow(screen)
        else:
            key = "enter" if deed == "start" else KEYS.get(deed, deed[-1])
            self._press(key, screen, deed)

    def _place(self, deed: str, screen: str) -> tuple[int, int] | None:
        until = time.monotonic() + REACTION
        while True:
            if deed == "start":
                found = next(
                    (
                        (line.index(" Start ") + 3, y)
                        for y, line in enumerate(screen.splitlines())
                        if " Start " in line
                    ),
                    None,
                )
            else:
                found = place_of(deed, screen)
            if found is not None or time.monotonic() > until:
                return found
            time.sleep(0.05)
            screen = self._terminal.screen()

    def _press(self, key: str, screen: str, deed: str) -> None:
        if not shown(key, screen):
            raise NotShown(f"the key {key} for “{deed}” is not on this screen:\n{screen}")
        self._recording.presses += 1
        self._note(f"{key} ({deed})", screen)
        self._terminal.press(NAMES.get(key, key))
        self._follow(screen)

    def _note(self, what: str, screen: str) -> None:
        self._recording.log.append(f"{self._recording.presses:4d} {what:<28} {_headline(screen)}")

    def _follow(self, before: str) -> None:
        until = time.monotonic() + REACTION
        while (
            self._terminal.alive
            and words(self._terminal.screen()) == words(before)
            and time.monotonic() < until
        ):
            time.sleep(0.03)


def shown(key: str, screen: str) -> bool:
    """Whether a screen shows a key: in the footer, on a button, or at the line of an option."""
    lines = screen.splitlines()
    footer = next((line for line in reversed(lines) if line.strip()), "")
    names = {name for entry in re.split(r"\s{2,}", footer.strip()) for name in entry.split(" ")[:1]}
    if key in names or (key == "enter" and names & {"⏎", "enter"}):
        return True
    if key in SIGNS:
        return any(SIGNS[key] in name for name in names)
    if key.isdecimal():
        for name in names:
            if (match := re.fullmatch(r"(\d)-(\d)", name)) and match[1] <= key <= match[2]:
                return True
        return any(re.search(rf"[│┃] +{key}  \S", line) for line in lines)
    return any(re.search(rf"\S  {re.escape(key)}(?= *(  |[│┃]))", line) for line in lines)


def words(screen: str) -> str:
    """What a screen says below the bar, however it is laid out."""
    return "".join(re.findall(r"[\w.−%]+", " ".join(screen.splitlines()[2:])))


def _headline(screen: str) -> str:
    lines = [line.strip(" │┃╭╮─") for line in screen.splitlines()[2:12]]
    return next((line for line in lines if line), "")[:70]


def record(name: str, folder: Path, simulated: Path, speed: float, seed: int = 1) -> Recording:
    """Run one scenario. `folder` keeps what the screens showed, `simulated` is for the printer, whose sockets need a
    short path. Raises AssertionError where the end is not reached."""
    scenario, recording = SCENARIOS[name], Recording(name)
    simulator = ("--demo", "voron", "--sim-speed", f"{speed:g}", "--seed", str(seed))
    command = program.command(*simulator, "--save", "ask", *scenario.check)
    environment = {**program.environment(folder), "TMPDIR": str(simulated)}
    terminal = Tmux(folder, command, environment, scenario.size, logged=True)
    try:
        terminal.wait_for("● ready", 200.0)
        terminal.wait(lambda screen: " Start " in screen and "never" in screen)
        control = str(next(simulated.glob("zcal-sim-*/comms/control.sock")))
        RecordedPerson(terminal, control, recording, mouse=scenario.mouse).walk()
        recording.verdict = _verdict(folder, scenario.check[0])
    finally:
        terminal.close()
        (folder / "presses.txt").write_text("\n".join(recording.log) + "\n")
    return recording


def _verdict(folder: Path, check: str) -> str:
    runs: list[Record] = [read_run(path).record for path in folder.rglob("*.jsonl")]
    run = max((run for run in runs if run.check == check), key=lambda run: run.started)
    changes = ", ".join(
        f"{change.option} {change.was} → {change.shown}: {change.state}" for change in run.changes
    )
    return f"{run.outcome.value}: {run.verdict.summary if run.verdict else run.problem}  {changes}"


def main(arguments: Sequence[str]) -> int:
    """Record the scenarios; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.recorded", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(SCENARIOS)}; all without a name"
    )
    parser.add_argument("--speed", type=float, default=10.0, help="times real time")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="how many random seeds to record each with"
    )
    parser.add_argument("--keep", type=Path, help="where to keep what the screens showed")
    given = parser.parse_args(arguments)
    code = 0
    for name in given.names or SCENARIOS:
        counts: list[int] = []
        for seed in range(1, given.seeds + 1):
            with tempfile.TemporaryDirectory(prefix="zr-") as temporary:
                simulated = Path(temporary)
                folder = simulated if given.keep is None else given.keep / f"{name}-{seed}"
                folder.mkdir(parents=True, exist_ok=True)
                try:
                    recording = record(name, folder, simulated, given.speed, seed)
                except AssertionError as error:
                    print(f"{name}, seed {seed}: {error}", file=sys.stderr, flush=True)
                    code = 1
                else:
                    counts.append(recording.presses)
                    print(f"seed {seed}: {recording.text()}", flush=True)
        if len(counts) > 1:
            middle = statistics.median(counts)
            print(f"{name}: {counts}, median {middle:g}, at most {max(counts)}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
