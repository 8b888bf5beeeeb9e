"""The full calibration, with fake checks: what is run, skipped, repeated and stored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.fakes import records
from zcal_tui.checks.base import Check
from zcal_tui.checks.full_calibration import FullCalibrationParameters, chosen
from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.model.events import Asked, Event, Notice, RunEnded, RunProblem, RunStarted
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import HEAT, PLAN_CONSENT, Answer, Choose, Confirm, Question
from zcal_tui.model.record import DID_NOT_START, Change, Estimate, Level, Outcome, Problem, Record, Verdict
from zcal_tui.printer.state import PrinterState, SaveConfigPending
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, read_run
from zcal_tui.session import full_calibration
from zcal_tui.session.consents import Consents
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.full_calibration import FullCalibrationRun
from zcal_tui.session.saving import discard
from zcal_tui.session.saving.waiting import WaitingValues
from zcal_tui.session.snapshot_store import SnapshotStore

SETTINGS: dict[str, dict[str, object]] = {
    "probe": {"z_offset": 1.5, "x_offset": 10.0, "y_offset": 0.0},
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
    "extruder": {},
    "heater_bed": {},
}
HOMED = PrinterState(connected=True, klippy="ready", homed_axes="xyz", z_tilt_applied=True, settings=SETTINGS)
UNHOMED = replace(HOMED, homed_axes="", z_tilt_applied=False)


@dataclass
class FakePrinter:
    state: PrinterState = HOMED
    after_command: PrinterState | None = None
    """Its state once the command that runs has ended."""

    async def gcode(self, script: str) -> None:
        assert script == "M400"
        self.state = self.after_command or self.state

    async def refresh(self) -> PrinterState:
        return self.state

    def read(self, changes: tuple[Change, ...]) -> None:
        """Run with these values now."""
        settings = {name: dict(options) for name, options in self.state.settings.items()}
        for change in changes:
            settings.setdefault(change.section, {})[change.option] = float(change.new)
        self.state = replace(self.state, settings=settings)

    def subscribe(self, listener: Callable[[PrinterState], None]) -> Callable[[], None]:
        return lambda: None


@dataclass
class FakeRun:
    """Ends with the given result."""

    check: str
    ends: Callable[[], Record]
    show: Callable[[Event], None]
    cancelled: bool = False
    answers: list[Answer] = field(default_factory=list)

    def cancel(self) -> None:
        self.cancelled = True

    def answer(self, number: int, answer: Answer) -> None:
        self.answers.append(answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        self.show(RunStarted(id=f"{self.check}-1", check=self.check, started="now"))
        return RunEnded(self.ends())


def record(
    check: str,
    level: Level | None = Level.PASS,
    outcome: Outcome = Outcome.FINISHED,
    problem: Problem | None = None,
) -> Record:
    verdict = None if level is None else Verdict(level, f"{check} is {level}.")
    return Record(
        id=f"{check}-1",
        check=check,
        printer={},
        started="",
        outcome=outcome,
        verdict=verdict,
        problem=problem,
    )


class Whole:
    """One whole calibration: what each check ends with, and what came of it."""

    def __init__(self, folder: Path) -> None:
        self.printer = FakePrinter()
        self.store = Store(folder)
        self.board = SnapshotStore()
        self.events: list[Event] = []
        self.board.listen(self.events.append)
        self.runs: list[FakeRun] = []
        self.cards: list[Question] = []
        self.consents = Consents()
        self.first: list[Answer] = ["start"]
        """The answers to the page before it."""
        self.ends: dict[str, Record] = {}
        self.then: dict[str, Callable[[], None]] = {}
        """What happens while a check runs."""
        self.guide: FullCalibrationRun | None = None
        self.groups: list[tuple[FoundValues, ...]] = []
        """What was saved together."""
        self.saves = "saved"
        """The state of the values after a save."""

    @property
    def done(self) -> list[str]:
        return [run.check for run in self.runs]

    @property
    def notices(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Notice))

    def make(self, check: Check, parameters: Any) -> Any:
        def ends() -> Record:
            self.then.pop(check.info.name, lambda: None)()
            return self.ends.get(check.info.name, record(check.info.name))

        self.runs.append(FakeRun(check.info.name, ends, self.board.event))
        return self.runs[-1]

    def make_save(self, group: tuple[FoundValues, ...]) -> Any:
        self.groups.append(group)

        def ends() -> Record:
            self.then.pop("save", lambda: None)()
            changes = tuple(replace(c, state=self.saves) for values in group for c in values.changes)
            if self.saves == "saved":
                self.printer.read(changes)
            return replace(self.ends.get("save", record("save")), changes=changes)

        self.runs.append(FakeRun("save", ends, self.board.event))
        return self.runs[-1]

    async def go(
        self,
        *,
        present: bool = True,
        resumed: Record | None = None,
        save: SavePolicy = "ask",
        cards: tuple[str, ...] | None = None,
        **parameters: str,
    ) -> Record:
        """`cards` are the answers to the result cards; none are shown without them."""
        answers: list[Answer] = [*self.first, *(cards or ())]

        def answer(event: Event) -> None:
            if isinstance(event, Asked):
                if event.question.key != PLAN_CONSENT:
                    self.cards.append(event.question)
                asking = self.board.snapshot.question
                assert asking is not None and self.guide is not None
                assert answers, "nobody thought of this card"
                self.guide.answer(asking.n, answers.pop(0))

        self.board.listen(answer)
        self.guide = FullCalibrationRun(
            FullCalibrationParameters(**parameters),
            cast(Any, self.printer),
            self.store,
            self.board,
            self.make,
            self.make_save,
            present=present,
            save=save,
            resumed=resumed,
            consents=None if cards is None else self.consents,
        )
        ended = await self.guide.go("voron", "/tmp/klippy.sock")
        self.board.event(ended)
        return ended.record


@pytest.fixture
def whole(tmp_path: Path) -> Whole:
    return Whole(tmp_path)


async def test_every_check_that_applies_is_run_in_order_and_stored(whole: Whole) -> None:
    found = await whole.go()
    assert whole.done == ["ready", "probe-xy", "z-offset", "accuracy", "bias", "first-layer"]
    assert found.outcome is Outcome.FINISHED
    assert found.problem is None
    assert [part.check for part in found.parts] == whole.done
    assert {part.level for part in found.parts} == {Level.PASS}
    assert found.verdict is not None
    assert found.verdict.level is Level.PASS
    assert found.verdict.summary == "All 6 checks passed. 3 were skipped."
    assert of_record(found) is ExitCode.OK
    (path,) = whole.store.folder.rglob("*.jsonl")
    assert read_run(path).record == found, "what was shown is what is on disk"


async def test_what_does_not_apply_is_passed_over_with_the_reason(whole: Whole) -> None:
    found = await whole.go(present=False)
    assert "z-offset" not in whole.done
    assert "is skipped. It needs a person" in whole.notices
    assert "is skipped. It needs [zcal], the companion module in Klipper." in whole.notices
    assert found.verdict is not None
    assert sum("(skipped)" in reason for reason in found.verdict.reasons) == 9 - len(whole.done)


async def test_a_failure_that_makes_the_rest_meaningless_stops_it(whole: Whole) -> None:
    whole.ends["accuracy"] = record("accuracy", Level.FAIL)
    found = await whole.go()
    assert whole.done[-1] == "accuracy"
    assert found.outcome is Outcome.FINISHED
    assert found.problem is not None
    assert "It stopped after Repeatability: accuracy is fail." in found.problem.what
    assert "no other result is statistically significant" in found.problem.cause
    assert [event.problem for event in whole.events if isinstance(event, RunProblem)] == [found.problem]
    assert of_record(found) is ExitCode.VERDICT_FAIL, "nothing is wrong with the printer's side of it"


async def test_a_failure_that_does_not_is_gone_past(whole: Whole) -> None:
    whole.ends["bias"] = record("bias", Level.FAIL)
    found = await whole.go()
    assert whole.done[-1] == "first-layer"
    assert found.verdict is not None
    assert found.verdict.level is Level.FAIL
    assert found.verdict.summary.startswith("5 of 6 checks passed")
    assert of_record(found) is ExitCode.VERDICT_FAIL


@pytest.mark.parametrize(
    ("ended", "outcome", "code"),
    [
        (
            record("z-offset", None, Outcome.ERROR, Problem("It failed.")),
            Outcome.ERROR,
            ExitCode.PRINTER_ERROR,
        ),
        (record("z-offset", None, Outcome.LOST, Problem("Gone.")), Outcome.LOST, ExitCode.PRINTER_ERROR),
        (record("z-offset", None, Outcome.REFUSED, Problem("No.")), Outcome.REFUSED, ExitCode.NOT_READY),
        (record("z-offset", None, Outcome.CANCELLED), Outcome.CANCELLED, ExitCode.CANCELLED),
        (
            record("z-offset", Level.PASS, Outcome.FINISHED, Problem("It could not be saved.")),
            Outcome.FINISHED,
            ExitCode.PRINTER_ERROR,
        ),
    ],
)
async def test_it_ends_as_the_check_ended_that_stopped_it(
    whole: Whole, ended: Record, outcome: Outcome, code: ExitCode
) -> None:
    whole.ends["z-offset"] = ended
    found = await whole.go()
    assert whole.done == ["ready", "probe-xy", "z-offset"]
    assert found.outcome is outcome
    assert found.problem is not None
    assert "Z offset" in found.problem.what
    assert of_record(found) is code


def set_state(whole: Whole, state: PrinterState) -> Callable[[], None]:
    def change() -> None:
        whole.printer.state = state

    return change


async def test_after_a_restart_it_is_made_ready_again(whole: Whole) -> None:
    whole.then["z-offset"] = set_state(whole, UNHOMED)  # SAVE_CONFIG

    def home() -> None:
        whole.printer.state = HOMED

    whole.then["accuracy"] = home
    await whole.go(only="ready,z-offset,accuracy,bias")
    assert whole.done == ["ready", "z-offset", "ready", "accuracy", "bias"]


async def test_what_was_left_as_it_is_is_not_asked_about_again(whole: Whole) -> None:
    whole.printer.state = UNHOMED  # and the person does not want it homed or levelled by `ready`
    await whole.go(only="ready,accuracy,bias")
    assert whole.done == ["ready", "accuracy", "bias"]


async def test_a_levelling_that_goes_is_made_again_too(whole: Whole) -> None:
    whole.then["accuracy"] = set_state(whole, replace(HOMED, z_tilt_applied=False))
    await whole.go(only="ready,accuracy,bias")
    assert whole.done == ["ready", "accuracy", "ready", "bias"]


async def test_without_ready_nothing_is_made_ready(whole: Whole) -> None:
    whole.then["accuracy"] = set_state(whole, UNHOMED)
    await whole.go(skip="ready", only="accuracy,bias")
    assert whole.done == ["accuracy", "bias"]


async def test_the_last_look_at_a_check_is_the_one_that_counts(whole: Whole) -> None:
    whole.ends["ready"] = record("ready", Level.WARN)

    def restart() -> None:
        whole.ends["ready"] = record("ready", Level.PASS)
        whole.printer.state = UNHOMED

    whole.then["accuracy"] = restart
    found = await whole.go(only="ready,accuracy,bias")
    assert [part.level for part in found.parts if part.check == "ready"] == [Level.WARN, Level.PASS]
    assert found.verdict is not None
    assert found.verdict.level is Level.PASS


async def test_a_ready_that_fails_after_a_restart_stops_it(whole: Whole) -> None:
    def restart() -> None:
        whole.printer.state = UNHOMED
        whole.ends["ready"] = record("ready", Level.FAIL)

    whole.then["accuracy"] = restart
    found = await whole.go(only="ready,accuracy,bias")
    assert whole.done == ["ready", "accuracy", "ready"]
    assert found.problem is not None


async def test_a_cancel_reaches_the_check_under_way_and_ends_all(whole: Whole) -> None:
    def cancel() -> None:
        assert whole.guide is not None
        whole.guide.cancel()
        assert whole.runs[-1].cancelled

    whole.then["accuracy"] = cancel  # which was past its last place to stop, and finishes
    found = await whole.go()
    assert whole.done[-1] == "accuracy"
    assert found.outcome is Outcome.CANCELLED
    assert found.problem is not None
    assert found.problem.what == "Cancelled after Repeatability."
    assert of_record(found) is ExitCode.CANCELLED


async def test_a_check_that_was_cancelled_says_so_in_the_overview(whole: Whole) -> None:
    whole.ends["accuracy"] = record("accuracy", None, Outcome.CANCELLED)
    found = await whole.go(only="ready,accuracy,bias")
    assert found.problem is not None
    assert found.problem.what == "Cancelled during Repeatability."
    assert found.verdict is not None
    assert found.verdict.reasons[1] == "Repeatability: cancelled"


async def test_an_answer_goes_to_the_check_under_way_only(whole: Whole) -> None:
    def answer() -> None:
        assert whole.guide is not None
        whole.guide.answer(7, True)

    whole.then["accuracy"] = answer
    await whole.go(only="ready,accuracy")
    assert [run.answers for run in whole.runs] == [[], [True]]
    answer()  # nothing runs any more
    assert [run.answers for run in whole.runs] == [[], [True]]


async def test_where_nothing_applies_nothing_is_decided_nor_was_it_ready_for_what_was_asked(
    whole: Whole,
) -> None:
    found = await whole.go(only="backlash")
    assert whole.done == []
    assert found.verdict is None
    assert of_record(found) is ExitCode.NOT_READY


async def test_the_checks_run_even_if_their_common_record_cannot_be_stored(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    whole = Whole(blocked)
    found = await whole.go(only="ready,accuracy")
    assert found.outcome is Outcome.FINISHED
    assert "is not stored" in whole.notices


async def test_one_that_was_cut_off_goes_on_with_the_first_check_that_is_not_done(whole: Whole) -> None:
    """Done is what passed since it began and has nothing left to save."""
    store = whole.store
    records.keep(
        store,
        records.bias(1),
        records.record("ready", 3),
        records.record("probe-xy", 4, verdict=Verdict(Level.WARN, "Look at it."), context={}),
        records.z_offset(5, context={}),
        replace(records.accuracy(6), problem=Problem("It could not be saved.")),
        records.refused("bias", 7),
        records.record("first-layer", 8, verdict=Verdict(Level.UNKNOWN, "Nobody knows.")),
    )
    cut = records.record("all", 2, parameters={"skip": "temperature", "only": ""})
    records.cut_off(store, cut)
    records.cut_off(store, records.record("bias", 9))
    whole.board.update(interrupted=store.interrupted("voron"))
    assert [run.check for run in whole.board.snapshot.interrupted] == ["all"]
    found = await whole.go(resumed=cut, skip="temperature")
    assert whole.done == ["ready", "accuracy", "bias", "first-layer"], "the printer is looked at again first"
    assert found.parameters["skip"] == "temperature,probe-xy,z-offset", "a second cut finds it there"
    assert found.context["continues"] == cut.id
    assert store.interrupted("voron") == whole.board.snapshot.interrupted == ()


async def test_the_one_that_was_cut_off_gets_its_end_only_when_another_is_there_to_go_on_with(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = whole.store
    cut = records.record("all", 2)
    records.cut_off(store, cut)
    records.keep(store, records.z_offset(3, context={}))
    there: list[Record] = []
    monkeypatch.setattr(Store, "close", lambda *_: there.extend(kept.record for kept in store.runs("voron")))
    await whole.go(resumed=cut)
    newest = there[0]
    assert newest.check == "all" and newest.context["continues"] == cut.id
    assert newest.parameters["skip"] == "z-offset", "it knows what was done"


async def test_one_that_was_cut_off_before_anything_was_done_begins_at_the_beginning(whole: Whole) -> None:
    cut = records.record("all", 2)
    records.keep(whole.store, records.z_offset(1))
    records.cut_off(whole.store, cut)
    await whole.go(resumed=cut, only="ready,z-offset")
    assert whole.done == ["ready", "z-offset"]


EDDY = "probe_eddy_current coil"


@pytest.mark.parametrize("agrees", [True, False])
async def test_what_a_killed_check_left_staged_is_discarded_by_consent(
    whole: Whole, agrees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that stages by itself goes on after the program's death; nothing has checked its result."""
    whole.printer.after_command = replace(
        HOMED, save_config=SaveConfigPending(True, {EDDY: {"calibrate": "0.05:1"}, "probe": {"speed": "7"}})
    )
    cut = records.record("all", 2)
    staged = Change(EDDY, "calibrate", None, "(what Klipper measures)", "staged")
    records.cut_off(whole.store, cut)
    records.cut_off(whole.store, records.record("z-offset", 3, changes=(staged,)))
    lost: list[str] = []

    async def discards(_: object, __: object, changes: tuple[Change, ...], ___: object) -> bool:
        lost.extend(f"{change.section} {change.option}" for change in changes)
        return True

    monkeypatch.setattr(full_calibration, "discard", discards)
    whole.first = [agrees]
    await whole.go(resumed=cut, only="ready,z-offset")
    assert [question.key for question in whole.cards] == ["discard-left"]
    assert lost == ([f"{EDDY} calibrate"] if agrees else [])
    assert whole.done == ["ready", "z-offset"]


@pytest.mark.parametrize(("ended", "forbidden"), [(True, False), (False, True), (None, True)])
def test_a_program_that_has_ended_forbids_no_restart(
    ended: bool | None, forbidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a killed program is held until it expires."""
    monkeypatch.setattr(discard, "gone", lambda _: ended)
    lease = {"holder": "zcal-tui on vm (1)", "process": {"pid": 1}}
    reason = discard.must_not_restart(replace(HOMED, zcal={"lease": lease}))
    assert (reason is not None) is forbidden


XY = (
    Change("probe", "x_offset", "10", "12.30", saves=True),
    Change("probe", "y_offset", "0", "3.10", saves=True),
)
Z = Change("probe", "z_offset", "1.500", "1.620", saves=True)
BACKLASH = Change("zcal", "z_backlash", None, "0.01200", saves=True)
SPEED = Change("probe", "speed", "10", "5")
"""A line to edit."""


def finds(whole: Whole, check: str, *changes: Change) -> None:
    """What a check finds, stored as a check's run does."""
    records.keep(whole.store, found := records.record(check, changes=changes))
    whole.ends[check] = found


def groups(whole: Whole) -> list[list[str]]:
    return [[change.option for values in group for change in values.changes] for group in whole.groups]


async def test_a_group_is_saved_before_the_first_check_that_needs_its_values(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    finds(whole, "z-offset", Z)
    finds(whole, "accuracy", SPEED)
    finds(whole, "bias", BACKLASH)
    finds(whole, "first-layer", replace(Z, old="1.620", new="1.650"))
    found = await whole.go()
    assert whole.done == [
        "ready",
        "probe-xy",
        "save",  # z-offset lowers the nozzle where the probe was: by x_offset and y_offset
        "z-offset",
        "accuracy",
        "save",  # bias expects the bed by z_offset
        "bias",
        "first-layer",
        "save",
    ]
    assert groups(whole) == [["x_offset", "y_offset"], ["z_offset"], ["z_backlash", "z_offset"]]
    assert {change.state for change in found.changes} == {"saved"}
    assert [change.new for change in found.changes] == ["12.30", "3.10", "1.620", "0.01200", "1.650"]
    assert [part.check for part in found.parts] == [check for check in whole.done if check != "save"]
    assert found.outcome is Outcome.FINISHED and found.problem is None


async def test_what_no_later_check_needs_is_saved_once_at_the_end(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    finds(whole, "accuracy", BACKLASH)
    await whole.go(only="ready,probe-xy,accuracy")
    assert groups(whole) == [["x_offset", "y_offset", "z_backlash"]]


async def test_the_records_of_the_checks_say_what_became_of_their_values(whole: Whole) -> None:
    finds(whole, "z-offset", Z)
    await whole.go(only="ready,z-offset")
    (stored,) = [run.record for run in whole.store.runs("voron") if run.record.check == "z-offset"]
    assert [change.state for change in stored.changes] == ["saved"]
    assert stored.samples == whole.ends["z-offset"].samples, "nothing else has changed"
    assert whole.board.snapshot.last["z-offset"].changes == stored.changes


async def test_what_waits_is_in_the_plans_record_on_disk_and_in_the_snapshot(whole: Whole) -> None:
    finds(whole, "z-offset", Z)
    seen: list[object] = []

    def look() -> None:
        (path,) = whole.store.folder.rglob("*-all.jsonl")
        seen.append([(c.option, c.state) for c in read_run(path).record.changes])
        seen.append([values.check for values in whole.board.snapshot.waiting])

    whole.then["accuracy"] = look
    await whole.go(only="ready,z-offset,accuracy")
    assert seen == [[("z_offset", "proposed")], ["z-offset"]]
    assert whole.board.snapshot.waiting == ()


@pytest.mark.parametrize(("state", "times"), [("saved", 2), ("declined", 1)])
async def test_a_check_whose_first_stage_was_saved_is_repeated_for_the_rest(
    whole: Whole, state: str, times: int
) -> None:
    """An eddy current sensor's heights are valid for its drive current only."""
    current = Change("probe_eddy_current coil", "reg_drive_current", None, "16", state)
    undecided = replace(record("z-offset", Level.UNKNOWN), changes=(current,))
    whole.ends["z-offset"] = undecided
    whole.then["z-offset"] = lambda: whole.then.update(
        {"z-offset": lambda: whole.ends.update({"z-offset": record("z-offset")})}
    )
    ended = await whole.go(only="z-offset,accuracy")
    assert whole.done == [*["z-offset"] * times, "accuracy"]
    assert ended.verdict is not None
    assert ended.verdict.level is (Level.PASS if times == 2 else Level.UNKNOWN)


async def test_a_repeated_check_replaces_what_it_had_found(whole: Whole) -> None:
    finds(whole, "z-offset", Z)
    waiting = WaitingValues()
    waiting.add(whole.ends["z-offset"])
    waiting.add(replace(whole.ends["z-offset"], changes=(replace(Z, new="1.700"),)))
    assert [change.new for change in waiting.changes] == ["1.700"]


async def test_a_repetition_without_a_result_does_not_lose_the_value_before_it(whole: Whole) -> None:
    finds(whole, "z-offset", Z)

    def fail() -> None:
        whole.ends["z-offset"] = record("z-offset", None, Outcome.REFUSED, Problem("No."))

    whole.then["z-offset"] = lambda: whole.then.update({"z-offset": fail})
    await whole.go(only="ready,z-offset", cards=("continue", "repeat", "continue", "continue"))
    card = cast(Choose, whole.cards[-2])
    assert "The earlier result still counts" in card.detail
    assert "[probe] z_offset: 1.500 → 1.620, saved with the values of the next checks" in card.detail
    assert groups(whole) == [["z_offset"]]


async def test_a_discarded_repetition_leaves_the_value_before_it(whole: Whole) -> None:
    finds(whole, "z-offset", Z)

    def again() -> None:
        whole.ends["z-offset"] = replace(
            record("z-offset"), id="z-offset-2", changes=(replace(Z, new="1.7"),)
        )

    whole.then["z-offset"] = lambda: whole.then.update({"z-offset": again})
    found = await whole.go(only="ready,z-offset", cards=("continue", "repeat", "discard", "continue"))
    assert [change.new for change in found.changes] == ["1.620"]


async def test_a_repetition_after_a_restart_is_made_ready_first(whole: Whole) -> None:
    """The card is open while somebody restarts Klipper."""

    def answer(event: Event) -> None:
        if isinstance(event, Asked) and "accuracy" in getattr(event.question, "text", ""):
            whole.printer.state = UNHOMED

    whole.board.listen(answer)
    await whole.go(only="ready,accuracy", cards=("continue", "repeat", "continue"))
    assert whole.done == ["ready", "accuracy", "ready", "accuracy"]


async def test_a_repetition_of_the_heat_is_asked_about_again(whole: Whole) -> None:
    whole.consents.agree(HEAT, {"minutes": 50.0})
    await whole.go(only="ready,accuracy", cards=("continue", "repeat", "continue"))
    assert whole.consents.answer(Confirm(HEAT, "Heat?")) is None


async def test_a_value_that_was_changed_meanwhile_is_not_saved_over(whole: Whole) -> None:
    finds(whole, "z-offset", Z)
    whole.then["accuracy"] = lambda: whole.printer.read((replace(Z, new="1.550"),))
    found = await whole.go(only="ready,z-offset,accuracy,bias")
    assert whole.groups == []
    assert "z_offset is not saved: it was 1.500 when z-offset measured and is 1.55 now." in whole.notices
    assert found.outcome is Outcome.FINISHED


async def test_after_a_hardware_change_a_killed_calibration_measures_again(whole: Whole) -> None:
    store = whole.store
    records.keep(store, replace(records.z_offset(5), changes=(replace(Z, old="1.5"),), context={}))
    cut = records.record("all", 2)
    records.cut_off(store, cut)
    store.changed("voron", Changed("nozzle", "2026-01-06T12:00:00.000Z"))
    await whole.go(resumed=cut, only="ready,z-offset")
    assert whole.done == ["ready", "z-offset"]
    assert whole.groups == []
    assert "The result of z-offset is no longer valid: the nozzle was changed on 2026-01-06" in whole.notices


async def test_a_calibration_that_is_killed_twice_keeps_what_the_first_one_found(whole: Whole) -> None:
    store = whole.store
    records.keep(store, replace(records.z_offset(3), changes=(replace(Z, old="1.5"),), context={}))
    first = records.record("all", 2, parameters={"skip": "bias", "only": ""})
    second = records.record(
        "all", 4, parameters={"skip": "bias,z-offset", "only": ""}, context={"continues": first.id}
    )
    records.cut_off(store, first)
    records.cut_off(store, second)
    found = await whole.go(resumed=second, only="ready,z-offset,accuracy", skip="bias,z-offset")
    assert whole.done == ["ready", "accuracy", "save"]
    assert groups(whole) == [["z_offset"]]
    assert found.parameters["skip"] == "bias,z-offset"
    assert store.interrupted("voron") == ()


async def test_a_check_that_was_done_before_the_first_kill_is_judged_again(whole: Whole) -> None:
    store = whole.store
    records.keep(store, records.z_offset(3, context={}))
    first = records.record("all", 2, parameters={"skip": "", "only": ""})
    second = records.record("all", 4, parameters={"skip": "z-offset"}, context={"continues": first.id})
    records.cut_off(store, first)
    records.cut_off(store, second)
    store.changed("voron", Changed("nozzle", "2026-01-06T12:00:00.000Z"))
    await whole.go(resumed=second, only="ready,z-offset", skip="z-offset")
    assert whole.done == ["ready", "z-offset"]


async def test_not_now_leaves_an_interrupted_calibration_to_be_resumed_later(whole: Whole) -> None:
    store = whole.store
    records.keep(store, replace(records.z_offset(3), changes=(replace(Z, old="1.5"),), context={}))
    cut = records.record("all", 2)
    records.cut_off(store, cut)
    whole.board.update(interrupted=store.interrupted("voron"))
    whole.first = ["not-now"]
    await whole.go(resumed=cut, save="always", cards=())
    assert whole.done == [] and whole.groups == []
    assert [run.id for run in store.interrupted("voron")] == [cut.id]
    assert [run.id for run in whole.board.snapshot.interrupted] == [cut.id]


async def test_a_value_that_was_not_set_and_is_set_now_is_not_saved_over(whole: Whole) -> None:
    store = whole.store
    offset = Change("z_calibration", "switch_offset", None, "0.500", saves=True)
    by_default = Change("zcal", "z_backlash", None, "0.01200", saves=True)
    auto_z = replace(records.record("auto-z", 5), changes=(offset,), context={})
    records.keep(store, auto_z, replace(records.record("accuracy", 6), changes=(by_default,), context={}))
    cut = records.record("all", 2)
    records.cut_off(store, cut)
    settings: dict[str, dict[str, object]] = {
        **SETTINGS,
        "z_calibration": {"switch_offset": 0.42},
        "zcal": {"z_backlash": 0.0},
    }
    config = {"z_calibration": {"switch_offset": "0.42"}, "zcal": {}}
    whole.printer.state = replace(HOMED, settings=settings, config=config)
    await whole.go(resumed=cut, only="ready")
    assert groups(whole) == [["z_backlash"]]
    assert "switch_offset is not saved" in whole.notices


@pytest.mark.parametrize("key", ["", DID_NOT_START])
async def test_a_save_that_fails_stops_the_rest_and_is_the_calibrations_problem(
    whole: Whole, key: str
) -> None:
    finds(whole, "z-offset", Z)
    whole.saves = "proposed"
    whole.ends["save"] = record("save", Level.PASS, problem=Problem("Klipper refused.", key=key))
    found = await whole.go()
    assert whole.done[-1] == "save"
    assert found.problem is not None and found.problem.what == "Klipper refused."
    assert [change.state for change in found.changes] == ["proposed"]
    assert found.verdict is not None
    assert found.verdict.level is (Level.FAIL if key else Level.PASS), "a dead Klipper is no pass"
    assert of_record(found) is (ExitCode.VERDICT_FAIL if key else ExitCode.PRINTER_ERROR)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(Outcome.LOST, ExitCode.PRINTER_ERROR), (Outcome.CANCELLED, ExitCode.CANCELLED)],
)
async def test_a_save_that_is_cut_off_ends_the_calibration_the_same_way(
    whole: Whole, outcome: Outcome, code: ExitCode
) -> None:
    finds(whole, "z-offset", Z)
    whole.ends["save"] = record("save", None, outcome, Problem("Gone."))
    found = await whole.go()
    assert whole.done[-1] == "save"
    assert found.outcome is outcome
    assert of_record(found) is code


async def test_a_declined_value_stops_nothing(whole: Whole) -> None:
    finds(whole, "z-offset", Z)
    whole.saves = "declined"
    found = await whole.go()
    assert whole.done[-1] == "first-layer"
    assert [change.state for change in found.changes] == ["declined"]
    assert len(whole.groups) == 1, "it is not asked again"


async def test_a_cancel_saves_nothing_and_names_what_was_measured(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    whole.then["accuracy"] = lambda: whole.guide.cancel() if whole.guide else None
    found = await whole.go(only="ready,probe-xy,accuracy,bias")
    assert whole.groups == []
    assert "Not saved: you cancelled." in whole.notices
    assert "[probe] x_offset: 12.30 (was 10)" in whole.notices
    assert [change.state for change in found.changes] == ["proposed", "proposed"]


async def test_a_failing_check_does_not_lose_what_was_found_before_it(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    whole.ends["accuracy"] = record("accuracy", Level.FAIL)
    await whole.go(only="ready,probe-xy,accuracy,bias")
    assert groups(whole) == [["x_offset", "y_offset"]]


async def test_a_printer_that_is_down_gets_no_save_but_its_values_are_named(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    whole.ends["accuracy"] = record("accuracy", None, Outcome.ERROR, Problem("Shutdown."))
    whole.then["accuracy"] = set_state(whole, replace(HOMED, klippy="shutdown"))
    found = await whole.go(only="ready,probe-xy,accuracy,bias")
    assert whole.groups == []
    assert "Not saved: the printer is not ready." in whole.notices
    assert found.problem is not None and found.problem.cause == "Check the printer first."


async def test_never_saves_never(whole: Whole) -> None:
    finds(whole, "probe-xy", *XY)
    finds(whole, "z-offset", Z)
    found = await whole.go(save="never")
    assert whole.groups == []
    assert [change.state for change in found.changes] == ["proposed"] * 3


async def test_what_a_killed_calibration_had_found_is_saved_when_it_is_resumed(whole: Whole) -> None:
    store = whole.store
    kept = replace(records.z_offset(5), changes=(replace(Z, old="1.5"),), context={})
    records.keep(store, kept, replace(records.record("probe-xy", 4), changes=XY, context={}))
    cut = records.record("all", 2)
    records.cut_off(store, cut)
    whole.board.update(interrupted=store.interrupted("voron"))
    settings: dict[str, dict[str, object]] = {
        **SETTINGS,
        "probe": {"z_offset": 1.5, "x_offset": 12.3, "y_offset": 1.0},
    }
    whole.printer.state = replace(HOMED, settings=settings)
    await whole.go(resumed=cut, only="ready,probe-xy,z-offset,bias")
    assert whole.done == ["ready", "save", "bias"]
    assert groups(whole) == [["z_offset"]]
    assert "[probe] x_offset is already 12.30." in whole.notices, "killed after SAVE_CONFIG"
    assert "[probe] y_offset is not saved: it was 0 when probe-xy measured and is 1.0 now." in whole.notices
    (stored,) = [run.record for run in store.runs("voron") if run.record.id == kept.id]
    assert stored.samples == kept.samples
    assert [change.state for change in stored.changes] == ["saved"]


async def test_a_full_disk_leaves_the_checks_record_whole(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(whole, "z-offset", Z)
    (path,) = whole.store.folder.rglob("*z-offset*.jsonl")
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    whole.then["save"] = lambda: monkeypatch.setattr("zcal_tui.results.journal.os.fsync", full)
    await whole.go(only="ready,z-offset")
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.new"))
    assert "still shows its values as proposed: No space left on device" in whole.notices


VALUE = Change("probe", "z_offset", "1.5", "1.6", saves=True)


async def test_after_each_check_its_result_is_shown_and_the_next_one_waits(whole: Whole) -> None:
    found = await whole.go(only="ready,accuracy,bias", cards=("continue", "continue", "continue"))
    assert whole.done == ["ready", "accuracy", "bias"]
    assert [card.text for card in whole.cards] == [
        f"Passed: {check} is pass." for check in ("ready", "accuracy", "bias")
    ]
    assert found.outcome is Outcome.FINISHED


async def test_a_check_is_repeated_from_its_card(whole: Whole) -> None:
    found = await whole.go(only="ready,accuracy", cards=("continue", "repeat", "continue"))
    assert whole.done == ["ready", "accuracy", "accuracy"]
    assert found.verdict is not None and found.verdict.summary == "All 2 checks passed."
    assert found.verdict.reasons == (
        "Ready: ready is pass.",
        "Repeatability: accuracy is pass.",
    ), "each check once, by its title"


async def test_the_plan_is_stopped_from_a_card_and_what_was_found_is_offered_to_be_saved(
    whole: Whole,
) -> None:
    whole.ends["z-offset"] = replace(record("z-offset"), changes=(VALUE,))
    found = await whole.go(cards=("continue", "continue", "stop", "continue"))
    assert whole.done == ["ready", "probe-xy", "z-offset", "save"]
    assert found.outcome is Outcome.CANCELLED
    assert found.problem is not None and found.problem.what == "Cancelled after Z offset."


async def test_a_discarded_result_does_not_count_and_none_of_its_values_is_saved(whole: Whole) -> None:
    whole.ends["z-offset"] = replace(record("z-offset"), changes=(VALUE,))
    found = await whole.go(only="ready,z-offset", cards=("continue", "discard"))
    assert whole.groups == []
    assert found.parts[-1].outcome is Outcome.CANCELLED
    assert found.verdict is not None and found.verdict.level is Level.UNKNOWN
    assert whole.board.snapshot.last["z-offset"].outcome is Outcome.CANCELLED


async def test_a_card_has_the_number_what_waits_and_three_steps_of_advice(whole: Whole) -> None:
    whole.ends["z-offset"] = replace(
        record("z-offset"),
        estimates={"z_offset": Estimate("z_offset", 1.6, 1.59, 1.61)},
        changes=(VALUE,),
        advice=("One.", "Two.", "Three.", "Four."),
    )
    await whole.go(only="ready,z-offset", cards=("continue", "discard"))
    card = whole.cards[-1]
    assert isinstance(card, Choose)
    assert [option.label for option in card.options] == [
        "Continue",
        "Repeat",
        "Discard this result",
        "Stop the plan",
    ]
    assert "1.6000 mm (1.5900 mm … 1.6100 mm, 95 %)" in card.detail
    assert "[probe] z_offset: 1.5 → 1.6, saved with the values of the next checks" in card.detail
    assert "· Three." in card.detail and "Four." not in card.detail


async def test_a_card_after_a_paper_test_asks_for_the_paper(whole: Whole) -> None:
    """The next check probes there, and the bed was confirmed to be clear before the paper test."""
    whole.ends["z-offset"] = replace(record("z-offset"), samples=records.z_offset().samples)
    await whole.go(only="ready,z-offset,accuracy", cards=("continue", "continue", "continue"))
    assert ["Take the paper off" in cast(Choose, card).detail for card in whole.cards] == [False, True, False]


async def test_a_cancelled_repetition_keeps_the_result_before_it_and_says_so(whole: Whole) -> None:
    await whole.go(only="ready,accuracy", cards=("continue", "continue"))
    whole.ends["accuracy"] = replace(record("accuracy", None, Outcome.CANCELLED), id="accuracy-2")
    await whole.go(only="ready,accuracy", cards=("continue", "continue"))
    card = whole.cards[-1]
    assert isinstance(card, Choose)
    assert card.text == "Cancelled"
    assert "The earlier result still counts: accuracy is pass." in card.detail
    assert whole.board.snapshot.last["accuracy"].outcome is Outcome.FINISHED
    assert whole.board.snapshot.attempts["accuracy"].id == "accuracy-2"


async def test_what_was_skipped_for_want_of_a_person_has_not_passed(whole: Whole) -> None:
    found = await whole.go(present=False)
    assert found.verdict is not None
    assert found.verdict.level is Level.UNKNOWN
    assert "were skipped" in found.verdict.summary


async def test_what_runs_alone_comes_last() -> None:
    names = [check.info.name for check in chosen(FullCalibrationParameters())]
    assert names[-2:] == ["temperature", "backlash"]
    assert names.index("bias") < names.index("first-layer") < names.index("temperature")


async def test_the_page_before_names_what_will_happen_and_is_asked_once(whole: Whole) -> None:
    await whole.go(only="ready,accuracy", cards=("continue", "continue"))
    pages = [
        event.question
        for event in whole.events
        if isinstance(event, Asked) and event.question.key == PLAN_CONSENT
    ]
    (page,) = pages
    assert isinstance(page, Choose)
    assert [option.key for option in page.options] == ["start", "home", "level", "save", "not-now"]
    assert page.text.endswith("Of these, only saving asks again.")
    switches = page.options[1:-1]
    assert all(option.label.startswith("[on] ") for option in switches), "x is the key that cancels"
    assert all(option.help.endswith(".") for option in switches), "sentences"
    assert whole.consents.answer(Confirm("offer-homed", "Home?")) is True
    assert whole.consents.answer(Confirm("offer-levelled", "Level?")) is True


async def test_what_is_switched_off_is_not_done(whole: Whole) -> None:
    whole.first = ["home", "save", "start"]
    whole.ends["z-offset"] = replace(record("z-offset"), changes=(VALUE,))
    await whole.go(only="ready,z-offset", cards=("continue", "continue"))
    assert whole.consents.answer(Confirm("offer-homed", "Home?")) is False
    assert whole.groups == [], "nothing is saved"


async def test_not_now_runs_nothing(whole: Whole) -> None:
    whole.first = ["not-now"]
    found = await whole.go(only="ready,accuracy", cards=())
    assert whole.done == []
    assert found.outcome is Outcome.CANCELLED
