"""The paper test: where a step will go, what is asked before a risky one, and that every way out lifts the nozzle."""

import asyncio
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.manual_probe import FakeManualProbe
from tests.unit.fakes.person import Person, Said
from zcal_tui.checks.errors import CheckCancelled, CheckFailed
from zcal_tui.checks.paper import PaperHeight, PaperPlan, paper_test
from zcal_tui.checks.room_below import OutOfReach
from zcal_tui.model.events import SampleTaken
from zcal_tui.model.paper_moves import needs_consent, out_of_reach, target_of
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep, Question
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.transport.failures import NotReady

PLAN = PaperPlan("Lower it.", "z_offset", 1.5, 1.5, -1, expected=0.0, clearance=12.0)
ACCEPT, UNDO, ABORT = PaperMove("accept"), PaperMove("undo"), PaperMove("abort")
LIFTED = "G1 Z12.000"

words = st.sampled_from(["+", "-", "++", "--"]) | st.floats(-2.0, 2.0).map(lambda z: f"{z:.4f}")


def go(*ways: str) -> list[Said]:
    return [PaperMove("step", way) for way in ways]


@given(st.lists(words, min_size=1, max_size=12))
def test_a_step_goes_where_it_was_said_to_go(ways: list[str]) -> None:
    async def walk() -> None:
        machine = Machine()
        machine.objects["toolhead"]["axis_minimum"][2] = -math.inf
        probe = FakeManualProbe(machine)
        await probe.begin({})
        for way in ways:
            told = machine.objects["manual_probe"]
            at, lower, upper = (told[f"z_position{end}"] for end in ("", "_lower", "_upper"))
            question = PaperStep("paper", "", at, lower, upper, 5.0, -math.inf, 0.0, 0.0025)
            said = target_of(question, way)
            await machine.handlers["TESTZ"]({"Z": way})
            assert said == pytest.approx(probe.z, abs=1e-9)

    asyncio.run(walk())


@pytest.fixture
def probe(bench: Bench) -> FakeManualProbe:
    bench.machine.objects["toolhead"]["position"][2] = 5.0
    return FakeManualProbe(bench.machine)


async def feel(bench: Bench, *answers: Said, plan: PaperPlan = PLAN) -> tuple[PaperHeight, Person]:
    person = Person(*answers)
    return await paper_test(bench.context(person), plan, 7), person


def steps(machine: Machine) -> list[str]:
    return [line for script in machine.scripts for line in script.splitlines() if line.startswith("TESTZ")]


async def forever() -> PaperMove:
    """An answer that never comes."""
    await asyncio.Event().wait()
    return ABORT


def end_of(machine: Machine) -> tuple[bool, bool]:
    """Whether the manual probe is closed, and whether the last thing was the lift."""
    return not machine.objects["manual_probe"]["is_active"], LIFTED in machine.scripts[-1]


async def test_an_accepted_height_is_told_with_what_was_tried_next_to_it(
    bench: Bench, probe: FakeManualProbe
) -> None:
    found, person = await feel(bench, *go("-4.9", "-0.08", "+0.02"), ACCEPT)
    assert found.height == pytest.approx(0.04)
    assert found.resolution == pytest.approx(0.01)
    (taken,) = bench.told(SampleTaken)
    assert (taken.sample.n, taken.sample.kind) == (7, "paper")
    assert taken.sample.trigger_z == pytest.approx(0.04)
    assert taken.sample.values == {"resolution": found.resolution}
    last = person.asked[-1]
    assert isinstance(last, PaperStep)
    assert last.value == pytest.approx(1.46)
    assert last.lower == pytest.approx(0.02)
    assert last.upper == pytest.approx(0.1)
    assert last.tried == pytest.approx((5.0, 0.1, 0.02, 0.04))
    assert end_of(bench.machine) == (True, True)


async def test_a_height_that_was_left_by_undo_was_tried_all_the_same(
    bench: Bench, probe: FakeManualProbe
) -> None:
    found, person = await feel(bench, *go("-4.8", "-0.1", "-0.02"), UNDO, ACCEPT)
    assert found.height == pytest.approx(0.1)
    assert found.resolution == pytest.approx(0.01), "0.08 was too low, and known to be"
    last = person.asked[-1]
    assert isinstance(last, PaperStep)
    assert last.tried == pytest.approx((5.0, 0.2, 0.1))


async def test_there_is_nothing_to_undo_at_the_start(bench: Bench, probe: FakeManualProbe) -> None:
    await feel(bench, UNDO, *go("-4.9"), UNDO, UNDO, *go("-4.8"), ACCEPT)
    assert steps(bench.machine) == ["TESTZ Z=-4.9", "TESTZ Z=4.900000", "TESTZ Z=-4.8"]


async def test_a_height_known_by_one_coarse_step_is_known_to_a_tenth(
    bench: Bench, probe: FakeManualProbe
) -> None:
    found, _ = await feel(bench, *go("-4.95"), ACCEPT)
    assert found.resolution == 0.1


async def test_a_risky_step_is_asked_about_and_not_made_on_a_no(bench: Bench, probe: FakeManualProbe) -> None:
    _, person = await feel(bench, *go("-5.2"), False, *go("-5"), ACCEPT)
    risky = person.asked[1]
    assert isinstance(risky, Confirm)
    assert (risky.key, risky.danger) == ("risky-step", True)
    assert risky.facts == {"step": pytest.approx(5.2)}
    assert steps(bench.machine) == ["TESTZ Z=-5"]


async def test_a_risky_step_that_was_allowed_once_is_allowed_down_to_there(
    bench: Bench, probe: FakeManualProbe
) -> None:
    _, person = await feel(bench, *go("-5.4"), True, *go("+0.3", "-0.25", "-0.3"), False, ACCEPT)
    assert person.keys == ["paper", "risky-step", "paper", "paper", "paper", "risky-step", "paper"]
    assert steps(bench.machine) == ["TESTZ Z=-5.4", "TESTZ Z=+0.3", "TESTZ Z=-0.25"]


async def test_small_steps_far_below_the_expected_bed_are_asked_about_every_half_millimetre(
    bench: Bench, probe: FakeManualProbe
) -> None:
    small = go("-0.1")
    deeper = [*small * 3, *small, True, *small * 5, *small, True]
    _, person = await feel(bench, *go("-5.05"), *small, True, *deeper, ACCEPT)
    asked = [n for n, key in enumerate(person.keys) if key == "risky-step"]
    assert asked == [2, 7, 14], "0.15, 0.55 and 1.15 mm below"
    assert len(steps(bench.machine)) == 12


@pytest.mark.parametrize(
    ("plan", "way"),
    [
        (PLAN, "-5.09"),  # ends within a tenth of the expected bed
        (PaperPlan("", "z_offset", None, 0.0, -1, expected=None, clearance=12.0), "-6"),
    ],
)
async def test_a_step_that_is_not_known_to_be_risky_is_made(
    bench: Bench, probe: FakeManualProbe, plan: PaperPlan, way: str
) -> None:
    _, person = await feel(bench, *go(way), ACCEPT, plan=plan)
    assert person.keys == ["paper", "paper"]
    assert steps(bench.machine) == [f"TESTZ Z={way}"]


async def test_small_steps_below_the_expected_bed_are_asked_about_once(
    bench: Bench, probe: FakeManualProbe
) -> None:
    _, person = await feel(bench, *go("-5.05", "-0.09"), True, *go("-0.09", "-0.09"), ACCEPT)
    assert person.keys.count("risky-step") == 1
    assert probe.z == pytest.approx(-0.32)


def old_rule(question: PaperStep, target: float) -> bool:
    """What was asked about before small steps were judged like the screen judged them."""
    coarse = question.height - target > 0.1 + 1e-6
    if question.expected is None or target >= question.height:
        return False
    if target >= question.expected - (0.1 if coarse else 0.5):
        return False
    agreed = math.inf if question.agreed is None else question.agreed
    return target < (agreed if coarse else agreed - 0.5) - 2e-6


@given(
    st.floats(-3.0, 5.0),
    st.floats(-3.0, 5.0),
    st.none() | st.floats(-1.0, 1.0),
    st.none() | st.floats(-3.0, -0.1),
)
def test_consent_is_asked_for_wherever_it_ever_was(
    height: float, target: float, expected: float | None, below: float | None
) -> None:
    agreed = None if below is None or expected is None else expected + below
    question = PaperStep("paper", "", height, None, None, 5.0, -9.0, expected, 0.0025, agreed=agreed)
    if old_rule(question, target):
        assert needs_consent(question, target)
    unasked = PaperStep("paper", "", height, None, None, 5.0, -9.0, expected, 0.0025)
    below_expected = expected is not None and target < min(height, expected - 0.1)
    assert needs_consent(unasked, target) == below_expected, "the first time at any step size"


@pytest.mark.parametrize("seed", range(8))
async def test_the_check_asks_exactly_where_the_screen_warns(
    bench: Bench, probe: FakeManualProbe, seed: int
) -> None:
    """A face judges by the question it is given, the check by its own: both have to agree at every step."""
    draw = random.Random(seed)
    bench.machine.objects["toolhead"]["position"][2] = 0.4
    ways = [draw.choice([-0.3, -0.1, -0.1, -0.05, 0.1]) for _ in range(25)]
    warned: list[bool] = []

    class Wavering(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            if not ways:
                return ABORT
            way = ways.pop()
            target = question.height + way
            warned.append(not out_of_reach(question, target) and needs_consent(question, target))
            return PaperMove("step", f"{way:g}")

        async def confirm(self, question: Confirm) -> bool:
            self.asked.append(question)
            return draw.random() < 0.7

    person = Wavering()
    with pytest.raises((CheckCancelled, OutOfReach)):
        await paper_test(bench.context(person), PLAN, 1)
    assert len(person.asked) == sum(warned) > 0


async def test_a_height_that_klipper_would_not_take_is_not_offered_to_it(
    bench: Bench, probe: FakeManualProbe
) -> None:
    await feel(bench, ACCEPT, *go("-4.9"), ACCEPT)
    assert "Lower the nozzle onto the paper first" in bench.notices
    assert [script for script in bench.machine.scripts if script == "ACCEPT"] == ["ACCEPT"]


async def test_nothing_goes_below_position_min(bench: Bench, probe: FakeManualProbe) -> None:
    await feel(bench, *go("-7.01", "nonsense", "-5"), ACCEPT)
    assert steps(bench.machine) == ["TESTZ Z=-5"]
    assert "position_min" in bench.notices
    assert "'nonsense' is not a step" in bench.notices


@pytest.mark.parametrize(
    ("answers", "out_of_reach"),
    [
        ((*go("-6.99"), True), True),  # on the lowest allowed Z, -2
        (go("-5", "-2.5"), True),  # the last step was refused
        (go("-5"), False),
        (go("-5", "-2.5", "0.1"), False),
    ],
)
async def test_an_abort_at_the_lowest_allowed_z_says_what_to_change(
    bench: Bench, probe: FakeManualProbe, answers: Sequence[Said], out_of_reach: bool
) -> None:
    bench.machine.objects["configfile"]["settings"]["stepper_z"]["position_min"] = -2.0
    with pytest.raises(OutOfReach if out_of_reach else CheckCancelled) as raised:
        await feel(bench, *answers, ABORT)
    assert end_of(bench.machine) == (True, True)
    if out_of_reach:
        assert isinstance(raised.value, OutOfReach)
        assert raised.value.remedy.startswith("position_min in [stepper_z] is low enough. Check why Z 0")


async def test_a_test_that_was_ended_elsewhere_is_told_and_still_lifts(
    bench: Bench, probe: FakeManualProbe
) -> None:
    class Thinking(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            if not self._answers:
                probe.end()
                await asyncio.Event().wait()
            return await super().paper(question)

    bench.machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {}}
    await bench.klippy.restart()  # so that the new object is seen
    await bench.printer.wait_for(lambda state: bool(state.zcal))
    with pytest.raises(CheckFailed, match="ended by another client"):
        await paper_test(bench.context(Thinking(*go("-4.9"))), PLAN, 1)
    assert not bench.told(SampleTaken)
    assert end_of(bench.machine) == (True, True)
    assert "ABORT" not in bench.machine.scripts


async def test_a_height_accepted_elsewhere_counts_but_is_known_to_a_tenth_only(
    bench: Bench, probe: FakeManualProbe
) -> None:
    class Thinking(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            if not self._answers:
                await bench.machine.run("ACCEPT")
                await asyncio.Event().wait()
            return await super().paper(question)

    found = await paper_test(bench.context(Thinking(*go("-4.9", "-0.01"))), PLAN, 1)
    assert found == PaperHeight(0.09, 0.1)


async def test_a_move_that_klipper_refuses_ends_the_test_with_the_reason(
    bench: Bench, probe: FakeManualProbe
) -> None:
    bench.machine.handlers["TESTZ"] = bench.machine.handlers["G28"]

    async def refuse(_: dict[str, str]) -> None:
        probe.end()
        raise Refused("Move out of range: 100.000 100.000 1.000 [0.000]")

    def break_it(_: Question) -> PaperMove:
        bench.machine.handlers["TESTZ"] = refuse
        return PaperMove("step", "-4")

    with pytest.raises(CheckFailed, match="Klipper ended the paper test") as caught:
        await feel(bench, break_it)
    assert caught.value.remedy
    assert end_of(bench.machine) == (True, True)


async def test_a_nozzle_that_was_moved_sideways_gives_no_height(bench: Bench, probe: FakeManualProbe) -> None:
    def higher(_: Question) -> PaperMove:
        probe._start = -1.0  # what Klipper compares with, as if the test had begun elsewhere
        return ACCEPT

    with pytest.raises(CheckFailed, match="did not accept the height"):
        await feel(bench, *go("-4.9"), higher)
    assert end_of(bench.machine) == (True, True)


@pytest.mark.parametrize(("answer", "error"), [(ABORT, CheckCancelled), (CheckCancelled(), CheckCancelled)])
async def test_giving_up_closes_the_test_and_lifts(
    bench: Bench, probe: FakeManualProbe, answer: Said, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await feel(bench, *go("-4.9"), answer)
    assert bench.machine.scripts[-2] == "ABORT"
    assert end_of(bench.machine) == (True, True)
    assert not bench.told(SampleTaken)


async def test_a_failure_at_contact_lifts_too(bench: Bench, probe: FakeManualProbe) -> None:
    async def look() -> None:
        assert probe.z == pytest.approx(0.1), "the nozzle stands at the accepted height"
        raise NotReady("gone")

    plan = PaperPlan("", "z_offset", None, 0.0, -1, expected=0.0, clearance=12.0, at_contact=look)
    with pytest.raises(NotReady):
        await feel(bench, *go("-4.9"), ACCEPT, plan=plan)
    assert end_of(bench.machine) == (True, True)


async def test_a_halted_klippy_is_not_talked_to_any_more(bench: Bench, probe: FakeManualProbe) -> None:
    class Thinking(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            bench.machine.halt("MCU 'mcu' shutdown: Timer too close")
            return await forever()

    with pytest.raises(NotReady, match="Timer too close"):
        await paper_test(bench.context(Thinking()), PLAN, 1)
    assert bench.machine.scripts[-1] == "MANUAL_PROBE"
    assert "was not lifted off the paper" in bench.notices


async def test_under_a_print_that_was_started_the_test_is_closed_and_nothing_moved(
    bench: Bench, probe: FakeManualProbe
) -> None:
    class Thinking(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            bench.machine.change("print_stats", state="printing")
            await bench.printer.wait_for(lambda state: state.busy)
            return ABORT

    with pytest.raises(CheckCancelled):
        await paper_test(bench.context(Thinking()), PLAN, 1)
    assert bench.machine.scripts[-2:] == ["MANUAL_PROBE", "ABORT"]
    assert "a print was started" in bench.notices


async def test_another_clients_paper_test_is_neither_ended_nor_lifted_out_of(
    bench: Bench, probe: FakeManualProbe
) -> None:
    await probe.begin({})
    with pytest.raises(CommandFailed, match="Already in a manual Z probe"):
        await feel(bench)
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert not any("ABORT" in script or "G1" in script for script in bench.machine.scripts)
    assert "was not lifted" in bench.notices


async def test_a_nozzle_that_another_client_has_jogged_goes_no_further_down(
    bench: Bench, probe: FakeManualProbe
) -> None:
    def jog(_: Question) -> PaperMove:
        bench.machine.objects["toolhead"]["position"][2] -= 3.0
        return PaperMove("step", "-1")

    with pytest.raises(CheckFailed, match="Something else moved"):
        await feel(bench, *go("-1"), jog)
    assert steps(bench.machine) == ["TESTZ Z=-1"]
    assert end_of(bench.machine) == (True, True)


@pytest.mark.slow
async def test_a_paper_test_that_another_client_opens_after_ending_ours_is_left_to_it(
    bench: Bench, probe: FakeManualProbe
) -> None:
    class Thinking(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            await bench.machine.run("ABORT")
            asyncio.get_running_loop().call_later(0.3, begin_soon)
            return await forever()

    tasks: list[asyncio.Task[None]] = []

    def begin_soon() -> None:
        tasks.append(asyncio.create_task(bench.machine.run("MANUAL_PROBE")))

    with pytest.raises(CheckFailed, match="ended by another client"):
        await paper_test(bench.context(Thinking()), PLAN, 1)
    assert bench.machine.objects["manual_probe"]["is_active"]
    assert bench.machine.scripts.count("ABORT") == 1
    assert "was not lifted" in bench.notices
