"""Whatever a host sends, the firmware may shut down, but the simulator must not fail."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sim.mcu.mcu_bench import Slide, bench, block
from zcal_tui.sim.mcu import SHUTDOWN_REASONS, SimulatedMcu

CONFIGURATION = (
    "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
    "config_endstop oid=1 pin=switch pull_up=0",
    "config_trsync oid=2",
    "config_analog_in oid=3 pin=therm",
    "config_digital_out oid=4 pin=out value=0 default_value=0 max_duration=0",
    "config_pwm_out oid=5 pin=step2 cycle_ticks=100 value=0 default_value=0 max_duration=1000000",
    "config_i2c oid=6",
    "i2c_set_bus oid=6 i2c_bus=i2c0 rate=400000 address=42",
    "config_ldc1612 oid=7 i2c_oid=6",
    "config_sos_filter oid=8 max_sections=1",
    "config_trigger_analog oid=9 sos_filter_oid=8",
)

small = st.integers(0, 12)
clocks = st.integers(0, 2**32 - 1)
near = st.integers(-1_000_000, 30_000_000)


@st.composite
def arguments(draw: st.DrawFn, parameters: list[tuple[str, str]], clock: int) -> str:
    texts = []
    for name, kind in parameters:
        value: int | str
        if kind == "%*s":
            value = draw(st.binary(max_size=6)).hex()
        elif name.endswith("oid"):
            value = draw(st.integers(0, 11))
        elif "clock" in name:
            value = (clock + draw(near)) & 0xFFFFFFFF
        elif "ticks" in name or name == "interval":
            # Below a microsecond or two real firmware would be busy for ever; so would this one.
            value = draw(st.just(0) | st.integers(2_000, 10_000_000))
        elif kind in ("%c", "%hu"):
            value = draw(small)
        elif kind in ("%i", "%hi"):
            value = draw(st.integers(-30, 30) if kind == "%hi" else st.integers(-(2**31), 2**31 - 1))
        else:
            value = draw(small | clocks)
        texts.append(f"{name}={value}")
    return " ".join(texts)


@pytest.mark.slow
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_command_breaks_the_simulator(data: st.DataObject) -> None:
    host, _ = bench(Slide(), tick=0.05)
    host.configure(*CONFIGURATION, oids=12)
    commands = host.dictionary["commands"]
    assert isinstance(commands, dict)
    usable = sorted(name for name in commands if not name.startswith(("identify", "reset", "config_")))
    for _ in range(data.draw(st.integers(1, 12))):
        message = data.draw(st.sampled_from(usable))
        name, *parameters = message.split()
        kinds = [(key, kind) for key, _, kind in (parameter.partition("=") for parameter in parameters)]
        host.send(f"{name} {data.draw(arguments(kinds, host.clock(host.now)))}")
        host.until(host.now + data.draw(st.sampled_from([0.0, 0.01, 0.3])))
        wakeup = host.mcu.next_wakeup()
        assert wakeup is not None and wakeup >= host.now - 1e-6
    assert host.ask("get_config", "config")["is_config"] == 1
    assert host.mcu.shutdown_reason is None or host.mcu.shutdown_reason in SHUTDOWN_REASONS


@settings(deadline=None)
@given(st.lists(st.binary(max_size=59), max_size=8))
def test_no_content_breaks_the_simulator(contents: list[bytes]) -> None:
    mcu = SimulatedMcu(Slide())
    now = 0.0
    for sequence, content in enumerate(contents):
        now += 0.02
        mcu.feed(block(sequence, content), now)
        if mcu.silent_until() is not None:
            return
        assert mcu.run(now)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_no_bytes_break_the_simulator(chunks: list[bytes]) -> None:
    mcu = SimulatedMcu(Slide())
    for number, chunk in enumerate(chunks):
        mcu.feed(chunk, number * 0.01)
        mcu.run(number * 0.01)
