"""Whether a result still says how the printer is, and if not, why: from records, status, and what a person said.

The rules are those of Klipper docs, Probe_Calibrate. Age alone makes nothing stale; it is only said.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from zcal_tui.model.record import Change, Outcome, Record
from zcal_tui.model.units import age, micrometres
from zcal_tui.results import versions
from zcal_tui.results.changes import Changed
from zcal_tui.results.context import config_of, frame_of, kept
from zcal_tui.results.depends import NEEDS_NEW, held, probe_option, values
from zcal_tui.results.homing_state import restarted_between
from zcal_tui.results.levelling import levelled_since

Context = Mapping[str, Any]

OLD_AFTER = 21 * 86400.0
"""Seconds after which a result's age is worth a word."""
SAME_HEIGHT = 0.5e-3
"""mm by which two heights may differ and still be the same number in printer.cfg, which keeps three decimals."""
LEVELLING_MATTERS = ("z-offset",)
"""Checks that Klipper docs, Probe_Calibrate, hold invalid after levelling, for a probe beside the nozzle."""
RUNTIME_OFFSET = {
    "auto-z": "Klipper was restarted since, and with that the offset that CALIBRATE_Z applied is gone",
}
OWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "z-offset": ("z_offset", "position_endstop"),
    "probe-xy": ("x_offset", "y_offset"),
}
"""What a check finds for the configuration: as long as it is saved there, or not yet, the result stands."""


def stale(
    record: Record, later: Sequence[Record], now: Context | None, changes: Sequence[Changed] = ()
) -> str | None:
    """Why a record does not hold any more, in a clause; None where nothing speaks against it.

    `later` are newer records of the same printer, `now` the context of this moment (`context_facts`) where the
    printer is at hand, `changes` what a person said to have changed on it, at any time.
    """
    if record.outcome is not Outcome.FINISHED:
        return None
    newer = sorted((other for other in later if other.started > record.started), key=lambda r: r.started)
    contexts = [other.context for other in newer] + ([now] if now is not None else [])
    return (
        _person(record, changes)
        or _klipper(record, newer)
        or (_config(record, contexts[-1]) or _own_value(record, contexts[-1]) if contexts else None)
        or (levelled_since(record.context, contexts) if record.check in LEVELLING_MATTERS else None)
        or _runtime(record, now)
    )


def age_note(record: Record, now: datetime) -> str | None:
    """A word on a result's age, where it is some weeks; None where it is younger or its age is not known."""
    try:
        then = datetime.fromisoformat(record.finished or record.started)
    except ValueError:
        return None
    seconds = (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    if seconds < OLD_AFTER:
        return None
    weeks = int(seconds // (7 * 86400))
    return f"{weeks} weeks old" if weeks < 20 else f"{age(seconds)} old"


def _person(record: Record, changes: Sequence[Changed]) -> str | None:
    for change in reversed(changes):
        why = NEEDS_NEW.get(change.what, {}).get(record.check)
        if why is not None and change.at > record.started:
            return f"{_thing(change.what)} changed since ({change.at[:10]}): {why}"
    return None


def _thing(what: str) -> str:
    return "the motion system was" if what == "motion" else f"the {what} was"


def _klipper(record: Record, newer: Sequence[Record]) -> str | None:
    twist = "axis_twist_compensation" in (config_of(record.context) or {})
    if record.check not in ("z-offset", "bias") or not twist:
        return None
    for other in newer:
        fault = versions.faulty(record.printer) and not versions.faulty(other.printer)
        if fault or versions.crossed(record.printer, other.printer):
            return (
                f"Klipper went from {record.printer.get('software_version')} to "
                f"{other.printer.get('software_version')} since, which counts the axis twist otherwise"
            )
    return None


def _config(record: Record, context: Context) -> str | None:
    """The first config value that differs, of those the check depends on."""
    if config_of(record.context) is None or config_of(context) is None:
        return None
    if record.check == "ready":
        return _ready(record.context, context)
    then, now = values(record.context, record.check), values(context, record.check)
    if record.context.get("software_version") != context.get("software_version"):
        # klippy lists defaults among the settings: another version has others, without anybody's doing
        then, now = {k: v for k, v in then.items() if k in now}, {k: v for k, v in now.items() if k in then}
    if record.context.get("probe_section") != context.get("probe_section"):
        return "the printer's configuration has another probe since"
    for name in {**then, **now}:
        if name not in then:
            return f"{name} was added to the configuration since"
        if name not in now:
            return f"{name} was taken out of the configuration since"
        if then[name] != now[name] and not _found_itself(record.changes, name, now[name]):
            return f"{name} was changed since, from {_shown(then[name])} to {_shown(now[name])}"
    return None


def _found_itself(changes: Sequence[Change], name: str, value: Any) -> bool:
    """Whether a new value is what the run itself proposed: then it is no news to it."""
    return any(
        f"[{change.section.lower()}] {change.option}" == name and _same(kept(change.new), value)
        for change in changes
    )


def _ready(then: Context, now: Context) -> str | None:
    if then.get("config_hash") != now.get("config_hash"):
        if probe_option(then, "z_offset") != probe_option(now, "z_offset") and now.get("bed_mesh"):
            return (
                "z_offset was changed since, which makes the mesh that was probed with the old one invalid: "
                "BED_MESH_CALIBRATE again"
            )
        return "the printer's configuration was changed since"
    if restarted_between(frame_of(then), frame_of(now)):
        return "Klipper was restarted since, and has to be homed anew"
    if "z" in str(then.get("homed_axes")) and "z" not in str(now.get("homed_axes")):
        return "the axes are not homed any more"
    if then.get("bed_mesh") != now.get("bed_mesh"):
        return "another bed mesh is in force since"
    return None


def _own_value(record: Record, context: Context) -> str | None:
    """The value in the configuration is neither what was found nor what was there before."""
    for option in OWN_VALUES.get(record.check, ()):
        now, then = held(context, option), held(record.context, option)
        found: list[Any] = [change.new for change in record.changes if change.option == option]
        if (estimate := record.estimates.get(option)) is not None and estimate.value is not None:
            found.append(estimate.value)
        if now is None or then is None or not found or _same(now, then):
            continue
        if not any(_same(now, value) for value in found):
            return f"{option} is {_shown(now)} now, neither what this run found nor what it was before"
    return None


def _runtime(record: Record, now: Context | None) -> str | None:
    if now is None:
        return None
    if record.check in RUNTIME_OFFSET and restarted_between(frame_of(record.context), frame_of(now)):
        return RUNTIME_OFFSET[record.check]
    if record.check == "first-layer":
        then_z, now_z = _offset_z(record.context), _offset_z(now)
        if then_z is not None and now_z is not None and abs(then_z - now_z) > SAME_HEIGHT:
            return f"the G-code offset is {micrometres(now_z, sign=True)} now, and was {micrometres(then_z, sign=True)}"
    return None


def _offset_z(context: Context) -> float | None:
    offset = context.get("gcode_offset")
    if isinstance(offset, list | tuple) and len(offset) > 2 and isinstance(offset[2], int | float):
        return float(offset[2])
    return None


def _same(one: Any, other: Any) -> bool:
    try:
        return abs(float(one) - float(other)) <= SAME_HEIGHT
    except (TypeError, ValueError):
        return bool(one == other)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
