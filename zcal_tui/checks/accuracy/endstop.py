"""The Z endstop's repeatability, by PROBE_Z_ACCURACY of [z_calibration]."""

from zcal_tui.checks.accuracy.endstop_analysis import EndstopReport
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.dock.attach import stow_macros
from zcal_tui.checks.dock.docked import probe_docked
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.pace import Pace
from zcal_tui.checks.preconditions import require_ready, require_step
from zcal_tui.checks.travel import home_if_needed, lift_and_leave
from zcal_tui.checks.z_calibration import run_command
from zcal_tui.model.check_info.auto_z import INFO as AUTO_Z
from zcal_tui.model.events import Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.gcode import ProbingSettings, probing_command
from zcal_tui.printer.messages import AccuracyStats, ProbeSample
from zcal_tui.printer.printer import Heard

TOUCHES = 20


async def measure_endstop(context: Context, parameters: AccuracyParameters) -> None:
    """Home if needed, dock the probe, probe the endstop with the nozzle, judge. See `Check.run` for what it raises."""
    state = context.printer.state
    require_ready(state)
    _require_endstop(context, parameters)
    step = require_step(state)
    stow = stow_macros(state, parameters.attach, parameters.detach)
    await home_if_needed(context, allowed=parameters.home)
    report = EndstopReport(step)
    try:
        async with probe_docked(context, stow):
            context.stop_if_cancelled()
            await _touch(context, parameters, report)
    finally:
        await lift_and_leave(context, safe_clearance(state))
    for event in report.conclusion():
        context.emit(event)


def _require_endstop(context: Context, parameters: AccuracyParameters) -> None:
    """Raises CheckRefused where the endstop cannot be probed, or for parameters that do not apply."""
    if (reason := AUTO_Z.unfit(capabilities_of(context.printer.state))) is not None:
        raise CheckRefused(
            "This printer cannot measure the repeatability of its Z endstop.",
            reason,
            "Install [z_calibration], which has PROBE_Z_ACCURACY (`zcal-tui install`, docs/z_calibration.md). Where "
            "the probe is the Z endstop, run `accuracy` without --what.",
        )
    given = {"--sweep": parameters.sweep, "--here": parameters.here}
    given |= {"--x": parameters.x is not None, "--y": parameters.y is not None}
    if wrong := [flag for flag, value in given.items() if value]:
        raise CheckRefused(
            f"{' and '.join(wrong)} {'goes' if len(wrong) == 1 else 'go'} with the probe, not with the endstop.",
            "The endstop's position is nozzle_xy_position of [z_calibration].",
            f"Leave out {' and '.join(wrong)}.",
        )


async def _touch(context: Context, parameters: AccuracyParameters, report: EndstopReport) -> None:
    count = parameters.samples or TOUCHES
    settings = ProbingSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
    context.emit(Stage("touch", "Probing the Z endstop with the nozzle"))
    context.emit(Progress(0, count))
    pace = Pace(context.clock.now())
    ended: list[AccuracyStats] = []

    def hear(heard: Heard) -> None:
        match heard.message:
            case ProbeSample(x, y, z, "toolhead"):
                n = report.taken + 1
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
    if report.taken < min(2, count):
        raise CheckFailed(
            "The samples of the Z endstop were not reported.",
            "PROBE_Z_ACCURACY finished without a line for each sample. A macro of that name may do something else.",
            "Run it on the console and check what it prints.",
        )
