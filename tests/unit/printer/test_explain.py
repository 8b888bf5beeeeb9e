import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.printer.errors.explain import ENTRIES, explain

SHUTDOWN = (
    '\nOnce the underlying issue is corrected, use the\n"FIRMWARE_RESTART" command to reset the firmware, reload the'
    "\nconfig, and restart the host software.\nPrinter is shutdown\n"
)

KNOWN = [
    ("No trigger on probe after full movement", "did not trigger"),
    ("No trigger on z after full movement", "The Z endstop (z) did not trigger"),
    ("No trigger on stepper_z after full movement", "stepper_z"),
    ("Probe triggered prior to movement", "triggered before the move"),
    ("Endstop z still triggered after retract", "still triggered"),
    ("Endstop stepper_z still triggered after retract", "still triggered"),
    ("Must home before probe", "not homed"),
    ("Must home axis first: 10.000 10.000 5.000 [0.000]", "not homed"),
    ("Must home first: 10.000 10.000 5.000 [0.000]", "not homed"),
    ("CALIBRATE_Z: must home axes first", "not homed"),
    ("Move out of range: 350.000 100.000 10.000 [0.000]", "350.000 100.000 10.000"),
    ("Probe samples exceed samples_tolerance", "too far apart"),
    ("CALIBRATE_Z: probe samples exceed tolerance", "too far apart"),
    ("Probe samples exceed tolerance", "too far apart"),
    ("CALIBRATE_Z: probe switch not closed - probe not attached?", "not seem to be attached"),
    ("Probe switch not closed - Probe not attached?", "not seem to be attached"),
    ("Already in a manual Z probe. Use ABORT to abort it.", "already open"),
    (
        "Manual probe failed! Use TESTZ commands to position the\nnozzle prior to running ACCEPT.",
        "without a result",
    ),
    ("Communication timeout during homing probe", "did not report in time"),
    ("Error during homing probe: Communication timeout during homing", "did not report in time"),
    ("Probing failed due to printer shutdown", "halted during the move"),
    ("Toolhead moved during probe activate_gcode script", "moved the toolhead"),
    ("Toolhead moved during probe deactivate_gcode script", "moved the toolhead"),
    ("Probe attach failed!", "was not attached"),
    ("Probe detach failed!", "was not detached"),
    ("Cannot probe, probe is not attached and auto-attach is disabled", "not attached"),
    ("Attach Probe: Probe not detected in dock, aborting", "not in its dock"),
    ("Probe failed because it was deemed bad quality", "rejected the samples"),
    ("Probing failed after 6 bad probes", "rejected the samples"),
    ("Probing failed to collect a good sample after 6 attempts", "rejected the samples"),
    ("Failed calibration - No usable data", "cannot be turned into heights"),
    ("Failed calibration - frequency not increasing each step", "cannot be turned into heights"),
    ("Failed calibration - incomplete sensor data", "were lost"),
    ("Invalid ldc1612 id (got 0,0 vs 5449,3055).", "does not answer"),
    ("Must calibrate probe_eddy_current first", "not calibrated"),
    ("probe_eddy_current sensor not in valid range", "outside its calibrated range"),
    ("Unable to find 3 samples within 0.010mm in a window of 5 after 10 touches", "do not agree"),
    ("Probe does not support QUERY_PROBE", "cannot report"),
    ("BLTouch failed to deploy", "did not deploy"),
    ("CALIBRATE_Z: offset -1.011 is outside the configured range of min=-1.000 and max=1.000", "-1.011 mm"),
    ("Offset is greater than allowed: offset=1.2 > max_deviation=1.0", "max_deviation"),
    ("CALIBRATE_Z: cannot find a nozzle position! Either configure", "nozzle"),
    (
        "SAVE_CONFIG section 'probe' option 'z_offset' conflicts with included value",
        "cannot write z_offset of [probe]",
    ),
    ("MCU 'mcu' shutdown: Timer too close\nThis often indicates" + SHUTDOWN, "too late"),
    ("MCU 'mcu' shutdown: ADC out of range\nThis generally occurs" + SHUTDOWN, "temperature sensor"),
    ("MCU 'EBB' shutdown: Missed scheduling of next digital out event" + SHUTDOWN, "missed messages"),
    ("MCU 'mcu' shutdown: Stepper too far in past" + SHUTDOWN, "faster than the board"),
    ("MCU 'mcu' shutdown: No next step" + SHUTDOWN, '"No next step"'),
    ("Lost communication with MCU 'EBB'" + SHUTDOWN, "'EBB' was lost"),
    ("Heater heater_bed not heating at expected rate\nSee the" + SHUTDOWN, "heater_bed does not heat"),
    ("TMC 'stepper_x' reports error: DRV_STATUS: 00190000" + SHUTDOWN, "stepper_x"),
    ('Internal error on command:"PROBE_ACCURACY"', "PROBE_ACCURACY"),
    ("Shutdown due to webhooks request" + SHUTDOWN, "emergency stop"),
    ("Shutdown due to M112 command" + SHUTDOWN, "emergency stop"),
    ("mcu 'mcu': Unable to connect\nOnce the underlying issue", "cannot reach the micro-controller"),
    ("Section 'foo' is not a valid config section\n\nOnce", "no module for [foo]"),
    ("Option 'bar' is not valid in section 'probe'\n\nOnce", "does not know the option bar of [probe]"),
    ("Option 'z_offset' in section 'probe' must be specified", "[probe] needs the option z_offset"),
    ("Printer is not ready\nThe klippy host software is attempting to connect.", "still starting"),
    ('Unknown command:"TESTZ"', "has no command TESTZ"),
    ("Error on 'PROBE_ACCURACY SAMPLES=x': unable to parse SAMPLES", "rejected a parameter"),
    ("Error on 'PROBE SAMPLES=0': SAMPLES must have minimum of 1", "rejected a parameter"),
]


@pytest.mark.parametrize(("raw", "words"), KNOWN, ids=[raw[:50] for raw, _ in KNOWN])
def test_known_errors(raw: str, words: str) -> None:
    explanation = explain(raw)
    assert explanation.known
    assert words in explanation.what
    assert explanation.cause.endswith(".")
    assert explanation.remedy.endswith(".")
    assert explanation.raw == raw


@given(st.text())
def test_any_error_is_kept_and_none_raises(raw: str) -> None:
    explanation = explain(raw)
    assert explanation.raw == raw
    assert explanation.what


def test_an_unknown_error_speaks_for_itself() -> None:
    explanation = explain("\n Flux capacitor empty \nmore")
    assert explanation.what == "Flux capacitor empty"
    assert not explanation.known


def test_no_sentence_is_left_with_a_gap() -> None:
    for entry in ENTRIES:
        named = set(re.compile(entry.pattern).groupindex)
        used = set(re.findall(r"\{(\w+)\}", entry.what + entry.cause + entry.remedy))
        assert used <= named, entry.pattern
