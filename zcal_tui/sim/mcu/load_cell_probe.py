"""Triggers from the force on a load cell: what the firmware has where there is no trigger_analog.

Behaviour after Kalico src/load_cell_probe.c.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer
from zcal_tui.sim.mcu.sos_filter import INT32_MAX, INT32_MIN, SosFilter
from zcal_tui.sim.mcu.trsync import Trsync

SAFETY_RANGE, OVERFLOW, WATCHDOG = range(3)
_GRAMS_PER_COUNT_BITS = 29
_GRAMS_BITS = 15
_MOST_GRAMS = (1 << 16) - 1


class LoadCellTrigger:
    """A trigger that the counts of a load cell are fed to."""

    def __init__(self, firmware: Firmware, sos_filter: SosFilter) -> None:
        self._firmware = firmware
        self._filter = sos_filter
        self._low = self._high = self._tare = 0
        self._trigger = self._grams_per_count = 0
        self._trsync: Trsync | None = None
        self._trigger_reason = self._error_reason = 0
        self._start = 0
        self._awaiting = False
        self.homing = False
        self.triggered = False
        self.trigger_clock = 0
        self._watchdog = Timer(self._watch)
        self._rest_ticks = self._most_missed = self._missed = 0

    def set_range(self, low: int, high: int, tare: int, grams: int, grams_per_count: int) -> None:
        """The counts beyond which it is an error, those at no force, and the force (g) to trigger at."""
        if high < low:
            raise FirmwareShutdown("Safety range reversed")
        if grams > _MOST_GRAMS:
            raise FirmwareShutdown("trigger_grams too large")
        if not 0 <= grams_per_count < 1 << _GRAMS_PER_COUNT_BITS:
            raise FirmwareShutdown("grams_per_count is invalid")
        self._low, self._high, self._tare = low, high, tare
        self._trigger, self._grams_per_count = grams << _GRAMS_BITS, grams_per_count

    def home(
        self, trsync: Trsync, trigger_reason: int, error_reason: int, clock: int, rest_ticks: int, most: int
    ) -> None:
        """Trigger on a force after `clock` (64 bit), and on an error where more than `most` values are missing."""
        self.disable()
        self._trsync = trsync
        self._trigger_reason, self._error_reason = trigger_reason, error_reason
        self._start = clock
        self._rest_ticks, self._most_missed, self._missed = rest_ticks, most, 0
        self.homing = self._awaiting = True
        self._firmware.scheduler.add(self._watchdog, clock)

    def disable(self) -> None:
        """Trigger no more."""
        self._firmware.scheduler.delete(self._watchdog)
        self.homing = self.triggered = False
        self.trigger_clock = 0
        self._trsync = None

    def update(self, counts: int) -> None:
        """The sensor has given a value."""
        if not self.homing:
            return
        clock = self._firmware.clock
        self._missed = 0
        if self._awaiting and clock < self._start:
            return
        self._awaiting = False
        if counts <= self._low or counts >= self._high:
            self._fail(SAFETY_RANGE)
            return
        shift = _GRAMS_PER_COUNT_BITS - _GRAMS_BITS
        grams = (counts - self._tare) * self._grams_per_count >> shift
        if not INT32_MIN <= grams <= INT32_MAX:
            self._fail(OVERFLOW)
        elif abs(self._filter.apply(grams)) >= self._trigger and not self.triggered:
            self.triggered = True
            self.trigger_clock = clock
            if self._trsync is not None:
                self._trsync.trigger(self._trigger_reason)

    def _fail(self, code: int) -> None:
        if self._trsync is not None:
            self._trsync.trigger(self._error_reason + code)

    def _watch(self) -> int | None:
        if not self.homing or self.triggered:
            return None
        if self._missed > self._most_missed:
            self._fail(WATCHDOG)
        self._missed += 1
        return self._watchdog.waketime + self._rest_ticks


class LoadCellTriggers:
    """The load_cell_probe commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.command("config_load_cell_probe oid=%c sos_filter_oid=%c", self._config)
        firmware.command(
            "load_cell_probe_set_range oid=%c safety_counts_min=%i safety_counts_max=%i tare_counts=%i"
            " trigger_grams=%u grams_per_count=%i",
            self._set_range,
        )
        firmware.command(
            "load_cell_probe_home oid=%c trsync_oid=%c trigger_reason=%c error_reason=%c clock=%u"
            " rest_ticks=%u timeout=%u",
            self._home,
        )
        firmware.command("load_cell_probe_query_state oid=%c", self._query_state)
        self._state = firmware.response("load_cell_probe_state oid=%c is_homing_trigger=%c trigger_ticks=%u")
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, filter_oid: int) -> None:
        sos_filter = self._firmware.lookup(filter_oid, SosFilter)
        self._firmware.assign(oid, LoadCellTrigger(self._firmware, sos_filter))

    def _set_range(self, oid: int, *values: int) -> None:
        self._firmware.lookup(oid, LoadCellTrigger).set_range(*values)

    def _home(
        self, oid: int, trsync_oid: int, reason: int, error: int, clock: int, rest_ticks: int, most: int
    ) -> None:
        trigger = self._firmware.lookup(oid, LoadCellTrigger)
        if not error:
            trigger.disable()
            return
        trsync = self._firmware.lookup(trsync_oid, Trsync)
        trigger.home(trsync, reason, error, self._firmware.scheduler.extend(clock), rest_ticks, most)

    def _query_state(self, oid: int) -> None:
        trigger = self._firmware.lookup(oid, LoadCellTrigger)
        self._state(oid, int(trigger.triggered), trigger.trigger_clock & CLOCK_MASK)

    def _shutdown(self) -> None:
        for trigger in self._firmware.objects(LoadCellTrigger):
            trigger.disable()
