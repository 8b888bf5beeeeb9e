"""A session that a test drives by hand: the same port, the same folding of events, no printer behind it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
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
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Sample, Verdict
from zcal_tui.model.view import begin, fold
from zcal_tui.printer.state import Heater, PrinterState, Probe
from zcal_tui.session.port import SessionBusy
from zcal_tui.session.snapshot import ConsoleLine, Link, LinkState, Snapshot

NOW = datetime(2026, 11, 20, 14, 4, 0, tzinfo=UTC)
FINISHED = "2026-11-20T14:02:00+00:00"

READY = PrinterState(
    connected=True,
    link="up",
    klippy="ready",
    hostname="voron24",
    software_version="v0.13.0",
    homed_axes="xyz",
    position=(125.0, 125.0, 10.0),
    heaters={"extruder": Heater(24.1, 0.0), "heater_bed": Heater(23.4, 0.0)},
    probe=Probe("probe"),
    settings={"printer": {"kinematics": "cartesian"}, "probe": {"z_offset": 1.245, "speed": 5.0}},
)

UP = Link(LinkState.UP, "localhost:7125", "voron24")

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
    "Good enough for bed levelling: the probe repeats within 2.4 µm.",
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


class ScriptedSession:
    """A `SessionPort` whose printer is the test."""

    def __init__(self, *, link: Link = UP, printer: PrinterState = READY) -> None:
        self._snapshot = Snapshot(link=link, printer=printer)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Event], None]] = []
        self.runs = 0
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

    def start_check(self, name: str, parameters: Any) -> None:
        run = self._snapshot.run
        if run is not None and run.running:
            raise SessionBusy
        self.asked.append(("start", parameters))
        self.runs += 1
        self.say(RunStarted(f"run-{self.runs}", name, "2026-11-20T14:00:00+00:00", parameters={"speed": 5.0}))

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

    def firmware_restart(self) -> None:
        self.asked.append(("restart", None))

    def close(self) -> None:
        self.asked.append(("close", None))

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

    def say(self, *events: Event) -> None:
        """Events of the run, folded as the real session does."""
        for event in events:
            if isinstance(event, RunStarted):
                self.update(run=begin(event))
            elif self._snapshot.run is not None:
                self.update(run=fold(self._snapshot.run, event))
            for listener in tuple(self._listeners):
                listener(event)

    def touch(self, count: int, *, of: int = 20) -> None:
        """The run up to its `count`-th sample."""
        self.say(Stage("touch", "Touching the bed at X 125.0 Y 125.0"), Progress(0, of))
        for n in range(1, count + 1):
            self.say(
                SampleTaken(sample(n)), EstimateUpdated(estimates(n)), Progress(n, of, round(1.2 * (of - n)))
            )

    def finish(self, verdict: Verdict = VERDICT, outcome: Outcome = Outcome.FINISHED) -> None:
        """Verdict, advice and end."""
        self.say(
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
        self.say(RunProblem(problem))
        self.end(outcome)

    def end(self, outcome: Outcome) -> None:
        """The run's last event."""
        run = self._snapshot.run
        assert run is not None
        record = replace(run.record, outcome=outcome, finished=FINISHED)
        self.say(RunEnded(record))
        self.update(cancelling=False, last={**self._snapshot.last, record.check: record})
