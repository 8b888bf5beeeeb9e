# CALIBRATE_Z: the three heights, the resulting offset, and the report
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import Any, Callable, NamedTuple

from .attachment import AttachmentCheck
from .heights import BedPoint, CalibrationHeights, SampledHeight, micrometres
from .machine import CalibrationMachine
from .options import Point
from .sampling import HeightSampler

SUGGESTION_LIMIT = 0.2
"""mm; beyond this offset a correction of position_endstop is suggested."""


class CalibrationTargets(NamedTuple):
    """The points to measure, and the switch offset to use."""

    nozzle: Point
    switch: Point
    beds: list[Point]
    switch_offset: float
    recheck: bool


class CalibrationScripts(NamedTuple):
    """Functions that run the gcode of the section."""

    start: Callable[[], None]
    before_switch: Callable[[], None]
    end: Callable[[], None]
    nozzle_without_probe: bool
    """Whether before_switch_gcode attaches the probe, so the nozzle is measured without it."""


class CalibrationResult(NamedTuple):
    """The result of a calibration, mm."""

    heights: CalibrationHeights
    switch_offset: float
    offset: float
    half_width: float | None
    drift: float | None

    def values(self) -> dict[str, float]:
        """The heights and the switch offset, by name."""
        return {**self.heights.values(), "switch_offset": self.switch_offset}

    def status(self) -> dict[str, Any]:
        """The result as plain, finite values for the status."""
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


class OffsetCalibration:
    """One calibration. `measure` leaves the toolhead at the last point; end_gcode always runs."""

    def __init__(
        self,
        machine: CalibrationMachine,
        sampler: HeightSampler,
        scripts: CalibrationScripts,
        attachment: AttachmentCheck,
    ) -> None:
        self._machine = machine
        self._sampler = sampler
        self._scripts = scripts
        self._attachment = attachment
        self._detached = False

    def measure(self, targets: CalibrationTargets, conclude: Callable[[CalibrationResult], None]) -> None:
        """Measure, and pass the result to `conclude` before end_gcode, which may fail."""
        self._attachment.before_start(self._machine.probe_triggered())
        self._scripts.start()
        try:
            if not self._machine.homed():
                raise self._sampler.error("must home axes first")
            heights = self._heights(targets)
            drift = self._drift(targets, heights.nozzle) if targets.recheck else None
            conclude(
                CalibrationResult(
                    heights,
                    targets.switch_offset,
                    heights.offset(targets.switch_offset),
                    heights.half_width(abs(drift or 0.0)),
                    drift,
                )
            )
        except Exception:
            self._detach_probe(failed=True)
            raise
        self._detach_probe(failed=False)

    def _heights(self, targets: CalibrationTargets) -> CalibrationHeights:
        machine, sampler = self._machine, self._sampler
        sampler.move_to(targets.nozzle, split=True)
        nozzle = sampler.series("nozzle", machine.descend_to_endstop, wiggle=True)
        sampler.wait()
        self._scripts.before_switch()
        with machine.probing(sampler.settings.second_speed):
            sampler.move_to(targets.switch)
            self._require_probe()
            switch = sampler.series("switch", machine.descend_to_endstop)
            bed = [self._bed_point(point, targets.beds[0]) for point in targets.beds]
        return CalibrationHeights(nozzle, switch, bed)

    def _bed_point(self, point: Point, reference: Point) -> BedPoint:
        machine = self._machine
        offsets = machine.probe_settings().offsets
        self._sampler.move_to((point[0] - offsets[0], point[1] - offsets[1]))
        self._require_probe()
        height = self._sampler.series("bed", machine.descend_to_bed)
        x, y, _ = machine.position
        return BedPoint(
            height, machine.twist(x, y), machine.mesh_height(point) - machine.mesh_height(reference)
        )

    def _require_probe(self) -> None:
        """Refuse to move down without a probe: the nozzle would hit what the probe should touch."""
        triggered = self._machine.probe_triggered()
        self._attachment.when_needed(triggered)
        if triggered:
            raise self._sampler.error(
                "probe switch not closed - probe not attached?" + self._attachment.likely_cause()
            )

    def _drift(self, targets: CalibrationTargets, first: SampledHeight) -> float:
        """The change of the nozzle's height since its first measurement."""
        if self._scripts.nozzle_without_probe:
            self._detach_probe(failed=False)
        self._sampler.move_to(targets.nozzle, split=True)
        again = self._sampler.series("nozzle", self._machine.descend_to_endstop, wiggle=True)
        return again.value - first.value

    def _detach_probe(self, failed: bool) -> None:
        """Run end_gcode once; after a failure at a safe height, and without hiding the failure."""
        if self._detached:
            return
        self._detached = True
        if not failed:
            self._scripts.end()
            self._attachment.after_end(self._machine.probe_triggered())
            return
        self._sampler.clean_up(self._scripts.end)


def report(result: CalibrationResult, position_endstop: float) -> list[str]:
    """The report for the console. The formula comes first, as in the original plugin."""
    heights = result.heights
    formula = (
        f"bed_probe={heights.bed_value + heights.twist:.3f} - (switch={heights.switch.value:.3f}"
        f" - nozzle={heights.nozzle.value:.3f} + switch_offset={result.switch_offset:.3f})"
        f" --> new_offset={result.offset:.6f}"
    )
    lines = [formula]
    if heights.twist:
        lines.append(
            f"axis_twist_compensation adds {micrometres(heights.twist, sign=True)} to bed_probe here;"
            f" without it the offset would be {result.offset - heights.twist:.6f}"
        )
    parts = [("nozzle", heights.nozzle), ("switch", heights.switch)]
    parts += [("bed" if not n else f"bed {n + 1}", point.height) for n, point in enumerate(heights.bed)]
    lines.append("; ".join(f"{name} {_spread(part)}" for name, part in parts) + _certainty(result))
    if len(heights.bed) > 1:
        lines.append(
            f"the {len(heights.bed)} bed points differ by {micrometres(heights.bed_range)};"
            " the offset applies to their average"
        )
    if result.drift is not None:
        lines.append(
            f"the nozzle's height moved by {micrometres(result.drift, sign=True)} during the calibration"
        )
    if abs(result.offset) > SUGGESTION_LIMIT:
        lines.append(
            f"current z axis position_endstop={position_endstop:.3f} - new offset={result.offset:.6f} -->"
            f" POSSIBLE SUGGESTION: new z axis position_endstop={position_endstop - result.offset:.3f}"
        )
    return lines


def _spread(part: SampledHeight) -> str:
    if part.half_width is None or part.sigma is None:
        return f"{part.value:.6f} (1 sample)"
    return (
        f"{part.value:.6f} ± {micrometres(part.half_width)}"
        f" (σ {micrometres(part.sigma)}, {len(part.samples)} samples)"
    )


def _certainty(result: CalibrationResult) -> str:
    if result.half_width is None:
        return "; single samples give no interval of the offset: set samples to 3 or more"
    return f"; offset ± {micrometres(result.half_width)} (95%), excluding the error of switch_offset"
