"""A simulated micro-controller that a real klippy accepts."""

from zcal_tui.sim.mcu.core import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.firmware import SHUTDOWN_REASONS

__all__ = ["CLOCK_FREQ", "SHUTDOWN_REASONS", "SimulatedMcu"]
