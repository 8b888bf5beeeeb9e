"""Simulated printers for end-to-end tests: what other projects' tests use too."""

from zcal_tui.sim.testing import (
    FIRST_USE,
    KlippyClient,
    KlippyError,
    Lines,
    PrinterSim,
    SimulatorStartError,
    Starter,
    eventually,
    printers,
    start_printer,
    wait_for_state,
)

__all__ = [
    "FIRST_USE",
    "KlippyClient",
    "KlippyError",
    "Lines",
    "PrinterSim",
    "SimulatorStartError",
    "Starter",
    "eventually",
    "printers",
    "start_printer",
    "wait_for_state",
]
