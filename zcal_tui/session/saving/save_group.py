"""Saves a group of a full calibration's values. It runs like a check that measures nothing, as undoing a save does."""

from collections.abc import Sequence
from typing import Any, ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.parameters import parameter
from zcal_tui.model.check_info import WRITING_TITLES, title_and_name
from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits
from zcal_tui.model.events import AdviceGiven
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import SAVE, Change, Level, Verdict
from zcal_tui.session.found_values import FoundValues


@dataclass(frozen=True)
class SaveGroupParameters:
    """Whose values are saved."""

    run: str = parameter("", "the run whose values are saved; empty for a group of a full calibration")


class SaveGroupDeclaration:
    """What is known about saving a group before it runs."""

    info: ClassVar[CheckInfo] = CheckInfo(
        name=SAVE,
        title=WRITING_TITLES[SAVE],
        order=0,
        learn="Which values are saved?",
        explain="Shows the values that the checks so far have found, with the difference to printer.cfg. Writes those "
        "that you choose with one SAVE_CONFIG and one restart, and reads them back.",
        needs=lambda capabilities: Needs(homed=False),
        unfit=always_fits,
        stops_rest=None,
        estimates=(),
        main=(),
        plots=(),
        depends_on={},
        stale_after={},
    )
    parameters: ClassVar[type] = SaveGroupParameters


class SaveGroup(SaveGroupDeclaration):
    """Proposes the values of a group."""

    def __init__(self, found: Sequence[FoundValues]) -> None:
        self.found = tuple(found)

    async def run(self, context: Context, parameters: Any) -> None:
        """Propose the values; the run's saver asks and writes."""
        for values in self.found:
            context.emit(
                AdviceGiven(f"Save what this check found: {title_and_name(values.check)}.", values.changes)
            )


def save_verdict(changes: Sequence[Change]) -> Verdict:
    """What has become of a group's values: a declined one is a person's choice."""
    texts = {"saved": "Saved", "declined": "Declined", "proposed": "Not saved", "staged": "May be pending"}
    parts = []
    for state, text in texts.items():
        if listed := ", ".join(f"{c.option} {c.shown}" for c in changes if c.state == state):
            parts.append(f"{text}: {listed}.")
    settled = all(change.state in ("saved", "declined") for change in changes)
    return Verdict(Level.PASS if settled else Level.WARN, " ".join(parts))
