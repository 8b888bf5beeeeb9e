"""The coil of a scanner: read on a grid of the micro-controller's clock, sent while somebody wants it, and triggering.

Scanning, it triggers when the count exceeds a threshold. Touching, it triggers when the count falls behind the rise
of the approach, because the nozzle has met the bed. A scanner's firmware adds its commands and messages.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from zcal_tui.sim.mcu.analog import ADC_MAX
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import Timer
from zcal_tui.sim.mcu.trsync import Trsync

READINGS_PER_SECOND = 400
SMOOTH_COUNT = 16
"""Conversions of the thermistor that one reading sums up."""
_IDLE_SECONDS = 0.3
"""Without a stream it still sends a reading now and then: the plugin shows the coil's temperature."""
_COUNT_BITS = 28

_SLOPE_READINGS = 32
_APPROACHING = 1000.0
"""Rise, in counts a reading, below which the coil is too far from the bed to tell a contact."""
_COUNTS_PER_THRESHOLD = 10.0


@dataclass(frozen=True, slots=True)
class CoilReading:
    """What the firmware read: the coil's frequency as a count, its thermistor as a sum of conversions."""

    clock: int
    count: int
    temperature: int


class ContactDetector:
    """Notices that the count no longer rises as it did: the nozzle stands on the bed, so the coil comes no nearer.

    The steepest rise of the approach is what is expected. How far the count has fallen behind half of that is compared
    with the threshold, so that a higher threshold presses harder.
    """

    def __init__(self, threshold: int) -> None:
        self._limit = threshold * _COUNTS_PER_THRESHOLD
        self._counts: deque[int] = deque(maxlen=_SLOPE_READINGS + 1)
        self._steepest = 0.0
        self._behind = 0.0

    def update(self, count: int) -> bool:
        """Take a reading; True at a contact."""
        rise = count - self._counts[-1] if self._counts else 0
        self._counts.append(count)
        if len(self._counts) <= _SLOPE_READINGS:
            return False
        self._steepest = max(self._steepest, (count - self._counts[0]) / _SLOPE_READINGS)
        if self._steepest < _APPROACHING:
            return False
        self._behind = max(0.0, self._behind + self._steepest / 2.0 - rise)
        return self._behind > self._limit


@dataclass(slots=True)
class _Homing:
    trsync: Trsync
    reason: int
    contact: ContactDetector | None


class CoilSensor:
    """A coil and its readings."""

    def __init__(
        self,
        firmware: Firmware,
        coil: str,
        send: Callable[[CoilReading], None],
        touched: Callable[[], None] = lambda: None,
    ) -> None:
        """`coil` is its name behind that of its micro-controller; `send` gets each reading of the stream, and a few
        without a stream; `touched` is called at a contact."""
        self.streaming = False
        self.trigger_count = 0
        self.contact_clock: int | None = None
        """When the latest touch found contact; None before."""
        self._firmware = firmware
        self._coil = firmware.prefix + coil
        self._send = send
        self._touched = touched
        self._ticks = firmware.clock_freq // READINGS_PER_SECOND
        self._homing: _Homing | None = None
        self._next = 0
        self._ahead: deque[CoilReading] = deque()
        self._idle = Timer(self._read_idle)
        self._idle_ticks = int(_IDLE_SECONDS * firmware.clock_freq)
        firmware.on_shutdown(self._shutdown)

    # As motion's observer

    def look(self, start: int, end: int, view: View) -> None:
        """Read the coil at every instant of the grid in the piece ahead."""
        self._send_until(start)
        machine = self._firmware.machine
        while self._next <= end:
            if self._next > start:
                frequency = view.eddy_frequency(self._coil, self._next)
                warmth = machine.coil_thermistor(self._firmware.time_of(self._next))
                self._ahead.append(CoilReading(self._next, self._count(frequency), _conversions(warmth)))
            self._next += self._ticks

    def cut(self, clock: int) -> None:
        """Forget the readings after `clock`."""
        while self._ahead and self._ahead[-1].clock > clock:
            self._next = self._ahead.pop().clock

    def due(self) -> int | None:
        """While homing, each reading counts at its own time; else they are sent when convenient."""
        return self._ahead[0].clock if self._ahead and self._homing is not None else None

    def fire(self) -> None:
        """Take the next reading."""
        self._take(self._ahead.popleft())

    def _send_until(self, clock: int) -> None:
        while self._ahead and self._ahead[0].clock <= clock:
            self._take(self._ahead.popleft())

    def _take(self, reading: CoilReading) -> None:
        if self.streaming:
            self._send(reading)
        homing = self._homing
        if homing is None:
            return
        if homing.contact is None:
            reached = reading.count > self.trigger_count
        else:
            reached = homing.contact.update(reading.count)
        if reached:
            if homing.contact is not None:
                self.contact_clock = reading.clock
                self._touched()
            homing.trsync.trigger(homing.reason)
            self._homing = None
            self._follow()

    # For the firmware's commands

    def stream(self, enable: int) -> None:
        """Send every reading, or only some."""
        self.streaming = bool(enable)
        self._follow()

    def home(self, trsync_oid: int, reason: int, contact: ContactDetector | None) -> None:
        """Trigger when the count exceeds `trigger_count`, or at a contact."""
        trsync = self._firmware.lookup(trsync_oid, Trsync)
        self._send_until(self._firmware.clock)
        self.contact_clock = None
        self._homing = _Homing(trsync, reason, contact)
        self._follow()

    def stop_home(self) -> None:
        """No longer trigger."""
        self._homing = None
        self._follow()

    def base(self) -> tuple[int, int]:
        """What it reads far from any metal: the count, and the thermistor's conversions."""
        frequency, warmth = self._firmware.machine.coil_base()
        return self._count(frequency), _conversions(warmth)

    def now(self) -> CoilReading:
        """What it reads at this moment."""
        firmware = self._firmware
        frequency = firmware.machine.eddy_frequency(self._coil, firmware.now, firmware.motion.steps_now())
        warmth = firmware.machine.coil_thermistor(firmware.now)
        return CoilReading(firmware.clock, self._count(frequency), _conversions(warmth))

    def _shutdown(self) -> None:
        self.streaming = False
        self._homing = None
        self._firmware.motion.unobserve(self)
        self._ahead.clear()

    def _follow(self) -> None:
        """Read at the full rate while somebody needs it."""
        scheduler = self._firmware.scheduler
        wanted = self.streaming or self._homing is not None
        if wanted:
            if not self._ahead:  # it has read all the time, on a grid of its own
                clock = self._firmware.clock
                self._next = max(self._next, clock + self._ticks - clock % self._ticks)
            scheduler.delete(self._idle)
            self._firmware.motion.observe(self)
            return
        self._firmware.motion.unobserve(self)
        self._ahead.clear()
        scheduler.delete(self._idle)
        scheduler.add(self._idle, self._firmware.clock + self._idle_ticks)

    def _read_idle(self) -> int:
        self._send(self.now())
        return self._idle.waketime + self._idle_ticks

    def _count(self, frequency: float) -> int:
        return round(frequency / self._firmware.clock_freq * (1 << _COUNT_BITS))


def _conversions(fraction: float) -> int:
    return round(fraction * ADC_MAX * SMOOTH_COUNT)
