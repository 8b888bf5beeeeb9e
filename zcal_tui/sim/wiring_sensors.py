"""Temperature sensors: what the micro-controller reads at a temperature, for each sensor_type of Klipper.

Source: Klipper docs, Config_Reference, "Temperature sensors"; data sheets of the AD595, AD597, AD849x and INA826.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration
from zcal_tui.sim.refusals import Options, Refusals
from zcal_tui.sim.wiring_pins import WiringPins
from zcal_tui.sim.wiring_thermistor import STOCK, Thermistor, stock_thermistor
from zcal_tui.sim.wiring_types import MAIN, HeaterWire, Pin, SpiSensor, ThermistorCurve

MCU_SENSOR_PIN = "ADC_TEMPERATURE"
"""The name under which Klipper reads the temperature sensor inside a micro-controller."""
_SCALED: Mapping[str, tuple[float, int, int]] = {
    "MAX6675": (0.25, 0x1FFF, 3),
    "MAX31855": (0.25, 0x1FFF, 18),
    "MAX31856": (0.0078125, 0x3FFFF, 5),
}
"""Degrees a step, greatest count and place of the lowest bit. Source: the chips' data sheets."""
SPI_SENSORS = (*_SCALED, "MAX31865")
I2C_SENSORS = (
    *("BME280", "HTU21D", "SI7013", "SI7020", "SI7021", "SHT21", "LM75", "AHT10", "AHT1X", "AHT2X", "AHT3X"),
    "SHT3X",
)
_REFUSED = ("DS18B20",)
"""It is on a bus of its own that only Linux has."""
_ON_THE_HOST = ("temperature_host", "temperature_combined")

_AD849X = ((0, 0.003), (25, 0.125), (100, 0.504), (200, 0.999), (300, 1.497), (400, 2.01), (500, 2.529))
_AMPLIFIERS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "AD595": ((0, 0.0027), (25, 0.25), (100, 1.015), (200, 2.015), (300, 3.022), (400, 4.057), (480, 4.896)),
    "AD597": ((0, 0.0), (25, 0.245), (100, 1.005), (200, 1.997), (300, 2.996), (400, 4.024), (500, 5.066)),
    "AD8494": ((0, 0.002), (25, 0.125), (100, 0.511), (200, 1.044), (300, 1.58), (400, 2.114), (500, 2.65)),
    "AD8495": _AD849X,
    "AD8496": ((0, 0.027), (25, 0.142), (100, 0.503), (200, 1.001), (300, 1.502), (400, 2.001), (500, 2.502)),
    "AD8497": _AD849X,
}
"""Volts by °C."""


def _platinum(base: float) -> tuple[tuple[float, float], ...]:
    """A platinum resistor, ohm by °C (Callendar-Van Dusen)."""
    return tuple((float(t), base * (1.0 + 3.9083e-3 * t - 5.775e-7 * t * t)) for t in range(0, 500, 10))


@dataclass(frozen=True)
class Voltage:
    """A sensor with an amplifier: the reading is linear in a voltage between known points (°C, V)."""

    points: tuple[tuple[float, float], ...]
    supply: float = 5.0
    offset: float = 0.0

    def fraction(self, celsius: float) -> float:
        """The reading, as a fraction of full scale, at a temperature."""
        return (_between(self.points, celsius) - self.offset) / self.supply


@dataclass(frozen=True)
class Resistance:
    """A resistor in a divider whose resistance is linear between known points (°C, ohm)."""

    points: tuple[tuple[float, float], ...]
    pullup: float = 4700.0

    def fraction(self, celsius: float) -> float:
        """The reading, as a fraction of full scale, at a temperature."""
        ohm = _between(self.points, celsius)
        return ohm / (self.pullup + ohm)


@dataclass(frozen=True)
class McuSensor:
    """The sensor inside the micro-controller: temperature = base + slope × reading."""

    base: float
    slope: float

    def fraction(self, celsius: float) -> float:
        """The reading, as a fraction of full scale, at a temperature."""
        return (celsius - self.base) / self.slope


@dataclass(frozen=True)
class ScaledChip:
    """A chip that counts steps of temperature."""

    step: float
    greatest: int
    shift: int

    def raw(self, celsius: float) -> int:
        """See SpiSensor."""
        return max(0, min(self.greatest, round(celsius / self.step))) << self.shift


@dataclass(frozen=True)
class PlatinumChip:
    """A chip that compares a platinum resistor with a reference: 15 bits, then a bit for faults."""

    ratio: float
    """Nominal resistance over the reference's."""

    def raw(self, celsius: float) -> int:
        """See SpiSensor."""
        resistance = self.ratio * (1.0 + 3.9083e-3 * celsius - 5.775e-7 * celsius * celsius)
        return max(0, min(32767, round(resistance * 32768.0))) << 1


def _spi_sensor(options: Options, name: str) -> SpiSensor:
    if name in _SCALED:
        return ScaledChip(*_SCALED[name])
    return PlatinumChip(
        options.number("rtd_nominal_r", 100.0) / (options.number("rtd_reference_r", 430.0) or 1.0)
    )


def _between(points: tuple[tuple[float, float], ...], celsius: float) -> float:
    """Linear interpolation; the outer pieces go on beyond the ends."""
    after = next((n for n, (t, _) in enumerate(points[1:-1], start=1) if celsius < t), len(points) - 1)
    (t1, v1), (t2, v2) = points[after - 1], points[after]
    return v1 + (v2 - v1) * (celsius - t1) / (t2 - t1)


class Sensors:
    """Finds the temperature sensors of one configuration."""

    def __init__(self, configuration: Configuration, refusals: Refusals, pins: WiringPins) -> None:
        self._sections = configuration.sections
        self._refusals = refusals
        self._pins = pins

    def read(self, options: Options, heater_pin: Pin | None) -> HeaterWire | None:
        """What a section with a sensor_type connects; None for a sensor that is no part of the machine."""
        name = options.text("sensor_type")
        if name in _ON_THE_HOST:
            return None
        if name == "temperature_mcu":
            return self._mcu_sensor(options, heater_pin)
        if name in SPI_SENSORS:
            pin = self._pins.pin(options, "sensor_pin").name
            return HeaterWire(options.name, heater_pin, pin, None, chip=_spi_sensor(options, name))
        if name in I2C_SENSORS:  # its chip answers by itself
            return None
        if name in _REFUSED:
            options.refuse("sensor_type", f"{name} cannot be simulated.")
            return None
        curve = self._curve(options, name)
        return HeaterWire(options.name, heater_pin, self._pins.pin(options, "sensor_pin").name, curve)

    def _curve(self, options: Options, name: str) -> ThermistorCurve | None:
        pullup = options.number("pullup_resistor", 4700.0)
        inline = options.number("inline_resistor", 0.0)
        if f"thermistor {name}" in self._sections:
            return self._thermistor(
                Options(self._sections[f"thermistor {name}"], self._refusals), pullup, inline
            )
        if f"adc_temperature {name}" in self._sections:
            return self._points(
                Options(self._sections[f"adc_temperature {name}"], self._refusals), options, pullup
            )
        stock = stock_thermistor(name, pullup, inline)
        if stock is not None:
            return stock
        if name == "PT1000":
            return Resistance(_platinum(1000.0), pullup)
        if name == "PT100 INA826":
            volts = tuple((t, 50.0 * ohm / (4400.0 + ohm)) for t, ohm in _platinum(100.0))
            return self._voltage(options, volts)
        if name in _AMPLIFIERS:
            return self._voltage(options, _AMPLIFIERS[name])
        if name:
            known = ", ".join(
                (
                    *STOCK,
                    "PT1000",
                    "PT100 INA826",
                    *_AMPLIFIERS,
                    *SPI_SENSORS,
                    *I2C_SENSORS,
                    "temperature_mcu",
                )
            )
            options.refuse("sensor_type", f"{name} is no sensor that can be simulated. These can: {known}.")
        return None

    def _voltage(self, options: Options, points: tuple[tuple[float, float], ...]) -> Voltage:
        return Voltage(
            points, options.number("adc_voltage", 5.0) or 5.0, options.number("voltage_offset", 0.0)
        )

    def _thermistor(self, custom: Options, pullup: float, inline: float) -> ThermistorCurve | None:
        count = 1 if custom.optional("beta") is not None else 3
        points = [
            (custom.number(f"temperature{n}"), custom.number(f"resistance{n}")) for n in range(1, count + 1)
        ]
        if any(ohm <= 0.0 for _, ohm in points):
            custom.refuse("resistance1", "Resistances must be above 0.")
            return None
        if len({t for t, _ in points}) < count or len({ohm for _, ohm in points}) < count:
            custom.refuse("temperature1", "The three points must differ.")
            return None
        if count == 1:
            return Thermistor.with_beta(*points[0], custom.number("beta") or 1.0, pullup, inline)
        return Thermistor.through(tuple(sorted(points)), pullup, inline)

    def _points(self, custom: Options, options: Options, pullup: float) -> ThermistorCurve | None:
        unit = "voltage" if custom.optional("resistance1") is None else "resistance"
        points: list[tuple[float, float]] = []
        while custom.optional(f"temperature{len(points) + 1}") is not None:
            number = len(points) + 1
            points.append((custom.number(f"temperature{number}"), custom.number(f"{unit}{number}")))
        if len({t for t, _ in points}) < max(2, len(points)):
            custom.refuse("temperature1", "At least two different points are needed.")
            return None
        ordered = tuple(sorted(points))
        return Resistance(ordered, pullup) if unit == "resistance" else self._voltage(options, ordered)

    def _mcu_sensor(self, options: Options, heater_pin: Pin | None) -> HeaterWire | None:
        chip = options.text("sensor_mcu", MAIN)
        if chip not in (MAIN, *self._pins.chips):
            options.refuse("sensor_mcu", f"There is no section [mcu {chip}].")
            return None
        supply = options.number("reference_voltage", 3.3)
        # What klippy assumes of an RP2040, which this micro-controller calls itself
        slope = supply / -0.001721
        base = 27.0 - slope * 0.706 / supply
        if options.optional("sensor_temperature1") is not None:
            t1, adc1 = options.number("sensor_temperature1"), options.number("sensor_adc1")
            if options.optional("sensor_temperature2") is not None:
                t2, adc2 = options.number("sensor_temperature2"), options.number("sensor_adc2")
                if math.isclose(adc1, adc2) or math.isclose(t1, t2):
                    options.refuse("sensor_adc2", "The two points must differ.")
                    return None
                slope = (t2 - t1) / (adc2 - adc1)
            base = t1 - adc1 * slope
        pin = MCU_SENSOR_PIN if chip == MAIN else f"{chip}:{MCU_SENSOR_PIN}"
        return HeaterWire(options.name, heater_pin, pin, McuSensor(base, slope))
