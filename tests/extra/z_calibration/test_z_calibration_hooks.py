"""Options of the plugin's coming version: offset_gcode, error_gcode and endstop_pin."""

import pytest

from tests.e2e.simulated import KlippyError
from tests.extra.z_calibration.calibrated import Starter, offset_of

HOOKS = """
[z_calibration]
nozzle_xy_position: 206, 256
switch_xy_offsets: 0, -23.75
bed_xy_position: 120, 120
switch_offset: 0.5
before_switch_gcode: ATTACH_PROBE
end_gcode: DETACH_PROBE
offset_gcode: NOTE KIND=offset VALUE={params.Z}
error_gcode: NOTE KIND=error VALUE="{params.ERROR}"
endstop_pin: ^PG10

[duplicate_pin_override]
pins: PG10

[gcode_macro NOTE]
gcode:
    RESPOND MSG="{params.KIND}: {params.VALUE}"

[gcode_macro BREAKS]
gcode:
    {action_raise_error('No "bed"\\nRESPOND MSG=injected')}
"""


def test_hooks_and_an_own_pin(start: Starter) -> None:
    printer = start(HOOKS)
    assert printer.ready["state"] == "ready"
    klippy = printer.connect()
    klippy.gcode("G28")
    console = klippy.gcode("CALIBRATE_Z")
    offset = offset_of(console)
    assert any(f"offset: {offset:.6f}" in line for line in console)
    assert klippy.status("gcode_move")["homing_origin"][2] == 0.0
    assert klippy.status("z_calibration")["last_query"] is True
    with pytest.raises(KlippyError, match="unable to parse NOZZLE_POSITION"):
        klippy.gcode("CALIBRATE_Z NOZZLE_POSITION=x")
    klippy.close()


def test_an_error_of_several_lines_is_one_text_for_error_gcode(start: Starter) -> None:
    printer = start(HOOKS.replace("before_switch_gcode: ATTACH_PROBE", "before_switch_gcode: BREAKS"))
    klippy = printer.connect()
    klippy.gcode("G28")
    with pytest.raises(KlippyError, match="No"):
        klippy.gcode("CALIBRATE_Z")
    said = "\n".join(klippy.console)
    assert "No 'bed' RESPOND MSG=injected" in said, said
    klippy.close()
