"""The values of a full calibration that wait to be saved together: one SAVE_CONFIG and one restart for a group.

A group ends before the first check that needs one of its values in effect, and with the calibration. Nothing is staged
while values wait: they are in the records of the checks that found them and in the calibration's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.record import Change, Outcome, Record
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.depends import needs_in_effect
from zcal_tui.results.variant import has_result
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving.staging import ValueToStage, setting, with_section_name


class WaitingValues:
    """The values that wait, by the check that found them. The last result of a repeated check counts; once it is
    discarded, the one before it counts again."""

    def __init__(self, found: Iterable[FoundValues] = ()) -> None:
        self._found: dict[str, list[FoundValues]] = {values.check: [values] for values in found}

    @property
    def all(self) -> tuple[FoundValues, ...]:
        """All of them, in the order in which they were found."""
        return tuple(results[-1] for results in self._found.values() if results[-1].changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Their changes."""
        return tuple(change for values in self.all for change in values.changes)

    def add(self, record: Record) -> None:
        """Add what a run found; nothing where it did not finish, or where saving is not left to the group. A run
        without a result leaves the one before it in force."""
        if has_result(record):
            before = self._found.pop(record.check, [])
            self._found[record.check] = [*before, FoundValues(record.check, record, savable(record))]

    def discard(self, record: Record) -> None:
        """Drop what a run found."""
        left = [values for values in self._found.pop(record.check, []) if values.record is not record]
        if left:
            self._found[record.check] = left

    def clear(self) -> None:
        """Drop all."""
        self._found.clear()

    def needed_by(self, info: CheckInfo, state: PrinterState) -> bool:
        """Whether a check needs one of the values in effect."""
        probe = probe_config(state)
        section = None if probe is None else probe.section
        return any(
            needs_in_effect(info, change.section.lower(), change.option, section) for change in self.changes
        )


def savable(record: Record) -> tuple[Change, ...]:
    """The changes of a run that are proposed and that SAVE_CONFIG can write; none of a run that has saved by itself."""
    if record.outcome is not Outcome.FINISHED or record.problem is not None:
        return ()
    if any(change.state != "proposed" for change in record.changes):
        return ()
    return tuple(change for change in record.changes if change.saves and change.state == "proposed")


def still_waiting(
    records: Sequence[Record], state: PrinterState
) -> tuple[tuple[FoundValues, ...], tuple[str, ...]]:
    """What the runs of an interrupted calibration, oldest first, found and has not been saved; and why the rest is
    dropped, a sentence each."""
    waiting = WaitingValues()
    for record in records:
        waiting.add(record)
    return still_valid(waiting.all, state)


def still_valid(
    found: Iterable[FoundValues], state: PrinterState
) -> tuple[tuple[FoundValues, ...], tuple[str, ...]]:
    """Those of the values whose setting is what it was when they were measured; and why the rest is dropped, a sentence
    each."""
    valid: list[FoundValues] = []
    dropped: list[str] = []
    for values in found:
        left = []
        for change in values.changes:
            now = setting(state, ValueToStage(change.section, change.option, change.new))
            if ValueToStage(change.section, change.option, change.new).reads(now):
                dropped.append(f"[{change.section}] {change.option} is already {change.shown}.")
            elif _was_changed(change, now, state):
                dropped.append(
                    f"[{change.section}] {change.option} is not saved: it was {change.was} when {values.check} "
                    f"measured and is {now} now."
                )
            else:
                left.append(change)
        if left:
            valid.append(replace(values, changes=tuple(left)))
    return tuple(valid), tuple(dropped)


def _was_changed(change: Change, now: object, state: PrinterState) -> bool:
    """Whether a setting is no longer what it was before this change. What was not set may have a default."""
    if change.old is None:
        section = with_section_name(change, state).section
        return change.option in state.config.get(section, {})
    return not ValueToStage(change.section, change.option, change.old).reads(now)


def with_states(changes: Sequence[Change], states: Iterable[Change]) -> tuple[Change, ...]:
    """The changes with the states that they have in `states`, by section and option."""
    known: Mapping[tuple[str, str, str], str] = {_key(change): change.state for change in states}
    return tuple(replace(change, state=known.get(_key(change), change.state)) for change in changes)


def _key(change: Change) -> tuple[str, str, str]:
    return change.section.lower(), change.option, change.new
