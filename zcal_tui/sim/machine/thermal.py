"""Heat: heaters, thermistors, and everything that follows them late.

A heater is one body that loses heat to its surroundings and to the part cooling fan; its thermistor and the
parts that grow with it follow it with a time constant.
"""

import math
from collections.abc import Callable

import numpy as np

from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.truth import HeaterBedTruth, HotendTruth, Truth
from zcal_tui.sim.wiring import HeaterWire, Pin, Wiring

_STEP = 0.5
"""The longest time in which surroundings count as constant."""

_FRESH = 0.02
"""Heat that is not older than this is not computed again."""


class Heater:
    """A heated body with its thermistor."""

    def __init__(self, traits: HotendTruth | HeaterBedTruth, temperature: float) -> None:
        self.traits = traits
        self.duty = 0.0
        self.temperature = temperature
        self.sensor = temperature

    def step(self, dt: float, surroundings: float, fan: float) -> None:
        """Heat and cool for `dt` seconds."""
        traits = self.traits
        loss = traits.loss + traits.fan_loss * fan
        final = surroundings + traits.power * self.duty / loss
        self.temperature = final + (self.temperature - final) * math.exp(-dt * loss / traits.capacity)
        self.sensor = follow(self.sensor, self.temperature, dt, traits.sensor_lag)


def follow(value: float, target: float, dt: float, lag: float) -> float:
    """A first-order lag: `value` after `dt` seconds of following `target`."""
    return target if lag <= 0.0 else target + (value - target) * math.exp(-dt / lag)


class Thermal:
    """All temperatures of the printer, °C."""

    def __init__(self, wiring: Wiring, truth: Truth, seed: int) -> None:
        self._truth = truth
        self._time = 0.0
        self.cold = truth.simulation.ambient
        """What all lengths are measured at: the room at power-on."""
        self.chamber = self.bed_shape = self.nozzle_length = self.probe_bed = self.probe_nozzle = self.cold
        self.ooze = 0.0
        self._fan = 0.0
        self._fan_pins = {fan.pin.name: fan.pin for fan in wiring.fans if fan.section == "fan"}
        self._references = wiring.references
        self._heaters: dict[str, Heater] = {}
        self._heater_pins: dict[str, tuple[Heater, Pin]] = {}
        self._sensors: dict[str, tuple[HeaterWire, Heater | None, np.random.Generator]] = {}
        for wire in wiring.heaters:
            heater = None
            if wire.heater_pin is not None:
                heater = Heater(self._traits(wire.section, truth), self.cold)
                self._heaters[wire.section] = heater
                self._heater_pins[wire.heater_pin.name] = (heater, wire.heater_pin)
            if wire.sensor_pin is not None:
                self._sensors[wire.sensor_pin] = (wire, heater, draws_for(seed, f"sensor {wire.section}"))

    @property
    def bed(self) -> float:
        """The heated bed."""
        return self._heaters["heater_bed"].temperature if "heater_bed" in self._heaters else self.chamber

    @property
    def nozzle(self) -> float:
        """The hotend."""
        return self._heaters["extruder"].temperature if "extruder" in self._heaters else self.chamber

    def set_truth(self, truth: Truth) -> None:
        """Change the true values; temperatures stay."""
        self._truth = truth
        for section, heater in self._heaters.items():
            heater.traits = self._traits(section, truth)

    def update(self, t: float, force: bool = False) -> None:
        """Bring all temperatures to time `t`."""
        if t - self._time < _FRESH and not force:
            return
        while self._time < t:
            dt = min(_STEP, t - self._time)
            self._step(dt)
            self._time = t if t - self._time <= _STEP else self._time + dt

    def set_output(self, pin: str, t: float, duty: float) -> None:
        """An output pin was set; it may be a heater's or the part cooling fan's."""
        if pin in self._heater_pins:
            self.update(t, force=True)
            heater, wired = self._heater_pins[pin]
            heater.duty = 1.0 - duty if wired.invert else duty
        elif pin in self._fan_pins:
            self.update(t, force=True)
            self._fan = 1.0 - duty if self._fan_pins[pin].invert else duty

    def release(self, t: float, is_lost: Callable[[Pin], bool]) -> None:
        """A micro-controller restarted: the outputs for which `is_lost` are off."""
        self.update(t, force=True)
        if any(is_lost(pin) for pin in self._fan_pins.values()):
            self._fan = 0.0
        for heater, pin in self._heater_pins.values():
            if is_lost(pin):
                heater.duty = 0.0

    def analog(self, pin: str, t: float) -> float:
        """A thermistor's reading as a fraction of full scale; 1 (nothing connected) for any other pin."""
        if pin not in self._sensors:
            return self._references.get(pin, 1.0)
        curve = self._sensors[pin][0].curve
        return 1.0 if curve is None else curve.fraction(self._measured(pin, t))

    def spi_reading(self, pin: str, t: float) -> int:
        """What the sensor behind a chip select pin answers; 0 (nothing connected) for any other pin."""
        chip = self._sensors[pin][0].chip if pin in self._sensors else None
        return 0 if chip is None else chip.raw(self._measured(pin, t))

    def _measured(self, pin: str, t: float) -> float:
        self.update(t)
        wire, heater, draws = self._sensors[pin]
        noise = (heater.traits if heater else self._truth.heater_bed).sensor_noise
        place = self.probe_bed if wire.section.startswith("temperature_probe") else self.chamber
        return (heater.sensor if heater else place) + noise * float(draws.standard_normal())

    def wipe(self) -> None:
        """Take the drop off the nozzle."""
        self.ooze = 0.0

    def readings(self) -> dict[str, float]:
        """Every temperature by name."""
        named = {section: heater.temperature for section, heater in self._heaters.items()}
        return named | {
            "chamber": self.chamber,
            "probe_bed_part": self.probe_bed,
            "bed_shape": self.bed_shape,
        }

    def _step(self, dt: float) -> None:
        truth = self._truth
        ambient = truth.simulation.ambient
        for section, heater in self._heaters.items():
            heater.step(dt, ambient if section == "heater_bed" else self.chamber, self._fan)
        bed, nozzle = self.bed, self.nozzle
        warm = ambient + truth.frame.chamber_gain * (bed - ambient)
        self.chamber = follow(self.chamber, warm, dt, truth.frame.chamber_lag)
        self.bed_shape = follow(self.bed_shape, bed, dt, truth.bed.growth_lag)
        self.nozzle_length = follow(self.nozzle_length, nozzle, dt, truth.nozzle.growth_lag)
        self.probe_bed = follow(self.probe_bed, bed, dt, truth.probe.thermal_lag)
        self.probe_nozzle = follow(self.probe_nozzle, nozzle, dt, truth.probe.thermal_lag)
        if nozzle > truth.nozzle.ooze_from:
            self.ooze = min(truth.nozzle.ooze_limit, self.ooze + truth.nozzle.ooze_rate * dt / 60.0)

    @staticmethod
    def _traits(section: str, truth: Truth) -> HotendTruth | HeaterBedTruth:
        return truth.heater_bed if section == "heater_bed" else truth.hotend
