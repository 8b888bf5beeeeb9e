"""The consent to heat: it names the temperatures and the time. Nothing heats without it."""

import math

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.checks.temperature.plan import BED, NOZZLE, PhasePlan
from zcal_tui.model.questions import HEAT, Confirm

ROUNDED = 10
"""Minutes to which the time is rounded up: what is agreed to is not exceeded by a warmer start."""
NAMES = {BED: "bed", NOZZLE: "nozzle"}


def heat_question(phases: tuple[PhasePlan, ...]) -> Confirm:
    """The question for these phases."""
    targets = {
        name: target for phase in phases if phase.name != "back" for name, target in phase.targets.items()
    }
    minutes = math.ceil(sum(phase.longest for phase in phases if phase.targets) / 60.0 / ROUNDED) * ROUNDED
    what = " and ".join(f"the {NAMES.get(name, name)} to {target:.0f} °C" for name, target in targets.items())
    return Confirm(
        HEAT,
        f"Heat {what} for up to {minutes} min?",
        "Unload the filament first: it oozes from a hot nozzle. The heaters are turned off at the end and on every way "
        "out; if this program is gone, the [zcal] module does it.",
        yes="Heat",
        no="Do not heat",
        facts={
            **{NAMES.get(name, name): target for name, target in targets.items()},
            "minutes": float(minutes),
        },
    )


async def require_heat_consent(
    context: Context, parameters: TemperatureParameters, phases: tuple[PhasePlan, ...]
) -> None:
    """Ask whether to heat. Temperatures given on the command line are consent where nobody can be asked; defaults are
    not. Raises NeedsPerson, CheckRefused, CheckCancelled."""
    question = heat_question(phases)
    if not context.operator.present:
        given = {"bed": parameters.bed, "nozzle": parameters.nozzle}
        missing = [f"--{name}" for name in given if name in question.facts and given[name] is None]
        if missing:
            raise NeedsPerson(
                "Heating needs consent, and nobody can be asked.",
                question.text,
                f"Give the temperature with {' and '.join(missing)}, which is consent.",
            )
        return
    if not await context.operator.confirm(question):
        raise CheckRefused(
            "You chose not to heat.",
            "The effect of temperature can only be measured with heat.",
            "Start again when the filament is unloaded and heating is safe.",
        )
