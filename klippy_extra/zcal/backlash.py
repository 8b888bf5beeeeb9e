# ZCAL_ESTIMATE_BACKLASH: the lost motion of the Z axis
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""A sensor that measures distance is read after approaching from above and from below (scan). A switch closes on the
way down and opens on the way up; the difference is the backlash plus the switch's own differential travel (release).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

from . import preconditions
from .backlash_estimate import ConfidenceInterval, Singular
from .backlash_release import ReleaseMethod
from .backlash_scan import ScanMethod
from .errors import CommandRefused
from .limits import LEAST_LIFT_SPEED
from .options import option_of
from .quantiles import CONFIDENCE
from .sample_series import lift
from .staging import RANGES

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .parameters import CommandParameters
    from .runner import CommandRun
    from .staging import StageCommand

HELP = "Estimate the Z backlash here, or with CALIBRATE=1 at the zero reference position and stage the value"


class BacklashCommand:
    """The command."""

    def __init__(self, host: KlippyHost, options: ZcalOptions, staging: StageCommand) -> None:
        self._host = host
        self._options = options
        self._staging = staging

    def command(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Estimate the backlash.

        CALIBRATE=1 moves to the zero reference position and stages the value. ITERATIONS is the number of measurement
        pairs. DELTA is how far away in Z the approaches of the scan method start. METHOD is auto, scan or release.
        SPEED is the Z speed of the measuring moves.
        """
        calibrate = parameters.flag("CALIBRATE")
        pairs, distance = option_of("backlash_iterations"), option_of("backlash_delta")
        iterations = parameters.whole(
            "ITERATIONS", self._options.backlash_iterations, int(pairs.lowest), int(pairs.highest)
        )
        delta = parameters.number("DELTA", self._options.backlash_delta, distance.lowest, distance.highest)
        method = self._method(parameters.choice("METHOD", "auto", ("auto", "scan", "release")))
        speed = parameters.number("SPEED", 2.0, 0.1, 20.0)
        parameters.done()
        preconditions.check_free(self._host)
        preconditions.check_probe(self._host)
        if calibrate and method == "release" and self._options.switch_hysteresis is None:
            raise CommandRefused(
                "METHOD=release cannot separate backlash from the switch's differential travel: nothing to stage.",
                remedy="Set switch_hysteresis in [zcal] if you know it. Leave CALIBRATE out to compare spots.",
            )
        measure: Callable[[], tuple[ConfidenceInterval, Mapping[str, Any]]]
        if method == "scan":
            measure = ScanMethod(self._host, self._options, run, iterations, delta, speed).measure
        else:
            measure = ReleaseMethod(self._host, self._options, run, iterations, speed).measure
        start = self._host.motion.position()
        place = self._zero_reference() if calibrate else None
        try:
            if place is not None:
                self._go(place, speed)
            run.check()
            found, details = measure()
        except Singular as singular:
            raise CommandRefused(
                f"The backlash could not be estimated: {singular}.",
                remedy="Check the sensor with ZCAL_PROBE_ACCURACY, or use more ITERATIONS.",
            ) from singular
        finally:
            lift(self._host, speed, start[2])
        known = method == "scan" or self._options.switch_hysteresis is not None
        run.result = _result(
            found, known, {**details, "method": method, "iterations": iterations, "delta": delta}
        )
        run.respond("\n".join(_lines(run.command, found, known, method)))
        if calibrate:
            self._calibrate(run, found)

    def _method(self, asked: str) -> str:
        self._host.require("state", "motion", "probe")
        missing = self._host.missing
        if asked == "auto":
            asked = "release" if "scan" in missing else "scan"
            if asked in missing:
                raise CommandRefused(
                    "This probe cannot measure backlash.", missing["scan"], missing["release"]
                )
        if asked in missing:
            raise CommandRefused(missing[asked])
        return asked

    def _zero_reference(self) -> tuple[float, float]:
        reference = self._host.mesh.reference() or self._host.state.zero_reference()
        if reference is None:
            raise CommandRefused(
                "There is no zero reference position.",
                remedy="Set zero_reference_position in [bed_mesh], or move to a spot and leave CALIBRATE out.",
            )
        x_offset, y_offset, _ = self._host.probe.offsets()
        place = reference[0] - x_offset, reference[1] - y_offset
        preconditions.check_place(self._host, place[0], place[1], "the zero reference position")
        return place

    def _go(self, place: tuple[float, float], speed: float) -> None:
        lift(self._host, max(speed, LEAST_LIFT_SPEED), self._options.safe_height)
        self._host.motion.move_to(self._options.speed, x=place[0], y=place[1])
        self._host.motion.wait()

    def _calibrate(self, run: CommandRun, found: ConfidenceInterval) -> None:
        if found.high < 0.0:
            raise CommandRefused(
                f"The estimate is negative ({1000 * found.value:.1f} µm): impossible for backlash. Nothing was staged.",
                "Something drifts or slips during the measurement.",
                "Let the printer settle and try again with more ITERATIONS.",
            )
        value = found.value if found.low > 0.0 else 0.0
        result = run.result
        decimals = RANGES["z_backlash"][2]
        self._staging.stage(run, "zcal", "z_backlash", f"{value:.{decimals}f}")
        run.result = {**(result or {}), "staged": round(value, decimals)}


def _result(found: ConfidenceInterval, known: bool, details: Mapping[str, Any]) -> dict[str, Any]:
    detected = found.low > 0.0 and known
    return {
        "value": found.value if known else None,
        "low": found.low if detected else None,
        "high": found.high,
        "confidence": CONFIDENCE,
        "detected": detected,
        **details,
    }


def _lines(command: str, found: ConfidenceInterval, known: bool, method: str) -> list[str]:
    value, low, high = (1000.0 * part for part in found)
    if not known:
        return [
            f"{command}: the switch opens {value:.1f} µm above where it closes (95%: {low:.1f} to {high:.1f} µm).",
            f"This is the backlash plus the switch's differential travel: the backlash is at most {high:.1f} µm.",
            "Set switch_hysteresis in [zcal] to separate them. Differences between spots are not affected.",
        ]
    lines = []
    if high < 0.0:
        lines.append(
            f"{command}: the estimate is negative ({value:.1f} µm): impossible for backlash. Something drifts."
        )
    elif low <= 0.0:
        lines.append(f"{command}: no backlash detected; it is at most {high:.1f} µm (95%).")
    else:
        lines.append(
            f"{command}: the backlash is {value:.1f} µm (95%: {low:.1f} to {high:.1f} µm), method {method}."
        )
    return lines
