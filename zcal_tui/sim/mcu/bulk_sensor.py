"""Sensors that the firmware polls, whose data it sends in bulk and feeds to a trigger.

A conversion shows the sensor in its middle. Behaviour after Klipper src/sensor_bulk.c.
"""

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK

BYTES_PER_SAMPLE = 4
BULK_BYTES = 51


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion of the chip: when it is complete, when the firmware reads it, what it gives."""

    complete: int
    read: int
    data: int


class BulkReports:
    """The responses of all such sensors."""

    def __init__(self, firmware: Firmware) -> None:
        self.data = firmware.response("sensor_bulk_data oid=%c sequence=%hu data=%*s")
        self.status = firmware.response(
            "sensor_bulk_status oid=%c clock=%u query_ticks=%u next_sequence=%hu buffered=%u"
            " possible_overflows=%hu"
        )


class BulkSensor(ABC):
    """The firmware's driver of a chip."""

    def __init__(self, firmware: Firmware, oid: int, reports: BulkReports) -> None:
        self._firmware = firmware
        self._oid = oid
        self._reports = reports
        self._poll_ticks = 0
        self._first_poll = 0
        self._conversion_ticks = 0.0
        self._begin = 0
        self._number = 0
        self._ahead: deque[Conversion] = deque()
        self._buffer = bytearray()
        self._sequence = 0

    # What a kind of sensor has to say

    @property
    @abstractmethod
    def is_converting(self) -> bool:
        """Whether the chip converts, as it was set up."""

    @property
    @abstractmethod
    def is_homing(self) -> bool:
        """Whether a value may trigger something."""

    @abstractmethod
    def conversion_ticks(self, rest_ticks: int) -> float:
        """How long a conversion takes, for a chip that is polled every `rest_ticks`."""

    @abstractmethod
    def measure(self, view: View, clock: int) -> int:
        """What a conversion with this middle gives."""

    @abstractmethod
    def take(self, data: int) -> bytes:
        """Feed a value to the triggers. Returns it as it is sent."""

    # The commands

    def query(self, rest_ticks: int) -> None:
        """Read the chip every `rest_ticks`; 0 to stop."""
        self._firmware.motion.unobserve(self)
        self._ahead.clear()
        self._poll_ticks = rest_ticks
        if not rest_ticks:
            return
        clock = self._firmware.clock
        self._first_poll = clock + rest_ticks
        self._conversion_ticks = self.conversion_ticks(rest_ticks)
        self._begin = clock
        self._number = 0
        self._buffer.clear()
        self._sequence = 0
        self._firmware.motion.observe(self)

    def send_status(self) -> None:
        """Tell how much was sent and is waiting, as of now."""
        clock = self._firmware.clock
        self._deliver(clock)
        in_chip = BYTES_PER_SAMPLE if self._ahead and self._ahead[0].complete <= clock else 0
        self._reports.status(
            self._oid, clock & CLOCK_MASK, 0, self._sequence & 0xFFFF, len(self._buffer) + in_chip, 0
        )

    # As motion's observer

    def look(self, start: int, end: int, view: View) -> None:
        """Work out the conversions whose middle lies before `end`."""
        self._deliver(start)
        if not self.is_converting:
            return
        while (middle := self._begin + int((self._number + 0.5) * self._conversion_ticks)) <= end:
            self._number += 1
            if middle > start:
                complete = self._begin + int(self._number * self._conversion_ticks)
                polls = max(0, -(-(complete - self._first_poll) // self._poll_ticks))
                read = self._first_poll + polls * self._poll_ticks
                self._ahead.append(Conversion(complete, read, self.measure(view, middle)))

    def cut(self, clock: int) -> None:
        """Forget the conversions whose middle lies after `clock`."""
        while self._ahead:
            number = self._number - 1
            if self._begin + int((number + 0.5) * self._conversion_ticks) <= clock:
                return
            self._ahead.pop()
            self._number = number

    def due(self) -> int | None:
        """While something may trigger, each reading counts at its own time; else they are read when convenient."""
        return self._ahead[0].read if self._ahead and self.is_homing else None

    def fire(self) -> None:
        """Read the chip."""
        self._read(self._ahead.popleft())

    def _deliver(self, clock: int) -> None:
        while self._ahead and self._ahead[0].read <= clock:
            self._read(self._ahead.popleft())

    def _read(self, conversion: Conversion) -> None:
        self._buffer += self.take(conversion.data)
        if len(self._buffer) + BYTES_PER_SAMPLE > BULK_BYTES:
            self._reports.data(self._oid, self._sequence & 0xFFFF, bytes(self._buffer))
            self._buffer.clear()
            self._sequence += 1
