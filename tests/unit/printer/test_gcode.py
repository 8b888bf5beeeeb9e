"""The command lines that measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.printer.gcode import ProbingSettings, command_line, probing_command


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ProbingSettings(), ""),
        (ProbingSettings(probe_speed=5.0), " PROBE_SPEED=5"),
        (
            ProbingSettings(probe_speed=2.5, lift_speed=10.0, sample_retract_dist=0.125),
            " PROBE_SPEED=2.5 LIFT_SPEED=10 SAMPLE_RETRACT_DIST=0.125",
        ),
    ],
)
def test_a_series_is_one_command(settings: ProbingSettings, words: str) -> None:
    assert probing_command("PROBE_ACCURACY", 4, settings) == f"PROBE_ACCURACY SAMPLES=4{words}"


speeds = st.none() | st.floats(0.1, 300.0)


@given(st.integers(1, 100), speeds, speeds, speeds)
def test_what_is_not_set_is_left_to_the_printer(
    count: int, probe: float | None, lift: float | None, retract: float | None
) -> None:
    name, *words = probing_command("ZCAL_PROBE_ACCURACY", count, ProbingSettings(probe, lift, retract)).split(
        " "
    )
    given_words = dict(word.split("=") for word in words)
    assert name == "ZCAL_PROBE_ACCURACY"
    expected = {"PROBE_SPEED": probe, "LIFT_SPEED": lift, "SAMPLE_RETRACT_DIST": retract}
    assert {key: float(value) for key, value in given_words.items()} == pytest.approx(
        {"SAMPLES": count, **{key: value for key, value in expected.items() if value is not None}}, rel=1e-5
    )


def test_a_command_has_its_parameters_in_their_order() -> None:
    assert command_line("ZCAL_ESTIMATE_BACKLASH", METHOD="scan", ITERATIONS=10, DELTA=None, SPEED=0.25) == (
        "ZCAL_ESTIMATE_BACKLASH METHOD=scan ITERATIONS=10 SPEED=0.25"
    )
    assert command_line("CALIBRATE_Z", SWITCH_OFFSET=None) == "CALIBRATE_Z"


@given(*[st.none() | st.floats(0.01, 1000)] * 3)
def test_a_command_is_always_plain_gcode(
    speed: float | None, lift: float | None, retract: float | None
) -> None:
    command = probing_command("PROBE_ACCURACY", 2, ProbingSettings(speed, lift, retract))
    assert command.split()[0] == "PROBE_ACCURACY"
    assert all("=" in word and float(word.split("=")[1]) > 0 for word in command.split()[1:])
