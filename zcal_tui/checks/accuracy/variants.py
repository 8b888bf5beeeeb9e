"""The settings that a sweep compares: each differs from the present ones in one thing."""

import random
from collections.abc import Iterator
from dataclasses import replace

from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

CONFIGURED = "configured"
AGAIN = "configured_again"
START_HEIGHTS = (5.0, 10.0)
"""mm above the trigger: what horizontal_move_z usually is, and a generous one."""
LEAST_RETRACT = 0.5
LEAST_SPEED = 0.5


@dataclass(frozen=True)
class SweepSetting:
    """One setting. `start_height` is how far above the trigger every touch begins, None for the retract's height;
    `option` the option of the configuration, None for the present settings."""

    name: str
    settings: ProbingSettings
    start_height: float | None = None
    option: str | None = None
    value: float = 0.0


def variants(
    state: PrinterState, probe: ProbeConfig, parameters: AccuracyParameters
) -> tuple[SweepSetting, ...]:
    """The settings to measure, in random order, with the present ones first and last, so that a drift shows."""
    now = ProbingSettings(
        parameters.probe_speed or probe.speed,
        parameters.lift_speed or probe.lift_speed,
        parameters.retract or probe.sample_retract_dist,
    )
    others = list(_others(state, probe, now))
    random.Random(parameters.order_seed).shuffle(others)
    return (SweepSetting(CONFIGURED, now), *others, SweepSetting(AGAIN, now))


def _others(state: PrinterState, probe: ProbeConfig, now: ProbingSettings) -> Iterator[SweepSetting]:
    fastest = _fastest(state)
    assert now.probe_speed and now.lift_speed and now.sample_retract_dist
    for speed in _around(now.probe_speed, LEAST_SPEED, fastest):
        yield _variant("probe_speed", speed, replace(now, probe_speed=speed))
    for speed in _around(now.lift_speed, LEAST_SPEED, fastest):
        yield _variant("lift_speed", speed, replace(now, lift_speed=speed))
    # What pushes out a pin or docks at each touch needs its room: no shorter retract there
    least = now.sample_retract_dist if probe.prepares else LEAST_RETRACT
    retracts = _around(now.sample_retract_dist, least, 20.0)
    for retract in retracts:
        yield _variant("retract", retract, replace(now, sample_retract_dist=retract))
    for height in START_HEIGHTS:
        if height not in (*retracts, now.sample_retract_dist):
            yield SweepSetting(f"start_height={height:g}", now, height, "start_height", height)


def _around(value: float, least: float, most: float) -> list[float]:
    """Half and twice the value, as far as they are allowed."""
    found = [float(f"{factor * value:.3g}") for factor in (0.5, 2.0)]
    return [other for other in found if least <= other <= most and other != value]


def _variant(option: str, value: float, settings: ProbingSettings) -> SweepSetting:
    return SweepSetting(f"{option}={value:g}", settings, None, option, value)


def _fastest(state: PrinterState) -> float:
    """The Z speed that the printer allows (mm/s); a delta's towers move as fast as the toolhead."""
    printer = state.settings.get("printer", {})
    return number(printer.get("max_z_velocity")) or number(printer.get("max_velocity")) or 50.0
