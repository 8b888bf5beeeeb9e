"""Stepper motors: queued steps as analytic segments.

Behaviour after Klipper src/stepper.c and docs, MCU_Commands, "Stepper commands".
"""

import math
from collections import deque
from dataclasses import dataclass

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer
from zcal_tui.sim.mcu.trsync import Trsync


@dataclass(frozen=True, slots=True)
class Segment:
    """One queue_step: `count` steps, the k-th at `start + k * interval + add * k * (k - 1) / 2`."""

    start: int
    interval: int
    count: int
    add: int
    sign: int
    end: int
    """The clock of the last step."""

    @classmethod
    def of(cls, start: int, interval: int, count: int, add: int, sign: int) -> "Segment":
        """The segment with its end worked out."""
        end = start + count * interval + add * (count * (count - 1) // 2)
        return cls(start, interval, count, add, sign, end)

    def time_of_step(self, k: int) -> int:
        """The clock of the k-th step, k from 1 on."""
        return self.start + k * self.interval + self.add * (k * (k - 1) // 2)

    def steps_until(self, clock: int) -> int:
        """How many steps have been taken at `clock`."""
        elapsed = clock - self.start
        if elapsed < self.interval:
            return 0
        # Steps are taken when k * b + add / 2 * k * k reaches the elapsed time; this form of the solution
        # stays exact enough for add = 0 and small ones.
        b = self.interval - self.add / 2
        root = math.sqrt(max(0.0, b * b + 2.0 * self.add * elapsed))
        k = self.count if b + root <= 0 else min(self.count, int(2.0 * elapsed / (b + root)))
        while k < self.count and self.time_of_step(k + 1) <= clock:
            k += 1
        while k > 0 and self.time_of_step(k) > clock:
            k -= 1
        return k


class Stepper:
    """A stepper motor's driver: a step pin, a direction pin and a queue of segments."""

    def __init__(self, firmware: Firmware, step_pin: str, pulse_ticks: int, single_edge: bool) -> None:
        self._firmware = firmware
        self.step_pin = step_pin
        self._start = firmware.motion.odometer(step_pin)
        self._steps = self._start
        self._segments: deque[Segment] = deque()
        self._last_step = 0
        self._next_sign = -1
        self._needs_reset = False
        # A step takes two timer events, one for the pulse's end, unless both edges of the pin are steps.
        self._least_interval = pulse_ticks * (2 if single_edge else 1)
        self._lag = 0
        self._too_late = Timer(self._shut_down_too_late)
        self.stop_signal_active = False

    # As motion sees it

    @property
    def is_moving(self) -> bool:
        """Whether steps are queued that the machine has not taken yet."""
        return bool(self._segments)

    def steps_at(self, clock: int) -> int:
        """Microsteps at a time at or after the last `settle`."""
        steps = self._steps
        for segment in self._segments:
            if segment.start >= clock:
                break
            steps += segment.sign * (segment.count if segment.end <= clock else segment.steps_until(clock))
        return steps

    def next_reversal(self, clock: int) -> int | None:
        """When, after `clock`, it has taken the last step before a change of direction."""
        previous: Segment | None = None
        for segment in self._segments:
            if previous is not None and segment.sign != previous.sign and previous.end > clock:
                return previous.end
            previous = segment
        return None

    def settle(self, clock: int) -> None:
        """Forget the segments that are over at `clock`."""
        while self._segments and self._segments[0].end <= clock:
            segment = self._segments.popleft()
            self._steps += segment.sign * segment.count

    # As the host sees it

    @property
    def position(self) -> int:
        """Steps taken with the direction pin high less those with it low, since the configuration."""
        return self.steps_at(self._firmware.clock) - self._start

    def set_next_direction(self, high: bool) -> None:
        """The direction of the steps queued from now on."""
        self._next_sign = 1 if high else -1

    def reset_clock(self, clock32: int) -> None:
        """The time the next step's interval is relative to."""
        self.settle(self._firmware.clock)
        if self._segments:
            raise FirmwareShutdown("Can't reset time when stepper active")
        self._last_step = clock32
        self._needs_reset = False

    def queue(self, interval: int, count: int, add: int) -> None:
        """Append steps to the queue."""
        firmware = self._firmware
        firmware.take_move()
        if not count:
            raise FirmwareShutdown("Invalid count parameter")
        if not self._segments or self._segments[-1].end <= firmware.clock:
            if self._needs_reset:
                return
            first = firmware.scheduler.extend(self._last_step + interval & CLOCK_MASK)
            if first < firmware.clock:
                raise FirmwareShutdown("Timer too close")
            start = first - interval
            self._lag = 0
        else:
            start = self._last_step
        segment = Segment.of(start, interval, count, add, self._next_sign)
        self._note_rate(segment)
        self._segments.append(segment)
        self._last_step = segment.end

    def stop(self) -> None:
        """Halt and drop everything queued; what follows is dropped too until the step clock is reset."""
        self.stop_signal_active = False
        clock = self._firmware.clock
        self._steps = self.steps_at(clock)
        self._segments.clear()
        self._firmware.scheduler.delete(self._too_late)
        self._last_step = 0
        self._next_sign = -1
        self._needs_reset = True

    def queued_moves(self) -> int:
        """Entries of the move queue in use: every segment but the one being stepped."""
        self.settle(self._firmware.clock)
        return max(0, len(self._segments) - 1)

    def _note_rate(self, segment: Segment) -> None:
        """Steps closer together than the pin can be driven are taken late; the firmware gives up beyond 1 ms."""
        needed = self._least_interval * segment.count
        late = self._lag + needed - (segment.end - segment.start)
        self._lag = max(0, late)
        if late > self._firmware.clock_freq // 1000 and not self._too_late.ticket:
            self._firmware.scheduler.add(self._too_late, max(segment.end, self._firmware.clock))

    def _shut_down_too_late(self) -> None:
        raise FirmwareShutdown("Stepper too far in past")


class Steppers:
    """The stepper commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.dictionary.constant("STEPPER_STEP_BOTH_EDGE", 1)
        firmware.command(
            "config_stepper oid=%c step_pin=%c dir_pin=%c invert_step=%c step_pulse_ticks=%u", self._config
        )
        firmware.command("queue_step oid=%c interval=%u count=%hu add=%hi", self._queue_step)
        firmware.command("set_next_step_dir oid=%c dir=%c", self._set_next_step_dir)
        firmware.command("reset_step_clock oid=%c clock=%u", self._reset_step_clock)
        firmware.command("stepper_get_position oid=%c", self._get_position)
        firmware.command("stepper_stop_on_trigger oid=%c trsync_oid=%c", self._stop_on_trigger)
        self._position = firmware.response("stepper_position oid=%c pos=%i")
        firmware.share_moves(lambda: sum(stepper.queued_moves() for stepper in firmware.objects(Stepper)))
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, step_pin: int, dir_pin: int, invert_step: int, pulse_ticks: int) -> None:
        both_edges = invert_step >= 0x80
        self._firmware.output_pin(dir_pin)
        stepper = Stepper(self._firmware, self._firmware.output_pin(step_pin), pulse_ticks, not both_edges)
        self._firmware.assign(oid, stepper)
        self._firmware.motion.add_axis(stepper)

    def _queue_step(self, oid: int, interval: int, count: int, add: int) -> None:
        self._firmware.lookup(oid, Stepper).queue(interval, count, add)

    def _set_next_step_dir(self, oid: int, direction: int) -> None:
        self._firmware.lookup(oid, Stepper).set_next_direction(bool(direction))

    def _reset_step_clock(self, oid: int, clock: int) -> None:
        self._firmware.lookup(oid, Stepper).reset_clock(clock)

    def _get_position(self, oid: int) -> None:
        self._position(oid, self._firmware.lookup(oid, Stepper).position)

    def _stop_on_trigger(self, oid: int, trsync_oid: int) -> None:
        stepper = self._firmware.lookup(oid, Stepper)
        trsync = self._firmware.lookup(trsync_oid, Trsync)
        if stepper.stop_signal_active:
            raise FirmwareShutdown("Can't add signal that is already active")
        stepper.stop_signal_active = True
        trsync.add_signal(stepper)

    def _shutdown(self) -> None:
        for stepper in self._firmware.objects(Stepper):
            stepper.stop()
