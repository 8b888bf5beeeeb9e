"""How to get to every screen: used for pictures, for `nothing is cut off` and for `STOP is everywhere`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from tests.tui import sample_runs
from tests.tui.app_driver import AppDriver
from tests.tui.scripted import CHOOSE, JOG, PAPER, RISKY, SAVE, ScriptedSession
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.events import RunEnded
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Verdict
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.advance_consent import HEATING_HELP, SAVE_SWITCH, Switch, advance_question
from zcal_tui.session.result_card import result_card as card_of
from zcal_tui.session.snapshot import LinkState, PrinterLink
from zcal_tui.tui.messages import StartRequested

Scene = Callable[[AppDriver], Awaitable[None]]


async def plan(driver: AppDriver) -> None:
    """The plan, nothing run yet."""


async def plan_after(driver: AppDriver) -> None:
    """The plan after a run."""
    await verdict(driver)
    await driver.press("p")


async def first_touch(driver: AppDriver) -> None:
    """A run with a single sample."""
    await driver.press("enter")
    driver.session.touch(1)
    await driver.settle()


async def running(driver: AppDriver) -> None:
    """A run in the middle."""
    await driver.press("enter")
    driver.session.touch(14)
    await driver.settle()


async def cancelling(driver: AppDriver) -> None:
    """A run that is being cancelled."""
    await running(driver)
    await driver.press("escape")


async def verdict(driver: AppDriver) -> None:
    """The result."""
    await running(driver)
    driver.session.finish()
    await driver.settle()


async def cancelled(driver: AppDriver) -> None:
    """The result of a cancelled run."""
    await cancelling(driver)
    driver.session.end(Outcome.CANCELLED)
    await driver.settle()


async def problem(driver: AppDriver) -> None:
    """A run that failed: the box."""
    await running(driver)
    driver.session.printer(position=(125.0, 125.0, 0.12))
    driver.session.fail()
    await driver.settle()


async def problem_page(driver: AppDriver) -> None:
    """A run that failed: the page under the box."""
    await problem(driver)
    await driver.press("escape")


async def settings(driver: AppDriver) -> None:
    """The form."""
    await driver.press("s")


async def refused(driver: AppDriver) -> None:
    """The form with a value out of range."""
    await settings(driver)
    driver.app.screen.query_one("#p-samples").focus()
    await driver.press("5", "0", "0")


async def console(driver: AppDriver) -> None:
    """The console."""
    driver.session.console("// probe at 125.000,125.000 is z=1.4975")
    driver.session.console("!! Must home axis first: [bold]x[/] [/oops]")
    await driver.press("c")


async def help_page(driver: AppDriver) -> None:
    """Help for the plan."""
    await driver.press("f1")


async def stopped(driver: AppDriver) -> None:
    """After an emergency stop."""
    await running(driver)
    await driver.press("f12")
    driver.session.printer(klippy="shutdown", message="Emergency stop")
    await driver.settle()


async def shutdown(driver: AppDriver) -> None:
    """klippy has shut down by itself."""
    driver.session.printer(klippy="shutdown", message="MCU 'mcu' shutdown: Timer too close\nThis often means")
    await driver.settle()


async def why(driver: AppDriver) -> None:
    """The reason in full."""
    await shutdown(driver)
    await driver.press("w")


async def leaving(driver: AppDriver) -> None:
    """The question before leaving."""
    await running(driver)
    await driver.press("q")


async def palette(driver: AppDriver) -> None:
    """The command palette."""
    await driver.press("ctrl+p")


async def result_card(driver: AppDriver) -> None:
    """The result of a check of the full calibration, and how to continue."""
    await running(driver)
    driver.app.app_state.begin("all")
    driver.session.finish()
    change = Change("probe", "z_offset", "1.245", "1.251", effect="")
    record = driver.session.snapshot.run.record if driver.session.snapshot.run else None
    assert record is not None
    record = replace(
        record,
        check="z-offset",
        estimates={"z_offset": Estimate("z_offset", 1.251, 1.245, 1.257)},
        verdict=Verdict(Level.WARN, "z_offset is 6 µm too small."),
        changes=(change,),
        advice=("Remove the paper.", "Check the screws of the probe.", "Repeat it warm.", "A fourth."),
    )
    driver.session.ask(card_of(record, waits=(change,)))
    await driver.settle()


async def paper(driver: AppDriver) -> None:
    """The paper test, in its bracket."""
    await first_touch(driver)
    driver.session.ask(PAPER)
    await driver.settle()


async def paper_begins(driver: AppDriver) -> None:
    """The paper test at its start, high above the bed."""
    await first_touch(driver)
    begin = replace(
        PAPER,
        height=5.0,
        lower=None,
        upper=None,
        tried=(5.0,),
        free=(),
        dragging=(),
        test=1,
        place="front left",
    )
    driver.session.ask(begin)
    await driver.settle()


async def paper_warns(driver: AppDriver) -> None:
    """The paper test with a step chosen that is too long."""
    await paper(driver)
    await driver.press("2")


async def paper_typed(driver: AppDriver) -> None:
    """A distance is typed."""
    await paper(driver)
    await driver.press("z", "minus", "0", "full_stop", "0", "3")


async def risky_step(driver: AppDriver) -> None:
    """The check asks before a dangerous step."""
    await paper_warns(driver)
    await driver.press("j")
    driver.session.ask(RISKY)
    await driver.settle()


async def jog(driver: AppDriver) -> None:
    """Jogging over the mark."""
    await first_touch(driver)
    driver.session.ask(JOG)
    await driver.settle()


async def save(driver: AppDriver) -> None:
    """The question before saving, with its difference."""
    await running(driver)
    driver.session.ask(SAVE)
    await driver.settle()


async def choose(driver: AppDriver) -> None:
    """One of several."""
    await first_touch(driver)
    driver.session.ask(CHOOSE)
    await driver.settle()


async def _of(driver: AppDriver, check: str) -> None:
    driver.app.post_message(StartRequested(check))
    await driver.settle()


async def ready(driver: AppDriver) -> None:
    """A check without samples."""
    await _of(driver, "ready")
    sample_runs.ready(driver.session)
    await driver.settle()


async def bias_begins(driver: AppDriver) -> None:
    """Location bias before every place was measured."""
    await _of(driver, "bias")
    sample_runs.bias(driver.session, places=3)
    await driver.settle()


async def bias(driver: AppDriver) -> None:
    """Location bias: the map."""
    await _of(driver, "bias")
    sample_runs.bias(driver.session)
    await driver.settle()


async def temperature(driver: AppDriver) -> None:
    """Temperature bias: the curve over time."""
    await _of(driver, "temperature")
    sample_runs.temperature(driver.session)
    await driver.settle()


async def temperature_heat(driver: AppDriver) -> None:
    """Temperature bias: the curve over temperature."""
    await temperature(driver)
    await driver.press("v")


async def auto_z(driver: AppDriver) -> None:
    """The three heights and the formula."""
    await _of(driver, "auto-z")
    sample_runs.auto_z(driver.session)
    await driver.settle()


async def z_offset_saved(driver: AppDriver) -> None:
    """The result of a paper test, saved."""
    await _of(driver, "z-offset")
    sample_runs.z_offset(driver.session)
    driver.session.end(Outcome.FINISHED)
    await driver.settle()


async def z_offset_found(driver: AppDriver) -> None:
    """The result of a paper test, with the value not saved yet."""
    await _of(driver, "z-offset")
    sample_runs.z_offset(driver.session, state="proposed")
    driver.session.end(Outcome.FINISHED)
    await driver.settle()


async def plan_consent(driver: AppDriver) -> None:
    """The page before a full calibration."""
    await _of(driver, "all")
    switches = {
        "home": Switch("Home all axes", "Runs G28 now and after each restart."),
        "level": Switch("Level", "Runs QUAD_GANTRY_LEVEL with the probe attached."),
        "heat": Switch("Heat the bed to 60 °C and the nozzle to 200 °C for up to 50 min", HEATING_HELP),
        "save": SAVE_SWITCH,
    }
    on = {name: name != "level" for name in switches}
    driver.session.ask(advance_question(switches, on, tuple(CHECKS.values()), Capabilities()))
    await driver.settle()


async def whole_plan(driver: AppDriver) -> None:
    """The result of the whole plan."""
    driver.app.post_message(StartRequested("all"))
    await driver.settle()
    done = replace(sample_runs.WHOLE, parts=(), estimates={})
    last = {
        part.check: replace(
            done,
            id=part.id,
            check=part.check,
            outcome=part.outcome,
            verdict=None if part.level is None else Verdict(part.level, part.summary),
        )
        for part in sample_runs.WHOLE.parts
    }
    driver.session.emit(RunEnded(sample_runs.WHOLE))
    driver.session.update(last=last)
    await driver.settle()


async def map_alone(driver: AppDriver) -> None:
    """A run's picture over the whole screen."""
    await bias(driver)
    driver.session.finish()
    await driver.settle()
    await driver.press("v")


async def cut_off(driver: AppDriver) -> None:
    """A run that was cut off is offered."""
    driver.session.update(interrupted=(replace(sample_runs.WHOLE, id="cut", check="bias"),))
    await driver.settle()


async def watching(driver: AppDriver) -> None:
    """Another program works with the printer; what can be done."""
    lease = {"holder": "zcal-tui on workshop (4711)", "until": 9.0, "holds": []}
    zcal = {"lease": lease, "state": "running", "command": "ZCAL_PROBE_ACCURACY", "count": 12}
    driver.session.printer(zcal=zcal, commands=frozenset({"M118"}))
    await driver.settle()
    await driver.press("w")


async def stale(driver: AppDriver) -> None:
    """The plan with results, one of them stale."""
    done = replace(sample_runs.WHOLE, parts=(), estimates=sample_runs.FOUND)
    last = {name: replace(done, check=name) for name in ("ready", "probe-xy", "z-offset")}
    reason = "the gantry was levelled since (QUAD_GANTRY_LEVEL, today 14:02)"
    driver.session.update(last=last, stale={"z-offset": reason})
    await driver.settle()
    await driver.press("up")


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
        result_card,
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
        z_offset_found,
        plan_consent,
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
