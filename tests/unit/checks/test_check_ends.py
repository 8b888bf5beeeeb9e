"""Every check ends: with any parameters that it allows, within its documented number of samples, tests and seconds."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.fakes.virtual import MOVE_SECONDS, Habits, VirtualBench, virtual_bench
from zcal_tui.checks import z_calibration
from zcal_tui.checks.accuracy.sweep import TOUCHES as SWEPT
from zcal_tui.checks.backlash.zcal_instrument import SLOPE_READINGS
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.checks.parameters import ParameterSpec, build, specs
from zcal_tui.checks.temperature import TemperatureParameters
from zcal_tui.checks.temperature.run import NAP
from zcal_tui.printer import zcal_module
from zcal_tui.stats.verdicts.stopping import MOST_RESTARTED
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS

MINUTE = 60.0
LINES_A_SAMPLE = 40
"""G-code lines that one sample or paper test may take: travel, attaching, steps."""
FINISHED = 3
"""How many of the twelve runs of each check must not be refused."""
LINES_A_RUN = 400
"""G-code lines that a run may take besides: homing, leaving, offers."""


SHORTEST_DWELL = 20.0
"""Seconds between two dwells while it is hot: a third of the shortest idle_timeout here."""


@dataclass(frozen=True)
class Bound:
    """The most that a run may take, by its parameters."""

    samples: int
    papers: int = 0
    seconds: float | None = None
    """Of the printer's time where the parameters limit it; otherwise its samples and moves do."""
    hot: float = 0.0
    """Seconds of heating and soaking before it measures."""

    def most_seconds(self, of: Habits) -> float:
        """Seconds of the printer's time that it may take."""
        if self.seconds is not None:
            return self.seconds + LINES_A_RUN
        return self.hot + self.samples * of.sample_seconds + MOVE_SECONDS * self.most_lines

    @property
    def most_lines(self) -> int:
        """G-code lines that it may take."""
        dwells = math.ceil(self.hot / SHORTEST_DWELL)
        return LINES_A_RUN + LINES_A_SAMPLE * (self.samples + 30 * self.papers) + dwells


def _accuracy(p: Any, _: Habits) -> Bound:
    if p.what == "endstop":
        return Bound(p.samples or 20)
    if p.sweep:
        return Bound((p.samples or SWEPT) * 12 * 2)
    return Bound(2 * ((p.samples or p.max_samples) + MOST_RESTARTED))


def _bias(p: Any, _: Habits) -> Bound:
    visits = max(p.rounds, p.max_rounds) * 9
    return Bound(visits * (p.touches + 1 + 1), visits)


def _temperature(p: Any, habits: Habits) -> Bound:
    phases = [p.baseline, p.soak, p.soak, p.back]
    heating = (150.0 + 350.0) / habits.heating
    # A phase ends at the first glance after its time: one measurement may still be under way then
    look = (p.touches + 1) * habits.sample_seconds + LINES_A_SAMPLE
    seconds = MINUTE * sum(phases) + heating + len(phases) * (look + NAP)
    return Bound(math.ceil(seconds / habits.sample_seconds), seconds=seconds)


def _hot(p: Any, habits: Habits) -> float:
    """Seconds until a check that was given temperatures begins to measure, at most."""
    if p.bed is None and p.nozzle is None:
        return 0.0
    return MINUTE * float(p.soak) + (150.0 + 350.0) / habits.heating


def _auto_z(p: Any, habits: Habits) -> Bound:
    papers = max(p.papers, MOST_TESTS) if p.tune else 0
    return Bound(p.endstop_touches + 13 * p.repeats + papers, papers, hot=_hot(p, habits))


def _z_offset(p: Any, habits: Habits) -> Bound:
    return Bound(p.touches + 1 + p.repeats, p.repeats, hot=_hot(p, habits))


BOUNDS: Mapping[str, Callable[[Any, Habits], Bound]] = {
    "ready": lambda p, _: Bound(0),
    "probe-xy": lambda p, _: Bound(5 * p.repeats),
    "z-offset": _z_offset,
    "accuracy": _accuracy,
    "bias": _bias,
    "temperature": _temperature,
    "backlash": lambda p, _: Bound(
        (2 * p.pairs(plugin=False) + SLOPE_READINGS) * p.rounds * (p.grid or 2) ** 2
    ),
    "auto-z": _auto_z,
    "first-layer": lambda p, _: Bound(max(p.tests, MOST_TESTS), max(p.tests, MOST_TESTS)),
}


ONE_OF: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "accuracy": (("here",), ("x", "y")),
    "backlash": (("here",), ("x", "y"), ("drives",), ("grid",), ("calibrate",)),
    "bias": (("places",), ("points",)),
}
"""Parameters that exclude each other: a run with several of them is refused before it does anything."""


def test_every_check_has_a_bound() -> None:
    assert BOUNDS.keys() == CHECKS.keys()


def _values(spec: ParameterSpec) -> st.SearchStrategy[Any]:
    if spec.name in ("attach", "detach"):
        return st.just("none")
    if spec.choices:
        found: st.SearchStrategy[Any] = st.sampled_from(spec.choices)
    elif spec.kind is bool:
        return st.booleans()
    elif spec.kind is str:
        return st.sampled_from([spec.default, "60,60;140,140", ";"])
    elif spec.kind is int:
        found = st.integers(int(spec.minimum or 0), int(spec.maximum or 0))
    elif spec.minimum is None:  # a position
        found = st.floats(20.0, 180.0)
    else:
        assert spec.maximum is not None, f"{spec.name} has no limit"
        found = st.floats(spec.minimum, spec.maximum)
    # The ends are where a loop that does not end is found
    ends = [end for end in (spec.minimum, spec.maximum) if end is not None]
    if ends and spec.kind in (int, float):
        found = st.sampled_from([spec.kind(end) for end in ends]) | found
    return st.none() | found if spec.default is None else st.just(spec.default) | found


def parameters_of(name: str) -> st.SearchStrategy[Any]:
    """Allowed parameters of a check."""
    kind = CHECKS[name].parameters
    ways = ONE_OF.get(name, ((),))

    def with_one(values: dict[str, Any], kept: int) -> Any:
        left_out = {option for number, way in enumerate(ways) if number != kept for option in way}
        return build(kind, {option: value for option, value in values.items() if option not in left_out})

    values = st.fixed_dictionaries({spec.name: _values(spec) for spec in specs(kind)})
    return st.builds(with_one, values, st.integers(0, len(ways) - 1))


habits = st.builds(
    Habits,
    sample_seconds=st.sampled_from([1.0, 5.0, 30.0, 120.0]),
    heating=st.sampled_from([0.1, 0.5, 5.0]),
    scatter=st.sampled_from([0.0, 0.003, 0.03]),
    drift=st.sampled_from([0.0, 1e-6, -1e-5]),
    drops_first=st.booleans(),
    idle_timeout=st.sampled_from([60.0, 600.0, 86400.0]),
    seed=st.integers(0, 99),
)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in our time does not wait here."""
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(z_calibration, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


async def _run(name: str, parameters: Any, bound: Bound, of: Habits) -> tuple[VirtualBench, float, bool]:
    """The printer afterwards, the seconds of its time, and whether the check finished."""
    async with virtual_bench(of) as bench:
        bench.machine.most_lines = bound.most_lines
        began = bench.machine.eventtime
        try:
            async with asyncio.timeout(50.0):
                await CHECKS[name].run(bench.context, parameters)
        except (CheckRefused, CheckFailed, CheckCancelled):
            finished = False  # refused or ended early: it has ended
        else:
            finished = True
        return bench, bench.machine.eventtime - began, finished


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_run_ends_within_its_bound(name: str) -> None:
    finished = 0

    @settings(max_examples=12, derandomize=True)
    @given(parameters_of(name), habits)
    def ends(parameters: Any, of: Habits) -> None:
        nonlocal finished
        bound = BOUNDS[name](parameters, of)
        bench, seconds, to_the_end = asyncio.run(_run(name, parameters, bound, of))
        assert len(bench.samples) <= bound.samples
        assert bench.person.papers <= bound.papers
        most = bound.most_seconds(of)
        assert math.isfinite(most)
        assert seconds <= most
        finished += to_the_end

    ends()
    assert finished >= FINISHED, "a run that is refused tests no bound"


@pytest.mark.parametrize(
    ("given", "phases"),
    [
        ({"heat": "nozzle", "nozzle": 80.0, "every": 5.0, "back": 0.0}, {"baseline", "nozzle"}),
        ({"heat": "bed", "bed": 45.0, "every": 5.0, "back": 1.0}, {"baseline", "bed", "back"}),
        (
            {"heat": "both", "bed": 50.0, "nozzle": 90.0, "every": 10.0, "back": 1.0},
            {"baseline", "bed", "nozzle", "back"},
        ),
    ],
    ids=lambda value: value["heat"] if isinstance(value, dict) else "",
)
def test_samples_that_take_longer_than_their_interval_do_not_hold_up_a_phase(
    given: dict[str, Any], phases: set[str]
) -> None:
    parameters = build(TemperatureParameters, {"baseline": 0.5, "touches": 10, "soak": 1.0, **given})
    of = Habits(sample_seconds=5.0)
    bound = _temperature(parameters, of)
    bench, seconds, _ = asyncio.run(_run("temperature", parameters, bound, of))
    assert {sample.place for sample in bench.samples} == phases
    assert seconds < 5 * MINUTE * len(phases)
