"""The Replicape: a board whose heaters, fans and motor currents are outputs of a PCA9685 on the host's I2C bus.

The pins that it names itself (`replicape:power_e`) are channels of that chip, which the micro-controller of its option
host_mcu drives. Source: Klipper docs, Config_Reference, "[replicape]"; klippy/extras/replicape.py.
"""

from collections.abc import Collection, Iterator, Mapping

from zcal_tui.klipper_config.configuration import Section
from zcal_tui.sim.refusals import Options, Refusals
from zcal_tui.sim.wiring_types import MAIN

KIND = "replicape"
DEFAULT_ENABLE_PIN = "!gpio0_20"
"""What enables the outputs where no option names it: a pin of the main micro-controller."""
SPI_BUSES = ("spidev1.1", "spidev2.1")
"""The buses of its shift registers: klippy chooses the second one where it runs on a BeagleBone with that bus."""
_POWER: Mapping[str, int] = {
    "power_h": 3,
    "power_hotbed": 4,
    "power_e": 5,
    **{f"power_fan{number}": 7 + number for number in range(4)},
}
_MOTORS: Mapping[str, int] = {name: 11 + number for number, name in enumerate("xyzeh")}
_DISABLED = "disable"
_MICROSTEPS = (
    *(_DISABLED, "1", "2", "4", "16", "spread2", "spread4", "spread16"),
    *("stealth4", "stealth16"),
)
_GREATEST_CURRENT = 3.84
"""A."""
_SERVOS = ("servo0", "servo1")


def host_of(section: Section) -> str:
    """The name of the micro-controller that drives its outputs."""
    return (section.get("host_mcu") or MAIN).strip()


def output_name(section: Section, options: Options, option: str, name: str, *, invert: bool) -> str | None:
    """The output that a pin of a Replicape's section stands for; refused, and None, where there is none."""
    if name in _SERVOS:
        options.refuse(
            option, "Klipper looks for the PWM of a Replicape's servo among the devices of this machine."
        )
        return None
    motors = {
        f"stepper_{motor}_enable": channel
        for motor, channel in _MOTORS.items()
        if _mode(section, motor) != _DISABLED
    }
    if name not in _POWER and name not in motors:
        known = ", ".join((*_POWER, *motors))
        options.refuse(option, f"[{KIND}] has no output {name}. It has these: {known}.")
        return None
    if name in motors and invert:
        options.refuse(option, f"The output {name} of [{KIND}] cannot be inverted.")
    return f"pca9685_{_POWER.get(name) or motors[name]}"


def refuse_options(section: Section, chips: Collection[str], refusals: Refusals) -> None:
    """Refuse what klippy does not start with; `chips` are the further micro-controllers."""
    options = Options(section, refusals)
    if options.text("revision", None) not in ("B3", ""):
        options.refuse("revision", "Klipper knows revision B3 only.")
    if options.text("host_mcu") and host_of(section) not in (MAIN, *chips):
        options.refuse("host_mcu", f"There is no section [mcu {host_of(section)}].")
    for option, reason in _motor_faults(section, options):
        options.refuse(option, reason)


def _motor_faults(section: Section, options: Options) -> Iterator[tuple[str, str]]:
    for motor in _MOTORS:
        mode = _mode(section, motor)
        if mode not in _MICROSTEPS:
            yield f"stepper_{motor}_microstep_mode", f"{mode!r} is none of {', '.join(_MICROSTEPS)}."
        if mode != _DISABLED and not 0.0 < options.number(f"stepper_{motor}_current") <= _GREATEST_CURRENT:
            yield f"stepper_{motor}_current", f"It must be above 0 and at most {_GREATEST_CURRENT} A."


def _mode(section: Section, motor: str) -> str:
    return (section.get(f"stepper_{motor}_microstep_mode") or _DISABLED).strip()
