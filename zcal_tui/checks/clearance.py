"""How far the nozzle and the probe keep from the bed while a check moves. Lengths in mm, heights are toolhead Z."""

from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.state import PrinterState

LEAST_CLEARANCE = 10.0
"""The height from which the toolhead goes sideways on a printer without a probe, or with a short one."""
ABOVE_TRIGGER = 5.0
"""How far above a probe's trigger height the toolhead goes sideways: what Klipper's PROBE_CALIBRATE lifts by."""
ABOVE_CONTACT = 5.0
"""Where a paper test begins above a contact height that no paper test has confirmed (Klipper docs, Manual_Level)."""
ABOVE_CONFIRMED_CONTACT = 1.0
"""Where a paper test begins above a contact height that an earlier one of the same run has confirmed."""
ABOVE_ACCEPTED = 0.3
"""Where a paper test begins above the height that the test before it has accepted at the same place."""
ABOVE_MARK = 1.0
"""How far above its trigger height a probe waits while the tape below it is marked, and the nozzle comes back there."""
ABOVE_JOGGED = 0.3
"""How far above the expected bed a jog downwards may end without consent."""
ABOVE_PROBED_POINT = 1.0
"""Where a paper test begins above the trigger height that was just measured at the same place."""
ABOVE_PROBED = 1.0
"""How far above the last trigger height probing begins at least, so that the probe is open."""


def travel_clearance(probe: ProbeConfig | None, trigger: float | None = None) -> float:
    """The height at which both the nozzle and a probe on the toolhead are off the bed: by z_offset, and by the
    `trigger` height that was measured, where there is one."""
    heights = [LEAST_CLEARANCE]
    if probe is not None:
        heights.append(probe.z_offset + ABOVE_TRIGGER)
    if trigger is not None:
        heights.append(trigger + ABOVE_TRIGGER)
    return max(heights)


def safe_clearance(state: PrinterState) -> float:
    """The same for the printer's own probe, wherever it is now."""
    return travel_clearance(probe_config(state))
