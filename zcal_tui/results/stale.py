"""Whether a result is still valid, and if not, why: from records, status, and reported hardware changes.

The rules follow Klipper docs, Probe_Calibrate. Age alone makes nothing stale; it is only shown.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.check_info.shared_estimates import measured_hot
from zcal_tui.model.record import MEASURE_NOTHING, Change, Outcome, Record
from zcal_tui.model.units import age, micrometres
from zcal_tui.results import versions
from zcal_tui.results.chamber import chamber_changed, hot_changed
from zcal_tui.results.changes import Changed
from zcal_tui.results.context import config_of, frame_of, stored_value
from zcal_tui.results.delta_geometry import geometry_changed
from zcal_tui.results.depends import is_model, probe_option, probe_or_rail_option, values
from zcal_tui.results.homing_state import restarted_between
from zcal_tui.results.levelling import levelled_since

Context = Mapping[str, Any]

OLD_AFTER = 21 * 86400.0
"""Seconds after which a result's age is shown."""
SAME_HEIGHT = 0.5e-3
"""mm by which two heights may differ and still be equal in printer.cfg, which has three decimals."""


def stale(
    record: Record, later: Sequence[Record], now: Context | None, changes: Sequence[Changed] = ()
) -> str | None:
    """Why a result is no longer valid, as a clause; None if it is.

    `later` are newer records of the same printer, `now` the context of this moment (`context_facts`) where the
    printer is connected, `changes` the hardware changes reported for it, at any time.
    """
    if record.outcome is not Outcome.FINISHED or record.check in MEASURE_NOTHING:
        return None
    if (info := info_of(record.check)) is None:
        return f"this version of zcal-tui has no check {record.check}, so the result cannot be verified"
    newer = sorted((other for other in later if other.started > record.started), key=lambda r: r.started)
    contexts = [other.context for other in newer] + ([now] if now is not None else [])
    return (
        _hardware(info, record, changes)
        or _klipper(info, record, newer)
        or _geometry(info, record, contexts)
        or (
            _config(info, record, contexts[-1])
            or _own_value(info, record, contexts[-1])
            or _own_models_value(record, contexts[-1])
            if contexts
            else None
        )
        or (levelled_since(record.context, contexts) if "levelling" in info.stale_rules else None)
        or _runtime(info, record, now)
    )


def age_note(record: Record, now: datetime) -> str | None:
    """A result's age if it is several weeks; None if it is younger or unknown."""
    try:
        then = datetime.fromisoformat(record.finished or record.started)
    except ValueError:
        return None
    seconds = (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    if seconds < OLD_AFTER:
        return None
    weeks = int(seconds // (7 * 86400))
    return f"{weeks} weeks old" if weeks < 20 else f"{age(seconds)} old"


def _hardware(info: CheckInfo, record: Record, changes: Sequence[Changed]) -> str | None:
    for change in reversed(changes):
        why = next((why for what, why in info.stale_after.items() if what == change.what), None)
        if why is not None and change.at > record.started:
            changed = "motion system" if change.what == "motion" else change.what
            return f"the {changed} was changed on {change.at[:10]}: {why}"
    return None


def _klipper(info: CheckInfo, record: Record, newer: Sequence[Record]) -> str | None:
    twist = "axis_twist_compensation" in (config_of(record.context) or {})
    if "axis_twist_version" not in info.stale_rules or not twist:
        return None
    for other in newer:
        fault = versions.faulty(record.printer) and not versions.faulty(other.printer)
        if fault or versions.crossed(record.printer, other.printer):
            return (
                f"Klipper was updated from {record.printer.get('software_version')} to "
                f"{other.printer.get('software_version')}, which applies the axis twist differently"
            )
    return None


def _geometry(info: CheckInfo, record: Record, contexts: Sequence[Context]) -> str | None:
    if "delta_geometry" not in info.stale_rules or not contexts:
        return None
    why = geometry_changed(record.context, contexts[-1])
    return None if why is None else f"{why}. The height at each place depends on it"


def _config(info: CheckInfo, record: Record, context: Context) -> str | None:
    """The first config value that differs, of those the check depends on."""
    if config_of(record.context) is None or config_of(context) is None:
        return None
    if "printer_state" in info.stale_rules:
        return _printer_state(record.context, context)
    then, now = values(record.context, record.check), values(context, record.check)
    if record.context.get("software_version") != context.get("software_version"):
        # klippy lists defaults among the settings, and they differ between versions
        then, now = {k: v for k, v in then.items() if k in now}, {k: v for k, v in now.items() if k in then}
    if (was := record.context.get("probe_section")) != (is_now := context.get("probe_section")):
        if all(str(section).startswith("tool_probe ") for section in (was, is_now)):
            return f"the active tool's probe is [{is_now}] now, not [{was}]"
        return "another probe is configured now"
    for name in {**then, **now}:
        if name not in then:
            return f"{name} was added to printer.cfg"
        if name not in now:
            return f"{name} was removed from printer.cfg"
        if then[name] != now[name] and not _proposed(record.changes, name, now[name]):
            return f"{name} was changed from {_shown(then[name])} to {_shown(now[name])}"
    return None


def _proposed(changes: Sequence[Change], name: str, value: Any) -> bool:
    """Whether the run itself proposed a new value: then its result is still valid."""
    return any(_named(change) == name and _same(stored_value(change.new), value) for change in changes)


def _named(change: Change) -> str:
    return f"[{change.section.lower()}] {change.option}"


def _printer_state(then: Context, now: Context) -> str | None:
    if then.get("config_hash") != now.get("config_hash"):
        if (geometry := geometry_changed(then, now)) is not None:
            return (
                f"{geometry}. It makes Z offset, Location bias and the bed mesh stale: measure them and run "
                "BED_MESH_CALIBRATE again"
            )
        if probe_option(then, "z_offset") != probe_option(now, "z_offset") and now.get("bed_mesh"):
            return (
                "z_offset was changed. The bed mesh was probed with the old one: run BED_MESH_CALIBRATE again"
            )
        return "printer.cfg was changed"
    if restarted_between(frame_of(then), frame_of(now)):
        return "Klipper was restarted, so the axes must be homed again"
    if "z" in str(then.get("homed_axes")) and "z" not in str(now.get("homed_axes")):
        return "the axes are no longer homed"
    if then.get("bed_mesh") != now.get("bed_mesh"):
        return "another bed mesh is active now"
    return None


def _own_value(info: CheckInfo, record: Record, context: Context) -> str | None:
    """The configured value is neither the one found nor the one before it."""
    for option in info.found_options:
        now, then = probe_or_rail_option(context, option), probe_or_rail_option(record.context, option)
        found: list[Any] = [change.new for change in record.changes if change.option == option]
        if (estimate := record.estimates.get(option)) is not None and estimate.value is not None:
            found.append(estimate.value)
        if now is None or then is None or not found or _same(now, then):
            continue
        if not any(_same(now, value) for value in found):
            return _neither(option, now)
    return None


def _own_models_value(record: Record, context: Context) -> str | None:
    """As `_own_value`, of a model of a scanner, whose offset has a section of its own."""
    probe, config, before = (
        context.get("probe_section"),
        config_of(context) or {},
        config_of(record.context) or {},
    )
    for change in record.changes:
        section = change.section.lower()
        if not is_model(section, str(probe)):
            continue
        now = config.get(section, {}).get(change.option)
        then = before.get(section, {}).get(change.option)
        if now is None or then is None or _same(now, then) or _proposed(record.changes, _named(change), now):
            continue
        return _neither(change.option, now)
    return None


def _neither(option: str, now: Any) -> str:
    return f"{option} is now {_shown(now)}, neither the value this run found nor the one before"


def _runtime(info: CheckInfo, record: Record, now: Context | None) -> str | None:
    if now is None:
        return None
    if info.lost_by_restart and restarted_between(frame_of(record.context), frame_of(now)):
        return f"a restart of Klipper cleared {info.lost_by_restart}"
    hot = measured_hot(record) and info.variants
    if hot and (why := hot_changed(record, now)) is not None:
        return why
    if (
        not hot
        and "chamber" in info.stale_rules
        and (why := chamber_changed(record.context, now)) is not None
    ):
        return why
    if "live_offset" in info.stale_rules:
        then_z, now_z = _offset_z(record.context), _offset_z(now)
        if then_z is not None and now_z is not None and abs(then_z - now_z) > SAME_HEIGHT:
            return f"the G-code offset is now {micrometres(now_z, sign=True)}; it was {micrometres(then_z, sign=True)}"
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
