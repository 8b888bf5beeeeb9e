"""Simulated printers for end-to-end tests: what other projects' tests use too."""

from zcal_tui.sim.testing import (
    FIRST_USE,
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
from zcal_tui.sim.testing import (
    KlippyApi as KlippyClient,
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
