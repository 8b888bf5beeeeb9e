"""The consent to the heat of a temperature run. Nothing heats without it."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.heating.consent import agree_to_heat, question_about
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.checks.temperature.plan import PhasePlan
from zcal_tui.model.questions import Confirm


def heat_question(phases: tuple[PhasePlan, ...]) -> Confirm:
    """The question for these phases."""
    targets = {
        name: target for phase in phases if phase.name != "back" for name, target in phase.targets.items()
    }
    return question_about(targets, sum(phase.longest for phase in phases if phase.targets))


async def require_heat_consent(
    context: Context, parameters: TemperatureParameters, phases: tuple[PhasePlan, ...]
) -> None:
    """Ask whether to heat. Raises NeedsPerson, CheckRefused, CheckCancelled."""
    given = {"bed": parameters.bed, "nozzle": parameters.nozzle}
    if not await agree_to_heat(context, heat_question(phases), given):
        raise CheckRefused(
            "You chose not to heat.",
            "The effect of temperature can only be measured with heat.",
            "Start again when the filament is unloaded and heating is safe.",
        )
