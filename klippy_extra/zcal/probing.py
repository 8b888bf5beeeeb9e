# ZCAL_PROBE and ZCAL_PROBE_ACCURACY
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from . import preconditions
from .errors import CommandRefused
from .limits import MAX_SAMPLES
from .lost_steps import LostStepsCheck
from .sample_series import SampleSeries, sample_series, series_settings
from .summary import half_width, summary

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .parameters import CommandParameters
    from .runner import CommandRun

PROBE_HELP = (
    "Probe here and publish each sample, its trigger height and bed height, and their median or average"
)
ACCURACY_HELP = "Probe here several times, publish each sample, and report the scatter"


class ProbeCommands:
    """The two commands."""

    def __init__(self, host: KlippyHost, options: ZcalOptions) -> None:
        self._host = host
        self._options = options

    def probe(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Probe once.

        PROBE_SPEED, LIFT_SPEED, SAMPLES, SAMPLE_RETRACT_DIST, SAMPLES_TOLERANCE, SAMPLES_TOLERANCE_RETRIES and
        SAMPLES_RESULT as in Klipper's PROBE.
        """
        settings = series_settings(self._host, parameters)
        stock = self._host.probe.parameters()
        count = parameters.whole("SAMPLES", int(stock["samples"]), 1, MAX_SAMPLES)
        tolerance = parameters.number("SAMPLES_TOLERANCE", float(stock["samples_tolerance"]), 0.0, 10.0)
        retries = parameters.whole(
            "SAMPLES_TOLERANCE_RETRIES", int(stock["samples_tolerance_retries"]), 0, MAX_SAMPLES
        )
        kind = parameters.choice("SAMPLES_RESULT", str(stock["samples_result"]), ("median", "average"))
        parameters.done()
        with sample_series(self._host, run, settings) as series:
            kept = _agreeing(series, count, tolerance, retries, run)
        result = _result(kept, self._host.motion.z_step())
        name = "median" if kind == "median" else "mean"
        run.result = {
            **result,
            "samples_result": kind,
            "trigger_z": result["trigger"][name],
            "bed_z": result["nozzle"][name],
        }
        run.respond(
            f"ZCAL_PROBE: triggered at z={result['trigger'][name]:.6f}, nozzle contact at "
            f"z={result['nozzle'][name]:.6f} ({kind} of {len(kept)} samples, range {_um(result['nozzle']['range'])})"
        )

    def accuracy(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Probe repeatedly.

        PROBE_SPEED, LIFT_SPEED, SAMPLES and SAMPLE_RETRACT_DIST as in Klipper's PROBE_ACCURACY. DROP_FIRST=1 takes one
        more sample and excludes the first from the result. PRECISION continues after SAMPLES until the 95% interval
        of the mean is within ± that many mm, or MAX_SAMPLES were taken. HOMES homes Z that many times before and after,
        to detect lost motor steps.
        """
        settings = series_settings(self._host, parameters)
        count = parameters.whole("SAMPLES", 10, 1, MAX_SAMPLES)
        drop = parameters.flag("DROP_FIRST")
        precision = parameters.number("PRECISION", 0.0, 0.0, 1.0)
        homes = parameters.whole("HOMES", 0, 0, 20)
        most = parameters.whole("MAX_SAMPLES", max(count, self._options.max_samples), 1, MAX_SAMPLES)
        parameters.done()
        if most < count:
            raise CommandRefused(f"{run.command}: MAX_SAMPLES={most} is less than SAMPLES={count}.")
        if homes == 1:
            raise CommandRefused(
                f"{run.command}: HOMES=1 cannot show the scatter of the endstop. Use 2 or more."
            )
        check = LostStepsCheck(self._host, self._options, run, homes)
        if homes:
            preconditions.check_probe(self._host)
            check.before()
        step = self._host.motion.z_step()
        kept: list[Mapping[str, Any]] = []
        with sample_series(self._host, run, settings) as series:
            if drop:
                series.take(dropped=True)
                series.retract()
            while True:
                kept.append(series.take(dropped=False))
                run.result = {**_result(kept, step), "dropped": int(drop), "stopped": None}
                stopped = _stopped(kept, count, most, precision, step)
                if stopped:
                    break
                series.retract()
        run.result = {**run.result, "stopped": stopped}
        run.result = {**run.result, "lost_steps": check.after()}
        run.respond(_accuracy_text(run.result))


def _agreeing(
    series: SampleSeries, count: int, tolerance: float, retries: int, run: CommandRun
) -> list[Mapping[str, Any]]:
    """`count` samples that agree within the tolerance; if one does not, all are taken again."""
    kept: list[Mapping[str, Any]] = []
    while True:
        kept.append(series.take())
        heights = [sample["bed_z"] for sample in kept]
        if max(heights) - min(heights) > tolerance:
            if retries <= 0:
                raise CommandRefused(
                    f"The samples differ by {_um(max(heights) - min(heights))}, more than SAMPLES_TOLERANCE "
                    f"({_um(tolerance)}).",
                    "The probe scatters, something moves, or there is dirt on the bed.",
                    "Run ZCAL_PROBE_ACCURACY here, or allow more.",
                )
            retries -= 1
            run.respond("The samples differ by more than SAMPLES_TOLERANCE. Retrying...")
            kept = []
        if len(kept) == count:
            return kept
        series.retract()


def _stopped(
    kept: list[Mapping[str, Any]], count: int, most: int, precision: float, step: float
) -> str | None:
    if len(kept) < count:
        return None
    if precision <= 0.0:
        return "planned"
    width = half_width([sample["bed_z"] for sample in kept], step)
    if width is not None and width <= precision:
        return "precision"
    return "cap" if len(kept) >= most else None


def _result(kept: list[Mapping[str, Any]], step: float) -> dict[str, Any]:
    return {
        "trigger": summary([sample["trigger_z"] for sample in kept], step),
        "nozzle": summary([sample["bed_z"] for sample in kept], step),
    }


def _accuracy_text(result: Mapping[str, Any]) -> str:
    # The scatter is that of the bed height: a distance sensor stops somewhere and reads the remaining distance.
    trigger, nozzle = result["trigger"], result["nozzle"]
    parts = [
        f"ZCAL_PROBE_ACCURACY: {nozzle['n']} samples, mean trigger z={trigger['mean']:.6f}",
        f"nozzle contact z={nozzle['mean']:.6f}"
        + (f" ± {_um(nozzle['half_width'])} (95%)" if nozzle["half_width"] is not None else ""),
        f"range {_um(nozzle['range'])}",
    ]
    if nozzle["sigma"] is not None:
        parts.append(f"standard deviation {_um(nozzle['sigma'])}")
    parts.append(f"one step is {_um(nozzle['step'])}")
    if result["dropped"]:
        parts.append("the first sample was excluded")
    if result["stopped"] == "cap":
        parts.append("the requested precision was not reached")
    for name, lost in (result["lost_steps"] or {}).items():
        parts.append(
            f"{name} shifted by {lost['steps']:.1f} ± {lost['half_width']:.1f} steps (95%) between the homings"
        )
    return ", ".join(parts)


def _um(value: float) -> str:
    return f"{1000.0 * value:.1f} µm"
