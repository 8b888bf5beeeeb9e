"""`accuracy` where the probe homes Z: homings in pairs with samples of the same point."""

from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.run import measure
from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.parameters import ParameterError, build
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, SampleTaken, Stage, VerdictReached
from zcal_tui.model.record import Level, Sample, Verdict
from zcal_tui.printer.gcode import ProbingSettings

SEVEN = (2.596014, 2.560919, 2.561552, 2.579780, 2.547345, 2.543456, 2.614353)
STEADY = (1.5, 1.5025, 1.5, 1.4975, 1.5)


class HomedPrinter:
    """Samples that are right in one place, at a height that each homing decides again."""

    def __init__(self, bench: Bench, heights: Sequence[float]) -> None:
        self._heights = iter(heights)
        self._at = 1.5
        self.homed = 0
        self.after_homing: Callable[[int], None] = lambda n: None
        bench.machine.handlers["G28"] = self._home

    async def _home(self, words: dict[str, str]) -> None:
        self._at = next(self._heights, self._at)
        self.homed += 1
        self.after_homing(self.homed)

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        for n in range(count):
            if cancelled():
                return
            yield Sample(n + 1, float(n), 100.0, 100.0, self._at + (0.0, 0.0025, 0.0)[n % 3])


async def judged(bench: Bench, heights: Sequence[float], **given: object) -> tuple[HomedPrinter, Verdict]:
    printer = HomedPrinter(bench, heights)
    await measure(bench.context(sampler=printer), build(AccuracyParameters, given))
    (reached,) = bench.told(VerdictReached)
    return printer, reached.verdict


def advice_of(bench: Bench) -> str:
    return " ".join(advice.text for advice in bench.told(AdviceGiven))


async def test_homing_that_scatters_fails_though_the_samples_agree(bench: Bench) -> None:
    printer, verdict = await judged(bench, (*SEVEN, 2.5625), homings=7)
    assert verdict.level is Level.FAIL
    assert "7 homings span 71 µm" in verdict.summary
    assert "Samples in one place span 2.5 µm" in verdict.reasons[0]
    assert "of a 0.2 mm first layer" in verdict.reasons[-1]
    assert printer.homed == 8, "the last homing was off, so Z is homed again"
    assert "do not help homing" in advice_of(bench)
    last = bench.told(EstimateUpdated)[-1].estimates
    assert last["homing_range"].value == pytest.approx(0.070897)
    assert last["homing_sigma"].value == pytest.approx(0.0261, abs=0.0002)
    assert last["sigma"].value is not None and last["sigma"].value < 0.003


async def test_good_homing_takes_five_and_its_cost_is_said_before(bench: Bench) -> None:
    printer, verdict = await judged(bench, STEADY)
    assert verdict.level is Level.PASS
    assert printer.homed == 5
    assert bench.machine.scripts.count("G28 Z") == 5
    stage = next(stage for stage in bench.told(Stage) if stage.key == "homing")
    assert stage.text.startswith("Homing Z 5 to 12 times") and " min" in stage.text
    assert any("5 homings span 5.0 µm" in reason for reason in verdict.reasons)
    after = [event.sample for event in bench.told(SampleTaken) if event.sample.place == "homing"]
    assert [sample.round for sample in after] == [n for n in range(1, 6) for _ in range(3)]
    numbers = [event.sample.n for event in bench.told(SampleTaken)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "help homing" not in advice_of(bench)


@pytest.mark.parametrize(("off", "layer"), [(0.25, None), (-0.3, None), (0.14, 0.12)])
async def test_a_homing_beyond_the_first_layer_ends_the_check_at_once(
    bench: Bench, off: float, layer: float | None
) -> None:
    printer, verdict = await judged(bench, (1.5, 1.5, 1.5 + off, 1.5), first_layer=layer)
    assert verdict.level is Level.FAIL
    assert verdict.summary.startswith("Not safe to home Z with")
    assert verdict.reasons[0].startswith("Homing 3 was ")
    assert printer.homed == 4, "Z is not left homed like that"
    assert bench.notices == ""


async def test_a_printer_that_stays_homed_wrong_says_so(bench: Bench) -> None:
    await judged(bench, (1.5, 1.5, 1.9, 1.85, 1.9))
    assert "Home it again before you print" in bench.notices


@pytest.fixture
def own_endstop(machine: Machine) -> None:
    """Z has an endstop of its own."""
    machine.objects["configfile"]["settings"]["stepper_z"].update(endstop_pin="PA1", position_endstop=0.5)


async def test_homing_with_an_endstop_is_not_repeated(own_endstop: None, bench: Bench) -> None:
    printer, verdict = await judged(bench, ())
    assert printer.homed == 0
    assert not any("homing" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("given", "flag"),
    [({"homings": 0}, "--homings 0"), ({"here": True}, "--here"), ({"home": False}, "--no-home")],
)
async def test_homings_that_are_left_out_are_named(bench: Bench, given: dict[str, object], flag: str) -> None:
    printer, verdict = await judged(bench, (), **given)
    assert printer.homed == 0
    assert any("was not measured" in reason and flag in reason for reason in verdict.reasons)
    assert "first layer" in verdict.reasons[-1]


@pytest.mark.parametrize("wraps_probing", [False, True])
@pytest.mark.parametrize("homes", ["", "gcode_macro g28", "homing_override"])
async def test_a_docked_probe_is_only_homed_with_where_a_macro_attaches_it(
    machine: Machine, bench: Bench, homes: str, wraps_probing: bool
) -> None:
    settings = machine.objects["configfile"]["settings"]
    for name in ("attach_probe", "dock_probe"):
        settings[f"gcode_macro {name}"] = {"gcode": "G1 X10"}
    on = [False]

    async def turn(to: bool) -> None:
        on[0] = to

    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = not on[0]

    machine.handlers["ATTACH_PROBE"] = lambda _: turn(True)
    machine.handlers["DOCK_PROBE"] = lambda _: turn(False)
    machine.handlers["QUERY_PROBE"] = query
    if wraps_probing:
        settings["gcode_macro probe_accuracy"] = {
            "rename_existing": "_PROBE_ACCURACY",
            "gcode": "ATTACH_PROBE",
        }
    if homes:
        settings[homes] = {"rename_existing": "_G28", "gcode": "ATTACH_PROBE\n_G28"}
    await bench.printer.restart_and_wait()
    printer, verdict = await judged(bench, STEADY)
    assert (printer.homed > 0) is bool(homes)
    assert any("does not attach the probe" in reason for reason in verdict.reasons) is not bool(homes)


async def test_a_probe_that_fails_is_not_homed_with(bench: Bench) -> None:
    printer = HomedPrinter(bench, ())

    async def steps(
        count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        for n in range(count):
            if cancelled():
                return
            yield Sample(n + 1, float(n), 100.0, 100.0, 1.5 + 0.3 * n)

    printer.series = steps  # type: ignore[method-assign]
    await measure(bench.context(sampler=printer), AccuracyParameters())
    assert bench.told(VerdictReached)[0].verdict.level is Level.FAIL
    assert printer.homed == 0


async def test_a_cancel_between_two_homings_ends_it(bench: Bench) -> None:
    printer = HomedPrinter(bench, STEADY)

    def cancel(n: int) -> None:
        bench.cancelled = n == 2

    printer.after_homing = cancel
    with pytest.raises(CheckCancelled):
        await measure(bench.context(sampler=printer), AccuracyParameters())
    assert printer.homed == 2
    assert not bench.told(VerdictReached)


def test_one_or_two_homings_show_nothing() -> None:
    for count in ("1", "2"):
        with pytest.raises(ParameterError, match="show no scatter"):
            build(AccuracyParameters, {"homings": count})
    assert build(AccuracyParameters, {"homings": "3"}).homings == 3
