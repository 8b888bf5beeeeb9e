import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench, block
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu


def test_the_dictionary_fits_klippy_s_one_byte_identifiers() -> None:
    host, _ = bench()
    commands, responses = host.dictionary["commands"], host.dictionary["responses"]
    assert isinstance(commands, dict) and isinstance(responses, dict)
    identifiers = [*commands.values(), *responses.values()]
    assert len(identifiers) == len(set(identifiers))
    assert max(identifiers) <= 95
    assert commands["identify offset=%u count=%c"] == 1
    assert responses["identify_response offset=%u data=%.*s"] == 0


def test_configuration_is_kept_with_its_checksum() -> None:
    host, _ = bench()
    assert host.ask("get_config", "config") == {
        "#name": "config",
        "is_config": 0,
        "crc": 0,
        "is_shutdown": 0,
        "move_count": 0,
    }
    host.configure("config_trsync oid=0", crc=0xFEDCBA98)
    config = host.ask("get_config", "config")
    assert (config["is_config"], config["crc"], config["move_count"]) == (1, 0xFEDCBA98, 1024)


def test_a_second_connection_is_told_the_sequence_and_finds_it_configured() -> None:
    host, _ = bench()
    host.configure("config_trsync oid=0", crc=77)
    host.mcu.feed(block(host.sequence - 3, b""), host.now)
    nak = host.mcu.run(host.now)
    assert nak == block(host.sequence, b"")
    again = Host(host.mcu, sequence=nak[1] & 0xF)
    assert again.ask("get_config", "config")["crc"] == 77


def test_the_clock_and_uptime_go_on_across_the_overflow() -> None:
    host, _ = bench(tick=0.1)
    host.until(10.0)
    assert host.ask("get_clock", "clock")["clock"] == host.clock(10.0)
    assert host.ask("get_uptime", "uptime")["high"] == 0
    host.until(30.0)
    assert host.ask("get_clock", "clock")["clock"] == host.clock(30.0)
    assert host.ask("get_uptime", "uptime")["high"] == 1


def test_emergency_stop_shuts_down_and_refuses_commands_until_cleared() -> None:
    host, _ = bench()
    host.configure("config_trsync oid=0")
    host.until(1.0)
    host.send("emergency_stop")
    assert host.shutdown_reason() == "Command request"
    assert host.named("shutdown")[0]["clock"] == host.clock(1.0)
    host.send("trsync_trigger oid=0 reason=2")
    assert len(host.named("is_shutdown")) == 1
    assert host.ask("get_config", "config")["is_shutdown"] == 1
    host.send("clear_shutdown")
    assert host.ask("get_config", "config")["is_shutdown"] == 0
    host.ask("trsync_trigger oid=0 reason=2", "trsync_state")


@pytest.mark.parametrize(
    ("identifier", "parameters", "reason"),
    [
        (94, b"", "Invalid command"),
        (None, b"", "Command parser error"),
        (None, b"\x80", "Command parser error"),
    ],
)
def test_content_that_makes_no_sense_shuts_down(
    identifier: int | None, parameters: bytes, reason: str
) -> None:
    host, _ = bench()
    head = host.encode("allocate_oids count=1")[:1] if identifier is None else bytes((identifier,))
    host.mcu.feed(block(host.sequence, head + parameters), host.now)
    host.until(0.1)
    assert host.shutdown_reason() == reason


def test_every_block_is_acknowledged_with_the_next_number() -> None:
    host, _ = bench()
    before = len(host.acks)
    host.send("get_clock", "get_clock", "get_clock")
    assert host.acks[before:] == [(host.sequence - 2 + n) & 0xF for n in range(3)]


def test_reset_is_silent_for_a_while_and_then_starts_anew() -> None:
    host, machine = bench()
    host.configure("config_trsync oid=0")
    host.until(1.0)
    host.send("reset")
    assert machine.resets == [1.0]
    silent = host.mcu.silent_until()
    assert silent == pytest.approx(1.06)
    host.mcu.feed(block(host.sequence, host.encode("get_clock")), 1.03)
    assert host.mcu.run(1.03) == b""
    assert host.mcu.next_wakeup() == silent
    host.now = 1.07
    host.sequence = 0
    host.until(1.08)
    assert host.mcu.silent_until() is None
    assert host.named("starting")
    assert host.ask("get_config", "config")["is_config"] == 0
    assert host.ask("get_clock", "clock")["clock"] == host.clock(1.08 - 1.06)


def test_a_frozen_one_hears_and_says_nothing() -> None:
    host, _ = bench()
    host.configure("config_trsync oid=0")
    host.mcu.freeze()
    host.mcu.feed(block(host.sequence, host.encode("get_clock")), 0.5)
    assert host.mcu.run(20.0) == b""
    host.mcu.thaw()
    host.now = 20.0
    assert host.ask("get_clock", "clock")["clock"] == host.clock(20.0)


def test_a_crash_is_a_shutdown_for_a_known_reason() -> None:
    host, _ = bench()
    host.mcu.crash("ADC out of range", 0.5)
    host.until(0.6)
    assert host.shutdown_reason() == "ADC out of range" == host.mcu.shutdown_reason
    with pytest.raises(ValueError, match="no reason"):
        host.mcu.crash("because", 0.7)


def test_a_power_cycle_forgets_the_configuration() -> None:
    host, machine = bench()
    host.configure("config_trsync oid=0")
    host.mcu.power_cycle(0.5)
    assert machine.resets == [0.5]
    host.mcu.run(0.6)
    assert not host.mcu.is_configured


def test_catching_up_moves_the_machine_and_keeps_what_there_is_to_send() -> None:
    host, machine = bench()
    host.configure("config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1")
    host.send(
        f"reset_step_clock oid=0 clock={host.clock(0.1)}",
        "set_next_step_dir oid=0 dir=1",
        "queue_step oid=0 interval=12000 count=500 add=0",
    )
    host.mcu.feed(block(host.sequence, host.encode("get_clock")), 0.1)
    host.mcu.catch_up(0.3)
    assert machine.time == pytest.approx(0.3)
    assert machine.steps == host.mcu.steps == {"step": 200}
    host.now = 0.3
    host.sequence += 1
    host.until(0.301)
    assert host.named("clock")


def test_statistics_come_every_five_seconds() -> None:
    host, _ = bench(tick=0.2)
    host.until(26.0)
    assert len(host.named("stats")) == 5


def test_it_tells_when_it_wants_to_run() -> None:
    machine = Slide()
    mcu = SimulatedMcu(machine)
    wakeup = mcu.next_wakeup()
    assert wakeup is not None
    mcu.run(0.0)
    assert mcu.run(wakeup)  # there was something to send: the statistics
    later = mcu.next_wakeup()
    assert later is not None and later > wakeup + 4


def test_a_clock_klippy_cannot_use_is_refused() -> None:
    with pytest.raises(ValueError, match="too fast"):
        SimulatedMcu(Slide(), clock_freq=1_000_000_000)


def test_time_that_goes_back_is_taken_as_standing_still() -> None:
    host, _ = bench()
    host.until(1.0)
    host.mcu.run(0.5)
    assert host.ask("get_clock", "clock")["clock"] == host.clock(1.0)


def test_any_clock_rate_below_that_is_fine() -> None:
    mcu = SimulatedMcu(Slide(), clock_freq=CLOCK_FREQ * 4, start_clock=0)
    host = Host(mcu)
    host.until(2.0)
    assert host.ask("get_clock", "clock")["clock"] == 2 * CLOCK_FREQ * 4
