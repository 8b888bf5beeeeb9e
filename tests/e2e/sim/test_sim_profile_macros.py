"""The macros of profiles whose probe or tools are fetched from docks."""

import pytest

from tests.e2e.simulated import KlippyError, Starter


def test_euclids_macros_refuse_what_is_done_already(printer_sim: Starter) -> None:
    printer = printer_sim("euclid", speed=40)
    klippy = printer.connect()
    klippy.gcode("G28")
    with pytest.raises(KlippyError, match="already stowed"):
        klippy.gcode("STOW_PROBE")
    klippy.gcode("DEPLOY_PROBE")
    assert printer.report()["probe"]["state"] == "attached"
    with pytest.raises(KlippyError, match="already deployed"):
        klippy.gcode("M401")
    klippy.gcode("M402")
    assert printer.report()["probe"]["state"] == "docked"
    assert printer.report()["events"] == []
    klippy.close()


def test_a_toolchanger_probes_with_the_tool_that_has_the_probe(printer_sim: Starter) -> None:
    printer = printer_sim("toolchanger", speed=40)
    klippy = printer.connect()
    klippy.gcode("G28\nT1")
    assert klippy.status("toolhead")["extruder"] == "extruder1"
    offset = klippy.status("gcode_move")["homing_origin"][:3]
    assert offset == pytest.approx([0.215, -0.140, 0.055])
    with pytest.raises(KlippyError, match="The probe is on tool 0"):
        klippy.gcode("G28 Z")
    klippy.gcode("T0")
    assert klippy.status("gcode_move")["homing_origin"][:3] == [0.0, 0.0, 0.0]
    klippy.gcode("G90\nG1 X173 Y148 Z10 F6000\nPROBE")
    assert printer.report()["probe"]["touches"] >= 3
    klippy.close()
