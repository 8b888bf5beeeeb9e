"""What a temperature run heats and how long, and how it watches heaters and heights."""

from typing import Any

import pytest

from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.heating.watch import GAIN_TIME, HeatWatch, in_words
from zcal_tui.checks.temperature import TemperatureParameters
from zcal_tui.checks.temperature.history import TemperatureHistory
from zcal_tui.checks.temperature.plan import look_interval, phases_of
from zcal_tui.checks.temperature.settling import WINDOW, has_settled
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import HeaterState, PrinterState

BESIDE = ProbeConfig("probe", "probe", x_offset=10.0, y_offset=20.0, z_offset=2.0)
TAP = ProbeConfig("probe", "probe", z_offset=-0.5)
LIMITS = {"heater_bed": {"max_temp": 120.0}, "extruder": {"max_temp": 290.0}}


def state(
    bed: float | None = 23.0,
    nozzle: float | None = 24.0,
    targets: tuple[float, float] = (0.0, 0.0),
    settings: dict[str, dict[str, Any]] | None = None,
    eventtime: float = 0.0,
) -> PrinterState:
    heaters = {}
    if bed is not None:
        heaters["heater_bed"] = HeaterState(bed, targets[0])
    if nozzle is not None:
        heaters["extruder"] = HeaterState(nozzle, targets[1])
    return PrinterState(
        settings=LIMITS if settings is None else settings, heaters=heaters, eventtime=eventtime
    )


def test_the_phases_and_their_usual_targets() -> None:
    phases = phases_of(state(), BESIDE, TemperatureParameters())
    assert [(phase.name, dict(phase.targets)) for phase in phases] == [
        ("baseline", {}),
        ("bed", {"heater_bed": 60.0}),
        ("nozzle", {"extruder": 200.0}),
        ("back", {"heater_bed": 0.0, "extruder": 0.0}),
    ]
    assert (phases[1].least, phases[1].most) == (360.0, 1200.0)
    assert phases[1].heating > 60.0


def test_heaters_go_back_to_what_they_were() -> None:
    phases = phases_of(state(bed=30.0, targets=(30.0, 0.0)), BESIDE, TemperatureParameters(bed=50.0))
    assert dict(phases[-1].targets) == {"heater_bed": 30.0, "extruder": 0.0}


def test_the_cooling_can_be_left_out() -> None:
    assert [phase.name for phase in phases_of(state(), BESIDE, TemperatureParameters(back=0.0))] == [
        "baseline",
        "bed",
        "nozzle",
    ]


def test_only_what_is_there_or_was_asked_for_is_heated() -> None:
    assert [phase.name for phase in phases_of(state(bed=None), BESIDE, TemperatureParameters(back=0))] == [
        "baseline",
        "nozzle",
    ]
    only_bed = phases_of(state(), BESIDE, TemperatureParameters(heat="bed"))
    assert [phase.name for phase in only_bed] == ["baseline", "bed", "back"]
    assert dict(only_bed[-1].targets) == {"heater_bed": 0.0}


def test_the_usual_targets_keep_off_a_low_limit() -> None:
    low = {"heater_bed": {"max_temp": 65.0}, "extruder": {"max_temp": 180.0}}
    phases = phases_of(state(settings=low), BESIDE, TemperatureParameters())
    assert dict(phases[1].targets) == {"heater_bed": 55.0}
    assert dict(phases[2].targets) == {"extruder": 170.0}


def test_a_nozzle_that_touches_the_bed_is_heated_less() -> None:
    assert dict(phases_of(state(), TAP, TemperatureParameters())[2].targets) == {"extruder": 150.0}


@pytest.mark.parametrize(
    ("before", "parameters", "words"),
    [
        (state(), {"bed": 115.0}, "115 °C is too hot for the bed"),
        (state(), {"nozzle": 285.0}, "at most 280 °C"),
        (state(bed=52.0), {}, "The bed is too warm"),
        (state(targets=(0.0, 190.0)), {}, "The nozzle is too warm"),
        (state(bed=None), {"heat": "bed"}, "no heated bed"),
        (state(bed=None, nozzle=None), {}, "no heated bed"),
    ],
)
def test_what_cannot_be_is_refused(before: PrinterState, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(CheckRefused) as refused:
        phases_of(before, BESIDE, TemperatureParameters(**parameters))
    assert words in " ".join(refused.value.args)


@pytest.mark.parametrize(("timeout", "interval"), [(600.0, 45.0), (90.0, 30.0), (None, 45.0)])
def test_it_looks_often_enough_for_idle_timeout(timeout: float | None, interval: float) -> None:
    settings: dict[str, dict[str, Any]] = {} if timeout is None else {"idle_timeout": {"timeout": timeout}}
    assert look_interval(state(settings=settings), TemperatureParameters()) == interval


def test_a_heater_that_warms_up_slowly_is_left_alone_until_it_is_there() -> None:
    watch = HeatWatch()
    watch.expect({"heater_bed": 60.0}, state(targets=(60.0, 0.0)), 0.0)
    assert not watch.reached
    for n in range(1, 37):
        watch.look(state(bed=23.0 + n, targets=(60.0, 0.0)), n * (GAIN_TIME - 1.0))
    assert watch.reached


def test_a_heater_that_does_not_heat_ends_the_run() -> None:
    watch = HeatWatch()
    watch.expect({"heater_bed": 60.0}, state(targets=(60.0, 0.0)), 0.0)
    watch.look(state(bed=23.5, targets=(60.0, 0.0)), GAIN_TIME)
    with pytest.raises(CheckFailed, match="bed does not get warmer"):
        watch.look(state(bed=23.5, targets=(60.0, 0.0)), GAIN_TIME + 1.0)


def test_a_target_that_somebody_else_set_ends_the_run() -> None:
    watch = HeatWatch()
    watch.expect({"extruder": 200.0}, state(targets=(0.0, 200.0)), 0.0)
    with pytest.raises(CheckFailed, match="target is 0 °C and not the 200 °C"):
        watch.look(state(nozzle=100.0), 30.0)


def test_cooling_down_counts_as_reached_and_is_not_taken_for_a_broken_heater() -> None:
    watch = HeatWatch()
    watch.expect({"extruder": 0.0}, state(nozzle=200.0), 0.0)
    assert watch.reached
    watch.look(state(nozzle=200.0), 10 * GAIN_TIME)


def test_temperatures_in_words() -> None:
    assert in_words(state(bed=43.2, targets=(60.0, 0.0))) == "bed 43 → 60 °C, nozzle 24 °C"
    assert in_words(state(bed=None)) == "nozzle 24 °C"


def series(until: float, height: Any) -> tuple[list[float], list[float]]:
    times = [10.0 * n for n in range(int(until / 10.0) + 1)]
    return times, [height(t) for t in times]


def test_a_still_height_has_settled_after_the_window_and_not_before() -> None:
    assert has_settled(*series(WINDOW + 10.0, lambda t: 1.5), 0.0, 0.0)
    assert not has_settled(*series(WINDOW - 10.0, lambda t: 1.5), 0.0, 0.0)
    assert not has_settled(*series(2 * WINDOW, lambda t: 1.5), WINDOW + 50.0, 0.0)


def test_a_moving_height_has_not_settled() -> None:
    def creeping(t: float) -> float:
        return float(1.5 + 0.003 * t / 180.0)

    assert not has_settled(*series(2 * WINDOW, creeping), 0.0, 0.0)
    assert has_settled(*series(2 * WINDOW, creeping), 0.0, 0.0125)


def test_too_few_heights_say_nothing() -> None:
    assert not has_settled([0.0, 200.0, 400.0], [1.5, 1.5, 1.5], 0.0, 0.0)
    assert not has_settled([], [], 0.0, 0.0)


def test_the_history_is_thinned() -> None:
    history = TemperatureHistory()
    for n in range(9):
        history.note(state(bed=20.0 + n, eventtime=0.5 * n))
    taken = history.taken()
    assert list(taken.t) == [0.0, 2.0, 4.0]
    assert list(taken.bed) == [20.0, 24.0, 28.0]


def test_a_nozzle_alone_is_heated_after_the_baseline() -> None:
    phases = phases_of(state(), BESIDE, TemperatureParameters(heat="nozzle"))
    assert [(phase.title, dict(phase.targets)) for phase in phases] == [
        ("Cold", {}),
        ("Nozzle only", {"extruder": 200.0}),
        ("Cooling down", {"extruder": 0.0}),
    ]
