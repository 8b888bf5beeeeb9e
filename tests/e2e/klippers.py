"""The Klipper that the tests run on: a folder or `pypi:NAME` in KLIPPER_DIR, else the simulator's own choice."""

import os
from pathlib import Path

import pytest

from zcal_tui.sim.host import klippy_source
from zcal_tui.sim.klippy_facts import KlippyFacts

SOURCE = klippy_source.find_source(None, os.environ, Path.home())
KALICO = klippy_source.is_kalico(SOURCE)


def root() -> Path:
    """The folder that holds its `klippy/`; what is missing is installed first."""
    return klippy_source.prepare(SOURCE, lambda _: None).root


def skip_without_eddy_probe() -> None:
    """Skip the running test where this klippy has no eddy current probe."""
    if not (root() / "klippy" / "extras" / "probe_eddy_current.py").is_file():
        pytest.skip("this klippy has no probe_eddy_current")


def skip_without_tap() -> None:
    """Skip the running test where this klippy's eddy current probe cannot tap."""
    driver = root() / "klippy" / "extras" / "probe_eddy_current.py"
    if not driver.is_file() or "PROBE_EDDY_CURRENT_TAP_CALIBRATE" not in driver.read_text():
        pytest.skip("this klippy has no PROBE_EDDY_CURRENT_TAP_CALIBRATE")


def skip_without_load_cell_probe() -> None:
    """Skip the running test where this klippy has no load cell probe."""
    if not (root() / "klippy" / "extras" / "load_cell_probe.py").is_file():
        pytest.skip("this klippy has no load_cell_probe")


def skip_without_old_probe() -> None:
    """Skip the running test where this klippy's probe is not the class of 2023, which the stand-ins extend."""
    driver = (root() / "klippy" / "extras" / "probe.py").read_text()
    if "def __init__(self, config, mcu_probe)" not in driver:
        pytest.skip("the plugin's stand-in needs the probe module of the Klipper of 2023")


def skip_without_cartographer() -> None:
    """Skip the running test where this klippy cannot run the Cartographer plugin."""
    if not KlippyFacts(root()).runs_cartographer:
        pytest.skip("this klippy is too old for the Cartographer plugin")
