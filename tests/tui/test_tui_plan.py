"""The plan: what is done, what is next, what is stale, what was cut off, who else is at the printer."""

import asyncio
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.tui import sample_runs
from tests.tui.app_driver import NORMAL, SMALL, AppDriver, Opener
from tests.tui.scenes import verdict
from tests.tui.scripted import FINISHED, NOW, READY, ScriptedSession
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import FullCalibrationParameters
from zcal_tui.checks.lease.process import OWN_NAME, ourselves
from zcal_tui.model.events import RunEnded, RunStarted, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Record, RecordPart, Verdict
from zcal_tui.printer.state import ManualProbeState
from zcal_tui.session.snapshot import LinkState, PrinterLink
from zcal_tui.tui.other_clients import held_since, holder_text, refusal_of, request_of
from zcal_tui.tui.widgets.checklist import CheckList


def record(check: str, level: Level = Level.PASS) -> Record:
    """A finished record."""
    return Record(
        f"{check}-1",
        check,
        {},
        FINISHED,
        FINISHED,
        Outcome.FINISHED,
        estimates={"z_offset": Estimate("z_offset", 1.245, 1.239, 1.251)},
        verdict=Verdict(level, "A sentence."),
    )


async def test_the_plan_opens_at_the_next_sensible_check(opened: Opener) -> None:
    session = ScriptedSession()
    session.update(last={"ready": record("ready"), "probe-xy": record("probe-xy")})
    async with opened(session, check=None) as driver:
        assert "Z offset" in driver.words()
        assert "2 of 7 done" in driver.words()
        await driver.press("n")
        assert driver.session.runs == 1 and driver.session.snapshot.run is not None
        assert driver.session.snapshot.run.record.check == "z-offset"


async def test_a_stale_result_is_named_with_its_reason_and_comes_next(opened: Opener) -> None:
    session = ScriptedSession()
    last = {name: record(name) for name in CHECKS}
    session.update(last=last, stale={"z-offset": "the gantry was levelled [again] since"})
    async with opened(session, check=None) as driver:
        words = driver.words()
        assert "↻ Z offset stale" in words and "the gantry was levelled" in words
        assert "1.245 mm ± 6.0 µm" in words
    session = ScriptedSession()
    session.update(last=last)
    async with opened(session, check=None) as driver:
        assert "all 7 done" in driver.words()
        await driver.press("n")
        assert "All checks are done" in driver.words() and session.runs == 0


async def test_a_look_at_the_printer_that_is_stale_is_no_work_with_nothing_left_to_measure(
    opened: Opener,
) -> None:
    session = ScriptedSession()
    last = {name: record(name) for name in CHECKS}
    session.update(last=last, stale={"ready": "Klipper was restarted since"})
    async with opened(session, check=None) as driver:
        assert "↻ Ready" in driver.words() and "all 7 done" in driver.words()
        assert driver.app.app_state.next_check() is None
        session.update(stale={"ready": "Klipper was restarted since", "bias": "the nozzle was changed"})
        await driver.settle()
        assert "5 of 7 done" in driver.words() and driver.app.app_state.next_check() == "ready"
        session.update(last={**last, "ready": record("ready", Level.FAIL)}, stale={})
        await driver.settle()
        assert "6 of 7 done" in driver.words() and driver.app.app_state.next_check() == "ready"


async def test_failed_and_undecided_checks_are_not_done(opened: Opener) -> None:
    session = ScriptedSession()
    session.update(last={"ready": record("ready", Level.WARN), "probe-xy": record("probe-xy", Level.FAIL)})
    async with opened(session, check=None) as driver:
        assert "1 of 7 done" in driver.words()
        assert driver.app.app_state.next_check() == "probe-xy"
        assert driver.app.app_state.next_check("probe-xy") == "z-offset"


async def test_the_verdict_goes_on_to_the_next_check(opened: Opener) -> None:
    async with opened() as driver:
        await verdict(driver)
        assert "Continue: Location bias" in driver.words()
        await driver.press("enter")
        assert driver.session.snapshot.run is not None
        assert driver.session.snapshot.run.record.check == "bias"


async def test_a_saved_compensation_is_checked_with_a_short_run(opened: Opener) -> None:
    session = ScriptedSession()
    saved = Change("axis_twist_compensation", "z_compensations", None, "0.1, 0, -0.1", "saved", saves=True)
    places = {f"z_offset@{x},{y}": Estimate("z", 1.5, 1.4, 1.6) for x, y in ((20, 30), (220, 30), (20, 210))}
    found = replace(record("bias"), changes=(saved,), estimates=places)
    session.update(last={"bias": found})
    async with opened(session, check="bias") as driver:
        await driver.press("l")
        assert driver.screen == "VerdictScreen"
        assert "Check it" in driver.words()
        await driver.press("c")
        assert driver.session.asked[-1] == ("start", BiasParameters(places="20,120;220,120", rounds=2))
    session = ScriptedSession()
    session.update(last={"bias": replace(found, changes=(replace(saved, state="declined"),))})
    async with opened(session, check="bias") as driver:
        await driver.press("l")
        assert "Check it" not in driver.words()


async def test_the_last_result_is_shown_again(opened: Opener) -> None:
    session = ScriptedSession()
    session.update(last={"z-offset": record("z-offset")})
    async with opened(session, check="z-offset") as driver:
        await driver.press("l")
        assert driver.screen == "VerdictScreen" and "A sentence." in driver.words()
        await driver.press("escape")
        assert driver.screen == "PlanScreen"


async def test_the_whole_calibration_is_followed_from_part_to_part(opened: Opener) -> None:
    async with opened(check=None) as driver:
        session = driver.session
        await driver.press("a")
        assert "Every check that applies, one after the" in driver.words() and session.runs == 0
        await driver.press("a")
        assert session.asked[-1] == ("start", FullCalibrationParameters())
        assert driver.screen == "RunScreen"
        for check in ("ready", "z-offset"):
            session.emit(RunStarted(f"part-{check}", check, FINISHED))
            sample_runs.ready(session) if check == "ready" else sample_runs.z_offset(session)
            await driver.settle()
            assert CHECKS[check].info.title in driver.words() or check == "ready"
            session.end(Outcome.FINISHED)
            await driver.settle()
            assert driver.screen == "RunScreen", "the next part follows"
        await driver.press("p")
        assert driver.app.app_state.running == "all"
        await driver.press("enter")
        assert driver.screen == "RunScreen"
        parts = (
            RecordPart("1", "ready", Outcome.FINISHED, Level.PASS, "Ready."),
            RecordPart("2", "z-offset", Outcome.CANCELLED, None, "You stopped it [here]."),
        )
        whole = Record("run-1", "all", {}, FINISHED, FINISHED, Outcome.CANCELLED, parts=parts)
        session.emit(RunEnded(whole))
        await driver.settle()
        assert driver.screen == "VerdictScreen"
        words = driver.words()
        assert (
            "Cancelled." in words
            and "✓ Ready" in words
            and "Z offset" in words
            and "You stopped it [here]." in words
        )
        assert driver.app.app_state.running is None


async def test_a_whole_calibration_that_was_cut_off_is_handed_on_with_what_it_had_done(
    opened: Opener,
) -> None:
    """What is left of it the session finds (session.resuming): the interface says which run it was."""
    session = ScriptedSession()
    cut = replace(sample_runs.WHOLE, id="cut", parts=(), parameters={"skip": "temperature", "only": ""})
    session.update(interrupted=(cut,))
    async with opened(session, check=None) as driver:
        await driver.press("1")
        assert driver.screen == "RunScreen"
        assert session.options.resume is cut
        assert session.asked[-1] == ("start", FullCalibrationParameters(skip="temperature"))


@pytest.mark.parametrize(("key", "asked"), [("1", "start"), ("2", "close interrupted"), ("escape", None)])
async def test_a_run_that_was_cut_off_is_offered_once(key: str, asked: str | None, opened: Opener) -> None:
    session = ScriptedSession()
    cut = replace(record("bias"), id="cut", outcome=Outcome.LOST, parameters={"rounds": 4, "repeats": None})
    session.update(interrupted=(cut,))
    async with opened(session) as driver:
        assert driver.screen == "PickModal" and "Location bias, started" in driver.words()
        await driver.press(key)
        assert driver.screen == ("RunScreen" if asked == "start" else "PlanScreen")
        if asked == "start":
            assert session.options.resume is cut
            assert session.asked[-1][1].rounds == 4
        elif asked is not None:
            assert session.asked[-1] == (asked, "cut")


async def test_what_was_changed_on_the_machine_is_told(opened: Opener) -> None:
    async with opened() as driver:
        await driver.press("m")
        assert driver.screen == "PickModal" and "Nozzle" in driver.words()
        await driver.press("1")
        assert driver.session.asked[-1] == ("changed", "nozzle")


async def shown(driver: AppDriver, screen: str) -> None:
    """Wait until a thread's work has brought a screen to the front."""
    async with asyncio.timeout(10):
        while driver.screen != screen:
            await driver.settle()


async def test_the_operator_of_paper_tests_is_chosen_on_the_plan(opened: Opener) -> None:
    async with opened(check="z-offset", size=(120, 40)) as driver:
        assert "Not named. Paper tests are assumed to vary by 10 µm." in driver.words()
        await driver.press("o")
        await shown(driver, "PickModal")
        await driver.press("2")
        await shown(driver, "TypedModal")
        await driver.press(*"Anna", "enter")
        await driver.settle()
        assert "Anna. Paper tests are assumed to vary by 10 µm." in driver.words()
        await driver.press("enter")
        assert driver.session.options.operator == "anna"


# ---------------------------------------------------------------------- others at the printer


def leased(holder: str) -> ScriptedSession:
    """A session whose printer is held by a program of that name."""
    zcal = {"version": "1", "lease": {"holder": holder, "until": 99.0, "holds": []}}
    return ScriptedSession(printer=replace(READY, zcal=zcal, commands=frozenset({"M118"})))


async def test_another_program_at_the_printer_is_watched_and_can_be_asked(opened: Opener) -> None:
    session = leased("zcal-tui on pi [4711]")
    async with opened(session) as driver:
        words = driver.words()
        assert "watching" in words and "In use by zcal-tui on pi [4711]" in words
        await driver.press("enter")
        assert session.asked_for("start") == 0
        zcal = {**session.snapshot.printer.zcal, "state": "running", "command": "ZCAL_PROBE", "count": 7}
        session.printer(zcal=zcal)
        await driver.settle()
        await driver.press("w")
        assert driver.screen == "ProblemModal"
        assert "ZCAL_PROBE, 7 samples." in driver.words()
        await driver.click("#resolve")
        assert session.asked[-1] == ("announce", f"zcal-tui: {OWN_NAME} asks to take over this printer")
        session.printer(zcal={"lease": None})
        await driver.settle()
        assert "watching" not in driver.words()
        await driver.press("enter")
        assert session.asked_for("start") == 1


async def test_another_program_is_shown_with_the_local_time_since_when_it_holds_the_printer(
    opened: Opener,
) -> None:
    session = leased("zcal-tui on pi [4711]")
    lease = {"holder": "zcal-tui on pi [4711]", "since": 100.0, "until": 4000.0, "holds": []}
    session.printer(zcal={**session.snapshot.printer.zcal, "lease": lease}, eventtime=3700.0)
    printer, noon = session.snapshot.printer, datetime(2026, 11, 30, 12, 0, 10)
    assert held_since(printer, noon) == "11:00"
    assert held_since(printer, noon.replace(hour=0)) == "2026-11-29 23:00"
    assert holder_text(replace(printer, zcal={"lease": {**lease, "since": None}})).endswith("View only.")
    since = held_since(printer)
    async with opened(session) as driver:
        assert f"In use by zcal-tui on pi [4711]. View only since {since}." in driver.words()
        await driver.press("w")
        assert f"That one has held it since {since}." in driver.words()


async def test_a_program_that_does_not_respond_is_counted_down(opened: Opener) -> None:
    session = leased("zcal-tui on pi [4711]")
    async with opened(session) as driver:
        session.update(printer=replace(session.snapshot.printer, eventtime=70.0))
        await driver.settle()
        assert "Free in 29 s: zcal-tui on pi [4711] does not respond." in driver.words()
        session.update(printer=replace(session.snapshot.printer, eventtime=71.0))
        await driver.settle()
        assert "Free in 28 s:" in driver.words()
        await driver.press("enter")
        assert session.asked_for("start") == 0, "it may still be running"


async def test_a_killed_program_is_named_and_a_check_may_take_over(opened: Opener) -> None:
    session = leased("zcal-tui on pi [4711]")
    killed = subprocess.Popen(["sleep", "60"])  # noqa: ASYNC220  it starts at once
    lease = {"holder": "zcal-tui on pi [4711]", "until": 99.0, "holds": [], "process": identity(killed.pid)}
    session.printer(zcal={**session.snapshot.printer.zcal, "lease": lease})
    async with opened(session) as driver:
        assert "In use by" in driver.words()
        killed.kill()
        killed.wait()
        session.update(printer=replace(session.snapshot.printer, eventtime=60.0))
        await driver.settle()
        assert "A check may take over: zcal-tui on pi [4711] has ended. Free in 39 s." in driver.words()
        await driver.press("enter")
        assert session.asked_for("start") == 1


def identity(pid: int) -> dict[str, object]:
    """Another process, as it identifies itself to the [zcal] module."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return {**ourselves(), "pid": pid, "began": stat[19]}


async def test_our_own_lease_is_not_another_program(opened: Opener) -> None:
    async with opened(leased(OWN_NAME)) as driver:
        assert "watching" not in driver.words()


@pytest.mark.parametrize(("key", "cancelled"), [("y", True), ("n", False)])
async def test_whoever_asks_for_the_printer_is_answered(key: str, cancelled: bool, opened: Opener) -> None:
    async with opened() as driver:
        session = driver.session
        await driver.press("enter")
        session.touch(3)
        session.console("echo: zcal-tui: zcal-tui on pi (1) asks to take over this printer")
        await driver.settle()
        assert driver.screen == "ConfirmModal" and "zcal-tui on pi (1) requests control" in driver.words()
        await driver.press(key)
        assert (session.asked_for("cancel") == 1) is cancelled
        assert any("keeps this printer" in str(what) for _, what in session.asked) is not cancelled


async def test_a_refusal_is_told(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.console("echo: zcal-tui: zcal-tui on pi (1) keeps this printer")
        await driver.settle()
        assert "zcal-tui on pi (1) keeps control of the printer" in driver.words()


def test_requests_are_read_from_the_console() -> None:
    assert request_of("echo: zcal-tui: somebody asks to take over this printer") == "somebody"
    assert request_of(f"echo: zcal-tui: {OWN_NAME} asks to take over this printer") is None
    assert request_of("echo: zcal-tui: somebody keeps this printer") is None
    assert refusal_of("echo: zcal-tui: somebody keeps this printer") == "somebody"
    assert request_of("// probe at 1,2 is z=3") is None


async def test_a_paper_test_from_elsewhere_is_not_touched_without_asking(opened: Opener) -> None:
    printer = replace(READY, manual_probe=ManualProbeState(is_active=True, z_position=1.0))
    session = ScriptedSession(printer=printer)
    async with opened(session) as driver:
        assert "A paper test is open that was not started here" in driver.words()
        await driver.press("enter")
        assert session.asked_for("start") == 0 and session.asked_for("gcode") == 0
        await driver.press("w", "x")
        assert session.asked[-1] == ("gcode", "ABORT")


async def test_a_link_that_comes_back_goes_on(opened: Opener) -> None:
    async with opened(check=None) as driver:
        driver.session.update(link=PrinterLink(LinkState.LOST, "localhost:7125", "voron24"))
        await driver.settle()
        assert "reconnecting" in driver.words()
        driver.session.update(link=PrinterLink(LinkState.UP, "localhost:7125", "voron24"))
        await driver.settle()
        await driver.press("n")
        assert driver.session.asked_for("start") == 1


# ---------------------------------------------------------------------- keys


async def test_keys_can_be_changed_but_stop_keeps_its_own(opened: Opener) -> None:
    keymap = {"plan.next": "f2", "app.stop": "f5", "plan.nxt": "x"}
    async with opened(check=None, keymap=keymap) as driver:
        assert "There is no action 'plan.nxt'" in driver.words() and "plan.next?" in driver.words()
        await driver.press("n")
        assert driver.session.asked_for("start") == 0
        await driver.press("f2")
        assert driver.session.asked_for("start") == 1
        await driver.press("f12")
        await driver.press("escape", "f5")
        assert driver.session.asked_for("stop") == 2


async def test_values_saved_and_values_to_edit_are_told_apart(opened: Opener) -> None:
    limit = Change("stepper_z", "position_min", "0", "-2")
    for state, told in (
        ("saved", "✓ Saved in printer.cfg"),
        ("declined", "Not saved: declined"),
        ("staged", "SAVE_CONFIG was not confirmed"),
        ("proposed", "Save and restart"),
    ):
        async with opened(size=(120, 40), check="z-offset") as driver:
            await driver.press("enter")
            sample_runs.z_offset(driver.session, state=state, by_hand=(limit,))
            driver.session.emit(VerdictReached(Verdict(Level.PASS, "Done.")))
            driver.session.end(Outcome.FINISHED)
            await driver.settle()
            words = driver.words()
            assert told in words and "Edit in printer.cfg" in words
            assert "z_offset 1.245 → 1.251" in words and "position_min: -2 # now 0" in words


@pytest.mark.parametrize("size", [SMALL, (68, 26), NORMAL], ids=str)
@pytest.mark.parametrize("outcome", Outcome)
async def test_no_title_in_the_list_is_cut_whatever_became_of_the_check(
    outcome: Outcome, size: tuple[int, int], opened: Opener
) -> None:
    long_ago = (NOW - timedelta(minutes=59)).isoformat() if outcome is Outcome.FINISHED else None
    session = ScriptedSession()
    last = {name: replace(record(name), outcome=outcome, finished=long_ago) for name in CHECKS}
    session.update(last=last)
    async with opened(session, check=None, size=size) as driver:
        checks = driver.app.screen.query_one(CheckList)
        rows = str(checks.render()).splitlines()
        assert "59 min ago" in " ".join(rows) or outcome is not Outcome.FINISHED
        assert not [row for row in rows if "…" in row]
        for title in ("Repeatability", "Location bias", "Auto Z offset", "XY offset"):
            assert any(title in row or title.replace("Auto", "Automatic") in row for row in rows), title
