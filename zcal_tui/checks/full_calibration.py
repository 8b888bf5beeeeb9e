"""The guided order (`all`): which checks, in which order, when one is passed over and when the rest means nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from zcal_tui.checks.base import Check, Declaration, Needs
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.parameters import ParameterError, parameter
from zcal_tui.model.record import WHOLE, Level, Outcome, Record

NAME = WHOLE


def _known(text: str) -> str:
    """Raises ParameterError for the name of a check that does not exist."""
    for name in split(text):
        if name not in CHECKS:
            raise ParameterError(f"there is no check {name!r}; there are {', '.join(CHECKS)}")
    return text


def split(text: str) -> tuple[str, ...]:
    """The names in a list of checks."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class FullCalibrationParameters:
    """How the whole calibration is done."""

    skip: str = parameter("", "checks to leave out, separated by commas", rule=_known)
    only: str = parameter("", "checks to do, separated by commas; else all that apply", rule=_known)


class FullCalibration:
    """The declaration of `all`. What runs it is session/full_calibration.py."""

    name: ClassVar[str] = NAME
    title: ClassVar[str] = "The whole calibration"
    learn: ClassVar[str] = "Every check that applies, one after the other"
    explain: ClassVar[str] = (
        "Does every check that applies to this printer, in the order in which they build on each other, saves what you "
        "agree to in between, and stops where a result makes the rest meaningless. After a restart it homes and levels "
        "again, as you agreed to at the beginning."
    )
    needs: ClassVar[Needs] = Needs(
        homed=False,
        person=True,
        extra="better",
        cold=True,
        minutes=sum(check.needs.minutes for check in CHECKS.values()),
    )
    parameters: ClassVar[type] = FullCalibrationParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        return None


DECLARED: Mapping[str, Declaration] = {**CHECKS, NAME: FullCalibration()}
"""Every check by its name, and `all`."""


def chosen(parameters: FullCalibrationParameters) -> tuple[Check, ...]:
    """The checks that the person has not left out."""
    only, skip = split(parameters.only), split(parameters.skip)
    return tuple(
        check for check in CHECKS.values() if check.name not in skip and (not only or check.name in only)
    )


def not_applicable(
    check: Check, settings: Mapping[str, Any], *, person: bool, can_extra: Callable[[], bool]
) -> str | None:
    """Why a check is passed over on this printer; None where it is done."""
    if (why := check.unfit(settings)) is not None:
        return why
    if check.needs.person and not person:
        return "It needs a person, and nobody is there."
    if check.needs.extra == "must" and not can_extra():
        return "It needs the companion extra (`zcal-tui install`)."
    return None


STOPPERS: Mapping[str, str] = {
    "ready": "What is measured on a printer that is not ready means nothing.",
    "probe-xy": "Where the probe is has to be known before its z_offset can be measured.",
    "z-offset": "Without a z_offset the heights of the other checks mean nothing.",
    "accuracy": "With a probe that does not repeat, nothing else can be told from chance.",
}
"""After which checks a failure makes the rest meaningless, and why."""


def stops_rest(record: Record) -> str | None:
    """Why nothing should be done after a run that ended like this; None where the next check may follow."""
    if record.outcome in (Outcome.ERROR, Outcome.LOST):
        return "The printer has to be looked at first."
    if record.outcome is Outcome.CANCELLED:
        return "It was cancelled."
    if record.outcome is Outcome.FINISHED and record.problem is not None:
        return "What it found could not be saved; what follows would be measured with the value from before."
    why = STOPPERS.get(record.check)
    if why is not None and (
        record.outcome is Outcome.REFUSED
        or (record.verdict is not None and record.verdict.level is Level.FAIL)
    ):
        return why
    return None
