"""A manual probe that something else opened: taken over by consent, left as it is on every way out, and only watched
while another client acts in it."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.manual_probe import FakeManualProbe
from tests.unit.fakes.person import Person, Said
from tests.unit.fakes.waiting import until
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.manual_probe import dialogue, run
from zcal_tui.checks.manual_probe.declaration import ManualProbeParameters
from zcal_tui.checks.manual_probe.run import ManualProbeTakeover
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.model.events import ChangesUpdated, SampleTaken, VerdictReached
from zcal_tui.model.paper_moves import can_accept, needs_consent
from zcal_tui.model.questions import Choose, Confirm, PaperMove, PaperStep, Question
from zcal_tui.model.record import Level
from zcal_tui.printer.manual_probe_opener import COMMANDS, Opener
from zcal_tui.transport.failures import TransportError

ACCEPT, ABORT = PaperMove("accept"), PaperMove("abort")


def down(way: str) -> PaperMove:
    return PaperMove("step", way)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dialogue, "ACCEPT_AFTER", 0.0)
    yield


@pytest.fixture
async def probe(bench: Bench) -> FakeManualProbe:
    """A manual probe that another client has opened 5 mm above the bed."""
    bench.machine.objects["toolhead"]["position"][2] = 5.0
    bench.machine.handlers["M400"] = bench.machine.handlers["G28"]
    found = FakeManualProbe(bench.machine)
    await found.begin({})
    await until(lambda: bench.printer.state.manual_probe.is_active)
    return found


async def take(bench: Bench, *answers: Said) -> Person:
    person = Person(*answers)
    await ManualProbeTakeover().run(bench.context(person), ManualProbeParameters())
    return person


class Slow(Person):
    """Thinks at one question until the test says what it answers."""

    def __init__(self, *answers: Said, at: str) -> None:
        super().__init__(*answers)
        self._at = at
        self.thinking = asyncio.Event()
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def paper(self, question: PaperStep) -> PaperMove:
        if self._at == "paper":
            return cast(PaperMove, await self._think(question))
        return await super().paper(question)

    async def confirm(self, question: Confirm) -> bool:
        if self._at == question.key:
            return cast(bool, await self._think(question))
        return await super().confirm(question)

    async def _think(self, question: Question) -> Any:
        self.asked.append(question)
        self.thinking.set()
        return await self.answer


def scripts(bench: Bench) -> str:
    return "\n".join(bench.machine.scripts)


async def test_it_is_taken_over_by_consent_and_accepted(bench: Bench, probe: FakeManualProbe) -> None:
    person = await take(bench, True, down("-4.9"), True, ACCEPT, True)
    assert person.keys == ["take-over-manual-probe", "paper", "risky-step", "paper", "raise-nozzle"]
    first = person.asked[0]
    assert isinstance(first, Confirm)
    assert "an unknown command" in first.text
    assert "unknown" in first.detail
    (taken,) = bench.told(SampleTaken)
    assert taken.sample.trigger_z == pytest.approx(0.1)
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.PASS
    assert "G1 Z" in bench.machine.scripts[-1], "raised by consent"


async def test_a_no_leaves_it_as_it_is(bench: Bench, probe: FakeManualProbe) -> None:
    with pytest.raises(CheckCancelled):
        await take(bench, False)
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert bench.machine.scripts == []
    assert "still open" in bench.notices


async def test_nothing_is_taken_over_without_a_person_or_without_one_open(bench: Bench) -> None:
    with pytest.raises(CheckRefused, match="No manual probe is open"):
        await take(bench)
    bench.machine.change("manual_probe", is_active=True, z_position=5.0)
    await until(lambda: bench.printer.state.manual_probe.is_active)
    with pytest.raises(NeedsPerson):
        await ManualProbeTakeover().run(bench.context(), ManualProbeParameters())
    assert bench.machine.objects["manual_probe"]["is_active"]


async def test_accept_needs_a_step_at_this_point(bench: Bench, probe: FakeManualProbe) -> None:
    await take(bench, True, ACCEPT, down("-4.9"), True, ACCEPT, False)
    assert "Make at least one step" in bench.notices
    assert scripts(bench).count("ACCEPT") == 1


async def test_accept_is_off_in_the_first_second(
    bench: Bench, probe: FakeManualProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogue, "ACCEPT_AFTER", 60.0)
    with pytest.raises(CheckCancelled):
        await take(bench, True, down("-0.1"), ACCEPT, CheckCancelled())
    assert "only just begun" in bench.notices
    assert "ACCEPT" not in scripts(bench)


async def test_a_cancel_leaves_it_open_and_says_so(bench: Bench, probe: FakeManualProbe) -> None:
    with pytest.raises(CheckCancelled):
        await take(bench, True, down("-0.1"), CheckCancelled())
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert "ABORT" not in scripts(bench)
    assert "still open; it was left as it is" in bench.notices


async def test_the_person_aborts_it_by_an_answer_of_their_own(bench: Bench, probe: FakeManualProbe) -> None:
    with pytest.raises(CheckCancelled):
        await take(bench, True, down("-4.9"), True, ABORT, True)
    assert not bench.machine.objects["manual_probe"]["is_active"]
    assert "still open" not in bench.notices
    assert "G1 Z" in bench.machine.scripts[-1]


async def test_another_clients_step_is_watched_and_taken_over_again_only_by_consent(
    bench: Bench, probe: FakeManualProbe
) -> None:
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    person._answers += [False]
    await bench.machine.run("TESTZ Z=-1")
    with pytest.raises(CheckCancelled):
        await running
    assert person.keys[-1] == "take-over-again"
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert "TESTZ" not in "\n".join(bench.machine.scripts[1:])


async def test_an_answer_to_a_height_that_is_no_longer_so_is_not_carried_out(
    bench: Bench, probe: FakeManualProbe
) -> None:
    def meanwhile(question: Question) -> PaperMove:
        # Another client steps; its status is pushed only later
        bench.machine.objects["toolhead"]["position"][2] = 3.0
        bench.machine.objects["manual_probe"].update(z_position=3.0, z_position_upper=5.0)
        return down("-0.1")

    with pytest.raises(CheckCancelled):
        await take(bench, True, meanwhile, False)
    assert "TESTZ" not in scripts(bench)


@pytest.mark.parametrize("word", ["ACCEPT", "ABORT"])
async def test_another_client_ends_it(bench: Bench, probe: FakeManualProbe, word: str) -> None:
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    await bench.machine.run("TESTZ Z=0")  # as low as it was: the same height
    if word == "ACCEPT":
        bench.machine.change(
            "configfile", save_config_pending=True, save_config_pending_items={"probe": {"z_offset": "1.234"}}
        )
    probe.end()
    with pytest.raises(CheckFailed, match="ended by another client") as raised:
        await running
    staged = "[probe] z_offset 1.234" if word == "ACCEPT" else "It staged nothing."
    assert staged in raised.value.cause
    assert not any(line.startswith(("ACCEPT", "ABORT")) for line in bench.machine.scripts)


async def test_a_print_that_starts_ends_it_without_a_move(bench: Bench, probe: FakeManualProbe) -> None:
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    bench.machine.change("print_stats", state="printing")
    with pytest.raises(CheckFailed, match="A print was started"):
        await running
    assert bench.machine.scripts == []


async def test_a_restart_of_klipper_is_reported_as_the_end_of_it(
    bench: Bench, probe: FakeManualProbe
) -> None:
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    bench.machine.halt("Lost communication with MCU 'mcu'")
    with pytest.raises(CheckFailed, match="stopped or restarted during the manual probe"):
        await running
    assert bench.machine.scripts == []


async def test_a_lost_link_leaves_it_open_and_says_so(bench: Bench, probe: FakeManualProbe) -> None:
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    await bench.klippy.stop()
    person.answer.set_result(down("-0.1"))
    with pytest.raises(TransportError):
        await running
    assert "may be still open; it was left as it is" in bench.notices
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert bench.machine.scripts == []


async def test_what_was_staged_is_named_and_saved_left_or_discarded(
    bench: Bench, probe: FakeManualProbe
) -> None:
    plain = bench.machine.handlers["ACCEPT"]

    async def accept(parameters: dict[str, str]) -> None:
        await plain(parameters)
        bench.machine.change(
            "configfile", save_config_pending=True, save_config_pending_items={"probe": {"z_offset": "1.400"}}
        )

    bench.machine.handlers["ACCEPT"] = accept
    person = await take(bench, True, down("-4.9"), True, ACCEPT, True, "discard")
    last = person.asked[-1]
    assert isinstance(last, Choose)
    assert "[probe] z_offset 1.400" in last.text
    (updated,) = bench.told(ChangesUpdated)
    (change,) = updated.changes
    assert (change.old, change.new, change.state, change.saves) == ("1.5", "1.400", "staged", False)


def test_steps_and_accept_without_an_expected_height() -> None:
    step = PaperStep(
        "paper", "", 5.0, None, None, 5.0, -2.0, None, 0.0025, opener="DELTA_CALIBRATE", tried=(5.0,)
    )
    assert needs_consent(step, 4.8)
    assert not needs_consent(step, 4.9)
    assert not needs_consent(step, 6.0)
    assert not can_accept(step)


async def test_one_that_another_command_opened_meanwhile_is_taken_over_by_a_consent_of_its_own(
    bench: Bench, probe: FakeManualProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accept stages another value there."""
    opener = {"now": "PROBE_CALIBRATE"}

    async def find(printer: object) -> Opener:
        return Opener(next(one for one in COMMANDS if one.name == opener["now"]), trigger=1.5)

    monkeypatch.setattr(run, "find_opener", find)
    person = Slow(True, at="paper")
    running = asyncio.ensure_future(ManualProbeTakeover().run(bench.context(person), ManualProbeParameters()))
    await person.thinking.wait()
    probe.end()
    opener["now"] = "Z_ENDSTOP_CALIBRATE"
    await probe.begin({})
    person._answers += [True, False]
    with pytest.raises(CheckCancelled):
        await running
    assert person.keys[-2:] == ["take-over-again", "take-over-manual-probe"]
    last = person.asked[-1]
    assert (
        isinstance(last, Confirm) and "Z_ENDSTOP_CALIBRATE" in last.text and "position_endstop" in last.detail
    )
