"""z_offset of each tool of a toolchanger: measured and saved in the tool's own section, and compared."""

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.configured import PROFILES, setting
from tests.e2e.klippers import skip_without_old_probe
from tests.e2e.noise import with_little_noise
from tests.e2e.simulated import PrinterSim, Starter

PLUGINS = Path(__file__).parent / "plugins"


def toolchanger(printer_sim: Starter, tmp_path: Path) -> PrinterSim:
    """The profile with klipper-toolchanger's sections, and a z_offset that was saved in the wrong one."""
    folder = tmp_path / "toolchanger"
    shutil.copytree(PROFILES / "toolchanger", folder)
    config = folder / "printer.cfg"
    text = config.read_text().replace("[probe]\n", "[tool_probe T0]\ntool: 0\n")
    text = re.sub(r"activate_gcode:\n    _REQUIRE_T0\n", "", text)
    text += "\n[tool_probe T1]\ntool: 1\nx_offset: 2\ny_offset: 27\nz_offset: 1.700\n\n[tool_probe_endstop]\n"
    config.write_text(text)
    extra = tuple(word for name in sorted(PLUGINS.glob("tool_probe*.py")) for word in ("--extra", str(name)))
    return with_little_noise(printer_sim(str(folder), speed=40.0, options=extra))


def test_each_tools_z_offset_is_saved_in_its_own_section_and_compared(
    printer_sim: Starter, tmp_path: Path
) -> None:
    skip_without_old_probe()
    printer = toolchanger(printer_sim, tmp_path)
    person = ("--autopilot", "--control", str(printer.ready["control"]))
    measure = ("z-offset", "--printer", printer.klippy, *person, "--save", "always")
    first = program.run(tmp_path, *measure).record
    assert first["outcome"] == "finished", first["problem"]
    found = first["estimates"]["z_offset"]["value"]
    assert [
        (change["section"].lower(), change["option"], change["state"]) for change in first["changes"]
    ] == [("tool_probe t0", "z_offset", "saved")]
    assert setting(printer, "tool_probe t0", "z_offset") == pytest.approx(found, abs=0.001)
    assert setting(printer, "tool_probe t1", "z_offset") == 1.7
    assert any("Of the other tools: [tool_probe t1] 1.700 mm" in text for text in first["advice"])
    client = printer.connect()
    client.gcode("SET_ACTIVE_TOOL_PROBE T=1")
    client.close()
    second = program.run(tmp_path, *measure).record
    assert second["changes"][0]["section"].lower() == "tool_probe t1"
    assert setting(printer, "tool_probe t1", "z_offset") == pytest.approx(found, abs=0.03)
    text = printer.config.read_text()
    assert "z_offset" not in text.split("[tool_probe_endstop]")[1].split("#*#")[0]
    assert "#*# [tool_probe_endstop]" not in text
