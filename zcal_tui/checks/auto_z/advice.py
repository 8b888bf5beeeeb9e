"""Advice on the configuration of an automatic Z offset. Pure.

protoloft's z_calibration: Requirements, Preconditions, Bed Mesh, Switch Offset.
"""

import math
from collections.abc import Iterator

from zcal_tui.model import limits
from zcal_tui.model.units import millimetres
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.z_calibration import AutomaticOffset, ZCalibrationSection

SAME_POINT = 0.1
"""mm between two points that count as one."""
BODY = (
    "The Z endstop must touch the body of the probe's switch, never its actuator. How far an actuator gives way "
    "varies."
)
NEGATIVE = (
    "switch_offset cannot be zero or negative: it is how far the switch closes below its body. Check the "
    "endstop and its rod. Check that it touches the body of the switch and not the actuator."
)


def configuration(section: ZCalibrationSection, probe: ProbeConfig, mesh: bool) -> Iterator[str]:
    """What to change in printer.cfg."""
    if section.samples < 3 or not section.median:
        yield (
            f"Set samples: 3 and samples_result: median in [{probe.section}], or in [z_calibration] if it "
            "has its own. A single outlier then does no harm, and each height has an uncertainty."
        )
    if not (probe.x_offset or probe.y_offset):
        yield (
            f"Do the check Probe XY offset (probe-xy): x_offset and y_offset in [{probe.section}] are both "
            "0. The probe then probes another point than intended."
        )
    if mesh and section.zero_reference is None:
        yield (
            "Set [bed_mesh] zero_reference_position (relative_reference_index on an old Klipper) to the "
            "point that CALIBRATE_Z probes. Without it the mesh shifts the nozzle by its own height there."
        )
    elif (
        mesh
        and section.bed is not None
        and section.zero_reference is not None
        and math.dist(section.bed, section.zero_reference) > SAME_POINT
    ):
        yield (
            f"bed_xy_position ({section.bed[0]:g}, {section.bed[1]:g}) is not where the mesh is zero "
            f"({section.zero_reference[0]:g}, {section.zero_reference[1]:g}). Remove bed_xy_position: that "
            "point is then used."
        )


def implied_z_offset(found: AutomaticOffset, switch_offset: float) -> float:
    """How far above the nozzle's contact the probe triggers, from the heights on the endstop alone (mm)."""
    return found.switch.value - found.nozzle.value + switch_offset


def rough_z_offset(found: AutomaticOffset, switch_offset: float, probe: ProbeConfig) -> str | None:
    """A sentence where the probe's z_offset and the heights on the endstop contradict each other; None where not."""
    implied = implied_z_offset(found, switch_offset)
    if abs(implied - probe.z_offset) <= limits.ROUGH_Z_OFFSET.value:
        return None
    return (
        f"The endstop's heights imply a z_offset of {millimetres(implied, digits=2)}, but [{probe.section}] "
        f"z_offset is {millimetres(probe.z_offset, digits=2)}. {limits.ROUGH_Z_OFFSET.sentence} Likely "
        "causes: a wrong z_offset; an endstop that touched the switch's actuator instead of its body; a "
        "wrong switch_xy_position."
    )
