"""Digital and PWM outputs.

Software PWM reaches the machine as a duty cycle instead of as edges; everything else, the watchdog for
heaters included, behaves as in Klipper src/gpiocmds.c and src/pwmcmds.c.
"""

from collections import deque

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown, Timer

PWM_MAX = 255


class DigitalOut:
    """A digital output with a queue of changes, on/off or software PWM."""

    def __init__(self, firmware: Firmware, pin: str, default_on: bool, max_duration: int) -> None:
        self._firmware = firmware
        self._pin = pin
        self._default_on = default_on
        self._max_duration = max_duration
        self._cycle_ticks = 0
        self._queue: deque[tuple[int, int]] = deque()
        self._end_time: int | None = None
        self._timer = Timer(self._load)

    def set_cycle(self, cycle_ticks: int) -> None:
        """The length of a software PWM cycle."""
        if self._queue:
            raise FirmwareShutdown("Can not set soft pwm cycle ticks while updates pending")
        self._cycle_ticks = cycle_ticks

    def queue(self, clock: int, on_ticks: int) -> None:
        """Change at a time (64 bit)."""
        self._firmware.take_move()
        self._queue.append((clock, on_ticks))
        if len(self._queue) > 1:
            return
        if self._end_time is not None and self._end_time < clock:
            raise FirmwareShutdown("Scheduled digital out event will exceed max_duration")
        self._end_time = clock
        self._firmware.scheduler.add(self._timer, clock)

    def update(self, on: bool) -> None:
        """Change now."""
        self._firmware.scheduler.delete(self._timer)
        if self._queue:
            raise FirmwareShutdown("update_digital_out not valid with active queue")
        self._write(1.0 if on else 0.0)
        self._end_time = None
        if on != self._default_on and self._max_duration:
            self._end_time = self._firmware.clock + self._max_duration
            self._firmware.scheduler.add(self._timer, self._end_time)

    def shutdown(self) -> None:
        """Fall back to the default."""
        self._write(1.0 if self._default_on else 0.0)
        self._queue.clear()
        self._end_time = None

    def queued_moves(self) -> int:
        """Entries of the move queue in use."""
        return len(self._queue)

    def _load(self) -> int | None:
        if not self._queue:
            raise FirmwareShutdown("Missed scheduling of next digital out event")
        clock, on_ticks = self._queue.popleft()
        always = not on_ticks or on_ticks >= self._cycle_ticks
        self._write((1.0 if on_ticks else 0.0) if always else on_ticks / self._cycle_ticks)
        self._end_time = None
        if self._max_duration and not (always and bool(on_ticks) == self._default_on):
            self._end_time = clock + self._max_duration
        if self._queue:
            following = self._queue[0][0]
            if self._end_time is not None and self._end_time < following:
                raise FirmwareShutdown("Scheduled digital out event will exceed max_duration")
            self._end_time = following
        return self._end_time

    def _write(self, duty: float) -> None:
        self._firmware.machine.output(self._pin, self._firmware.now, duty)


class PwmOut:
    """A hardware PWM output with a queue of changes.

    `greatest` is the value that is on all the time, `event` what the reasons of shutdowns call a change.
    """

    def __init__(
        self,
        firmware: Firmware,
        pin: str,
        default_value: int,
        max_duration: int,
        *,
        greatest: int = PWM_MAX,
        event: tuple[str, str] = ("hard pwm", "pwm"),
    ) -> None:
        self._firmware = firmware
        self._pin = pin
        self._default_value = default_value
        self._greatest = greatest
        self._missed = f"Missed scheduling of next {event[0]} event"
        self._too_long = f"Scheduled {event[1]} event will exceed max_duration"
        self._max_duration = max_duration
        self._queue: deque[tuple[int, int]] = deque()
        self._end_time: int | None = None
        self._timer = Timer(self._load)

    def queue(self, clock: int, value: int) -> None:
        """Change at a time (64 bit)."""
        self._firmware.take_move()
        self._queue.append((clock, value))
        if len(self._queue) > 1:
            return
        if self._end_time is not None and self._end_time < clock:
            raise FirmwareShutdown(self._too_long)
        self._end_time = None
        self._firmware.scheduler.add(self._timer, clock)

    def shutdown(self) -> None:
        """Fall back to the default."""
        self.write(self._default_value)
        self._queue.clear()
        self._end_time = None

    def queued_moves(self) -> int:
        """Entries of the move queue in use."""
        return len(self._queue)

    def _load(self) -> int | None:
        if not self._queue:
            raise FirmwareShutdown(self._missed)
        clock, value = self._queue.popleft()
        self.write(value)
        limit = clock + self._max_duration if self._max_duration and value != self._default_value else None
        if self._queue:
            following = self._queue[0][0]
            if limit is not None and limit < following:
                raise FirmwareShutdown(self._too_long)
            return following
        self._end_time = limit
        return limit

    def write(self, value: int) -> None:
        """Change now."""
        self._firmware.machine.output(self._pin, self._firmware.now, min(1.0, value / self._greatest))


class Outputs:
    """The output commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.dictionary.constant("PWM_MAX", PWM_MAX)
        firmware.command(
            "config_digital_out oid=%c pin=%u value=%c default_value=%c max_duration=%u", self._config_digital
        )
        firmware.command("set_digital_out_pwm_cycle oid=%c cycle_ticks=%u", self._set_cycle)
        firmware.command("queue_digital_out oid=%c clock=%u on_ticks=%u", self._queue_digital)
        firmware.command("update_digital_out oid=%c value=%c", self._update_digital)
        firmware.command("set_digital_out pin=%u value=%c", self._set_digital)
        firmware.command(
            "config_pwm_out oid=%c pin=%u cycle_ticks=%u value=%hu default_value=%hu max_duration=%u",
            self._config_pwm,
        )
        firmware.command("queue_pwm_out oid=%c clock=%u value=%hu", self._queue_pwm)
        firmware.command("set_pwm_out pin=%u cycle_ticks=%u value=%hu", self._set_pwm)
        firmware.share_moves(self._queued_moves)
        firmware.on_shutdown(self._shutdown)

    def _config_digital(self, oid: int, pin: int, value: int, default: int, max_duration: int) -> None:
        name = self._firmware.output_pin(pin)
        self._firmware.assign(oid, DigitalOut(self._firmware, name, bool(default), max_duration))
        self._write(name, float(bool(value)))

    def _set_cycle(self, oid: int, cycle_ticks: int) -> None:
        self._firmware.lookup(oid, DigitalOut).set_cycle(cycle_ticks)

    def _queue_digital(self, oid: int, clock: int, on_ticks: int) -> None:
        self._firmware.lookup(oid, DigitalOut).queue(self._firmware.scheduler.extend(clock), on_ticks)

    def _update_digital(self, oid: int, value: int) -> None:
        self._firmware.lookup(oid, DigitalOut).update(bool(value))

    def _set_digital(self, pin: int, value: int) -> None:
        self._write(self._firmware.output_pin(pin), float(bool(value)))

    def _config_pwm(
        self, oid: int, pin: int, _cycle_ticks: int, value: int, default: int, max_duration: int
    ) -> None:
        name = self._firmware.output_pin(pin)
        self._firmware.assign(oid, PwmOut(self._firmware, name, default, max_duration))
        self._write(name, min(1.0, value / PWM_MAX))

    def _queue_pwm(self, oid: int, clock: int, value: int) -> None:
        self._firmware.lookup(oid, PwmOut).queue(self._firmware.scheduler.extend(clock), value)

    def _set_pwm(self, pin: int, _cycle_ticks: int, value: int) -> None:
        self._write(self._firmware.output_pin(pin), min(1.0, value / PWM_MAX))

    def _write(self, pin: str, duty: float) -> None:
        self._firmware.machine.output(pin, self._firmware.now, duty)

    def _all(self) -> list[DigitalOut | PwmOut]:
        return [*self._firmware.objects(DigitalOut), *self._firmware.objects(PwmOut)]

    def _queued_moves(self) -> int:
        return sum(output.queued_moves() for output in self._all())

    def _shutdown(self) -> None:
        for output in self._all():
            output.shutdown()
