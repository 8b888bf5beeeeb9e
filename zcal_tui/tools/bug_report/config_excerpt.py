"""What a bug report shows of a configuration: known options of sections that Z depends on, and how many sections there
are of each kind. No comment, no macro's text, no name that a person chose."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from zcal_tui.tools.bug_report.known_words import GONE, KnownWords

KINDS = re.compile(
    r"(?:printer|zcal|z_calibration|probe|bltouch|smart_effector|probe_eddy_current|dockable_probe|beacon|cartographer"
    r"|scanner|load_cell_probe|bed_mesh|safe_z_home|homing_heaters|z_tilt|z_tilt_ng|quad_gantry_level|delta_calibrate"
    r"|bed_tilt|idle_timeout|z_thermal_adjust|skew_correction|axis_twist_compensation|stepper_[xyzabc]\d?"
    r"|tmc\w+ stepper_z\d?)"
)
"""Sections whose options are shown."""
OPTIONS = frozenset(
    (
        "x_offset",
        "y_offset",
        "z_offset",
        "speed",
        "lift_speed",
        "samples",
        "sample_retract_dist",
        "samples_result",
        "samples_tolerance",
        "samples_tolerance_retries",
        "drop_first_result",
        "position_min",
        "position_max",
        "position_endstop",
        "homing_speed",
        "second_homing_speed",
        "homing_retract_dist",
        "homing_retract_speed",
        "homing_positive_dir",
        "use_sensorless_homing",
        "min_home_dist",
        "rotation_distance",
        "microsteps",
        "full_steps_per_rotation",
        "gear_ratio",
        "step_distance",
        "interpolate",
        "run_current",
        "stealthchop_threshold",
        "kinematics",
        "max_velocity",
        "max_accel",
        "max_z_velocity",
        "max_z_accel",
        "minimum_cruise_ratio",
        "square_corner_velocity",
        "horizontal_move_z",
        "mesh_min",
        "mesh_max",
        "mesh_radius",
        "round_probe_count",
        "mesh_pps",
        "probe_count",
        "algorithm",
        "bicubic_tension",
        "fade_start",
        "fade_end",
        "fade_target",
        "move_check_distance",
        "split_delta_z",
        "scan_overshoot",
        "adaptive_margin",
        "zero_reference_position",
        "relative_reference_index",
        "home_xy_position",
        "z_hop",
        "z_hop_speed",
        "retries",
        "retry_tolerance",
        "max_adjust",
        "points",
        "z_positions",
        "gantry_corners",
        "use_offsets",
        "timeout",
        "temp_coeff",
        "smooth_time",
        "max_z_adjustment",
        "deactivate_on_each_sample",
        "stow_on_each_sample",
        "probe_with_touch_mode",
        "pin_up_touch_mode_reports_triggered",
        "pin_up_reports_not_triggered",
        "pin_move_time",
        "pin_is_inverted",
        "descend_z",
        "data_rate",
        "nozzle_xy_position",
        "switch_xy_position",
        "bed_xy_position",
        "switch_offset",
        "offset_margins",
        "max_deviation",
        "probing_speed",
        "probing_lift_speed",
        "probing_retract_dist",
        "probing_second_speed",
        "probing_first_fast",
        "clearance",
        "wiggle_xy_offsets",
        "switch_hysteresis",
        "calibrate_start_x",
        "calibrate_end_x",
        "calibrate_y",
        "backlash_comp",
        "mesh_runs",
        "mesh_cluster_size",
        "trigger_distance",
        "trigger_dive_threshold",
        "trigger_hysteresis",
        "home_method",
    )
)
"""Options that are shown."""
_NUMBERS = re.compile(r"[-+]?(?:\d{1,5}|\d{0,5}\.\d{1,9})(?:[\s,:]+[-+]?(?:\d{1,5}|\d{0,5}\.\d{1,9}))*")
_WORDS = frozenset(
    (
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "average",
        "median",
        "bicubic",
        "lagrange",
        "direct",
        "none",
        "cartesian",
        "corexy",
        "corexz",
        "hybrid_corexy",
        "hybrid_corexz",
        "delta",
        "deltesian",
        "rotary_delta",
        "polar",
        "winch",
        "contact",
        "proximity",
        "touch",
        "scan",
    )
)
LONGEST_VALUE = 200
"""Characters of a value that are shown: a saved mesh has thousands."""
VIRTUAL = "probe:z_virtual_endstop"
"""An endstop's pin that says the probe homes Z; other pins are not shown."""


def excerpt(sections: Mapping[str, Mapping[str, str]], known: KnownWords) -> Iterator[str]:
    """The lines about a configuration, from its sections with their options as text."""
    kinds = Counter(_kind(name, known) for name in sections)
    yield "sections: " + ", ".join(
        f"{kind} ({count})" if count > 1 else kind for kind, count in sorted(kinds.items())
    )
    for name, options in sections.items():
        words = name.split()
        if not words or not (KINDS.fullmatch(words[0]) or KINDS.fullmatch(name)):
            continue
        named = len(words) == 1 or KINDS.fullmatch(name)
        yield f"[{name}]" if named else f"[{words[0]} {GONE}]"
        hidden = 0
        for option, value in options.items():
            if (shown := shown_value(option, value)) is None:
                hidden += 1
            else:
                yield f"{option}: {shown}"
        if hidden:
            yield f"({hidden} more)"


def shown_value(option: str, value: str) -> str | None:
    """An option's value as it is shown; None where it is not."""
    text = " ".join(value.split())
    if option == "endstop_pin":
        return text if text == VIRTUAL else None
    if option not in OPTIONS:
        return None
    return text[:LONGEST_VALUE] if _NUMBERS.fullmatch(text) or text.lower() in _WORDS else GONE


def _kind(section: str, known: KnownWords) -> str:
    """The first word of a section's name, where zcal-tui knows it."""
    kind = section.split()[0] if section.split() else ""
    return kind if kind and known.knows(kind) else "other"
