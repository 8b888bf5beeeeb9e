"""How to get to every screen: used for pictures, for `nothing is cut off` and for `STOP is everywhere`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from tests.tui import sketches
from tests.tui.scripted import CHOOSE, JOG, PAPER, RISKY, SAVE, ScriptedSession
from tests.tui.stage import Stage
from zcal_tui.model.events import RunEnded
from zcal_tui.model.record import Outcome, Problem
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import LinkState, PrinterLink
from zcal_tui.tui.messages import StartRequested

Scene = Callable[[Stage], Awaitable[None]]


async def plan(stage: Stage) -> None:
    """The plan, nothing run yet."""


async def plan_after(stage: Stage) -> None:
    """The plan after a run."""
    await verdict(stage)
    await stage.press("p")


async def first_touch(stage: Stage) -> None:
    """A run with a single sample."""
    await stage.press("enter")
    stage.session.touch(1)
    await stage.settle()


async def running(stage: Stage) -> None:
    """A run in the middle."""
    await stage.press("enter")
    stage.session.touch(14)
    await stage.settle()


async def cancelling(stage: Stage) -> None:
    """A run that is being cancelled."""
    await running(stage)
    await stage.press("escape")


async def verdict(stage: Stage) -> None:
    """The result."""
    await running(stage)
    stage.session.finish()
    await stage.settle()


async def cancelled(stage: Stage) -> None:
    """The result of a cancelled run."""
    await cancelling(stage)
    stage.session.end(Outcome.CANCELLED)
    await stage.settle()


async def problem(stage: Stage) -> None:
    """A run that failed: the box."""
    await running(stage)
    stage.session.fail()
    await stage.settle()


async def problem_page(stage: Stage) -> None:
    """A run that failed: the page under the box."""
    await problem(stage)
    await stage.press("escape")


async def settings(stage: Stage) -> None:
    """The form."""
    await stage.press("s")


async def refused(stage: Stage) -> None:
    """The form with a value out of range."""
    await settings(stage)
    stage.app.screen.query_one("#p-samples").focus()
    await stage.press("5", "0", "0")


async def console(stage: Stage) -> None:
    """The console."""
    stage.session.console("// probe at 125.000,125.000 is z=1.4975")
    stage.session.console("!! Must home axis first: [bold]x[/] [/oops]")
    await stage.press("c")


async def help_page(stage: Stage) -> None:
    """Help for the plan."""
    await stage.press("f1")


async def stopped(stage: Stage) -> None:
    """After an emergency stop."""
    await running(stage)
    await stage.press("f12")
    stage.session.printer(klippy="shutdown", message="Emergency stop")
    await stage.settle()


async def shutdown(stage: Stage) -> None:
    """klippy has shut down by itself."""
    stage.session.printer(klippy="shutdown", message="MCU 'mcu' shutdown: Timer too close\nThis often means")
    await stage.settle()


async def why(stage: Stage) -> None:
    """The reason in full."""
    await shutdown(stage)
    await stage.press("w")


async def leaving(stage: Stage) -> None:
    """The question before leaving."""
    await running(stage)
    await stage.press("q")


async def palette(stage: Stage) -> None:
    """The command palette."""
    await stage.press("ctrl+p")


async def paper(stage: Stage) -> None:
    """The paper test, in its bracket."""
    await first_touch(stage)
    stage.session.ask(PAPER)
    await stage.settle()


async def paper_begins(stage: Stage) -> None:
    """The paper test at its start, high above the bed."""
    await first_touch(stage)
    begin = replace(PAPER, height=5.0, lower=None, upper=None, tried=(5.0,), test=1, place="front left")
    stage.session.ask(begin)
    await stage.settle()


async def paper_warns(stage: Stage) -> None:
    """The paper test with a step chosen that is too long."""
    await paper(stage)
    await stage.press("2")


async def paper_typed(stage: Stage) -> None:
    """A distance is typed."""
    await paper(stage)
    await stage.press("z", "minus", "0", "full_stop", "0", "3")


async def risky_step(stage: Stage) -> None:
    """The check asks before a dangerous step."""
    await paper_warns(stage)
    await stage.press("j")
    stage.session.ask(RISKY)
    await stage.settle()


async def jog(stage: Stage) -> None:
    """Jogging over the mark."""
    await first_touch(stage)
    stage.session.ask(JOG)
    await stage.settle()


async def save(stage: Stage) -> None:
    """The question before saving, with its difference."""
    await running(stage)
    stage.session.ask(SAVE)
    await stage.settle()


async def choose(stage: Stage) -> None:
    """One of several."""
    await first_touch(stage)
    stage.session.ask(CHOOSE)
    await stage.settle()


async def _of(stage: Stage, check: str) -> None:
    stage.app.post_message(StartRequested(check))
    await stage.settle()


async def ready(stage: Stage) -> None:
    """A check without samples."""
    await _of(stage, "ready")
    sketches.ready(stage.session)
    await stage.settle()


async def bias_begins(stage: Stage) -> None:
    """Location bias before every place was measured."""
    await _of(stage, "bias")
    sketches.bias(stage.session, places=3)
    await stage.settle()


async def bias(stage: Stage) -> None:
    """Location bias: the map."""
    await _of(stage, "bias")
    sketches.bias(stage.session)
    await stage.settle()


async def temperature(stage: Stage) -> None:
    """Temperature bias: the curve over time."""
    await _of(stage, "temperature")
    sketches.temperature(stage.session)
    await stage.settle()


async def temperature_heat(stage: Stage) -> None:
    """Temperature bias: the curve over temperature."""
    await temperature(stage)
    await stage.press("v")


async def auto_z(stage: Stage) -> None:
    """The three heights and the formula."""
    await _of(stage, "auto-z")
    sketches.auto_z(stage.session)
    await stage.settle()


async def z_offset_saved(stage: Stage) -> None:
    """The result of a paper test, saved."""
    await _of(stage, "z-offset")
    sketches.z_offset(stage.session)
    stage.session.end(Outcome.FINISHED)
    await stage.settle()


async def whole_plan(stage: Stage) -> None:
    """The result of the whole plan."""
    stage.app.post_message(StartRequested("all"))
    await stage.settle()
    stage.session.say(RunEnded(sketches.WHOLE))
    await stage.settle()


async def map_alone(stage: Stage) -> None:
    """A run's picture over the whole screen."""
    await bias(stage)
    stage.session.finish()
    await stage.settle()
    await stage.press("v")


async def cut_off(stage: Stage) -> None:
    """A run that was cut off is offered."""
    stage.session.update(interrupted=(replace(sketches.WHOLE, id="cut", check="bias"),))
    await stage.settle()


async def watching(stage: Stage) -> None:
    """Another program works with the printer; what can be done."""
    lease = {"holder": "zcal-tui on workshop (4711)", "until": 9.0, "holds": []}
    zcal = {"lease": lease, "state": "running", "command": "ZCAL_PROBE_ACCURACY", "count": 12}
    stage.session.printer(zcal=zcal, commands=frozenset({"M118"}))
    await stage.settle()
    await stage.press("w")


async def stale(stage: Stage) -> None:
    """The plan with results, one of them stale."""
    done = replace(sketches.WHOLE, parts=(), estimates=sketches.FOUND)
    last = {name: replace(done, check=name) for name in ("ready", "probe-xy", "z-offset")}
    reason = "the gantry was levelled since (QUAD_GANTRY_LEVEL, today 14:02)"
    stage.session.update(last=last, stale={"z-offset": reason})
    await stage.settle()
    await stage.press("up")


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        plan,
        plan_after,
        first_touch,
        running,
        cancelling,
        verdict,
        cancelled,
        problem,
        problem_page,
        settings,
        refused,
        console,
        help_page,
        stopped,
        shutdown,
        why,
        leaving,
        palette,
        paper,
        paper_begins,
        paper_warns,
        paper_typed,
        risky_step,
        jog,
        save,
        choose,
        ready,
        bias_begins,
        bias,
        temperature,
        temperature_heat,
        auto_z,
        z_offset_saved,
        whole_plan,
        map_alone,
        cut_off,
        watching,
        stale,
    )
}


def starting() -> ScriptedSession:
    """A session whose simulated printer is being set up."""
    link = PrinterLink(LinkState.STARTING, "simulated", "voron", "Preparing Klipper: compiling its C helper")
    return ScriptedSession(link=link, printer=PrinterState())


def unreachable() -> ScriptedSession:
    """A session that cannot reach its printer."""
    why = Problem(
        "Nothing answers at printer.local:7125.",
        "The printer is off, or Moonraker does not run there.",
        "Check the address, or give another with --printer.",
        "[Errno 111] Connection refused [/markup?]",
    )
    link = PrinterLink(LinkState.FAILED, "http://printer.local:7125", "printer.local", "", why)
    return ScriptedSession(link=link, printer=PrinterState())
