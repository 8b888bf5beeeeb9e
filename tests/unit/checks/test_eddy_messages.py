"""What Klipper prints and stages when it calibrates an eddy current sensor, as it is worded in its sources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.checks.z_offset.eddy_messages import HeightNoise, frequency, height, read, slope, table

MASTER = [
    "Starting manual Z probe. Use TESTZ to adjust position.\nFinish with ACCEPT or ABORT command.",
    "Z position: ?????? --> 0.098 <-- 0.100",
    "probe_eddy_current: noise 0.000642mm, MAD_Hz=11.314 in 2525 queries\n",
    "Total frequency range: 45000.012 Hz\n",
    "z: 0.250 # noise 0.000200mm, MAD_Hz=11.000\n",
    "z: 0.530 # noise 0.000300mm, MAD_Hz=12.000\n",
    "The SAVE_CONFIG command will update the printer config file\nand restart the printer.",
]
OLDER = [
    (
        "probe_eddy_current: stddev=94.123 in 2480 queries\n"
        "The SAVE_CONFIG command will update the printer config file\nand restart the printer."
    )
]
ENTRIES = table("\n0.050000:3000.000,0.090000:2800.000,0.130000:2640.000,\n0.170000:2500.000")


def test_the_lines_of_todays_klipper() -> None:
    output = read(MASTER)
    assert (output.queries, output.mad_hz, output.stddev_hz, output.short) == (2525, 11.314, None, "")
    assert output.at == (HeightNoise(0.25, 0.0002, 11.0), HeightNoise(0.53, 0.0003, 12.0))


def test_the_line_of_v0_13_and_of_kalico() -> None:
    output = read(OLDER)
    assert (output.queries, output.mad_hz, output.stddev_hz, output.at) == (2480, None, 94.123, ())


@pytest.mark.parametrize(
    "words", ["Frequency stops decreasing at step 2.050", "Frequency too noisy at step 1.970 -> 2.010"]
)
def test_why_the_table_ends_early(words: str) -> None:
    lines = [words, "Frequency diff: 10.000, MAD_Hz: 8.000 -> MAD_Hz: 9.000", *MASTER]
    assert read(lines).short == words
    assert read(lines).queries == 2525


def test_no_output_leaves_everything_unknown() -> None:
    output = read(["Z position is 0.1", ""])
    assert (output.queries, output.mad_hz, output.stddev_hz, output.at, output.short) == (
        0,
        None,
        None,
        (),
        "",
    )


def test_the_table_is_read_upwards_whatever_its_order() -> None:
    assert table(" 0.09:2800.0 ,\n0.05:3000.0") == ((0.05, 3000.0), (0.09, 2800.0))
    assert table("") == ()
    for text in ("0.05", "0.05:1:2", "a:b", "0.05:3000.0;0.09:2800"):
        with pytest.raises(ValueError):
            table(text)


def test_it_is_read_both_ways_and_not_beyond_its_ends() -> None:
    assert frequency(ENTRIES, 0.07) == pytest.approx(2900.0)
    assert height(ENTRIES, 2900.0) == pytest.approx(0.07)
    assert frequency(ENTRIES, 0.17) == 2500.0
    for outside in (0.04, 0.18):
        assert frequency(ENTRIES, outside) is None
    for outside in (3000.1, 2499.9):
        assert height(ENTRIES, outside) is None
    assert frequency((), 0.1) is None


def test_the_slope_is_how_much_the_frequency_falls() -> None:
    assert slope(ENTRIES, 0.10) == pytest.approx((3000 - 2500) / 0.12)
    assert slope(ENTRIES, 0.02) is None
    assert slope(ENTRIES, 0.5) is None
    assert slope(table("0.0:1000,1.0:2000"), 0.5) is None, "rising is no slope to divide by"


@given(st.floats(0.05, 0.17))
def test_there_and_back(z: float) -> None:
    hz = frequency(ENTRIES, z)
    assert hz is not None
    assert height(ENTRIES, hz) == pytest.approx(z, abs=1e-9)
