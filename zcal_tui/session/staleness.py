"""Which of a snapshot's results are stale, and why; evaluated only when something relevant has changed."""

from dataclasses import replace
from typing import Any

from zcal_tui.printer.chamber import chamber_temperature
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.context import context_facts
from zcal_tui.results.homing_state import HomingWatch
from zcal_tui.results.stale import stale
from zcal_tui.session.snapshot import Snapshot

CHAMBER_STEP = 5.0
"""°C."""
STALENESS_INPUTS = frozenset({"printer", "last", "changed"})
"""The snapshot's fields on which staleness depends."""


class StalenessCache:
    """Follows snapshots; evaluates staleness again only when something has changed that results depend on."""

    def __init__(self) -> None:
        self._watch = HomingWatch()
        self._key: tuple[Any, ...] = ()
        self._last: object = None

    def follow(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with its `frame` and `stale` updated."""
        state = snapshot.printer
        frame = snapshot.frame
        if state.eventtime != frame.eventtime:
            frame = self._watch.update(state)
        key = (
            state.starts,
            state.homed_axes,
            state.homing_origin,
            state.bed_mesh,
            state.z_tilt_applied,
            state.quad_gantry_level_applied,
            frame.levelled_at,
            _chamber(state),
            _bed_target(state),
            snapshot.changed,
        )
        if key == self._key and snapshot.last is self._last:
            return replace(snapshot, frame=frame)
        self._key, self._last = key, snapshot.last
        now = context_facts(state, frame) if state.settings else None
        records = list(snapshot.last.values())
        reasons = {record.check: stale(record, records, now, snapshot.changed) for record in records}
        found = {check: reason for check, reason in reasons.items() if reason is not None}
        return replace(snapshot, frame=frame, stale=found)


def _chamber(state: PrinterState) -> int | None:
    """The chamber's temperature in steps of a few °C, so that noise does not evaluate staleness again."""
    heaters = {name: heater.temperature for name, heater in state.heaters.items()}
    found = chamber_temperature({**state.sensors, **heaters})
    return None if found is None else round(found / CHAMBER_STEP)


def _bed_target(state: PrinterState) -> float:
    """°C. A result from print temperature holds at that one only."""
    bed = state.heaters.get("heater_bed")
    return 0.0 if bed is None else bed.target
