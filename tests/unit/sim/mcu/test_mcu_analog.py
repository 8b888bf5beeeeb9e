import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench
from zcal_tui.sim.mcu import CLOCK_FREQ

REST = CLOCK_FREQ // 10


def sampling(host: Host, *, minimum: int = 0, maximum: int = 65535, checks: int = 3) -> None:
    host.configure("config_analog_in oid=0 pin=therm")
    host.send(
        f"query_analog_in oid=0 clock={host.clock(0.5)} sample_ticks=12000 sample_count=8 rest_ticks={REST}"
        f" min_value={minimum} max_value={maximum} range_check_count={checks}"
    )


def test_reports_are_sums_and_name_the_next_sample() -> None:
    host, _ = bench(Slide(reading=0.25))
    sampling(host)
    host.until(0.8)
    reports = host.named("analog_in_state")
    assert [report["value"] for report in reports] == [round(0.25 * 4095 * 8)] * 3
    assert [report["next_clock"] for report in reports] == [
        host.clock64(0.5) + (number + 1) * REST & 0xFFFFFFFF for number in range(3)
    ]


@pytest.mark.parametrize(("reading", "expected"), [(1.5, 4095 * 8), (-0.5, 0)])
def test_a_converter_cannot_read_beyond_its_range(reading: float, expected: int) -> None:
    host, _ = bench(Slide(reading=reading))
    sampling(host)
    host.until(0.6)
    assert host.named("analog_in_state")[0]["value"] == expected


def test_values_out_of_range_several_times_in_a_row_shut_down() -> None:
    host, machine = bench(Slide(reading=0.5))
    sampling(host, minimum=1000, maximum=20_000)
    host.until(0.8)
    machine.reading = 0.9
    host.until(0.95)
    machine.reading = 0.5
    host.until(1.2)
    assert host.shutdown_reason() is None
    machine.reading = 0.001
    host.until(1.6)
    assert host.shutdown_reason() == "ADC out of range"


def test_sampling_goes_on_after_a_shutdown() -> None:
    host, _ = bench()
    sampling(host)
    host.until(0.603)  # in the middle of a series of conversions, which is given up
    host.send("emergency_stop")
    count = len(host.named("analog_in_state"))
    host.until(1.15)
    reports = host.named("analog_in_state")[count:]
    assert [report["next_clock"] for report in reports] == [
        host.clock64(0.8) + number * REST & 0xFFFFFFFF for number in range(5)
    ]


def test_sampling_stops_when_told() -> None:
    host, _ = bench()
    sampling(host)
    host.until(0.65)
    host.send(
        "query_analog_in oid=0 clock=0 sample_ticks=0 sample_count=0 rest_ticks=0 min_value=0 max_value=0"
        " range_check_count=0"
    )
    count = len(host.named("analog_in_state"))
    host.until(2.0)
    assert len(host.named("analog_in_state")) == count
