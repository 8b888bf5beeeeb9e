"""What the simulated printer makes of each kind of section: whether it runs, what it needs, whether Z depends on it.

The kinds are the modules of Klipper and of Kalico (klippy/extras, and the sections that klippy reads itself).
Source: Klipper docs, Config_Reference; Kalico docs, Config_Reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from zcal_tui.klipper_config.configuration import Section


class Part(Enum):
    """What `--strip` does with a kind of section."""

    Z = "kept: Z may depend on it"
    HOST = "kept: it needs no hardware"
    OTHER = "left out, unless something that is kept refers to it"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of section."""

    part: Part
    needs: tuple[str, ...] = ()
    """The groups of commands that the micro-controller has to offer (see `sim.mcu.core`)."""
    refused: str = ""
    """Why it cannot be simulated; empty where it can."""


def _kinds(part: Part, names: str, *needs: str, refused: str = "") -> dict[str, Kind]:
    return dict.fromkeys(names.split(), Kind(part, needs, refused))


_HARDWARE = "The simulated micro-controller has no such device."
PLUGIN_NEEDED = "It belongs to a plugin. Name the plugin's file with --extra, or remove it."
_OWN_PORT = "It opens a port of this machine."

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **_kinds(
            Part.Z,
            "printer mcu extruder heater_bed heater_generic extruder_stepper manual_stepper probe bltouch stepper"
            " board_pins duplicate_pin_override multi_pin thermistor adc_temperature adc_scaled bed_mesh bed_tilt"
            " bed_screws screws_tilt_adjust z_tilt z_tilt_ng quad_gantry_level axis_twist_compensation"
            " z_thermal_adjust safe_z_home homing_override homing_heaters endstop_phase delta_calibrate"
            " skew_correction verify_heater force_move dockable_probe temperature_probe danger_options constants"
            " fan heater_fan controller_fan",
        ),
        **_kinds(Part.Z, "probe_eddy_current", "i2c", "eddy"),
        **_kinds(Part.Z, "load_cell_probe load_cell", "load_cell"),
        **_kinds(
            Part.HOST,
            "gcode_macro delayed_gcode gcode_arcs respond exclude_object save_variables pause_resume display_status"
            " virtual_sdcard sdcard_loop idle_timeout firmware_retraction input_shaper tuning_tower pid_calibrate"
            " motion_report query_adc statistics gcode_move print_stats canbus_ids error_mcu samd_sercom"
            " static_pwm_clock zcal z_calibration gcode_shell_command mpc_ambient_temperature mpc_block_temperature",
        ),
        **_kinds(
            Part.OTHER,
            "fan_generic temperature_fan temperature_sensor output_pin pwm_tool pwm_cycle_time servo led"
            " static_digital_output display_template display_data display_glyph menu temperature_host"
            " temperature_mcu temperature_combined heated_fan nozzle_cleanup",
        ),
        **_kinds(Part.OTHER, "filament_switch_sensor filament_motion_sensor gcode_button", "buttons"),
        **_kinds(Part.OTHER, "neopixel", "neopixel"),
        **_kinds(Part.OTHER, "dotstar", "spi"),
        **_kinds(Part.OTHER, "display"),
        **_kinds(
            Part.Z,
            "dual_carriage extra_carriage carriage dual_carriage_rails smart_effector",
            refused="The simulated machine has no such part.",
        ),
        **_kinds(Part.Z, "tmc2130 tmc2208 tmc2209 tmc2240 tmc2660 tmc5160"),
        **_kinds(Part.Z, "replicape", "pca9685", "spi"),
        **_kinds(Part.OTHER, "ad5206 dac084s085", "spi"),
        **_kinds(Part.OTHER, "mcp4018 mcp4451 mcp4728 pca9533 pca9632 sx1509", "i2c", "silent_i2c"),
        **_kinds(Part.OTHER, "resonance_tester"),
        **_kinds(Part.OTHER, "adxl345", "adxl345", "spi"),
        **_kinds(Part.OTHER, "lis2dw lis3dh", "lis2dw"),
        **_kinds(Part.OTHER, "mpu9250", "mpu9250", "i2c"),
        **_kinds(Part.OTHER, "icm20948", "icm20948", "i2c"),
        **_kinds(
            Part.OTHER,
            "bmi160 angle hall_filament_width_sensor"
            " tsl1401cl_filament_width_sensor ldc1612 hx711 hx717 ads1220 ads1x1x ads131m0x bme280"
            " htu21d lm75 aht10 sht3x ds18b20 spi_temperature canbus_stats belay trad_rack mixing_extruder"
            " tools_calibrate telemetry indx",
            refused=_HARDWARE,
        ),
        **_kinds(Part.OTHER, "palette2", refused=_OWN_PORT),
        **_kinds(Part.Z, "cartographer", "cartographer"),
        **_kinds(Part.Z, "beacon", "beacon", refused=PLUGIN_NEEDED),
        **_kinds(Part.Z, "probe_eddy_ng", "i2c", "eddy_ng", refused=PLUGIN_NEEDED),
        **_kinds(Part.Z, "scanner idm btt_eddy eddy_ng", refused=PLUGIN_NEEDED),
    }
)
"""By the first word of the section's name; `stepper_…` and `extruder1…` have the kind of their family."""


BROUGHT_ALONG = ("zcal", "z_calibration", "gcode_shell_command", "cartographer")
"""Kinds for which klippy needs no module of its own: the simulator brings it, or takes the section out."""

WITH_A_PORT = ("beacon",)
"""Kinds of scanners that are micro-controllers themselves: their section names the port."""

MACROS = ("gcode_macro", "delayed_gcode")
"""Kinds that are nothing but G-code."""

MACRO_NAME = "The name of a macro is one word."

_LIGHTS = ("neopixel", "dotstar", "led", "pca9533", "pca9632")
BELONGS_TO: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("menu", "display_data", "display_glyph"), ("display",)),
    "display_template": ("display", *_LIGHTS),
    "sdcard_loop": ("virtual_sdcard",),
}
"""The kinds of which one has to be there for klippy to take sections of some other kinds."""


_STEPPERS = re.compile(r"stepper_([a-dxyz]|bed|arm|left|right)\d*")
_EXTRUDERS = re.compile(r"extruder\d*")


def kind_name(section: str) -> str:
    """The name under which a section is in KINDS."""
    word = (section.split() or [""])[0].lower()
    if _STEPPERS.fullmatch(word):
        return "stepper"
    return "extruder" if _EXTRUDERS.fullmatch(word) else word


def driven(section: Section) -> str:
    """The section of the motor that a motor driver's section is for."""
    return section.name.split(maxsplit=1)[1] if " " in section.name else ""
