"""[axis_twist_compensation] is saved as a whole: a list without its ends stops Klipper at the next probe. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from zcal_tui.model.record import Change
from zcal_tui.printer.axis_twist import (
    LISTS,
    SECTION,
    Axis,
    end_text,
    parse_list,
    twist_options,
)
from zcal_tui.printer.state import PrinterState

AXES: tuple[Axis, ...] = ("x", "y")
TOGETHER = "It is only saved together with {}: without all of them Klipper stops at the next probe."


def obstacle(state: PrinterState, change: Change, among: Sequence[Change]) -> str | None:
    """Why an option of the section cannot be staged together with `among`, as a sentence; None if it can, or is of
    another section."""
    if change.section.lower() != SECTION:
        return None
    axis = axis_of(change.option)
    names = None if axis is None else twist_options(state, axis)
    if names is None:
        return f"This Klipper has no {change.option} in [{SECTION}]."
    given = {other.option for other in among if other.section.lower() == SECTION}
    own = state.settings[SECTION]
    needed = [names.values] if change.option != names.values else []
    needed += [
        end for end in (names.start, names.end) if end != change.option and end_text(own.get(end)) is None
    ]
    if missing := [option for option in needed if option not in given]:
        return TOGETHER.format(" and ".join(missing))
    if change.option == names.values:
        try:
            parse_list(change.new)
        except ValueError:
            return f"{change.new} is not a list of numbers."
    return None


def requests(state: PrinterState, texts: Mapping[str, str]) -> Iterator[tuple[Axis, str, float, float]]:
    """What to stage, an axis at a time: its list and its two ends. `texts` are the values by option; an end that is not
    among them is the one that Klipper runs with."""
    own = state.settings.get(SECTION, {})
    running = {name: end_text(value) for name, value in own.items() if name not in LISTS}
    known = {**running, **state.save_config.items.get(SECTION, {}), **texts}
    for axis in AXES:
        names = twist_options(state, axis)
        if names is None or not {names.values, names.start, names.end} & set(texts):
            continue
        start, end = (float(known.get(name) or 0.0) for name in (names.start, names.end))
        yield axis, known.get(names.values) or "", start, end


def neutral(option: str, text: str) -> str | None:
    """A list that corrects nothing, in the place of one that was not set before; None for any other option."""
    if option not in LISTS:
        return None
    return ", ".join("0.000000" for _ in parse_list(text))


def axis_of(option: str) -> Axis | None:
    """The axis of an option of the section; None for one that is not saved."""
    if option in LISTS:
        return LISTS[option]
    if option.startswith(("compensation_start_", "compensation_end_")):
        return "x" if option.endswith("_x") else "y"
    return None
