"""The full calibration, with fake checks: what is run, skipped, repeated and stored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.fakes import records
from zcal_tui.checks.base import Check
from zcal_tui.checks.full_calibration import FullCalibrationParameters
from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, RunStarted
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Level, Outcome, Problem, Record, Verdict
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.store import Store, read_run
from zcal_tui.session.full_calibration import FullCalibrationRun
from zcal_tui.session.snapshot_store import SnapshotStore

SETTINGS: dict[str, dict[str, object]] = {
    "probe": {"z_offset": 1.5, "x_offset": 10.0},
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
    "extruder": {},
    "heater_bed": {},
}
HOMED = PrinterState(connected=True, klippy="ready", homed_axes="xyz", z_tilt_applied=True, settings=SETTINGS)
UNHOMED = replace(HOMED, homed_axes="", z_tilt_applied=False)


@dataclass
class FakePrinter:
    state: PrinterState = HOMED


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
        self.ends: dict[str, Record] = {}
        self.then: dict[str, Callable[[], None]] = {}
        """What happens while a check runs."""
        self.guide: FullCalibrationRun | None = None

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

    async def go(self, *, present: bool = True, resumed: Record | None = None, **parameters: str) -> Record:
        self.guide = FullCalibrationRun(
            FullCalibrationParameters(**parameters),
            cast(Any, self.printer),
            self.store,
            self.board,
            self.make,
            present=present,
            resumed=resumed,
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
    assert found.verdict.summary == "All 6 checks passed."
    assert of_record(found) is ExitCode.OK
    (path,) = whole.store.folder.rglob("*.jsonl")
    assert read_run(path).record == found, "what was shown is what is on disk"


async def test_what_does_not_apply_is_passed_over_with_the_reason(whole: Whole) -> None:
    found = await whole.go(present=False)
    assert "z-offset" not in whole.done
    assert "is skipped. It needs a person" in whole.notices
    assert "is skipped. It needs the [zcal] module" in whole.notices
    assert found.verdict is not None
    assert sum("(skipped)" in reason for reason in found.verdict.reasons) == 9 - len(whole.done)


async def test_a_failure_that_makes_the_rest_meaningless_stops_it(whole: Whole) -> None:
    whole.ends["accuracy"] = record("accuracy", Level.FAIL)
    found = await whole.go()
    assert whole.done[-1] == "accuracy"
    assert found.outcome is Outcome.FINISHED
    assert found.problem is not None
    assert "It stopped after accuracy: accuracy is fail." in found.problem.what
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
    assert "z-offset" in found.problem.what
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
    assert found.problem.what == "Cancelled after accuracy."
    assert of_record(found) is ExitCode.CANCELLED


async def test_a_check_that_was_cancelled_says_so_in_the_overview(whole: Whole) -> None:
    whole.ends["accuracy"] = record("accuracy", None, Outcome.CANCELLED)
    found = await whole.go(only="ready,accuracy,bias")
    assert found.problem is not None
    assert found.problem.what == "Cancelled during accuracy."
    assert found.verdict is not None
    assert found.verdict.reasons[1] == "accuracy: cancelled"


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
        records.record("probe-xy", 4, verdict=Verdict(Level.WARN, "Look at it.")),
        records.z_offset(5),
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
    records.keep(store, records.z_offset(3))
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
