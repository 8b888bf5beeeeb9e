"""Groups of printer.cfg options that results depend on."""

from collections.abc import Mapping

from zcal_tui.model.check_info.info import EVERY_OPTION, PROBE_MODELS

MOTION = (
    "rotation_distance",
    "microsteps",
    "gear_ratio",
    "full_steps_per_rotation",
    "step_distance",
    "arm_length",
    "angle",
)
"""How far a step moves. After a change of "the printer's motion system, hotend position, or probe location" the
z_offset has to be calibrated again (Klipper docs, Probe_Calibrate)."""

PROBING = (
    "pin",
    "speed",
    "lift_speed",
    "sample_retract_dist",
    "activate_gcode",
    "deactivate_gcode",
    "drop_first_result",
)
"""How a sample is taken."""

SAMPLES = ("samples", "samples_result")
"""How samples are combined."""

PROBE_POSITION = ("x_offset", "y_offset")

MODEL_OFFSET: Mapping[str, tuple[str, ...]] = {PROBE_MODELS: ("z_offset", "model_offset")}
"""What a scanner has in the place of a probe's z_offset: Cartographer's option and Beacon's."""

DELTA: Mapping[str, tuple[str, ...]] = {"printer": ("delta_radius", "print_radius", "arm_length")}
AXIS_TWIST: Mapping[str, tuple[str, ...]] = {"axis_twist_compensation": EVERY_OPTION}
