"""Second values that a proposed value needs: without them Klipper would not start."""

from collections.abc import Sequence

from zcal_tui.model.record import Change
from zcal_tui.model.units import length
from zcal_tui.printer.start_bounds import Companion, bounds_of, overlaid
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

CONSENT_OPTION = "position_min"
"""The option that is only changed with a consent of its own."""


def lowers_limit(change: Change, state: PrinterState) -> bool:
    """Whether a change lowers position_min, so that moves can go lower: only that needs a consent of its own."""
    if change.option != CONSENT_OPTION:
        return False
    now = number(state.settings.get(change.section.lower(), {}).get(change.option))
    return float(change.new) < (now or 0.0)


def companions(changes: Sequence[Change], state: PrinterState) -> tuple[Change, ...]:
    """The changes that these need in addition, each once."""
    given = {(change.section.lower(), change.option) for change in changes}
    found: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change.state != "proposed":
            continue
        values = {change.section: {change.option: change.new}}
        for problem in bounds_of(state).problems(overlaid(state.config, values)):
            other = problem.companion
            if other is not None and (other.section, other.option) not in given:
                key = (other.section, other.option)
                if key not in found or float(other.new) < float(found[key].new):
                    found[key] = _change(other, change)
    return tuple(found.values())


def _change(companion: Companion, needed_by: Change) -> Change:
    lower = float(companion.new)
    return Change(
        companion.section,
        companion.option,
        companion.old,
        companion.new,
        saves=needed_by.saves,
        effect=f"needed for {needed_by.option} {needed_by.new}; moves can then go down to Z {length(lower, sign=True)}",
    )
