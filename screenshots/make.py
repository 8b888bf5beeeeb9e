"""Takes the README's pictures from the running program on a simulated printer: `make screenshots`.

They are never made by hand: what they show is what the program showed. The checks' questions are answered by the
autopilot, as with --headless; `python -m screenshots.make paper bias` takes the pictures of those scenes only.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from screenshots.moving import Frame, moving
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.headless.autopilot import Autopilot
from zcal_tui.model.questions import Confirm, JogStep, PaperStep, Question
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.simulated_person import SimulatedPerson
from zcal_tui.session.snapshot import Asking, Snapshot
from zcal_tui.session.target import DemoOptions, PrinterTarget
from zcal_tui.tui.app import ZcalApp
from zcal_tui.tui.messages import StartRequested
from zcal_tui.tui.screens.plan import PlanScreen
from zcal_tui.tui.screens.verdict import VerdictScreen
from zcal_tui.tui.widgets.runlist import RunList

SIZE = (80, 24)
FOLDER = Path(__file__).parent
PATIENCE = 1200.0
SPEED = 8.0
EVERY = 2.5
"""Seconds between two frames of a moving picture, at least."""
OWN_ID = re.compile(r"terminal-[0-9]+")
TREND = 6
"""Runs of one check that its trend is computed from."""
HISTORY_OF = "Repeatability"

Seen = Callable[[Snapshot], object]


def samples(least: int) -> Seen:
    """So many samples are taken."""
    return lambda snapshot: snapshot.run is not None and len(snapshot.run.record.samples) >= least


def places(snapshot: Snapshot) -> object:
    """There are estimates at places."""
    run = snapshot.run
    return run is not None and any("@" in name for name in run.record.estimates)


def whole_offset(snapshot: Snapshot) -> object:
    """An automatic offset is complete."""
    run = snapshot.run
    return run is not None and any(sample.kind == "offset" for sample in run.record.samples)


def hot(snapshot: Snapshot) -> object:
    """The temperature run has gone on for a while."""
    run = snapshot.run
    return run is not None and "shift" in run.record.estimates and len(run.record.samples) > 45


def asked(kind: type, key: str = "") -> Callable[[Question], object]:
    """A question of that kind is asked."""
    return lambda question: isinstance(question, kind) and key in question.key


def narrowed(question: Question) -> object:
    """A paper test whose bracket is small."""
    return (
        isinstance(question, PaperStep)
        and question.lower is not None
        and question.upper is not None
        and question.upper - question.lower < 0.2
    )


@dataclass
class Film:
    """Takes a frame whenever the screen has changed, at most one in `EVERY` seconds."""

    app: ZcalApp
    frames: list[Frame] = field(default_factory=list)
    _last: float = 0.0

    def watch(self, seconds: float = 0.5, *, at_once: bool = False) -> None:
        """Take a frame that is shown for so long."""
        if not at_once and time.monotonic() < self._last + EVERY:
            return
        svg = OWN_ID.sub("terminal-0", self.app.export_screenshot(title="zcal-tui"))
        if not self.frames or svg != self.frames[-1].svg:
            self.frames.append(Frame(svg, seconds))
        self._last = time.monotonic()


@dataclass
class Studio:
    """The running program, and hands to press its keys and take its pictures."""

    session: Session
    app: ZcalApp
    pilot: Pilot[Any]

    async def picture(self, name: str) -> None:
        """Store what the screen shows."""
        await self.pilot.pause(0.8)
        (FOLDER / f"{name}.svg").write_text(self.app.export_screenshot(title="zcal-tui"), encoding="utf-8")
        print(f"{name}.svg", flush=True)

    def _has_gone(self, asking: Asking) -> bool:
        return self.session.snapshot.question is not asking

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  a snapshot has no event of its own
                await asyncio.sleep(0.05)

    async def run(
        self,
        check: str,
        verdict: str = "",
        seen: dict[str, Seen] | None = None,
        questions: dict[str, Callable[[Question], object]] | None = None,
        film: Film | None = None,
        saving: tuple[str, str] | None = None,
    ) -> None:
        """Run a check to its verdict; take pictures by the way, each once, and one of the verdict; film it. `saving`
        names the pictures of the question before its values are saved, and of the saved result."""
        waiting, wanted = dict(seen or {}), dict(questions or {})
        last = self.session.snapshot.run
        before = last.record.id if last is not None else None
        self.app.post_message(StartRequested(check))
        await self.until(lambda: (run := self.session.snapshot.run) and run.record.id != before)
        person = Autopilot(SimulatedPerson(self.session.snapshot.link.control or ""))
        until = time.monotonic() + PATIENCE
        while (run := self.session.snapshot.run) is not None and run.running:
            assert time.monotonic() < until, f"{check} does not end"
            for name in [name for name, holds in waiting.items() if holds(self.session.snapshot)]:
                del waiting[name]
                await self.picture(name)
            asking = self.session.snapshot.question
            if film is not None:
                film.watch()
            if asking is not None:
                if film is not None:
                    await self.pilot.pause(0.3)
                    stepping = isinstance(asking.question, PaperStep)
                    film.watch(0.4 if stepping else 2.0, at_once=not stepping)
                for name in [name for name, holds in wanted.items() if holds(asking.question)]:
                    del wanted[name]
                    await self.picture(name)
                await asyncio.to_thread(person.ask, asking.question)
                answer = person.poll()
                assert answer is not None
                self.session.answer(asking.n, answer)
                await self.until(partial(self._has_gone, asking))
            await self.pilot.pause(0.05)
        assert not waiting and not wanted, f"never seen in {check}: {', '.join([*waiting, *wanted])}"
        await self.until(lambda: isinstance(self.app.screen, VerdictScreen))
        if verdict:
            await self.picture(verdict)
        if film is not None:
            await self.pilot.pause(0.8)
            film.watch(4.0, at_once=True)
        if saving is not None:
            await self._save(saving, film)
        await self.pilot.press("escape")
        await self.pilot.press("escape")

    async def _save(self, pictures: tuple[str, str], film: Film | None) -> None:
        """Save the result on the screen, answering yes."""
        question, saved = pictures
        await self.pilot.press("ctrl+s")
        await self.until(lambda: self.session.snapshot.question is not None)
        while (asking := self.session.snapshot.question) is not None:
            await self.pilot.pause(0.8)
            if film is not None:
                film.watch(3.0, at_once=True)
            elif question:
                await self.picture(question)
                question = ""
            self.session.answer(asking.n, True)
            await self.until(partial(self._has_gone, asking))
            await self.pilot.pause(0.5)
        await self.until(lambda: (run := self.session.snapshot.run) is not None and not run.running)
        await self.until(lambda: isinstance(self.app.screen, VerdictScreen))
        if film is not None:
            await self.pilot.pause(0.8)
            film.watch(5.0, at_once=True)
        else:
            await self.picture(saved)


async def plan(studio: Studio) -> None:
    """The plan, a form, help, the palette, the console."""
    await studio.picture("plan")
    for name, key in (("settings", "s"), ("help", "f1"), ("palette", "ctrl+p")):
        await studio.pilot.press(key)
        await studio.picture(name)
        await studio.pilot.press("escape")


async def ready(studio: Studio) -> None:
    """A question before anything moves."""
    await studio.run("ready", "ready", questions={"question": asked(Confirm)})


async def jog(studio: Studio) -> None:
    """The nozzle on its way over the mark."""
    await studio.run("probe-xy", questions={"jog": asked(JogStep)})


async def paper(studio: Studio) -> None:
    """The paper test, and what is saved of it."""
    await studio.run("z-offset", questions={"paper": narrowed}, saving=("save", "saved"))


async def accuracy(studio: Studio) -> None:
    """Repeatability, running and judged."""
    await studio.run("accuracy", "verdict", {"run": samples(4)})
    await studio.pilot.press("c")
    await studio.picture("console")
    await studio.pilot.press("escape")


async def bias(studio: Studio) -> None:
    """The map of the bed."""
    await studio.run("bias", seen={"bias": places})


async def temperature(studio: Studio) -> None:
    """The curve over time."""
    await studio.run("temperature", seen={"temperature": hot})


async def backlash(studio: Studio) -> None:
    """Lost motion."""
    await studio.run("backlash", "backlash")


async def auto_z(studio: Studio) -> None:
    """The three heights."""
    await studio.run("auto-z", seen={"auto-z": whole_offset})


async def history(studio: Studio) -> None:
    """What was run, a number over its runs, two runs compared, where a report goes."""
    for check in ("ready", "z-offset", *["accuracy"] * TREND):
        await studio.run(check)
    await studio.pilot.press("h", "right")
    while HISTORY_OF not in str(studio.app.screen.query_one(RunList).border_title):
        await studio.pilot.press("right")
    await studio.pilot.press("down")
    await studio.picture("history")
    await studio.pilot.press("space", "end", "d")
    await studio.picture("compare")
    await studio.pilot.press("escape", "escape", "r")
    await studio.picture("report")
    await studio.pilot.press("escape")


async def recording(studio: Studio) -> None:
    """Z offset from the plan to the saved value, as one moving picture."""
    film = Film(studio.app)
    await studio.pilot.pause(0.8)
    film.watch(2.0, at_once=True)
    await studio.run("z-offset", film=film, saving=("", ""))
    (FOLDER / "recording.svg").write_text(moving(film.frames), encoding="utf-8")
    print(f"recording.svg: {len(film.frames)} frames", flush=True)


async def stop(studio: Studio) -> None:
    """After an emergency stop."""
    await studio.pilot.press("f12")
    await studio.until(lambda: studio.session.snapshot.printer.klippy == "shutdown")
    await studio.picture("stopped")


SCENES: dict[str, Callable[[Studio], Awaitable[None]]] = {
    scene.__name__: scene
    for scene in (
        plan,
        ready,
        jog,
        paper,
        accuracy,
        bias,
        backlash,
        auto_z,
        temperature,
        history,
        recording,
        stop,
    )
}


ALONE = ("recording",)
"""Scenes on a printer of their own: what was saved before would leave nothing to save."""


async def take(names: list[str], data: Path) -> None:
    """Take the pictures of these scenes, in order."""
    session = Session(PrinterTarget(demo=DemoOptions(profile="voron", speed=SPEED)), Store(data))
    session.start()
    app = ZcalApp(session, CHECKS, environ={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    try:
        async with app.run_test(size=SIZE) as pilot:
            studio = Studio(session, app, pilot)
            await studio.until(lambda: session.snapshot.printer.ready and session.snapshot.printer.settings)
            await studio.until(lambda: isinstance(app.screen, PlanScreen))
            for name in names:
                await SCENES[name](studio)
    finally:
        await asyncio.to_thread(session.close)


def main(arguments: list[str]) -> int:
    """Take all pictures, or those of the scenes that are named."""
    unknown = [name for name in arguments if name not in SCENES]
    if unknown:
        print(f"there is no scene {unknown[0]!r}; there are {', '.join(SCENES)}", file=sys.stderr)
        return 2
    names = arguments or list(SCENES)
    alone = [name for name in names if name in ALONE]
    for together in ([name for name in names if name not in ALONE], *([name] for name in alone)):
        with tempfile.TemporaryDirectory() as data:
            if together:
                asyncio.run(take(together, Path(data)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
