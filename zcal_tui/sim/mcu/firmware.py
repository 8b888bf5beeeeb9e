"""What every part of the firmware is built on: object ids, the move queue, shutdown, the machine and time.

Behaviour after Klipper src/basecmd.c and src/sched.c.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from zcal_tui.sim.mcu.dictionary import Dictionary, Handler, Response
from zcal_tui.sim.mcu.own_clock import ConvertedMotion, ConvertedTimers, OwnClock
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer
from zcal_tui.sim.mcu.timeline import OwnMotion, OwnTimers, Timeline
from zcal_tui.sim.ports import Machine

logger = logging.getLogger(__name__)

MOVE_COUNT = 1024

SHUTDOWN_REASONS = (
    "ADC out of range",
    "Already finalized",
    "Can not set soft pwm cycle ticks while updates pending",
    "Can't add signal that is already active",
    "Can't assign oid",
    "Can't reset time when stepper active",
    "Command parser error",
    "Command request",
    "HX71x gain/channel out of range 1-4",
    "I2C NACK",
    "I2C START NACK",
    "I2C START READ NACK",
    "I2C Timeout",
    "All PCA9685 channels must have the same cycle_ticks",
    "Filter section index larger than max_sections",
    "Invalid analog_in bytes_per_report",
    "Invalid command",
    "Invalid count parameter",
    "Invalid oid type",
    "Invalid pca9685 channel or value",
    "Invalid pca9685 value",
    "Invalid spi config",
    "Max of 8 buttons",
    "Missed scheduling of next digital out event",
    "Missed scheduling of next hard pwm event",
    "Missed scheduling of next pca9685 event",
    "Move queue overflow",
    "Not a valid ADC pin",
    "Not a valid input pin",
    "Not an output pin",
    "Rescheduled timer in the past",
    "Scheduled digital out event will exceed max_duration",
    "Set button past maximum button count",
    "Thermocouple reader fault",
    "Safety range reversed",
    "Scheduled pca9685 event will exceed max_duration",
    "Scheduled pwm event will exceed max_duration",
    "Shutdown cleared when not shutdown",
    "Stepper too far in past",
    "Timer too close",
    "Unsupported i2c bus",
    "grams_per_count is invalid",
    "oids already allocated",
    "trigger_grams too large",
    "update_digital_out not valid with active queue",
)
"""Every reason this firmware shuts down for, in the words of Klipper's."""

T = TypeVar("T")
Reply = Callable[..., None]
"""Sends a response with these parameters."""


class Firmware:
    """One run of the firmware, from power-on or reset to the next."""

    def __init__(
        self,
        machine: Machine,
        dictionary: Dictionary,
        timeline: Timeline,
        *,
        pins: Sequence[str],
        prefix: str,
        send: Callable[[bytes], None],
        clock_freq: int,
        own_clock: OwnClock | None = None,
    ) -> None:
        """`pins` are the names on the wire; behind `prefix` they are the machine's names. `clock_freq` is what the
        firmware says of its clock, which is the timeline's where it has none of its own.
        """
        self.machine = machine
        self.dictionary = dictionary
        self.clock_freq = clock_freq
        self.prefix = prefix
        self._timeline = timeline
        self._own_clock = own_clock
        self._send = send
        self.scheduler: OwnTimers
        self.motion: OwnMotion
        if own_clock is None:
            self.scheduler = OwnTimers(timeline.scheduler, self.shut_down)
            self.motion = OwnMotion(timeline.motion)
        else:
            self.scheduler = ConvertedTimers(timeline.scheduler, self.shut_down, own_clock)
            self.motion = ConvertedMotion(timeline.motion, own_clock)
        self.config_crc = 0
        self.shutdown_reason: str | None = None
        self._oid_count: int | None = None
        self._objects: dict[int, object] = {}
        self._move_count = 0
        self._moves_used = 0
        self._move_users: list[Callable[[], int]] = []
        self._on_shutdown: list[Callable[[], None]] = []
        self._pin_names: Sequence[str] = [prefix + name for name in pins]
        dictionary.enumeration("pin", {name: number for number, name in enumerate(pins)})
        self._reason_ids = {reason: number for number, reason in enumerate(SHUTDOWN_REASONS, start=2)}
        dictionary.enumeration("static_string_id", self._reason_ids)
        dictionary.constant("CLOCK_FREQ", clock_freq)
        self._shutdown_response = dictionary.response("shutdown clock=%u static_string_id=%hu")
        self._is_shutdown_response = dictionary.response("is_shutdown static_string_id=%hu")

    # Declaring

    def command(self, message: str, handler: Handler, *, in_shutdown: bool = False) -> None:
        """Declare a command."""
        self.dictionary.command(message, handler, in_shutdown=in_shutdown)

    def response(self, message: str) -> Reply:
        """Declare a response; the result sends it."""
        encoder: Response = self.dictionary.response(message)
        return lambda *values: self._send(encoder.encode(*values))

    def on_shutdown(self, hook: Callable[[], None]) -> None:
        """Have `hook` called when the firmware shuts down."""
        self._on_shutdown.append(hook)

    # Time

    @property
    def clock(self) -> int:
        """The clock now, 64 bit."""
        return self.scheduler.clock

    @property
    def clock32(self) -> int:
        """The clock now as it goes on the wire."""
        return self.scheduler.clock & CLOCK_MASK

    @property
    def now(self) -> float:
        """Simulator seconds now."""
        return self.time_of(self.scheduler.clock)

    def time_of(self, clock: int) -> float:
        """Simulator seconds of a clock value."""
        return self._timeline.time_of(self._own_clock.shared(clock) if self._own_clock else clock)

    def clock_of(self, time: float) -> int:
        """The clock value at a time in simulator seconds."""
        clock = self._timeline.clock_of(time)
        return self._own_clock.own(clock) if self._own_clock else clock

    def next_wakeup(self) -> float | None:
        """Simulator seconds of this clock's first value at which there is something to do on the timeline."""
        clock = self._timeline.next_wakeup()
        if clock is None:
            return None
        return self.time_of(self._own_clock.not_before(clock) if self._own_clock else clock)

    def add_timer(self, timer: Timer, clock32: int) -> None:
        """Schedule a timer at a time from the wire."""
        self.scheduler.add(timer, self.scheduler.extend(clock32))

    # Objects

    def allocate_oids(self, count: int) -> None:
        """Make room for this many objects."""
        if self._oid_count is not None:
            raise FirmwareShutdown("oids already allocated")
        self._oid_count = count

    def assign(self, oid: int, thing: object) -> None:
        """Give an object its id."""
        if oid >= (self._oid_count or 0) or oid in self._objects or self.is_configured:
            raise FirmwareShutdown("Can't assign oid")
        self._objects[oid] = thing

    def lookup(self, oid: int, kind: type[T]) -> T:
        """The object of this id, which must be of this kind."""
        thing = self._objects.get(oid)
        if not isinstance(thing, kind):
            raise FirmwareShutdown("Invalid oid type")
        return thing

    def objects(self, kind: type[T]) -> list[T]:
        """All objects of a kind."""
        return [thing for thing in self._objects.values() if isinstance(thing, kind)]

    def output_pin(self, pin: int) -> str:
        """The name of an output pin from its number on the wire."""
        return self._pin_name(pin, "Not an output pin")

    def input_pin(self, pin: int) -> str:
        """The name of a digital input pin from its number on the wire."""
        return self._pin_name(pin, "Not a valid input pin")

    def analog_pin(self, pin: int) -> str:
        """The name of an analog input pin from its number on the wire."""
        return self._pin_name(pin, "Not a valid ADC pin")

    # Configuration and the move queue

    @property
    def is_configured(self) -> bool:
        """Whether the configuration is finalized."""
        return self._move_count > 0

    @property
    def move_count(self) -> int:
        """Entries in the move queue; 0 until the configuration is finalized."""
        return self._move_count

    def finalize_config(self, crc: int) -> None:
        """End the configuration and remember what the host calls it."""
        if self.is_configured:
            raise FirmwareShutdown("Already finalized")
        self._move_count = MOVE_COUNT
        self.config_crc = crc

    def share_moves(self, user: Callable[[], int]) -> None:
        """Register a user of the move queue, a function that returns how many entries it holds."""
        self._move_users.append(user)

    def take_move(self) -> None:
        """Take an entry of the move queue."""
        if self._moves_used >= self._move_count:
            # Entries are given back without notice when their time has come, so count them only when it matters.
            self._moves_used = sum(user() for user in self._move_users)
            if self._moves_used >= self._move_count:
                raise FirmwareShutdown("Move queue overflow")
        self._moves_used += 1

    # Shutdown

    @property
    def is_shutdown(self) -> bool:
        """Whether the firmware has shut down."""
        return self.shutdown_reason is not None

    def shut_down(self, reason: str) -> None:
        """Stop everything, for a reason; the first one is the one that is kept."""
        logger.debug("shutdown at clock %d: %s", self.clock, reason)
        if self.shutdown_reason is None:
            self.shutdown_reason = reason
        self.scheduler.clear()
        for hook in self._on_shutdown:
            hook()
        self._send(self._shutdown_response.encode(self.clock32, self._reason_ids[self.shutdown_reason]))

    def report_shutdown(self) -> None:
        """Tell the host that a command was refused because of a shutdown."""
        if self.shutdown_reason is not None:
            self._send(self._is_shutdown_response.encode(self._reason_ids[self.shutdown_reason]))

    def retire(self) -> None:
        """End this run of the firmware."""
        self.scheduler.clear()
        self.motion.retire()

    def clear_shutdown(self) -> None:
        """Leave the shutdown state."""
        if self.shutdown_reason is None:
            raise FirmwareShutdown("Shutdown cleared when not shutdown")
        self.shutdown_reason = None

    def _pin_name(self, pin: int, refusal: str) -> str:
        if pin >= len(self._pin_names):
            raise FirmwareShutdown(refusal)
        return self._pin_names[pin]
