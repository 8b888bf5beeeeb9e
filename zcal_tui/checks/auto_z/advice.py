"""What the configuration of an automatic Z offset should have, and what a person should know. Pure.

protoloft's z_calibration: Requirements, Preconditions, Bed Mesh, Switch Offset.
"""

import math
from collections.abc import Iterator

from zcal_tui.model.units import length, millimetres
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.z_calibration import AutomaticOffset, ZCalibrationSection

ROUGH = 0.5
"""mm: how far the probe's z_offset may be from what the heights say and still be roughly real."""
SAME_POINT = 0.1
BODY = (
    "The Z endstop has to touch the body of the probe's switch, never its actuator: what the actuator gives "
    "depends on forces that change."
)
NEGATIVE = (
    "switch_offset cannot be negative: it is how far the switch closes below its body, and larger brings the nozzle "
    "closer to the bed. If it comes out at zero or less, the body was not measured where it is: check the "
    "endstop, its rod, and that it meets the body of the switch and not the actuator."
)


def configuration(section: ZCalibrationSection, probe: ProbeConfig, mesh: bool) -> Iterator[str]:
    """What to change in printer.cfg."""
    if section.samples < 3 or not section.median:
        yield (
            "Take several samples and their median, samples: 3 and samples_result: median in "
            f"[{probe.section}], or in [z_calibration] where it has its own: one bad touch then does no harm, and the "
            "heights tell how sure they are."
        )
    if not (probe.x_offset or probe.y_offset):
        yield (
            f"x_offset and y_offset in [{probe.section}] are both 0, as if the probe were where the nozzle is: then "
            "another point of the bed is probed than the one that is meant. Do the check probe-xy."
        )
    if mesh and section.zero_reference is None:
        yield (
            "The bed mesh has no zero_reference_position (on an old Klipper, relative_reference_index), so it shifts "
            "the nozzle by its own height at the point that CALIBRATE_Z probes. Set [bed_mesh] "
            "zero_reference_position to that point."
        )
    elif (
        mesh
        and section.bed is not None
        and section.zero_reference is not None
        and math.dist(section.bed, section.zero_reference) > SAME_POINT
    ):
        yield (
            f"bed_xy_position ({section.bed[0]:g}, {section.bed[1]:g}) is not where the mesh is zero "
            f"({section.zero_reference[0]:g}, {section.zero_reference[1]:g}). Leave bed_xy_position out: then that "
            "point is taken."
        )


def implied_z_offset(found: AutomaticOffset, switch_offset: float) -> float:
    """How far above the nozzle's contact the probe triggers, by the heights on the endstop alone (mm)."""
    return found.switch.value - found.nozzle.value + switch_offset


def rough_z_offset(found: AutomaticOffset, switch_offset: float, probe: ProbeConfig) -> str | None:
    """A sentence where the probe's z_offset and the heights on the endstop contradict each other; None where not."""
    implied = implied_z_offset(found, switch_offset)
    if abs(implied - probe.z_offset) <= ROUGH:
        return None
    return (
        f"By the heights on the endstop the probe triggers {millimetres(implied, digits=2)} above the nozzle, but "
        f"[{probe.section}] z_offset is {millimetres(probe.z_offset, digits=2)}; they may differ by "
        f"{length(ROUGH)} (ours: it need not be exact, but roughly real). Either z_offset is wrong, or the endstop "
        "touched the switch's actuator instead of its body, or switch_xy_position is off."
    )
