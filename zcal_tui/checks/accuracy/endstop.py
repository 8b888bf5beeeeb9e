"""The Z endstop's repeatability, by PROBE_Z_ACCURACY of [z_calibration]."""

from collections.abc import Iterator

from zcal_tui.checks.accuracy.analysis import estimate_of, estimates_of
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.run import Pace
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.dock.attach import stow_macros
from zcal_tui.checks.dock.docked import probe_put_away
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.preconditions import require_ready, require_step
from zcal_tui.checks.travel import home_if_needed, lift_and_leave
from zcal_tui.checks.z_calibration import run_command
from zcal_tui.model.check_info.auto_z import INFO as AUTO_Z
from zcal_tui.model.events import (
    AdviceGiven,
    EstimateUpdated,
    Event,
    Progress,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.record import Level, Sample, Verdict
from zcal_tui.model.units import length, percent
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.gcode import ProbingSettings, probing_command
from zcal_tui.printer.messages import AccuracyStats, ProbeSample
from zcal_tui.printer.printer import Heard
from zcal_tui.stats.homings import judge_endstop, pair_interval
from zcal_tui.stats.repeatability import Repeatability, analyse

TOUCHES = 20
LEAST_TO_ANALYSE = 3


async def measure_endstop(context: Context, parameters: AccuracyParameters) -> None:
    """Home if needed, put a docked probe away, touch the endstop with the nozzle, judge. See `Check.run` for what it
    raises."""
    state = context.printer.state
    require_ready(state)
    _require_endstop(context, parameters)
    step = require_step(state)
    stow = stow_macros(state, parameters.attach, parameters.detach)
    await home_if_needed(context, allowed=parameters.home)
    report = EndstopReport(step)
    try:
        async with probe_put_away(context, stow):
            context.stop_if_cancelled()
            await _touch(context, parameters, report)
    finally:
        await lift_and_leave(context, safe_clearance(state))
    for event in report.conclusion():
        context.emit(event)


def _require_endstop(context: Context, parameters: AccuracyParameters) -> None:
    """Raises CheckRefused where nothing touches the endstop, or for parameters that make no sense here."""
    if (reason := AUTO_Z.unfit(capabilities_of(context.printer.state))) is not None:
        raise CheckRefused(
            "The Z endstop cannot be touched again and again here.",
            reason,
            "Klipper itself has no command for it; PROBE_Z_ACCURACY of [z_calibration] has (`zcal-tui install`, "
            "docs/z_calibration.md). Where the probe is the Z endstop, `accuracy` without --what measures it.",
        )
    given = {"--sweep": parameters.sweep, "--here": parameters.here}
    given |= {"--x": parameters.x is not None, "--y": parameters.y is not None}
    if wrong := [flag for flag, value in given.items() if value]:
        raise CheckRefused(
            f"{' and '.join(wrong)} {'goes' if len(wrong) == 1 else 'go'} with the probe, not with the endstop.",
            "The endstop's place is nozzle_xy_position of [z_calibration].",
            f"Leave out {' and '.join(wrong)}.",
        )


async def _touch(context: Context, parameters: AccuracyParameters, report: "EndstopReport") -> None:
    count = parameters.samples or TOUCHES
    settings = ProbingSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
    context.emit(Stage("touch", "Touching the Z endstop with the nozzle"))
    context.emit(Progress(0, count))
    pace = Pace(context.clock.now())
    ended: list[AccuracyStats] = []

    def hear(heard: Heard) -> None:
        match heard.message:
            case ProbeSample(x, y, z, "toolhead"):
                n = report.touches + 1
                sample = Sample(n, round(heard.eventtime, 3), x, y, z, kind="nozzle", place="endstop")
                context.emit(SampleTaken(sample))
                if (updated := report.add(z)) is not None:
                    context.emit(updated)
                context.emit(Progress(n, count, pace.left(context.clock.now(), n, count)))
            case AccuracyStats():
                ended.append(heard.message)

    stop = context.printer.listen_console(hear)
    try:
        await run_command(context, probing_command("PROBE_Z_ACCURACY", count, settings))
        await context.printer.late_lines(lambda: bool(ended))
    finally:
        stop()
    if report.touches < min(2, count):
        raise CheckFailed(
            "The touches of the Z endstop were not told.",
            "PROBE_Z_ACCURACY has ended without a line for each touch: a macro of that name may do something else.",
            "Run it on the console and look at what it prints.",
        )


class EndstopReport:
    """Grows by one touch at a time. `step` is the Z step distance in mm."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._heights: list[float] = []

    @property
    def touches(self) -> int:
        """Touches so far."""
        return len(self._heights)

    def add(self, height: float) -> EstimateUpdated | None:
        """Take a touch into account; the estimates with it, once there are enough to say anything."""
        self._heights.append(round(height, 6))
        return self._estimates() if len(self._heights) >= LEAST_TO_ANALYSE else None

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where too little was measured to say anything."""
        if len(self._heights) < LEAST_TO_ANALYSE:
            return
        yield self._estimates()
        result = self._analyse()
        rule = judge_endstop(result)
        level, pair = Level(rule.level), pair_interval(result)
        scatter = f"σ = {length(result.sigma.value)}"
        summaries = {
            Level.PASS: f"Good enough: the Z endstop repeats well ({scatter}).",
            Level.WARN: f"Usable, with something to mend at the Z endstop ({scatter}).",
            Level.FAIL: f"Not good enough: two homings differ by more than 25 µm in {percent(pair.value)} of cases.",
            Level.UNKNOWN: f"Not decided: {result.n} touches do not tell how well the endstop repeats ({scatter}).",
        }
        yield VerdictReached(Verdict(level, summaries[level], rule.reasons))
        for advice in rule.advice:
            yield AdviceGiven(advice.text)

    def _estimates(self) -> EstimateUpdated:
        result = self._analyse()
        found = estimates_of(result)
        for name in ("over_limit", "range_of_ten"):
            del found[name]
        return EstimateUpdated(
            {**found, "pair_over_limit": estimate_of("pair_over_limit", pair_interval(result), unit="")}
        )

    def _analyse(self) -> Repeatability:
        sampling = {"sampling": self._step / 2}
        return analyse(self._heights, step=self._step, systematic=sampling, adaptive=False)
