"""The parameters of checks that can measure at print temperature."""

from typing import Any

from zcal_tui.checks.parameters import parameter


def bed_parameter() -> Any:
    """The bed's temperature while a check measures."""
    return parameter(
        None,
        "measure with the bed at this temperature; default: cold",
        unit="°C",
        minimum=30,
        maximum=150,
    )


def nozzle_parameter() -> Any:
    """The nozzle's temperature while a check measures."""
    return parameter(
        None,
        "measure with the nozzle at this temperature; default: cold",
        unit="°C",
        minimum=50,
        maximum=350,
    )


def soak_parameter() -> Any:
    """The time at these temperatures before a check measures."""
    return parameter(
        10.0,
        "with --bed or --nozzle: how long to wait at these temperatures before measuring",
        unit="min",
        minimum=0,
        maximum=120,
    )
