"""The options of the Cartographer plugin's sections, and the scan model of the simulated coil.

Source: cartographer3d-plugin 1.10.1, interfaces/configuration.py.
"""

from collections.abc import Mapping

from zcal_tui.klipper_config.configuration import Configuration, Section, read_configuration, sections_named
from zcal_tui.profile_names import PROFILE_FOLDER
from zcal_tui.sim.refusals import Refusals

KIND = "cartographer"
_MODEL = ("z_offset", "software_version", "mcu_version")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "": (
        *(
            "mcu",
            "x_offset",
            "y_offset",
            "z_backlash",
            "travel_speed",
            "lift_speed",
            "verbose",
            "macro_prefix",
        ),
        "register_as_probe",
    ),
    "scan": (
        *("samples", "probe_speed", "mesh_runs", "mesh_height", "mesh_direction", "mesh_path"),
        "mesh_max_corner_radius",
    ),
    "touch": (
        *("samples", "max_samples", "max_noisy_samples", "unsafe_max_touch_temperature", "retract_distance"),
        *("experimental_home_random_radius", "sample_range"),
    ),
    "coil": ("name", "min_temp", "max_temp", "calibration"),
    "scan_model": ("coefficients", "domain", "reference_temperature", *_MODEL),
    "touch_model": ("speed", "threshold", "samples", "sample_range", *_MODEL),
}
"""By the second word of the section's name, in lower case as klippy compares them."""
_MANDATORY: Mapping[str, tuple[str, ...]] = {
    "": ("mcu", "x_offset", "y_offset"),
    "scan_model": ("coefficients", "domain", "reference_temperature", "z_offset"),
    "touch_model": ("speed", "z_offset"),
}


MODELS = ("scan_model", "touch_model")
"""The second words of the sections that CARTOGRAPHER_SCAN_CALIBRATE and CARTOGRAPHER_TOUCH_CALIBRATE save."""
_MESH = ("mesh_min", "mesh_max", "probe_count", "zero_reference_position")
_ENDSTOP = "probe:z_virtual_endstop"


def _part(section: Section) -> str:
    return section.name.split()[1] if " " in section.name.strip() else ""


def knows_section(section: Section) -> bool:
    """Whether the plugin reads a section."""
    return _part(section) in _OPTIONS


def knows(section: Section, option: str) -> bool:
    """Whether the plugin reads an option of a section that it reads."""
    return option in _OPTIONS[_part(section)]


def is_model(section: Section) -> bool:
    """Whether a section is a model that a calibration has saved."""
    return section.kind == KIND and _part(section) in MODELS


def refuse_options(configuration: Configuration, refusals: Refusals) -> None:
    """Refuse what the plugin does not read, and what is missing for it: klippy would not start."""
    if KIND not in configuration.sections:
        return
    for section in sections_named(configuration, KIND):
        if not knows_section(section):
            refusals.section(section, "The Cartographer plugin has no such section.")
            continue
        for option in section.options:
            if not knows(section, option):
                refusals.option(section, option, "The Cartographer plugin does not know this option.")
        for option in _MANDATORY.get(_part(section), ()):
            if section.get(option) is None:
                refusals.option(section, option, "The Cartographer plugin needs this option: add it.")
    mesh = configuration.sections.get("bed_mesh")
    if mesh is None:
        refusals.section(configuration.sections[KIND], "The Cartographer plugin needs a section [bed_mesh].")
    for option in _MESH:
        if mesh is not None and mesh.get(option) is None:
            refusals.option(mesh, option, "The Cartographer plugin needs this option: add it.")
    drive = configuration.sections.get("stepper_z")
    if (
        drive is not None
        and (drive.get("endstop_pin") or "").strip() == _ENDSTOP
        and _number(drive.get("homing_retract_dist")) != 0.0
    ):
        refusals.option(drive, "homing_retract_dist", "The Cartographer plugin needs 0.")


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def models() -> tuple[Section, ...]:
    """The models of the simulated coil, as the profile has them."""
    profile = read_configuration(str(PROFILE_FOLDER / KIND / "printer.cfg"))
    return tuple(section for section in profile.sections.values() if is_model(section))
