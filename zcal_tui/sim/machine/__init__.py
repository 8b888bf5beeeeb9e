"""The physics behind the micro-controller's pins: motors, bed, probe, endstops, heaters."""

from zcal_tui.sim.machine.machine import SimulatedMachine

__all__ = ["SimulatedMachine"]
