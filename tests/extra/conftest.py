"""Fixtures that run the Klipper modules inside a real klippy, that of KLIPPER_DIR if it is set."""

from collections.abc import Iterator

import pytest

from campaigns import eddy
from tests.e2e import klippers
from tests.e2e.simulated import Starter, printers
from tests.extra.rig import PROFILES, Machine, start_machine, write_config


@pytest.fixture(scope="module")
def scanning() -> None:
    """Skip if this Klipper cannot measure distance with an eddy current probe."""
    reason = eddy.why_not(klippers.root())
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def start() -> Iterator[Starter]:
    """Starts simulated printers, and stops them after the module's tests."""
    with printers() as starter:
        yield starter


@pytest.fixture(scope="module")
def voron_session(start: Starter, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A printer with three Z drives and a dockable microswitch that has no outliers, homed, probe attached; shared by a
    module's tests."""
    folder = write_config(tmp_path_factory.mktemp("config") / "voron", PROFILES / "voron")
    machine = start_machine(start, folder)
    machine.set_truth(probe__outlier_rate=0.0)
    machine.gcode("G28\nATTACH_PROBE")
    return machine


@pytest.fixture
def voron(voron_session: Machine) -> Machine:
    """The same, ready for the next test: in the centre, 15 mm up, no manual probe open."""
    if voron_session.status("manual_probe")["is_active"]:
        voron_session.gcode("ABORT")
    voron_session.gcode("G90\nSET_GCODE_OFFSET Z=0\nTURN_OFF_HEATERS\nG1 Z15 F900\nG1 X125 Y120 F9000")
    return voron_session
