"""How to get to every screen: used for pictures, for `nothing is cut off` and for `STOP is everywhere`."""

from collections.abc import Awaitable, Callable

from scripted import ScriptedSession
from stage import Stage
from zcal_tui.model.record import Outcome, Problem
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import Link, LinkState

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
    )
}


def starting() -> ScriptedSession:
    """A session whose simulated printer is being set up."""
    link = Link(LinkState.STARTING, "simulated", "voron", "Preparing Klipper: compiling its C helper")
    return ScriptedSession(link=link, printer=PrinterState())


def unreachable() -> ScriptedSession:
    """A session that cannot reach its printer."""
    why = Problem(
        "Nothing answers at printer.local:7125.",
        "The printer is off, or Moonraker does not run there.",
        "Check the address, or give another with --printer.",
        "[Errno 111] Connection refused [/markup?]",
    )
    link = Link(LinkState.FAILED, "http://printer.local:7125", "printer.local", "", why)
    return ScriptedSession(link=link, printer=PrinterState())
