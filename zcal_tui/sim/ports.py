"""What the parts of the simulated printer may ask of each other.

The micro-controller (`sim.mcu`) speaks Klipper's protocol and knows pins and step counts; the machine
(`sim.machine`) is the physics those pins are wired to; the host (`sim.host`) owns the pty, the clock and
the processes. Times are *simulator seconds*: they start at 0 when the simulator starts, never go back and
never jump, whatever the wall clock does.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

StepCounts = Mapping[str, int]
"""Microsteps by step pin, counted up while the direction pin is electrically high."""


class Machine(Protocol):
    """The physical printer behind the micro-controller's pins. Pin names are those of printer.cfg, bare."""

    @property
    def pins(self) -> Sequence[str]:
        """Every pin name of this micro-controller that the configuration uses."""

    def advance(self, t: float, steps: StepCounts) -> None:
        """Move the machine to time `t`. Called with non-decreasing `t`, at the latest at every instant in
        which a stepper changes direction, so that lost motion is taken up in the right order."""

    def level(self, pin: str, t: float, steps: StepCounts) -> bool:
        """The electrical level of an input pin with the steppers at `steps` at time `t`, where motion has
        been monotone since the last `advance`. Does not change the machine."""

    def delay(self, pin: str) -> float:
        """Seconds from the physical event to the level change of an input pin (sensor or filter delay)."""

    def analog(self, pin: str, t: float) -> float:
        """An analog pin's reading as a fraction 0..1 of full scale."""

    def spi_reading(self, pin: str, t: float) -> int:
        """What the temperature sensor behind a chip select pin answers over SPI."""

    def output(self, pin: str, t: float, duty: float) -> None:
        """An output pin was set: 0 or 1, or a PWM's duty cycle between."""

    def driver_written(self, driver: str, register: int, value: int) -> None:
        """A register of a stepper driver was written. The driver's name: see `StallWire`."""

    def eddy_frequency(self, sensor: str, t: float, steps: StepCounts) -> float:
        """The resonance frequency (Hz) of the eddy current sensor on that I2C bus name."""

    def load_cell(self, pin: str, t: float, steps: StepCounts) -> int:
        """What the converter of a load cell with this data pin reads, 24 bits with a sign."""

    def coil_thermistor(self, t: float) -> float:
        """The reading of a scanner's own thermistor as a fraction 0..1 of full scale."""

    def coil_base(self) -> tuple[float, float]:
        """A scanner's calibration from the factory: the coil's frequency (Hz) far from any metal, and the reading of
        its thermistor then."""

    def reset(self, t: float, mcu: str) -> None:
        """A micro-controller restarted: its outputs fall to their default, its motors lose their hold."""


class Mcu(Protocol):
    """The micro-controller, free of I/O: bytes and time in, bytes out."""

    def feed(self, data: bytes, now: float) -> None:
        """Bytes from the host arrived at `now`."""

    def run(self, now: float) -> bytes:
        """Do everything that is due up to `now` and return what is to be sent to the host."""

    def next_wakeup(self) -> float | None:
        """The next time at which `run` has something to do, if nothing arrives before."""

    def silent_until(self) -> float | None:
        """While restarting: the time until which nothing is read or sent; bytes that arrive are lost."""


class McuClock(Protocol):
    """The simulator's time."""

    def now(self) -> float:
        """Simulator seconds."""
