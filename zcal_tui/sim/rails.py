"""What klippy demands of an axis's range and its endstop, and where homing may leave that range.

Source: Klipper, klippy/stepper.py (PrinterRail) and klippy/extras/safe_z_home.py.
"""

from zcal_tui.klipper_config.configuration import Configuration, Section, boolean

STEP = 0.02
"""mm. More than a step of X or Y: how far beyond the endstop homing may come to rest."""


def rail_fault(
    low: float, high: float, endstop: float, homing_positive_dir: bool | None
) -> tuple[str, str] | None:
    """The option with which klippy would not start, and why; `homing_positive_dir` is None where it is left out."""
    if not low < high:
        return "position_max", "It must be above position_min."
    if not low <= endstop <= high:
        return (
            "position_endstop",
            f"The endstop is at {endstop:g}, but it must be between position_min and position_max.",
        )
    quarter = (high - low) / 4.0
    if homing_positive_dir is None and low + quarter < endstop < high - quarter:
        return "homing_positive_dir", "The endstop is at neither end of the axis: add this option."
    if homing_positive_dir is not None and endstop == (low if homing_positive_dir else high):
        return "homing_positive_dir", "The endstop is at the other end of the axis."
    return None


def returns_to_an_end(configuration: Configuration) -> bool:
    """Whether G28 ends with a move to where X or Y homed, at an end of its range.

    Homing stops up to a step beyond the endstop. Klippy then refuses the move as out of range
    (Klipper issue 6041).
    """
    section = configuration.sections.get("safe_z_home")
    if section is None or not boolean(section.get("move_to_previous") or ""):
        return False
    return any(
        _homes_to_an_end(rail)
        for name in ("stepper_x", "stepper_y")
        if (rail := configuration.sections.get(name)) is not None
    )


def _homes_to_an_end(rail: Section) -> bool:
    try:
        endstop = float(rail.get("position_endstop") or "")
        ends = (float(rail.get("position_min") or 0.0), float(rail.get("position_max") or ""))
    except ValueError:  # refused elsewhere
        return False
    return any(abs(endstop - end) < STEP for end in ends)
