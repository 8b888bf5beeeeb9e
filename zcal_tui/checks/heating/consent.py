"""The consent to heat: it names the temperatures and the time. Nothing heats without it."""

import math
from collections.abc import Mapping

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.heating.targets import NAMES
from zcal_tui.checks.lease.temporary_settings import HEATING_NEEDS_MODULE
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.model.questions import HEAT, Confirm

ROUNDED = 10
"""Minutes to which the time is rounded up: what is agreed to is not exceeded by a warmer start."""


def question_about(targets: Mapping[str, float], seconds: float) -> Confirm:
    """The question whether to heat these heaters to these °C for so long."""
    minutes = math.ceil(seconds / 60.0 / ROUNDED) * ROUNDED
    what = " and ".join(f"the {NAMES.get(name, name)} to {target:.0f} °C" for name, target in targets.items())
    return Confirm(
        HEAT,
        f"Heat {what} for up to {minutes} min?",
        "Unload the filament first: it oozes from a hot nozzle. The heaters are turned off at the end and on every way "
        "out; if this program is gone, the [zcal] module does it.",
        yes="Heat",
        no="Do not heat",
        consent=True,
        facts={
            **{NAMES.get(name, name): target for name, target in targets.items()},
            "minutes": float(minutes),
        },
    )


async def agree_to_heat(context: Context, question: Confirm, given: Mapping[str, float | None]) -> bool:
    """Whether heating is agreed to. Temperatures `given` on the command line (by their option) are consent where nobody
    can be asked; defaults are not. Raises NeedsPerson, CheckCancelled."""
    if context.operator.present:
        return await context.operator.confirm(question)
    missing = [f"--{name}" for name in given if name in question.facts and given[name] is None]
    if missing:
        raise NeedsPerson(
            "Heating needs consent, and nobody can be asked.",
            question.text,
            f"Give the temperature with {' and '.join(missing)}, which is consent.",
        )
    return True


def require_lease(context: Context) -> None:
    """Raises CheckRefused without the [zcal] module, before anything moves."""
    if not context.zcal.can("settings"):
        raise CheckRefused(
            HEATING_NEEDS_MODULE,
            "If zcal-tui ended or lost the link, nothing would turn the heaters off.",
            "Install it with `zcal-tui install`, then start again.",
        )
