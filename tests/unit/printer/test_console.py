"""Every wording of Klipper's console that is parsed, and that nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.printer import messages as m
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.console import clean, parse
from zcal_tui.printer.printer import Heard
from zcal_tui.printer.sampler import BlockReader

WORDINGS = [
    ("// probe at 1.000,-2.000 is z=-0.123456", m.ProbeSample(1.0, -2.0, -0.123456, "toolhead")),
    ("// probe: at 1.000,2.000 bed will contact at z=0.123456", m.ProbeSample(1.0, 2.0, 0.123456, "bed")),
    (
        "// CALIBRATE_Z: probe at 1.000,2.000 is z=0.123456",
        m.ProbeSample(1.0, 2.0, 0.123456, "toolhead", "CALIBRATE_Z"),
    ),
    (
        "// PROBE_ACCURACY at X:150.000 Y:150.000 Z:10.000 (samples=10 retract=2.000 speed=5.0 lift_speed=5.0)",
        m.AccuracyHeader("PROBE_ACCURACY", 150, 150, 10, 10, 2, 5, 5),
    ),
    (
        "// PROBE_Z_ACCURACY at X:1.000 Y:-2.000 Z:0.500 (samples=3 retract=2.000 speed=2.5 lift_speed=7.0)",
        m.AccuracyHeader("PROBE_Z_ACCURACY", 1, -2, 0.5, 3, 2, 2.5, 7),
    ),
    (
        "probe accuracy at X:125.000 Y:104.000 Z:1.990 (samples=10 retract=1.000 lift_speed=5.0)\n",
        m.AccuracyHeader("PROBE_ACCURACY", 125, 104, 1.99, 10, 1, None, 5),
    ),
    (
        "touch accuracy at X:125.000 Y:104.000 Z:2.989 (samples=5 retract=1.000 lift_speed=5.0)\n",
        m.AccuracyHeader("TOUCH_ACCURACY", 125, 104, 2.989, 5, 1, None, 5),
    ),
    (
        "// PROBE_ACCURACY at X:1.000 Y:2.000 Z:3.000 (samples=10 sample_retract_dist=2.000 speed=5.0 skip=1)",
        m.AccuracyHeader("PROBE_ACCURACY", 1, 2, 3, 10, 2, 5, None),
    ),
    ("probe at 125.000,104.000 is z=2.000702\n", m.ProbeSample(125, 104, 2.000702, "toolhead")),
    (
        "// probe at 100.000,110.000,2.500 is z=2.480000",
        m.ProbeSample(100, 110, 0.02, "toolhead", scanned=True),
    ),
    (
        "Result: at 125.000,125.000 estimate contact at z=-0.019644\n",
        m.ContactEstimate(125, 125, -0.019644),
    ),
    ('probe: <a class="command">TRIGGERED</a>\n', m.ProbeQuery(True)),
    (
        (
            "// probe accuracy results: maximum 2.519448, minimum 2.506948, range 0.012500, average 2.513198, "
            "median 2.513198, standard deviation 0.006250"
        ),
        m.AccuracyStats(2.519448, 2.506948, 0.0125, 2.513198, 2.513198, 0.00625),
    ),
    (
        (
            "// probe accuracy results: maximum -0.019448, minimum -0.026948, range 0.012500, average -0.023198, "
            "median -0.023198, standard deviation 0.006250, average delta 0.001250"
        ),
        m.AccuracyStats(-0.019448, -0.026948, 0.0125, -0.023198, -0.023198, 0.00625),
    ),
    (
        (
            "// PROBE_Z_ACCURACY: probe z accuracy results: maximum 1.000000, minimum 0.900000, range 0.100000, "
            "average 0.950000, median 0.950000, standard deviation 0.050000"
        ),
        m.AccuracyStats(1.0, 0.9, 0.1, 0.95, 0.95, 0.05, source="probe z", command="PROBE_Z_ACCURACY"),
    ),
    (
        (
            "touch accuracy results:\nmaximum 0.002000, minimum 0.001000, range 0.001000,\naverage 0.001500, "
            "median 0.001500,\nstandard deviation 0.000500\n"
        ),
        m.AccuracyStats(0.002, 0.001, 0.001, 0.0015, 0.0015, 0.0005, source="touch"),
    ),
    (
        (
            "scan accuracy results (using 95 finite measurements):\nmaximum 2.1, minimum 2.0, range 0.1,\n"
            "average 2.05, median 2.05,\nstandard deviation 0.01\n"
        ),
        m.AccuracyStats(2.1, 2.0, 0.1, 2.05, 2.05, 0.01, source="scan"),
    ),
    ("// probe: open", m.ProbeQuery(False)),
    ("// probe: TRIGGERED", m.ProbeQuery(True)),
    ("// Probe samples exceed tolerance. Retrying...", m.SamplesRetry()),
    ("// CALIBRATE_Z: probe samples exceed tolerance. Retrying...", m.SamplesRetry("CALIBRATE_Z")),
    (
        "// Starting manual Z probe. Use TESTZ to adjust position.\n// Finish with ACCEPT or ABORT command.",
        m.ManualProbeStarted(),
    ),
    ("// Z position: ?????? --> 5.000 <-- ??????", m.ManualProbeZ(None, 5.0, None)),
    ("// Z position: -0.100 --> 0.050 <-- 0.200", m.ManualProbeZ(-0.1, 0.05, 0.2)),
    ("// WARNING: No change in position (reached stepper resolution)", m.NoPositionChange()),
    (
        "// Manual probe failed! Use TESTZ commands to position the\n// nozzle prior to running ACCEPT.",
        m.ManualProbeFailed(),
    ),
    ("// Z position is -0.012", m.ManualProbeHeight(-0.012)),
    (
        (
            "// probe: z_offset: 1.523\n// The SAVE_CONFIG command will update the printer config file\n"
            "// with the above and restart the printer."
        ),
        m.ValuesStaged((m.StagedValue("probe", "z_offset", 1.523),)),
    ),
    (
        (
            "// stepper_a: position_endstop: 300.100\n// stepper_b: position_endstop: 300.200\n"
            "// stepper_c: position_endstop: -0.300\n// The SAVE_CONFIG command will update the printer config file\n"
            "// with the above and restart the printer."
        ),
        m.ValuesStaged(
            (
                m.StagedValue("stepper_a", "position_endstop", 300.1),
                m.StagedValue("stepper_b", "position_endstop", 300.2),
                m.StagedValue("stepper_c", "position_endstop", -0.3),
            )
        ),
    ),
    (
        (
            "// probe_eddy_current btt: tap_z_offset: 0.020\n// The SAVE_CONFIG command will update the printer "
            "config file\n// with the above and restart the printer."
        ),
        m.ValuesStaged((m.StagedValue("probe_eddy_current btt", "tap_z_offset", 0.02),)),
    ),
    ('// Unknown command:"TESTZ"', m.UnknownCommand("TESTZ")),
    (
        "!! Must home axis first: 0.000 0.000 5.000 [0.000]",
        m.Info("!! Must home axis first: 0.000 0.000 5.000 [0.000]"),
    ),
    ('!! Internal error on command:"CALIBRATE_Z"', m.Info('!! Internal error on command:"CALIBRATE_Z"')),
    (
        (
            "// CALIBRATE_Z: bed_probe=6.131 - (switch=6.545 - nozzle=-0.105 + switch_offset=0.300) "
            "--> new_offset=-0.819000"
        ),
        m.ZCalibrationResult(6.131, 6.545, -0.105, 0.3, -0.819, command="CALIBRATE_Z"),
    ),
    (
        (
            "// Z-CALIBRATION: probe=6.131 - (switch=6.545 - nozzle=0.105 + switch_offset=-0.300) "
            "--> new offset=-0.009000"
        ),
        m.ZCalibrationResult(6.131, 6.545, 0.105, -0.3, -0.009, command="Z-CALIBRATION"),
    ),
    (
        "// Z-CALIBRATION: ENDSTOP=-1.500 NOZZLE=-0.200 SWITCH=6.500 PROBE=7.000 --> OFFSET=-0.300000",
        m.ZCalibrationResult(7.0, 6.5, -0.2, None, -0.3, endstop=-1.5),
    ),
    (
        (
            "// CALCULATE_SWITCH_OFFSET: switch_offset=0.500 - (current_z=-0.100 - z_offset=0.020) --> "
            "new switch_offset=0.620"
        ),
        m.SwitchOffsetResult(0.5, -0.1, 0.02, 0.62, "CALCULATE_SWITCH_OFFSET"),
    ),
    (
        "// switch_offset=0.500 - (current_z=0.100 - z_offset=0.020) --> new switch_offset=0.420",
        m.SwitchOffsetResult(0.5, 0.1, 0.02, 0.42),
    ),
    (
        (
            "// CALCULATE_SWITCH_OFFSET: the resulting switch offset is negative! Either the nozzle is still too far "
            "away or something else is wrong..."
        ),
        m.SwitchOffsetNegative("CALCULATE_SWITCH_OFFSET"),
    ),
    (
        (
            "// The resulting switch offset is negative! Either the nozzle is still too far away or something else is "
            "wrong..."
        ),
        m.SwitchOffsetNegative(),
    ),
    ("// AXIS_TWIST_COMPENSATION_CALIBRATE: Probing point 2 of 3", m.AxisTwistPoint(2, 3)),
    (
        "// AXIS_TWIST_COMPENSATION_CALIBRATE: Probe cancelled, calibration aborted",
        m.AxisTwistCancelled(),
    ),
    (
        (
            "// AXIS_TWIST_COMPENSATION_CALIBRATE: Calibration complete, offsets: [-0.05, 0.0, 5e-05], "
            "mean z_offset: 1.500000"
        ),
        m.AxisTwistComplete((-0.05, 0.0, 5e-05), 1.5),
    ),
    (
        "Backlash test over 10 samples found no significant difference (|t|=0.42).\n",
        m.BacklashNone(10, 0.42),
    ),
    (
        "Backlash test over 10 samples detected a consistent 0.013 mm difference.\n",
        m.BacklashFound(10, 0.013),
    ),
    (
        "Estimated backlash is negative (-0.00123 mm), which is unexpected. Check your setup.\n",
        m.BacklashNegative(-0.00123),
    ),
    (
        'Backlash calibration complete: no compensation required. <a class="command">SAVE_CONFIG</a> it.\n',
        m.BacklashCalibrated(None),
    ),
    (
        "Backlash calibration complete: 0.013 mm compensation will be used. Run SAVE_CONFIG.\n",
        m.BacklashCalibrated(0.013),
    ),
    (
        "// Median distance moving up 2.00123, down 1.99000, delta 0.01123 over 20 samples",
        m.BeaconBacklash(2.00123, 1.99, 0.01123, 20),
    ),
    ("// echo: hello", m.Info("echo: hello")),
    ("ok", m.Info("ok")),
]


@pytest.mark.parametrize(("text", "message"), WORDINGS, ids=[text[:40] for text, _ in WORDINGS])
def test_wordings(text: str, message: m.Message) -> None:
    assert parse(text) == message


@given(st.text())
def test_any_text_is_some_message(text: str) -> None:
    parse(text)


near_misses = st.lists(
    st.sampled_from(
        [
            "probe",
            ": ",
            "at ",
            "1.0",
            ",",
            "-",
            "is z=",
            "nan",
            "inf",
            "9" * 400,
            "Z position: ",
            "-->",
            "// ",
            "\n",
            "!!",
            "bed will contact at z=",
            "z_offset: ",
            "probe accuracy results: maximum ",
            "[",
            "]",
            "<a>",
            "1e5",
            "٣",
        ]
    ),
    max_size=12,
).map("".join)


@given(near_misses)
def test_broken_wordings_raise_nothing(text: str) -> None:
    parse(text)


def fixed(digits: int) -> st.SearchStrategy[float]:
    return st.floats(-9999, 9999, allow_nan=False).map(lambda value: round(value, digits))


mm3, um = fixed(3), fixed(6)
counts = st.integers(0, 9999)


def framed(text: str) -> str:
    return "// " + "\n// ".join(text.split("\n"))


@given(mm3, mm3, um)
def test_samples_round_trip(x: float, y: float, z: float) -> None:
    assert parse(framed(f"probe at {x:.3f},{y:.3f} is z={z:.6f}")) == m.ProbeSample(x, y, z, "toolhead")
    assert parse(framed(f"probe: at {x:.3f},{y:.3f} bed will contact at z={z:.6f}")) == m.ProbeSample(
        x, y, z, "bed"
    )


@given(mm3, mm3, mm3, counts, mm3, fixed(1), fixed(1))
def test_headers_round_trip(
    x: float, y: float, z: float, samples: int, retract: float, speed: float, lift: float
) -> None:
    text = (
        f"PROBE_ACCURACY at X:{x:.3f} Y:{y:.3f} Z:{z:.3f} (samples={samples} retract={retract:.3f} "
        f"speed={speed:.1f} lift_speed={lift:.1f})"
    )
    assert parse(framed(text)) == m.AccuracyHeader("PROBE_ACCURACY", x, y, z, samples, retract, speed, lift)


@given(st.lists(um, min_size=6, max_size=7))
def test_statistics_round_trip(values: list[float]) -> None:
    names = ["maximum", "minimum", "range", "average", "median", "standard deviation", "average delta"]
    text = ", ".join(f"{name} {value:.6f}" for name, value in zip(names, values, strict=False))
    maximum, minimum, spread, average, median, sigma = values[:6]
    assert parse(framed(f"probe accuracy results: {text}")) == m.AccuracyStats(
        maximum, minimum, spread, average, median, sigma
    )


@given(mm3 | st.none(), mm3, mm3 | st.none())
def test_paper_test_positions_round_trip(lower: float | None, z: float, upper: float | None) -> None:
    low, high = ("??????" if value is None else f"{value:.3f}" for value in (lower, upper))
    assert parse(framed(f"Z position: {low} --> {z:.3f} <-- {high}")) == m.ManualProbeZ(lower, z, upper)


@given(mm3, mm3, mm3, mm3, um)
def test_z_calibration_round_trips(
    bed: float, switch: float, nozzle: float, offset: float, result: float
) -> None:
    text = (
        f"CALIBRATE_Z: bed_probe={bed:.3f} - (switch={switch:.3f} - nozzle={nozzle:.3f} + "
        f"switch_offset={offset:.3f}) --> new_offset={result:.6f}"
    )
    assert parse(framed(text)) == m.ZCalibrationResult(
        bed, switch, nozzle, offset, result, command="CALIBRATE_Z"
    )


@given(st.sampled_from(["probe", "bltouch", "carriage z", "probe_eddy_current a"]), mm3)
def test_staged_values_round_trip(section: str, value: float) -> None:
    text = f"{section}: z_offset: {value:.3f}\nThe SAVE_CONFIG command will update the printer config file"
    assert parse(framed(text)) == m.ValuesStaged((m.StagedValue(section, "z_offset", value),))


@given(st.lists(um, min_size=1, max_size=5), um)
def test_axis_twist_round_trips(offsets: list[float], mean: float) -> None:
    text = f"AXIS_TWIST_COMPENSATION_CALIBRATE: Calibration complete, offsets: {offsets}, mean z_offset: {mean:f}"
    assert parse(framed(text)) == m.AxisTwistComplete(tuple(offsets), mean)


def test_text_for_people_has_no_marks_and_no_markup() -> None:
    assert clean('// a\n// b <a class="command">PROBE</a>\n') == "a\nb PROBE"
    assert clean("// Z position: ?????? --> 5.000 <-- ??????") == "Z position: ?????? --> 5.000 <-- ??????"


def test_kalicos_welcome_is_no_answer_to_a_command() -> None:
    """As it comes after each start, in the middle of whatever is measured then."""
    welcome = (
        "// Welcome to Kalico\n// \n// Kalico is starting an opt-in analytics campaign, collecting anonymous data\n"
        "// `ENABLE_TELEMETRY` will opt-in to the campaign\n// `DISABLE_TELEMETRY` will permanently opt-out\n// \n"
        "// For more information, visit https://kalico.gg/telemetry"
    )
    assert isinstance(parse(welcome), m.Info)
    reader = BlockReader(2, ProbeConfig("probe", "probe"))
    lines = (
        "// PROBE_ACCURACY at X:1.000 Y:2.000 Z:3.000 (samples=2 retract=2.000 speed=5.0 lift_speed=5.0)",
        "// probe at 1.000,2.000 is z=1.500000",
        welcome,
        "// probe at 1.000,2.000 is z=1.510000",
        (
            "// probe accuracy results: maximum 1.510000, minimum 1.500000, range 0.010000, average 1.505000, "
            "median 1.505000, standard deviation 0.005000"
        ),
    )
    found = [reader.read(Heard(clean(line), parse(line), 1.0)) for line in lines]
    assert [sample.trigger_z for sample in found if sample is not None] == [1.5, 1.51]
    assert reader.complete
