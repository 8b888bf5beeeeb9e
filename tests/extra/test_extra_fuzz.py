"""The printer stays ready, whatever the parameters of commands and endpoints."""

import random
import time
from typing import Any

import pytest

from tests.e2e.simulated import KlippyError
from tests.extra.rig import Machine

VALUES = (
    *(
        "",
        "0",
        "1",
        "-1",
        "2",
        "0.5",
        "-0.001",
        "1e-300",
        "1e300",
        "999999999999999999999",
        "nan",
        "inf",
        "-inf",
    ),
    *(
        "abc",
        "1,2",
        "None",
        "True",
        "0x10",
        "1_0",
        "１",
        "é",
        "[]",
        "scan",
        "release",
        "median",
        "tap",
        "%s",
        "{}",
    ),
)
COMMANDS = {
    "ZCAL_PROBE": (
        *("PROBE_SPEED", "LIFT_SPEED", "SAMPLES", "SAMPLE_RETRACT_DIST", "SAMPLES_TOLERANCE"),
        *("SAMPLES_TOLERANCE_RETRIES", "SAMPLES_RESULT", "METHOD"),
    ),
    "ZCAL_PROBE_ACCURACY": (
        *("PROBE_SPEED", "LIFT_SPEED", "SAMPLES", "SAMPLE_RETRACT_DIST", "DROP_FIRST", "PRECISION"),
        *("MAX_SAMPLES", "METHOD"),
    ),
    "ZCAL_PAPER_TEST": ("SPEED",),
    "ZCAL_ESTIMATE_BACKLASH": ("CALIBRATE", "ITERATIONS", "DELTA", "METHOD", "SPEED"),
    "ESTIMATE_BACKLASH": ("ITERATIONS", "METHOD", "SPEED"),
    "ZCAL_STAGE": ("SECTION", "OPTION", "VALUE"),
    "ZCAL_STAGE_AXIS_TWIST": ("AXIS", "VALUES", "START", "END"),
    "TESTZ": ("Z",),
}
WORDS = ("probe", "zcal", "stepper_z", "z_offset", "z_backlash", "position_endstop", *VALUES)
SECONDS = 25.0


def commands(seed: int) -> Any:
    """An endless series of command lines, most of them invalid."""
    draw = random.Random(seed)
    while True:
        name = draw.choice(list(COMMANDS))
        names = [parameter for parameter in COMMANDS[name] if draw.random() < 0.5]
        if draw.random() < 0.1:
            names.append(draw.choice(("UNKNOWN", "X", "SAMPLE")))
        words = [f"{parameter}={draw.choice(WORDS)}" for parameter in names]
        # Bounded: some are valid and would run long
        if name.endswith("BACKLASH") and not any(word.startswith("ITERATIONS") for word in words):
            words.append("ITERATIONS=2")
        if name == "ZCAL_PROBE_ACCURACY" and not any(word.startswith("SAMPLES") for word in words):
            words.append("SAMPLES=1")
        yield " ".join((name, *words))


def test_no_parameter_of_a_command_shuts_the_printer_down(voron: Machine) -> None:
    until = time.monotonic() + SECONDS
    carried_out = refused = 0
    for line in commands(20):
        try:
            voron.client.call("gcode/script", script=line)
            carried_out += 1
        except KlippyError as error:
            refused += 1
            assert "Internal error" not in str(error), line
        if voron.status("manual_probe")["is_active"] and refused % 3 == 0:
            voron.client.call("gcode/script", script="ABORT")
        assert voron.client.state() == "ready", line
        if voron.z() < 8.0:
            voron.gcode("G1 Z15 F900")
        if time.monotonic() > until:
            break
    assert carried_out > 10 and refused > 200, (carried_out, refused)


JSON: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e300,
    "",
    "x",
    [],
    [1, 2, 3],
    {},
    {"heaters": {"extruder": 1e9}},
    [[[]]],
)


@pytest.mark.parametrize("path", ["zcal/cancel", "zcal/samples", "zcal/lease", "zcal/say"])
def test_no_parameter_of_an_endpoint_does(voron: Machine, path: str) -> None:
    draw = random.Random(path)
    names = ("run", "since", "holder", "seconds", "action", "hold", "text", "x")
    for _ in range(400):
        parameters = {name: draw.choice((*JSON, "renew", "test")) for name in names if draw.random() < 0.5}
        try:
            voron.client.call(path, **parameters)
        except KlippyError as error:
            assert "Internal error" not in str(error), parameters
    assert voron.client.state() == "ready"
    lease = voron.status()["lease"]
    if lease is not None:
        voron.client.call("zcal/lease", holder=lease["holder"], action="end")
