"""Motors: step counts to motor positions, and the play between a Z motor and what it drives."""

from collections.abc import Callable

from zcal_tui.sim.ports import StepCounts
from zcal_tui.sim.wiring import Pin, WiredStepper


class Motor:
    """One stepper motor. Its position follows the steps only while the driver is enabled."""

    def __init__(self, stepper: WiredStepper, position: float, lost: float = 0.0) -> None:
        self.section = stepper.section
        self.step_pin = stepper.step_pin
        self._enable_pin = stepper.enable_pin
        self._per_step = -stepper.step_distance if stepper.dir_pin.invert else stepper.step_distance
        self._zero = position
        self._count = 0
        self.lost = lost
        """The share of the way that it loses towards larger positions, negative: towards smaller ones."""
        self.enabled = stepper.enable_pin is None

    def position_at(self, steps: StepCounts) -> float:
        """Motor position in mm at these step counts."""
        count = steps.get(self.step_pin, 0) if self.enabled else self._count
        return self._zero + count * self._per_step - self._lost_on_the_way(count)

    def advance(self, steps: StepCounts) -> float:
        """Take these step counts; a motor that is off lets them pass."""
        count = steps.get(self.step_pin, 0)
        if not self.enabled:
            self._zero -= (count - self._count) * self._per_step
        else:
            self._zero -= self._lost_on_the_way(count)
        self._count = count
        return self._zero + count * self._per_step

    def _lost_on_the_way(self, count: int) -> float:
        """What is lost on the way to this step count, with its sign."""
        if not self.lost:
            return 0.0
        way = (count - self._count) * self._per_step
        return way * abs(self.lost) if way * self.lost > 0.0 else 0.0

    def set_output(self, pin: str, duty: float) -> bool:
        """Note that an output pin was set. Returns whether this motor has just lost its hold."""
        if self._enable_pin is None or pin != self._enable_pin.name:
            return False
        was_enabled = self.enabled
        # Of a driver whose current a converter sets, any current is enough.
        self.enabled = (duty > 0.0) != self._enable_pin.invert
        return was_enabled and not self.enabled

    def release(self, is_lost: Callable[[Pin], bool]) -> bool:
        """Note that the outputs for which `is_lost` are off. Returns whether this motor has just lost its hold."""
        if self._enable_pin is None or not is_lost(self._enable_pin):
            return False
        was_enabled, self.enabled = self.enabled, False
        return was_enabled

    def slip(self, distance: float) -> None:
        """Something moved the motor's axis from outside."""
        self._zero += distance


class Drive:
    """A motor and what it moves in Z, with lost motion between them.

    Going down the driven part follows its motor; going up it stays behind by the backlash. So a height
    reached from above is higher than the same motor position reached from below. With a negative backlash it is lower:
    going up the driven part runs ahead, as a sprung coupling or a pulling cable makes it.
    """

    def __init__(self, motor: Motor, backlash: float, position: float) -> None:
        self.motor = motor
        self.backlash = backlash
        self._held = position

    def position_at(self, steps: StepCounts) -> float:
        """Height of the driven part at these step counts, if the motor has turned one way since `advance`."""
        position = self.motor.position_at(steps)
        return self._driven(position, self._play(position))

    def advance(self, steps: StepCounts) -> float:
        """Take these step counts and return the height of the driven part."""
        position = self.motor.advance(steps)
        self._held = self._play(position)
        return self._driven(position, self._held)

    def _play(self, position: float) -> float:
        behind = position - abs(self.backlash)
        held = self._held if self._held > behind else behind
        return held if held < position else position

    def _driven(self, position: float, held: float) -> float:
        return held if self.backlash >= 0.0 else 2.0 * position - held
