"""Trigger synchronisation: what stops the steppers when an endstop triggers or the host falls silent.

Behaviour after Klipper src/trsync.c.
"""

from typing import Protocol

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import Timer


class Signal(Protocol):
    """Something a trigger stops."""

    stop_signal_active: bool

    def stop(self) -> None:
        """Stop now."""


class Trsync:
    """One trigger: armed by `start`, fired once by an endstop, the host or the timeout."""

    def __init__(self, firmware: Firmware, oid: int, syncs: "Trsyncs") -> None:
        self._firmware = firmware
        self._oid = oid
        self._syncs = syncs
        self._report = Timer(self._report_event)
        self._expire = Timer(self._expire_event)
        self._report_ticks = 0
        self._expire_reason = 0
        self._signals: list[Signal] = []
        self._can_trigger = False
        self._reason = 0

    @property
    def can_trigger(self) -> bool:
        """Whether it is armed and has not fired."""
        return self._can_trigger

    def start(self, report_clock: int, report_ticks: int, expire_reason: int) -> None:
        """Arm, and report the state every `report_ticks`."""
        self.clear()
        self._can_trigger = True
        self._report_ticks = report_ticks
        self._expire_reason = expire_reason
        if report_ticks:
            self._firmware.add_timer(self._report, report_clock)

    def set_timeout(self, clock: int) -> None:
        """Fire at this time unless the host sets a later one before."""
        if self._can_trigger:
            self._firmware.add_timer(self._expire, clock)

    def add_signal(self, signal: Signal) -> None:
        """Have something stopped by the trigger."""
        self._signals.append(signal)

    def trigger(self, reason: int) -> None:
        """Fire, if armed."""
        if not self._can_trigger:
            return
        self._can_trigger = False
        self._reason = reason
        signals, self._signals = self._signals, []
        for signal in reversed(signals):
            signal.stop()
        self._send_state()

    def finish(self, reason: int) -> None:
        """Fire by the host's request, stop reporting, and answer with the reason it fired for."""
        was_armed, self._can_trigger = self._can_trigger, False
        if was_armed:
            self._reason = reason
            signals, self._signals = self._signals, []
            for signal in reversed(signals):
                signal.stop()
        self._firmware.scheduler.delete(self._report)
        self._firmware.scheduler.delete(self._expire)
        self._syncs.state(self._oid, 0, self._reason, 0)

    def clear(self) -> None:
        """Disarm without firing."""
        self._firmware.scheduler.delete(self._report)
        self._firmware.scheduler.delete(self._expire)
        for signal in self._signals:
            signal.stop_signal_active = False
        self._signals = []
        self._can_trigger = False
        self._reason = self._expire_reason = 0

    def _send_state(self) -> None:
        self._syncs.state(self._oid, int(self._can_trigger), self._reason, self._firmware.clock32)

    def _report_event(self) -> int:
        self._send_state()
        return self._report.waketime + self._report_ticks

    def _expire_event(self) -> None:
        self.trigger(self._expire_reason)


class Trsyncs:
    """The trsync commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.command("config_trsync oid=%c", self._config)
        firmware.command("trsync_start oid=%c report_clock=%u report_ticks=%u expire_reason=%c", self._start)
        firmware.command("trsync_set_timeout oid=%c clock=%u", self._set_timeout)
        firmware.command("trsync_trigger oid=%c reason=%c", self._trigger)
        self.state = firmware.response("trsync_state oid=%c can_trigger=%c trigger_reason=%c clock=%u")
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int) -> None:
        self._firmware.assign(oid, Trsync(self._firmware, oid, self))

    def _start(self, oid: int, report_clock: int, report_ticks: int, expire_reason: int) -> None:
        self._firmware.lookup(oid, Trsync).start(report_clock, report_ticks, expire_reason)

    def _set_timeout(self, oid: int, clock: int) -> None:
        self._firmware.lookup(oid, Trsync).set_timeout(clock)

    def _trigger(self, oid: int, reason: int) -> None:
        self._firmware.lookup(oid, Trsync).finish(reason)

    def _shutdown(self) -> None:
        for trsync in self._firmware.objects(Trsync):
            trsync.clear()
