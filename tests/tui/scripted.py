"""A session that a test drives by hand: the same port, the same folding of events, no printer behind it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zcal_tui.model.events import (
    AdviceGiven,
    EstimateUpdated,
    Event,
    Progress,
    RunEnded,
    RunProblem,
    RunStarted,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.questions import (
    Answer,
    Choose,
    Confirm,
    JogMove,
    JogStep,
    Option,
    PaperMove,
    PaperStep,
    Question,
)
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Record, Sample, Verdict
from zcal_tui.model.view import begin, fold
from zcal_tui.printer.state import HeaterState, PrinterState, ProbeState
from zcal_tui.results.store import Store
from zcal_tui.session.port import RunOptions, SessionBusy
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.config_diff import FileChange, Prediction
from zcal_tui.session.saving.plan import SavePlan
from zcal_tui.session.snapshot import Asking, ConsoleLine, LinkState, PrinterLink, Snapshot

NOW = datetime(2026, 11, 20, 14, 4, 0, tzinfo=UTC)
FINISHED = "2026-11-20T14:02:00+00:00"

READY = PrinterState(
    connected=True,
    link="up",
    klippy="ready",
    hostname="voron24",
    software_version="v0.13.0",
    homed_axes="xyz",
    axis_minimum=(0.0, 0.0, -5.0),
    axis_maximum=(250.0, 250.0, 200.0),
    position=(125.0, 125.0, 10.0),
    heaters={"extruder": HeaterState(24.1, 0.0), "heater_bed": HeaterState(23.4, 0.0)},
    probe=ProbeState("probe"),
    settings={"printer": {"kinematics": "cartesian"}, "probe": {"z_offset": 1.245, "speed": 5.0}},
)

UP = PrinterLink(LinkState.UP, "localhost:7125", "voron24")

OFFSETS_UM = (6.4, -0.6, 1.9, -0.6, 4.4, 1.9, -0.6, 1.9, -3.1, 1.9, 4.4, -0.6, 1.9, -0.6)


def sample(n: int) -> Sample:
    """The n-th of the pinned samples."""
    z = 1.4981 + OFFSETS_UM[(n - 1) % len(OFFSETS_UM)] / 1000
    return Sample(n=n, t=100.0 + 1.2 * n, x=125.0, y=125.0, trigger_z=z)


def estimates(n: int) -> dict[str, Estimate]:
    """The pinned estimates after n samples."""
    if n < 3:
        return {}
    return {
        "sigma": Estimate("sigma", 0.0024, 0.0018, 0.0036),
        "range": Estimate("range", 0.0095, None, None),
        "range_of_ten": Estimate("range_of_ten", 0.0074, 0.0055, 0.0111),
        "over_limit": Estimate("over_limit", 0.0002, None, 0.004, unit=""),
        "mean": Estimate("mean", 1.49935, 1.4982, 1.5005),
        "drift_per_sample": Estimate("drift_per_sample", -0.0001, -0.0004, 0.0002),
        "first_sample_shift": Estimate("first_sample_shift", 0.006, 0.0021, 0.0098),
    }


VERDICT = Verdict(
    Level.PASS,
    "Accurate enough for bed levelling: standard deviation σ 2.4 µm.",
    (
        "A range of ten is expected to be 7.4 µm; above 25 µm a probe is not usable (Klipper docs, Probe_Calibrate).",
        "The chance that a range of ten exceeds 25 µm is below 0.1 %.",
    ),
)

PROBLEM = Problem(
    "The probe did not trigger.",
    "The nozzle reached the lowest allowed position before the probe touched anything.",
    "Check the probe's wiring with QUERY_PROBE, and its mounting.",
    "!! No trigger on probe after full movement [bold]stop[/] [/oops]",
)


PAPER = PaperStep(
    key="paper",
    text="Lower the nozzle until the paper drags slightly.",
    height=0.112,
    lower=0.05,
    upper=0.2,
    start=5.0,
    lowest=-5.0,
    expected=0.1,
    step=0.0025,
    old=1.245,
    base=1.3575,
    test=2,
    tests=3,
    tried=(5.0, 1.0, 0.3, 0.2, 0.05, 0.112),
    free=(5.0, 1.0, 0.3, 0.2),
    dragging=(0.05,),
)

JOG = JogStep(
    key="jog",
    text="Bring the nozzle over the mark.",
    x=99.85,
    y=125.25,
    z=0.8,
    low=(0.0, 0.0, -5.0),
    high=(250.0, 250.0, 250.0),
    probed=(125.0, 125.0),
    old=(-25.0, 0.0),
    test=1,
    tests=2,
)

_NEW = Change(
    "probe", "z_offset", "1.245", "1.246", saves=True, effect="the nozzle will be 1.0 µm closer to the bed"
)
_BLOCK = (
    "[printer]\nkinematics: cartesian\n\n"
    "#*# <---------------------- SAVE_CONFIG ---------------------->\n"
    "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
    "#*#\n#*# [probe]\n#*# z_offset = {}\n"
)
_FILE = FileChange("/home/pi/printer_data/config/printer.cfg", _BLOCK.format("1.245"), _BLOCK.format("1.246"))
SAVED = SavePlan((_NEW,), prediction=Prediction((_FILE,)))
"""A save of a new z_offset."""

SAVE = Confirm(
    key="save",
    text=save_text.question(SAVED),
    detail=save_text.detail(SAVED, READY),
    yes="Save and restart",
    no=save_text.refusal(SAVED.changes),
    consent=True,
)

RISKY = Confirm(
    key="risky-step",
    text="Go down by 1.0000 mm?",
    detail="That ends 600 µm below where the bed is expected. If the expectation is right, the nozzle is pressed "
    "into the bed [not markup]. Smaller steps are safer.",
    yes="Go down",
    no="Stay",
    danger=True,
)

CHOOSE = Choose(
    key="hot",
    text="The printer is warm: bed 45 °C. How do you want to continue?",
    options=(
        Option("wait", "Cool down first", "turns the heaters off and waits"),
        Option("measure", "Measure warm", "the nozzle is longer than when cold, and oozes above 150 °C"),
        Option("stop", "Not now"),
    ),
    detail="Most checks are meant for a cold printer.",
)


def moved(question: PaperStep, answer: PaperMove) -> PaperStep:
    """Where the paper test stands after a step in mm, as klippy would tell."""
    height = round(question.height + float(answer.z), 6)
    tried = (*question.tried, height)
    below = [z for z in tried if z < height - 1e-9]
    above = [z for z in tried if z > height + 1e-9]
    lowered = height < question.height
    return replace(
        question,
        height=height,
        tried=tried,
        lower=max(below, default=None),
        upper=min(above, default=None),
        free=(*question.free, question.height) if lowered else question.free,
        dragging=question.dragging if lowered else (*question.dragging, question.height),
    )


def jogged(question: JogStep, answer: JogMove) -> JogStep:
    """Where the nozzle stands after a move."""
    return replace(question, x=question.x + answer.dx, y=question.y + answer.dy, z=question.z + answer.dz)


class ScriptedSession:
    """A `SessionPort` whose printer is the test."""

    def __init__(
        self, *, link: PrinterLink = UP, printer: PrinterState = READY, folder: Path = Path("/proc/nowhere")
    ) -> None:
        self.store = Store(folder)
        self._snapshot = Snapshot(link=link, printer=printer)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Event], None]] = []
        self.runs = 0
        self.questions = 0
        self.options = RunOptions()
        self.asked: list[tuple[str, Any]] = []
        """What the interface asked for, in order."""

    # ---- the port

    def start(self) -> None:
        self.asked.append(("reach", None))

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start_check(self, name: str, parameters: Any, options: RunOptions | None = None) -> None:
        run = self._snapshot.run
        if run is not None and run.running:
            raise SessionBusy
        self.asked.append(("start", parameters))
        self.options = options or RunOptions()
        self.runs += 1
        self.emit(
            RunStarted(f"run-{self.runs}", name, "2026-11-20T14:00:00+00:00", parameters={"speed": 5.0})
        )

    def answer(self, number: int, answer: Answer) -> None:
        question = self._snapshot.question
        if question is not None and question.n == number:
            self.asked.append(("answer", answer))
            self.update(question=None)

    def cancel(self) -> None:
        self.asked.append(("cancel", None))
        run = self._snapshot.run
        if run is not None and run.running:
            self.update(cancelling=True)

    def emergency_stop(self) -> None:
        self.asked.append(("stop", None))

    def send_gcode(self, script: str) -> None:
        self.asked.append(("gcode", script))
        self.console(script, sent=True)

    def announce(self, line: str) -> None:
        self.asked.append(("announce", line))

    def firmware_restart(self) -> None:
        self.asked.append(("restart", None))

    def close_interrupted(self, record: Record) -> None:
        self.asked.append(("close interrupted", record.id))
        kept = tuple(run for run in self._snapshot.interrupted if run.id != record.id)
        self.update(interrupted=kept)

    def discard_result(self, record: Record) -> None:
        self.asked.append(("discard", record.id))

    def note_changed(self, what: str) -> None:
        self.asked.append(("changed", what))

    @property
    def closed(self) -> bool:
        return self.asked_for("close") > 0

    def begin_close(self, patience: float = 30.0) -> None:
        self.close(patience)

    def close(self, patience: float = 30.0) -> None:
        self.asked.append(("close", None))

    def begin_leave(self) -> None:
        self.asked.append(("leave", None))

    @property
    def left(self) -> tuple[str, ...] | None:
        return () if self.asked_for("leave") else None

    # ---- the test's side

    def asked_for(self, what: str) -> int:
        """How often the interface asked for `what`."""
        return sum(1 for name, _ in self.asked if name == what)

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot."""
        self._snapshot = replace(self._snapshot, **changes)

    def printer(self, **changes: Any) -> None:
        """Replace fields of the printer's state."""
        self.update(printer=replace(self._snapshot.printer, **changes))

    def console(self, text: str, *, sent: bool = False) -> None:
        """A line on the console."""
        lines = self._snapshot.console
        n = lines[-1].n + 1 if lines else 1
        self.update(console=(*lines, ConsoleLine(n, text, sent)))

    def emit(self, *events: Event) -> None:
        """Events of the run, folded as the real session does."""
        for event in events:
            if isinstance(event, RunStarted):
                self.update(run=begin(event))
            elif self._snapshot.run is not None:
                self.update(run=fold(self._snapshot.run, event))
            for listener in tuple(self._listeners):
                listener(event)

    def ask(self, question: Question) -> None:
        """The run asks the person."""
        self.questions += 1
        self.update(question=Asking(self.questions, question))

    @property
    def answers(self) -> list[Answer]:
        """What was answered, in order."""
        return [answer for what, answer in self.asked if what == "answer"]

    def touch(self, count: int, *, of: int = 20) -> None:
        """The run up to its `count`-th sample."""
        self.emit(Stage("touch", "Touching the bed at X 125.0 Y 125.0"), Progress(0, of))
        for n in range(1, count + 1):
            self.emit(
                SampleTaken(sample(n)), EstimateUpdated(estimates(n)), Progress(n, of, round(1.2 * (of - n)))
            )

    def finish(self, verdict: Verdict = VERDICT, outcome: Outcome = Outcome.FINISHED) -> None:
        """Verdict, advice and end."""
        self.emit(
            VerdictReached(verdict),
            AdviceGiven(
                "The first touch reads high. Take the median of three.",
                (
                    Change("probe", "samples", None, "3"),
                    Change("probe", "samples_result", "average", "median"),
                ),
            ),
            AdviceGiven("New probe settings mean that the Z offset has to be measured again."),
        )
        self.end(outcome)

    def fail(self, problem: Problem = PROBLEM, outcome: Outcome = Outcome.ERROR) -> None:
        """The run ends with a problem."""
        self.emit(RunProblem(problem))
        self.end(outcome)

    def end(self, outcome: Outcome) -> None:
        """The run's last event."""
        run = self._snapshot.run
        assert run is not None
        record = replace(run.record, outcome=outcome, finished=FINISHED)
        self.emit(RunEnded(record))
        self.update(cancelling=False, last={**self._snapshot.last, record.check: record})
