"""A probe that pushes out a pin on command and draws it in when the pin touches (BLTouch and its like).

Commands are pulse widths on the control pin, every 20 ms. The pin that a touch has drawn in comes out again once there
is room, until it is stowed: a [bltouch] with `stow_on_each_sample: False` counts on it. Source: Klipper docs, BLTouch,
and the pulse widths that klippy sends.
"""

PERIOD = 0.020
"""Seconds between two pulses of the control pin."""

PULSE = 0.010
"""How long the sensor pin stays active after a touch, outside touch mode."""

ROOM = 0.5
"""mm above the trigger height that the pin needs to come out again."""

_COMMANDS = (
    (0.000600, 0.000800, "deploy"),
    (0.001000, 0.001300, "touch_mode"),
    (0.001400, 0.001550, "stow"),
    (0.001700, 0.001830, "self_test"),
    (0.002150, 0.002300, "reset"),
)


def command_of(duty: float) -> str | None:
    """The command that a duty cycle of the control pin means, if any."""
    width = duty * PERIOD
    return next((name for low, high, name in _COMMANDS if low <= width <= high), None)


class PinDeployer:
    """Where the pin is, and what the electronics say on the sensor pin."""

    def __init__(self) -> None:
        self.down = False
        self.touch_mode = False
        self.alarm = False
        self._wanted = False
        self._pulse_end = 0.0
        self._command: str | None = None

    def output(self, duty: float, blocked: bool) -> str | None:
        """The control pin was set; `blocked` says that the pin has no room to come out.

        Returns the command, if this is the first pulse of one.
        """
        command = command_of(duty)
        if command == self._command:
            return None
        self._command = command
        if command == "deploy":
            self.touch_mode = False
            self.alarm = self.alarm or blocked
            self._wanted = self.down = not self.alarm
        elif command == "touch_mode":
            self.touch_mode = True
        elif command in ("stow", "self_test", "reset"):
            self._wanted = self.down = self.touch_mode = False
            self.alarm = self.alarm and command != "reset"
        return command

    def touched(self, t: float) -> None:
        """The pin was pushed in: draw it in and say so."""
        self.down = False
        self._pulse_end = t + PULSE

    def lifted(self, t: float) -> None:
        """The toolhead is high enough for the pin to be out."""
        if self._wanted and t >= self._pulse_end:
            self.down = True

    def reading(self, t: float, pushed: bool) -> bool:
        """The sensor's output; `pushed` says whether something holds the pin in."""
        if self.alarm:
            return True
        if self.touch_mode:
            return not self.down or pushed
        return t < self._pulse_end or (self.down and pushed)

    def power_off(self) -> None:
        """The control pin went dead. The electronics keep their state, only a new command may be the same."""
        self._command = None

    @property
    def state(self) -> str:
        """The state in a word."""
        if self.alarm:
            return "alarm"
        return "deployed" if self.down else "stowed"
