"""Triggers from the values of an analog sensor: range check, filter, comparison, and a watch on its liveliness.

Behaviour after Klipper src/trigger_analog.c.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer
from zcal_tui.sim.mcu.sos_filter import INT32_MIN, FilterOverflowError, SosFilter
from zcal_tui.sim.mcu.trsync import Trsync

ABS_GE, GT, DIFF_PEAK_GT = range(3)
RAW_RANGE, OVERFLOW, MONITOR, SENSOR_SPECIFIC = range(4)


class TriggerAnalog:
    """A trigger that a sensor's values are fed to."""

    def __init__(self, firmware: Firmware, sos_filter: SosFilter) -> None:
        self._firmware = firmware
        self._filter = sos_filter
        self._raw_min = 0
        self._raw_max = 0
        self._type = ABS_GE
        self._value = 0
        self._peak = INT32_MIN
        self._trsync: Trsync | None = None
        self._trigger_reason = 0
        self._error_reason = 0
        self._awaiting = False
        self._can_trigger = False
        self.homing_clock = 0
        self._monitor = Timer(self._monitor_event)
        self._monitor_ticks = 0
        self._monitor_max = 0
        self._monitor_count = 0

    @property
    def homing(self) -> bool:
        """Whether a value may still trigger."""
        return self._can_trigger

    def set_raw_range(self, low: int, high: int) -> None:
        """Values outside are an error."""
        self._raw_min, self._raw_max = low, high

    def set_trigger(self, kind: int, value: int) -> None:
        """What to compare with."""
        self._type, self._value = kind, value

    def home(
        self,
        trsync: Trsync,
        trigger_reason: int,
        error_reason: int,
        clock: int,
        monitor_ticks: int,
        monitor_max: int,
    ) -> None:
        """Trigger on a value after `clock` (64 bit), and on an error when too few values come."""
        scheduler = self._firmware.scheduler
        scheduler.delete(self._monitor)
        self._trsync = trsync
        self._trigger_reason = trigger_reason
        self._error_reason = error_reason
        self.homing_clock = clock
        self._monitor_ticks = monitor_ticks
        self._monitor_max = monitor_max
        self._monitor_count = 0
        self._awaiting = self._can_trigger = True
        self._peak = INT32_MIN
        scheduler.add(self._monitor, clock)

    def disable(self) -> None:
        """Trigger no more."""
        self._firmware.scheduler.delete(self._monitor)
        self._can_trigger = False
        self._trsync = None

    def note_error(self, sensor_code: int) -> None:
        """The sensor has failed to give a value."""
        self._cancel(SENSOR_SPECIFIC + sensor_code)

    def update(self, sample: int) -> None:
        """The sensor has given a value."""
        clock = self._firmware.clock
        if not self._can_trigger or (self._awaiting and clock < self.homing_clock):
            return
        self._awaiting = False
        self._monitor_count = 0
        if not self._raw_min <= sample <= self._raw_max:
            self._cancel(RAW_RANGE)
            return
        try:
            value = self._filter.apply(sample)
        except FilterOverflowError:
            self._cancel(OVERFLOW)
            return
        if self._triggers(value):
            self._can_trigger = False
            self.homing_clock = clock
            if self._trsync is not None:
                self._trsync.trigger(self._trigger_reason)

    def _triggers(self, value: int) -> bool:
        if self._type == ABS_GE:
            return abs(value) >= self._value
        if self._type == GT:
            return value > self._value
        if value > self._peak:
            self._peak = value
            return False
        return self._peak - value > self._value

    def _cancel(self, code: int) -> None:
        if self._can_trigger:
            self._can_trigger = False
            if self._trsync is not None:
                self._trsync.trigger(self._error_reason + code)

    def _monitor_event(self) -> int | None:
        if not self._can_trigger:
            return None
        if self._monitor_count > self._monitor_max:
            if self._trsync is not None:
                self._trsync.trigger(self._error_reason + MONITOR)
            return None
        self._monitor_count += 1
        return self._monitor.waketime + self._monitor_ticks


class TriggerAnalogs:
    """The trigger_analog commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.dictionary.enumeration(
            "trigger_analog_type", {"abs_ge": ABS_GE, "gt": GT, "diff_peak_gt": DIFF_PEAK_GT}
        )
        # The colon is part of the name: it keeps klippy from taking parameters for values of it.
        firmware.dictionary.enumeration(
            "trigger_analog_error:",
            {
                "RAW_RANGE": RAW_RANGE,
                "OVERFLOW": OVERFLOW,
                "MONITOR": MONITOR,
                "SENSOR_SPECIFIC": SENSOR_SPECIFIC,
            },
        )
        firmware.command("config_trigger_analog oid=%c sos_filter_oid=%c", self._config)
        firmware.command("trigger_analog_set_raw_range oid=%c raw_min=%i raw_max=%i", self._set_raw_range)
        firmware.command(
            "trigger_analog_set_trigger oid=%c trigger_analog_type=%c trigger_value=%i", self._set_trigger
        )
        firmware.command(
            "trigger_analog_home oid=%c trsync_oid=%c trigger_reason=%c error_reason=%c clock=%u"
            " monitor_ticks=%u monitor_max=%u",
            self._home,
        )
        firmware.command("trigger_analog_query_state oid=%c", self._query_state)
        self._state = firmware.response("trigger_analog_state oid=%c homing=%c homing_clock=%u")

    def _config(self, oid: int, filter_oid: int) -> None:
        sos_filter = self._firmware.lookup(filter_oid, SosFilter)
        self._firmware.assign(oid, TriggerAnalog(self._firmware, sos_filter))

    def _set_raw_range(self, oid: int, low: int, high: int) -> None:
        self._firmware.lookup(oid, TriggerAnalog).set_raw_range(low, high)

    def _set_trigger(self, oid: int, kind: int, value: int) -> None:
        if kind > DIFF_PEAK_GT:
            raise FirmwareShutdown("Command parser error")
        self._firmware.lookup(oid, TriggerAnalog).set_trigger(kind, value)

    def _home(
        self,
        oid: int,
        trsync_oid: int,
        trigger_reason: int,
        error_reason: int,
        clock: int,
        monitor_ticks: int,
        monitor_max: int,
    ) -> None:
        trigger = self._firmware.lookup(oid, TriggerAnalog)
        if not monitor_ticks:
            trigger.disable()
            return
        trigger.home(
            self._firmware.lookup(trsync_oid, Trsync),
            trigger_reason,
            error_reason,
            self._firmware.scheduler.extend(clock),
            monitor_ticks,
            monitor_max,
        )

    def _query_state(self, oid: int) -> None:
        trigger = self._firmware.lookup(oid, TriggerAnalog)
        self._state(oid, int(trigger.homing), trigger.homing_clock & CLOCK_MASK)
