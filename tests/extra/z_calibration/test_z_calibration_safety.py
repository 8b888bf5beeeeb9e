"""Every way a calibration can fail: the error gives the reason, the probe is detached, the printer stays ready."""

import random
from collections.abc import Iterator

import pytest

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim
from tests.extra.z_calibration.calibrated import SECTION, Starter, set_truth

PUT_AWAY = "put away"


@pytest.fixture(scope="module")
def printer(module_start: Starter) -> PrinterSim:
    """A printer whose start_gcode attaches the probe. Five samples of a probe that scatters agree by chance in one of
    100,000 calibrations, three in one of a hundred."""
    return module_start(f"{SECTION}samples: 5\n")


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A homed printer, with the changes of the last test undone."""
    set_truth(
        printer,
        probe__noise=0.0005,
        probe__outlier_rate=0.0,
        probe__normally_open=False,
        z_endstop__noise=0.0005,
        z_endstop__x=206.0,
        bed__height=0.0,
    )
    printer.control.request("dock_probe")
    client = printer.connect()
    client.gcode("SET_GCODE_OFFSET Z=0\nG28")
    yield client
    assert client.state() == "ready"
    client.close()


def failing(klippy: KlippyClient, command: str) -> tuple[str, list[str]]:
    """The error of a command that must fail, and the console output before it."""
    with pytest.raises(KlippyError) as error:
        klippy.gcode(command)
    console = list(klippy.console)
    klippy.call("gcode/script", script="M400")
    return str(error.value), console


def put_away(console: list[str]) -> int:
    """How often end_gcode ran."""
    return sum(PUT_AWAY in line for line in console)


def test_success_puts_the_probe_away_once(klippy: KlippyClient, printer: PrinterSim) -> None:
    assert put_away(klippy.gcode("CALIBRATE_Z")) == 1
    assert printer.report()["probe"]["state"] == "docked"
    assert klippy.status("z_calibration")["attached_check_works"]


def test_a_probe_that_fell_off_is_noticed_before_going_down(
    klippy: KlippyClient, printer: PrinterSim
) -> None:
    touches = printer.report()["z_endstop"]["touches"]
    printer.control.request("detach_probe")
    error, console = failing(klippy, "CALIBRATE_Z")
    assert "not picked up" in error  # start_gcode's own check: nothing was touched
    assert printer.report()["z_endstop"]["touches"] == touches
    assert not put_away(console)


def test_samples_that_never_agree(klippy: KlippyClient, printer: PrinterSim) -> None:
    set_truth(printer, probe__noise=0.2)
    error, console = failing(klippy, "CALIBRATE_Z")
    assert error.startswith("CALIBRATE_Z: probe samples exceed tolerance")
    assert sum("tolerance. Retrying..." in line for line in console) == 3
    assert put_away(console) == 1
    assert klippy.status("z_calibration")["last_query"] is False


def test_a_pin_that_is_not_there(klippy: KlippyClient, printer: PrinterSim) -> None:
    set_truth(printer, z_endstop__x=10.0)
    error, console = failing(klippy, "CALIBRATE_Z")
    assert "No trigger" in error
    assert put_away(console) == 1
    assert klippy.status("toolhead")["position"][2] > 10  # lifted before the probe moved sideways


def test_unhomed(klippy: KlippyClient) -> None:
    klippy.gcode("M84")
    error, _ = failing(klippy, "CALIBRATE_Z")
    assert "ome all axes first" in error or "must home axes first" in error
    error, _ = failing(klippy, "PROBE_Z_ACCURACY")
    assert error == "PROBE_Z_ACCURACY: must home axes first"


def test_places_out_of_reach_move_nothing(klippy: KlippyClient, printer: PrinterSim) -> None:
    before = printer.report()["toolhead"]
    for parameter in ("NOZZLE_POSITION=500,10", "SWITCH_POSITION=1e300,1", "BED_POSITION=125,-90"):
        error, console = failing(klippy, f"CALIBRATE_Z {parameter}")
        assert "reach" in error
        assert not put_away(console)
    assert printer.report()["toolhead"] == pytest.approx(before, abs=0.05)


def test_normally_open_wiring_is_named(start: Starter) -> None:
    """On a separate printer, because the result of the check is stored."""
    macros = "\n".join(
        f"[gcode_macro {name}]\ngcode:\n    SAVE_GCODE_STATE NAME=go\n    G90\n    G0 Z20 F900\n"
        f"    G0 X30 Y225 F9000\n    G0 Y258 F4800\n    G0 X{out} F4800\n    G0 Y225 F4800\n"
        "    RESTORE_GCODE_STATE NAME=go\n"
        for name, out in (("FETCH", 30), ("STOW", 70))
    )
    section = SECTION.replace("ATTACH_PROBE", "FETCH").replace("DETACH_PROBE", "STOW")
    printer = start(section + macros)
    set_truth(printer, probe__normally_open=True)
    klippy = printer.connect()
    klippy.gcode("G28")
    console = "\n".join(klippy.gcode("CALIBRATE_Z"))
    assert "normally open" in console
    assert klippy.status("z_calibration")["attached_check_works"] is False
    assert klippy.status("z_calibration")["last_query"] is True
    klippy.close()


def test_without_a_probe_nothing_goes_down_on_the_endstop_or_the_bed(start: Starter) -> None:
    """No start_gcode and the probe in its dock: the nozzle is measured, then the error follows, then end_gcode."""
    section = SECTION.replace("start_gcode: ATTACH_PROBE\n", "").replace("    DETACH_PROBE\n", "")
    printer = start(section)
    klippy = printer.connect()
    klippy.gcode("G28")
    touches = printer.report()["z_endstop"]["touches"]
    error, console = failing(klippy, "CALIBRATE_Z")
    assert error.startswith("CALIBRATE_Z: probe switch not closed - probe not attached?")
    assert printer.report()["z_endstop"]["touches"] == touches + 3
    assert put_away(console) == 1
    assert klippy.status("toolhead")["position"][2] > 10
    assert printer.report()["events"] == []
    klippy.close()


VALUES = (
    "",
    "0",
    "-1",
    "1e300",
    "-1e300",
    "1e-300",
    "nan",
    "inf",
    "-inf",
    "text",
    "1,2",
    "nan,1",
    "1e300,1",
    ",",
    "206,256,1",
    "999999999999",
    "2",
    "0.5",
    '"a b"',
    "µ",
)
PARAMETERS = {
    "CALIBRATE_Z": ("NOZZLE_POSITION", "SWITCH_POSITION", "BED_POSITION", "SWITCH_OFFSET", "NOZZLE_RECHECK"),
    "PROBE_Z_ACCURACY": ("NOZZLE_POSITION", "PROBE_SPEED", "LIFT_SPEED", "SAMPLES", "SAMPLE_RETRACT_DIST"),
    "CALCULATE_SWITCH_OFFSET": ("SWITCH_OFFSET",),
}


def test_no_parameter_shuts_the_printer_down(klippy: KlippyClient) -> None:
    """With the motors off: every parameter is read and nothing moves."""
    klippy.gcode("M84")
    draws = random.Random(11)
    for number in range(1500):
        command, names = draws.choice(list(PARAMETERS.items()))
        chosen = draws.sample(names, draws.randint(1, min(3, len(names))))
        text = " ".join(f"{name}={draws.choice(VALUES)}" for name in chosen)
        try:
            klippy.call("gcode/script", script=f"{command} {text}")
        except KlippyError as error:
            assert "internal error" not in str(error).lower(), (command, text, error)
        if number % 100 == 0:
            assert klippy.state() == "ready", (command, text)


@pytest.mark.parametrize(
    "speeds",
    ["PROBE_SPEED=1e300", "PROBE_SPEED=1e300 LIFT_SPEED=1e300", "SAMPLE_RETRACT_DIST=0.01 LIFT_SPEED=0.01"],
)
def test_extreme_speeds_are_bounded(klippy: KlippyClient, speeds: str) -> None:
    try:
        klippy.gcode(f"PROBE_Z_ACCURACY SAMPLES=2 {speeds}")
    except KlippyError as error:
        assert "internal" not in str(error).lower()
