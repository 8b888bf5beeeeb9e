"""The parts of a wiring: what printer.cfg connects to the micro-controller."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

MAIN = "mcu"
"""The name of the main micro-controller, whose pins' names have no prefix."""


class ThermistorCurve(Protocol):
    """How a temperature sensor reads."""

    def fraction(self, celsius: float) -> float:
        """The reading, as a fraction of full scale, at a temperature."""


class SpiSensor(Protocol):
    """How a temperature sensor with a chip on an SPI bus reads."""

    def raw(self, celsius: float) -> int:
        """What the chip answers at a temperature."""


@dataclass(frozen=True)
class Pin:
    """A pin of the micro-controller as the configuration describes it."""

    name: str
    invert: bool = False
    pullup: int = 0

    @property
    def mcu(self) -> str:
        """The name of its micro-controller."""
        chip, colon, _ = self.name.partition(":")
        return chip if colon else MAIN

    def level(self, active: bool) -> bool:
        """The electrical level at which Klipper sees this pin as active (or not)."""
        return active != self.invert


@dataclass(frozen=True)
class WiredStepper:
    """One stepper section. Distances in mm; `axis` is x, y, z, a tower (a, b, c) or e."""

    section: str
    axis: str
    step_pin: str
    dir_pin: Pin
    enable_pin: Pin | None
    step_distance: float
    endstop_pin: Pin | None = None
    virtual_endstop: str | None = None
    position_endstop: float = 0.0
    position_min: float = 0.0
    position_max: float = 0.0
    homes_to_max: bool = False
    arm_length: float = 0.0
    angle: float = 0.0


@dataclass(frozen=True)
class HeaterWire:
    """A heater with its sensor, or (without heater pin) a temperature sensor alone."""

    section: str
    heater_pin: Pin | None
    sensor_pin: str | None
    """The analog pin, or the chip select pin of a `chip`."""
    curve: ThermistorCurve | None
    chip: "SpiSensor | None" = None
    """The sensor's chip, where it is read over SPI."""


@dataclass(frozen=True)
class StallWire:
    """A motor driver that reports the end of an axis on a pin."""

    pin: Pin
    driver: str
    """The driver: its UART's receive pin or its chip select pin, a slash, its address or its place in the chain."""
    register: int
    """The register that holds its threshold; 0 where the threshold is not simulated."""
    low_bit: int = 0
    bits: int = 8
    signed: bool = False
    """A signed threshold (driver_SGT) is the more sensitive the lower it is, driver_SGTHRS the higher it is."""

    def threshold(self, value: int) -> int:
        """The threshold in the register's value."""
        found = value >> self.low_bit & (1 << self.bits) - 1
        return found - (1 << self.bits) if self.signed and found >> self.bits - 1 else found


@dataclass(frozen=True)
class FanWire:
    """A fan; only `fan`, the part cooling fan, cools anything."""

    section: str
    pin: Pin


@dataclass(frozen=True)
class ProbeWire:
    """The probe's sensor pin, the control pin of one that deploys a pin on command, and the configured offsets (mm)."""

    section: str
    pin: Pin
    control_pin: Pin | None = None
    x_offset: float = 0.0
    y_offset: float = 0.0
    z_offset: float = 0.0


@dataclass(frozen=True)
class NozzleSwitchWire:
    """A switch beside the bed that the nozzle presses where the probe is the Z endstop."""

    pin: Pin
    place: tuple[float, float] | None
    """Where the configuration says it is, X and Y in mm."""


@dataclass(frozen=True)
class EddyWire:
    """An eddy current sensor (LDC1612) on an I2C bus."""

    section: str
    i2c_bus: str


@dataclass(frozen=True)
class LoadCellWire:
    """A load cell that the nozzle presses, with its converter."""

    section: str
    data_pin: Pin


@dataclass(frozen=True)
class McuWire:
    """A further micro-controller. The machine's names of its pins and buses begin with its own and a colon."""

    name: str
    pins: tuple[str, ...]
    groups: frozenset[str]
    i2c_buses: tuple[str, ...] = ()
    spi_buses: tuple[str, ...] = ()
    i2c_chips: Mapping[int, str] = field(default_factory=dict)
    is_device: bool = False
    """Whether it is one with the device whose section has its name, and has no section [mcu …]."""

    @property
    def section(self) -> str:
        """Its section's name."""
        return self.name if self.is_device else f"mcu {self.name}"


@dataclass(frozen=True)
class Wiring:
    """A printer as its micro-controllers see it. `drive_places` is where the configuration says the Z drives are.

    `pins`, `i2c_buses`, `i2c_chips`, `spi_buses` and `groups` are the main micro-controller's.
    """

    kinematics: str
    steppers: tuple[WiredStepper, ...]
    heaters: tuple[HeaterWire, ...] = ()
    fans: tuple[FanWire, ...] = ()
    probe: ProbeWire | None = None
    nozzle_switch: NozzleSwitchWire | None = None
    eddy: EddyWire | None = None
    load_cells: tuple[LoadCellWire, ...] = ()
    delta_radius: float = 0.0
    scanners: tuple[str, ...] = ()
    """The coils of scanners, each by its name behind that of its micro-controller."""
    drive_places: tuple[tuple[float, float], ...] = ()
    pins: tuple[str, ...] = ()
    i2c_buses: tuple[str, ...] = ()
    spi_buses: tuple[str, ...] = ()
    spi_chips: Mapping[str, str] = field(default_factory=dict)
    """Kinds of chips on SPI buses that answer something, by chip select pin."""
    i2c_chips: Mapping[int, str] = field(default_factory=dict)
    """The same on I2C buses, by address."""
    groups: frozenset[str] = frozenset()
    """The groups of commands that the micro-controller has to offer."""
    others: tuple[McuWire, ...] = ()
    references: Mapping[str, float] = field(default_factory=dict)
    """Analog pins that read the same fraction of full scale all the time."""
    closed: tuple[Pin, ...] = ()
    """Switches that are pressed all the time: filament is in its sensor."""
    open: tuple[Pin, ...] = ()
    """Switches and buttons that nobody presses."""
    stalls: Mapping[str, StallWire] = field(default_factory=dict)
    """The motor drivers that report that an axis has reached its end, by stepper section."""

    def axis(self, name: str) -> tuple[WiredStepper, ...]:
        """The steppers of an axis in Klipper's order (stepper_z, stepper_z1, …)."""
        return tuple(stepper for stepper in self.steppers if stepper.axis == name)

    @property
    def drives(self) -> tuple[WiredStepper, ...]:
        """The steppers that move in Z: the Z drives, or the towers of a delta."""
        if self.kinematics == "delta":
            return tuple(stepper for stepper in self.steppers if stepper.axis in "abc")
        return self.axis("z")


def midpoint(stepper: WiredStepper) -> float:
    """The middle of an axis's range, mm."""
    return math.fsum((stepper.position_min, stepper.position_max)) / 2.0
