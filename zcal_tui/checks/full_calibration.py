"""The full calibration (`all`): which checks it runs, which it skips, and when it stops."""

from collections.abc import Mapping
from typing import ClassVar

from zcal_tui.checks.base import Check, Declaration
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.parameters import ParameterError, parameter
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.full_calibration import INFO
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import WHOLE, Level, Outcome, Record


def _known(text: str) -> str:
    """Raises ParameterError for the name of a check that does not exist."""
    for name in split(text):
        if name not in CHECKS:
            raise ParameterError(f"there is no check {name!r}; there are {', '.join(CHECKS)}")
    return text


def split(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list of checks."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class FullCalibrationParameters:
    """How the full calibration runs."""

    skip: str = parameter("", "checks to skip, separated by commas", rule=_known)
    only: str = parameter("", "checks to run, separated by commas (default: all that apply)", rule=_known)


class FullCalibration:
    """The declaration of `all`. What runs it is session/full_calibration.py."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = FullCalibrationParameters


RUNS_ALONE = ("temperature", "backlash")
"""The checks of a full calibration that take long and need nobody."""

DECLARED: Mapping[str, Declaration] = {**CHECKS, WHOLE: FullCalibration()}
"""Every check by its name, and `all`."""


def chosen(parameters: FullCalibrationParameters) -> tuple[Check, ...]:
    """The checks that the person has not excluded: those that need a person together, those that run alone last."""
    only, skip = split(parameters.only), split(parameters.skip)
    found = [
        check
        for check in CHECKS.values()
        if check.info.name not in skip and (not only or check.info.name in only)
    ]
    return tuple(sorted(found, key=lambda check: check.info.name in RUNS_ALONE))


def not_applicable(info: CheckInfo, capabilities: Capabilities, *, person: bool) -> str | None:
    """Why a full calibration skips a check on this printer; None where it runs it."""
    if (why := info.unfit(capabilities)) is not None:
        return why
    needs = info.needs(capabilities)
    if needs.person and not person:
        return "It needs a person, and this run has none."
    if needs.module == "must" and not capabilities.zcal:
        return "It needs [zcal], the companion module in Klipper. `zcal-tui install` adds it."
    return None


FIRST_STAGES = ("reg_drive_current",)
"""Options that a check finds before the rest of its result, which it measures once they are in effect."""


def repeats(record: Record) -> bool:
    """Whether a check has saved no more than the first stage of its result, so that it runs again."""
    return any(change.option in FIRST_STAGES and change.state == "saved" for change in record.changes)


def stops_rest(record: Record) -> str | None:
    """Why a full calibration stops after a run that ended like this; None where the next check may follow."""
    if record.outcome in (Outcome.ERROR, Outcome.LOST):
        return "Check the printer first."
    if record.outcome is Outcome.CANCELLED:
        return "It was cancelled."
    if record.outcome is Outcome.FINISHED and record.problem is not None:
        return "What it found could not be saved, so later checks would use the old value."
    info = info_of(record.check)
    why = info.stops_rest if info is not None else None
    if why is not None and (
        record.outcome is Outcome.REFUSED
        or (record.verdict is not None and record.verdict.level is Level.FAIL)
    ):
        return why
    return None
