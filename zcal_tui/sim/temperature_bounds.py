"""Bounds of temperature with which klippy would shut down at once: its sensors read the temperature of the room.

Source: Klipper, klippy/mcu.py and klippy/extras/temperature_host.py: a reading beyond min_temp or max_temp shuts down.
"""

from zcal_tui.klipper_config.configuration import Configuration
from zcal_tui.sim.refusals import Options, Refusals

HOST_TEMPERATURE = 45.0
"""°C. What a `temperature_host` sensor reads."""
_NO_BOUNDS = ("temperature_combined",)
"""Sensors without a reading of their own."""


def refuse_bounds(configuration: Configuration, refusals: Refusals, ambient: float) -> None:
    """Refuse the bounds that exclude what a sensor reads at power-on in a room of `ambient` °C."""
    for section in configuration.sections.values():
        sensor = section.get("sensor_type")
        if sensor is None or sensor in _NO_BOUNDS:
            continue
        options = Options(section, refusals)
        where, reading = ("host", HOST_TEMPERATURE) if sensor == "temperature_host" else ("room", ambient)
        for option, excluded in (
            ("min_temp", reading < options.number("min_temp", reading)),
            ("max_temp", reading > options.number("max_temp", reading)),
        ):
            if excluded:
                bound = options.number(option)
                reason = f"The {where} has {reading:g} °C: klippy would shut down at once for {bound:g} °C."
                options.refuse(option, reason)
