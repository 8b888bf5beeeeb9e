"""Drivers, displays, lights, buttons, counters, sensors with a chip: what klippy sends, and what they answer."""

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.core import GROUPS
from zcal_tui.sim.mcu.dictionary import LAST_ID

ALL = (*GROUPS, "spi", "tmcuart", "silent_i2c")


def host_of(*groups: str, machine: Slide | None = None, **chips: str) -> tuple[Host, Slide]:
    """A host connected to a micro-controller with these groups and chips on an SPI bus."""
    machine = machine or Slide()
    return Host(SimulatedMcu(machine, groups=groups, spi_chips=chips)), machine


def reference_wire(message: bytes) -> bytes:
    """A message on the wire, bit by bit: a low start bit, eight data bits, a high stop bit; the rest is low."""
    bits = "".join("0" + f"{byte:08b}"[::-1] + "1" for byte in message)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[place : place + 8][::-1], 2) for place in range(0, len(bits), 8))


def checked(message: bytes) -> bytes:
    """A message with its checksum, as the data sheet's example computes it."""
    crc = 0
    for byte in message:
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if (crc >> 7) ^ (byte & 1) else crc << 1 & 0xFF
            byte >>= 1
    return message + bytes((crc,))


def uart(host: Host, message: bytes, read: int = 0) -> bytes:
    answer = host.ask(
        f"tmcuart_send oid=0 write={reference_wire(checked(message)).hex()} read={read}", "tmcuart_response"
    )["read"]
    assert isinstance(answer, bytes)
    return answer


def test_a_driver_on_the_uart_keeps_what_is_written_and_counts_it() -> None:
    host, _ = host_of("tmcuart")
    host.configure("config_tmcuart oid=0 rx_pin=switch pull_up=0 tx_pin=out bit_time=300")

    def read(register: int, address: int = 1) -> int:
        answer = uart(host, bytes((0xF5, address, register)), read=10)
        for value in range(256):
            for high in (0, 0x1F):
                expected = checked(bytes((5, 0xFF, register, 0, high, 0, value)))
                if answer == reference_wire(expected):
                    return high << 16 | value
        raise AssertionError(answer.hex())

    assert read(0x02) == 0
    assert uart(host, bytes((0xF5, 1, 0x80 | 0x10, 0, 0, 0, 77))) == b""
    assert (read(0x02), read(0x10)) == (1, 77)
    assert read(0x10, address=2) == 0  # another driver on the same pin
    assert read(0x6F) == 0x1F0000  # at current: klippy takes 0 for a driver that was reset
    uart(host, bytes((0xF5, 1, 0x81, 0, 0, 0, 7)))
    assert read(0x01) == 0  # writing the flags clears them


def test_a_driver_that_does_not_understand_stays_silent() -> None:
    host, _ = host_of("tmcuart")
    host.configure("config_tmcuart oid=0 rx_pin=switch pull_up=0 tx_pin=out bit_time=300")
    broken = reference_wire(b"\xf5\x01\x02\x00")
    assert host.ask(f"tmcuart_send oid=0 write={broken.hex()} read=10", "tmcuart_response")["read"] == b""


def spi(host: Host, data: bytes, command: str = "spi_transfer") -> bytes:
    answer = host.ask(f"{command} oid=0 data={data.hex()}", "spi_transfer_response")["response"]
    assert isinstance(answer, bytes)
    return answer


def test_drivers_in_a_chain_answer_what_the_datagram_before_asked_for() -> None:
    host, _ = host_of("spi", out="tmc")
    host.configure(
        "config_spi oid=0 pin=out cs_active_high=0",
        "spi_set_sw_bus oid=0 miso_pin=switch mosi_pin=step sclk_pin=dir mode=3 pulse_ticks=3",
    )
    first, second = bytes((0x90, 0, 0, 1, 2)), bytes((0x90, 0, 0, 3, 4))
    spi(host, first + second)
    assert spi(host, bytes((0x10, 0, 0, 0, 0)) * 2) == b"\0\0\0\1\2" + b"\0\0\0\3\4"
    assert spi(host, bytes(10)) == b"\0\0\0\1\2" + b"\0\0\0\3\4"


def test_a_driver_keeps_its_registers_when_the_controller_restarts() -> None:
    host, _ = host_of("spi", out="tmc")
    config = (
        "config_spi oid=0 pin=out cs_active_high=0",
        "spi_set_bus oid=0 spi_bus=spi1 mode=3 rate=4000000",
    )
    host.configure(*config)
    spi(host, bytes((0x90, 0, 0, 1, 2)))
    host.send("reset")
    host.until(0.2)
    host.sequence = 0
    host.configure(*config)
    spi(host, bytes((0x10, 0, 0, 0, 0)))
    assert spi(host, bytes(5)) == b"\0\0\0\1\2"


def test_other_chips_take_everything_and_answer_zeros() -> None:
    host, _ = host_of("spi", "silent_i2c")
    host.configure(
        "config_spi_without_cs oid=0",
        "spi_set_bus oid=0 spi_bus=spi0 mode=0 rate=1",
        "config_spi_shutdown oid=1 spi_oid=0 shutdown_msg=0102",
        "config_i2c oid=2",
        "i2c_set_sw_bus oid=2 scl_pin=out sda_pin=dir pulse_ticks=3 address=47",
    )
    assert spi(host, b"\1\2\3") == b"\0\0\0"
    answer = host.ask("i2c_transfer oid=2 write=05 read_len=2", "i2c_response")
    assert (answer["i2c_bus_status"], answer["response"]) == (0, b"\0\0")
    host.send("emergency_stop")
    assert host.shutdown_reason() == "Command request"


def test_older_i2c_commands_change_bits() -> None:
    host = Host(SimulatedMcu(Slide(), groups=("silent_i2c",), older_i2c=True))
    host.configure("config_i2c oid=0", "i2c_set_bus oid=0 i2c_bus=i2c0 rate=1 address=98")
    host.send("i2c_modify_bits oid=0 reg=01 clear_set_bits=0ff0")
    assert host.shutdown_reason() is None


def test_an_spi_bus_that_is_not_there_shuts_down() -> None:
    host, _ = host_of("spi")
    host.configure("config_spi_without_cs oid=0", "spi_set_bus oid=0 spi_bus=9 mode=0 rate=1")
    assert host.shutdown_reason() == "Invalid spi config"


def test_buttons_report_what_changes_until_it_is_acknowledged() -> None:
    host, _ = host_of("buttons", machine=Slide(switch_at=1))  # closed from the start
    host.configure(
        "config_buttons oid=0 button_count=2",
        "buttons_add oid=0 pos=0 pin=switch pull_up=1",
        "buttons_add oid=0 pos=1 pin=parked pull_up=1",
        f"buttons_query oid=0 clock={host.clock(0.5)} rest_ticks=24000 retransmit_count=50 invert=2",
    )
    host.until(0.4)
    assert host.named("buttons_state") == []
    host.until(1.0)
    (report,) = host.named("buttons_state")
    assert (report["ack_count"], report["state"]) == (0, b"\x01")
    host.send("buttons_ack oid=0 count=1")
    host.until(1.5)
    assert len(host.named("buttons_state")) == 1


def test_displays_and_lights_are_taken() -> None:
    host, _ = host_of("st7920", "hd44780", "neopixel")
    host.configure(
        "config_st7920 oid=0 cs_pin=out sclk_pin=step sid_pin=dir sync_delay_ticks=1 cmd_delay_ticks=1",
        "config_hd44780 oid=1 rs_pin=out e_pin=out d4_pin=out d5_pin=out d6_pin=out d7_pin=out delay_ticks=1",
        "config_neopixel oid=2 pin=out data_size=3 bit_max_ticks=1 reset_min_ticks=1",
        "st7920_send_cmds oid=0 cmds=01",
        "st7920_send_data oid=0 data=0203",
        "hd44780_send_cmds oid=1 cmds=01",
        "hd44780_send_data oid=1 data=02",
        "neopixel_update oid=2 pos=0 data=ff0000",
    )
    assert host.ask("neopixel_send oid=2", "neopixel_result")["success"] == 1
    assert host.shutdown_reason() is None


def test_a_counter_counts_nothing() -> None:
    host, _ = host_of("counter")
    host.configure(
        "config_counter oid=0 pin=switch pull_up=1",
        f"query_counter oid=0 clock={host.clock(0.5)} poll_ticks=100 sample_ticks={CLOCK_FREQ}",
    )
    host.until(2.0)
    reports = host.named("counter_state")
    assert [report["count"] for report in reports] == [0, 0]
    assert reports[0]["next_clock"] == reports[1]["count_clock"] == host.clock(1.5)


def thermocouple(host: Host, low: int, high: int) -> None:
    host.configure(
        "config_spi oid=0 pin=out cs_active_high=0",
        "spi_set_bus oid=0 spi_bus=spi0 mode=1 rate=4000000",
        "config_thermocouple oid=1 spi_oid=0 thermocouple_type=MAX31865",
        f"query_thermocouple oid=1 clock={host.clock(0.5)} rest_ticks={CLOCK_FREQ // 2} min_value={low}"
        f" max_value={high} max_invalid_count=1",
    )


def test_a_sensor_with_a_chip_reports_what_the_machine_reads() -> None:
    host, _ = host_of("spi", "thermocouple", machine=Slide(reading=1234.0))
    thermocouple(host, 1000, 2000)
    host.until(1.2)
    assert [(report["value"], report["fault"]) for report in host.named("thermocouple_result")] == [
        (1234, 0)
    ] * 2


def test_a_sensor_out_of_range_shuts_down() -> None:
    host, _ = host_of("spi", "thermocouple", machine=Slide(reading=5.0))
    thermocouple(host, 1000, 2000)
    host.until(2.0)
    assert host.shutdown_reason() == "Thermocouple reader fault"


@pytest.mark.parametrize("older", [False, True])
def test_all_groups_without_an_eddy_sensor_fit_into_the_dictionary(older: bool) -> None:
    # a Beacon is a micro-controller of its own, with nothing else on it; the PWM chip is a Linux host's
    groups = [group for group in ALL if group not in ("beacon", "pca9685")]
    assert_fits(Host(SimulatedMcu(Slide(), groups=groups, older_i2c=older)))


@pytest.mark.parametrize("older", [False, True])
def test_what_a_linux_host_has_fits_into_the_dictionary_with_its_pwm_chip(older: bool) -> None:
    absent = ("beacon", "cartographer", "load_cell", "st7920", "hd44780", "neopixel", "tmcuart")
    groups = [group for group in ALL if group not in absent]
    assert_fits(Host(SimulatedMcu(Slide(), groups=groups, older_i2c=older)))


def assert_fits(host: Host) -> None:
    """Each identifier takes one byte."""
    assert isinstance(host.dictionary["commands"], dict) and isinstance(host.dictionary["responses"], dict)
    assert max(*host.dictionary["commands"].values(), *host.dictionary["responses"].values()) <= LAST_ID


def test_only_what_was_asked_for_is_offered() -> None:
    host, _ = host_of()
    commands = host.dictionary["commands"]
    assert isinstance(commands, dict)
    assert not any("spi" in name or "i2c" in name or "tmc" in name for name in commands)
