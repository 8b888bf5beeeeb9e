"""Repeatability: does the probe find the same height when it touches the same place again?

Klipper docs, Probe_Calibrate, Repeatability check. This is the declaration, which the command line and the plan read;
`accuracy_run` does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.parameters import parameter


@dataclass(frozen=True, slots=True)
class AccuracyParameters:
    """How the repeatability is measured."""

    samples: int | None = parameter(
        None, "touch exactly this often, instead of as often as it takes to decide", minimum=2, maximum=200
    )
    max_samples: int = parameter(50, "without --samples: the most touches to make", minimum=10, maximum=200)
    probe_speed: float | None = parameter(
        None, "speed of the touch instead of the configured one", unit="mm/s", minimum=0.1, maximum=50
    )
    lift_speed: float | None = parameter(
        None, "speed of the lift instead of the configured one", unit="mm/s", minimum=0.1, maximum=100
    )
    retract: float | None = parameter(
        None, "how far to lift between touches (sample_retract_dist)", unit="mm", minimum=0.1, maximum=20
    )
    x: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    y: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    here: bool = parameter(False, "measure where the toolhead stands now")
    home: bool = parameter(True, "home first where an axis is not homed")
    attach: str = parameter(
        "auto", "macro that fetches a docked probe; auto finds it, none leaves the probe as it is"
    )
    detach: str = parameter("auto", "macro that puts a docked probe back")


class Accuracy:
    """The check `accuracy`."""

    name: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "Repeatability"
    learn: ClassVar[str] = "Does the probe find the same height each time, well enough for bed levelling?"
    explain: ClassVar[str] = (
        "Touches the bed again and again in one place and looks at how far the heights scatter, whether they "
        "drift, whether the first touch differs and whether some are far off. Klipper's limit is a range of "
        "25 µm in ten touches. It ends as soon as the answer is certain."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, minutes=1.5)
    parameters: ClassVar[type] = AccuracyParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        from zcal_tui.printer.config_view import (
            has_probe,  # the command line does without the printer's rooms
        )

        return None if has_probe(settings) else "There is no probe in this printer's configuration."

    async def run(self, context: Context, parameters: AccuracyParameters) -> None:
        from zcal_tui.checks.accuracy_run import (
            measure,  # numpy comes with it, and a run is the first to need it
        )

        await measure(context, parameters)
