"""A switch that is pressed by coming down on something: noise, hysteresis, and what repeated touching does."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TouchTraits:
    """How a switch behaves, in mm and s; the keys of a truth file of the same names say what they are."""

    noise: float = 0.0
    hysteresis: float = 0.0
    outlier_rate: float = 0.0
    outlier_size: float = 0.0
    first_sample_shift: float = 0.0
    drift_per_touch: float = 0.0
    rest: float = math.inf


class TouchSwitch:
    """The state of a switch. Its gap is the distance to its mean trigger height, 0 or less when reached.

    Each touch has its own error, drawn when the touch before it ended, so it does not matter how often the
    switch is read. The raw draws are kept, so that changed traits act at once.
    """

    def __init__(self, draws: np.random.Generator) -> None:
        self._draws = draws
        self.traits = TouchTraits()
        self.pressed = False
        self.touches = 0
        self._series = 0
        self._last_time = -math.inf
        self._held_error = 0.0
        self._normal = self._outlier = self._sign = 0.0
        self._draw()

    def error(self, t: float) -> float:
        """How much higher than its mean the switch triggers at the touch that is on, or else at the next."""
        if self.pressed:
            return self._held_error
        traits = self.traits
        error = self._normal * traits.noise
        if self._outlier < traits.outlier_rate:
            error += self._sign * traits.outlier_size
        if t - self._last_time >= traits.rest:
            return error + traits.first_sample_shift
        return error + traits.drift_per_touch * self._series

    def reads(self, gap: float, t: float) -> bool:
        """Whether the switch is pressed with this gap."""
        if self.pressed:
            return gap < self._held_error + self.traits.hysteresis
        return gap <= self.error(t)

    def settle(self, gap: float, t: float) -> bool:
        """Take this gap; True if a new touch has just begun."""
        pressed = self.reads(gap, t)
        if pressed == self.pressed:
            if pressed:
                self._last_time = t
            return False
        if pressed:
            self._held_error = self.error(t)
            self._series = 1 if t - self._last_time >= self.traits.rest else self._series + 1
            self.touches += 1
        else:
            self._draw()
        self._last_time = t
        self.pressed = pressed
        return pressed

    def let_go(self, t: float) -> None:
        """Whatever pressed the switch is gone, without a release: a pin was drawn in, a probe was docked."""
        if self.pressed:
            self.pressed = False
            self._last_time = t
            self._draw()

    def _draw(self) -> None:
        self._normal = float(self._draws.standard_normal())
        self._outlier = float(self._draws.random())
        self._sign = 1.0 if self._draws.random() < 0.5 else -1.0
