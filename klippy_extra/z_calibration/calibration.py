"""CALIBRATE_Z: the three heights, the offset they give, and what there is to say about it."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from .attachment import Attachment
from .heights import BedPoint, Component, Heights, micrometres
from .machine import Machine
from .options import Point
from .touching import Toucher

WORTH_A_SUGGESTION = 0.2
"""mm; beyond that position_endstop itself should be corrected."""


class Plan(NamedTuple):
    """Where to measure and with what."""

    nozzle: Point
    switch: Point
    beds: list[Point]
    switch_offset: float
    recheck: bool


class Scripts(NamedTuple):
    """The section's gcode, each to be called to run it."""

    start: Callable[[], None]
    before_switch: Callable[[], None]
    end: Callable[[], None]
    probe_is_off_for_the_nozzle: bool
    """Whether before_switch_gcode fetches the probe, so that the nozzle is touched without it."""


class Outcome(NamedTuple):
    """What a calibration found, mm."""

    heights: Heights
    switch_offset: float
    offset: float
    half_width: float | None
    drift: float | None

    def values(self) -> dict[str, float]:
        """The heights and the switch offset by name."""
        return {**self.heights.values(), "switch_offset": self.switch_offset}

    def status(self) -> dict[str, Any]:
        """For the printer's status: plain finite values."""
        bed = self.heights.bed
        return {
            "offset": self.offset,
            "half_width": self.half_width,
            "switch_offset": self.switch_offset,
            "nozzle": self.heights.nozzle.status(),
            "switch": self.heights.switch.status(),
            "bed": {**bed[0].height.status(), "twist": self.heights.twist},
            "more_bed_points": [point.height.status() for point in bed[1:]],
            "drift": self.drift,
        }


class Calibration:
    """One run. `measure` leaves the toolhead over the last place; end_gcode ran whatever happened."""

    def __init__(self, machine: Machine, toucher: Toucher, scripts: Scripts, attachment: Attachment) -> None:
        self._machine = machine
        self._toucher = toucher
        self._scripts = scripts
        self._attachment = attachment
        self._probe_away = False

    def measure(self, plan: Plan, conclude: Callable[[Outcome], None]) -> None:
        """Measure, and hand the outcome to `conclude` while end_gcode is still to come, as what follows may fail."""
        self._attachment.before_start(self._machine.probe_triggered())
        self._scripts.start()
        try:
            if not self._machine.homed():
                raise self._toucher.error("must home axes first")
            heights = self._heights(plan)
            drift = self._drift(plan, heights.nozzle) if plan.recheck else None
            conclude(
                Outcome(
                    heights,
                    plan.switch_offset,
                    heights.offset(plan.switch_offset),
                    heights.half_width(abs(drift or 0.0)),
                    drift,
                )
            )
        except Exception:
            self._put_away(failed=True)
            raise
        self._put_away(failed=False)

    def _heights(self, plan: Plan) -> Heights:
        machine, toucher = self._machine, self._toucher
        toucher.go(plan.nozzle, split=True)
        nozzle = toucher.series(machine.touch_endstop, wiggle=True)
        toucher.settle()
        self._scripts.before_switch()
        with machine.probing(toucher.settings.second_speed):
            toucher.go(plan.switch)
            self._require_probe()
            switch = toucher.series(machine.touch_endstop)
            bed = [self._bed_point(point, plan.beds[0]) for point in plan.beds]
        return Heights(nozzle, switch, bed)

    def _bed_point(self, point: Point, reference: Point) -> BedPoint:
        machine = self._machine
        offsets = machine.probe_settings().offsets
        self._toucher.go((point[0] - offsets[0], point[1] - offsets[1]))
        self._require_probe()
        height = self._toucher.series(machine.touch_bed)
        x, y, _ = machine.position
        return BedPoint(
            height, machine.twist(x, y), machine.mesh_height(point) - machine.mesh_height(reference)
        )

    def _require_probe(self) -> None:
        """Refuse to go down without a probe: the nozzle would meet what the probe was to touch."""
        triggered = self._machine.probe_triggered()
        self._attachment.when_needed(triggered)
        if triggered:
            raise self._toucher.error(
                "probe switch not closed - probe not attached?" + self._attachment.suspicion()
            )

    def _drift(self, plan: Plan, first: Component) -> float:
        """How far the nozzle's height moved since it was first touched."""
        if self._scripts.probe_is_off_for_the_nozzle:
            self._put_away(failed=False)
        self._toucher.go(plan.nozzle, split=True)
        again = self._toucher.series(self._machine.touch_endstop, wiggle=True)
        return again.value - first.value

    def _put_away(self, failed: bool) -> None:
        """Run end_gcode, once; after a failure from a safe height, and without hiding the failure."""
        if self._probe_away:
            return
        self._probe_away = True
        if not failed:
            self._scripts.end()
            self._attachment.after_end(self._machine.probe_triggered())
            return
        self._toucher.retreat(self._scripts.end)


def report(outcome: Outcome, position_endstop: float) -> list[str]:
    """The lines that say what was found, the formula first, as people and programs know it."""
    heights = outcome.heights
    formula = (
        f"bed_probe={heights.bed_value + heights.twist:.3f} - (switch={heights.switch.value:.3f}"
        f" - nozzle={heights.nozzle.value:.3f} + switch_offset={outcome.switch_offset:.3f})"
        f" --> new_offset={outcome.offset:.6f}"
    )
    lines = [formula]
    if heights.twist:
        lines.append(
            f"axis_twist_compensation adds {micrometres(heights.twist, sign=True)} to bed_probe here;"
            f" without it the offset would be {outcome.offset - heights.twist:.6f}"
        )
    parts = [("nozzle", heights.nozzle), ("switch", heights.switch)]
    parts += [("bed" if not n else f"bed {n + 1}", point.height) for n, point in enumerate(heights.bed)]
    lines.append("; ".join(f"{name} {_spread(part)}" for name, part in parts) + _certainty(outcome))
    if len(heights.bed) > 1:
        lines.append(
            f"the {len(heights.bed)} bed points differ by {micrometres(heights.bed_range)};"
            " the offset is right for their average"
        )
    if outcome.drift is not None:
        lines.append(f"the nozzle's height moved by {micrometres(outcome.drift, sign=True)} during the run")
    if abs(outcome.offset) > WORTH_A_SUGGESTION:
        lines.append(
            f"current z axis position_endstop={position_endstop:.3f} - new offset={outcome.offset:.6f} -->"
            f" POSSIBLE SUGGESTION: new z axis position_endstop={position_endstop - outcome.offset:.3f}"
        )
    return lines


def _spread(part: Component) -> str:
    if part.half_width is None or part.sigma is None:
        return f"{part.value:.6f} (1 sample)"
    return (
        f"{part.value:.6f} ± {micrometres(part.half_width)}"
        f" (σ {micrometres(part.sigma)}, {len(part.samples)} samples)"
    )


def _certainty(outcome: Outcome) -> str:
    if outcome.half_width is None:
        return "; how sure the offset is cannot be told from single samples: set samples to 3 or more"
    return f"; offset ± {micrometres(outcome.half_width)} (95 %), switch_offset's own error apart"
