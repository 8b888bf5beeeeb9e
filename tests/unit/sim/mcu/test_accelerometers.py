"""Accelerometers: their registers, and the bulk reports of gravity, in klippy's old and new commands."""

import struct
from statistics import fmean

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu

REST = CLOCK_FREQ // 100
"""A poll every 10 ms, so 400 samples a second."""
SPI = ("config_spi oid=0 pin=out cs_active_high=0", "spi_set_bus oid=0 spi_bus=spi0 mode=3 rate=5000000")
I2C = ("config_i2c oid=0", "i2c_set_bus oid=0 i2c_bus=i2c0 rate=400000 address=104")


def adxl_heights(data: bytes) -> list[int]:
    """The third number of each sample of an ADXL345, 13 bits with a sign."""
    found = []
    for place in range(0, len(data), 5):
        _, _, low, xz, yz = data[place : place + 5]
        found.append((low | (xz & 0xE0) << 3 | (yz & 0xE0) << 6) - ((yz & 0x40) << 7))
    return found


def reports(host: Host, name: str) -> bytes:
    messages = host.named(name)
    assert [message["sequence"] for message in messages] == list(range(len(messages)))
    return b"".join(message["data"] for message in messages if isinstance(message["data"], bytes))


@pytest.mark.parametrize("older", [False, True])
def test_an_adxl345_reports_gravity_until_it_is_stopped(older: bool) -> None:
    mcu = SimulatedMcu(
        Slide(), groups=("spi", "adxl345"), spi_chips={"out": "adxl345"}, older_accelerometers=older
    )
    host = Host(mcu)
    host.configure(*SPI, "config_adxl345 oid=1 spi_oid=0")
    assert host.ask("spi_transfer oid=0 data=8000", "spi_transfer_response")["response"] == b"\x00\xe5"
    host.send("spi_send oid=0 data=2d08")
    assert host.ask("spi_transfer oid=0 data=ad00", "spi_transfer_response")["response"] == b"\x00\x08"
    clock = f"clock={host.clock(0.1)} " if older else ""
    host.send(f"query_adxl345 oid=1 {clock}rest_ticks={REST}")
    host.until(1.1)
    data, status = ("adxl345_data", "adxl345_status") if older else ("sensor_bulk_data", "sensor_bulk_status")
    answer = host.ask("query_adxl345_status oid=1", status)
    samples = adxl_heights(reports(host, data))
    assert fmean(samples) == pytest.approx(256.0, abs=2.0)
    assert len(samples) + int(answer["buffered"]) / 5 == pytest.approx(400 if older else 440, abs=8)
    assert answer["next_sequence"] == len(host.named(data))
    if older:
        assert host.ask("query_adxl345 oid=1 clock=0 rest_ticks=0", status)["fifo"] == 0
    else:
        host.send("query_adxl345 oid=1 rest_ticks=0")
    before = len(host.named(data))
    host.until(2.0)
    assert len(host.named(data)) == before


@pytest.mark.parametrize(("kind", "order", "gravity"), [("mpu9250", ">", 4096), ("icm20948", ">", 2048)])
def test_one_on_i2c_reports_gravity(kind: str, order: str, gravity: int) -> None:
    host = Host(SimulatedMcu(Slide(), groups=("i2c", kind), i2c_chips={104: kind}))
    host.configure(*I2C, f"config_{kind} oid=1 i2c_oid=0")
    register, identity = {"mpu9250": ("75", 0x71), "icm20948": ("00", 0xEA)}[kind]
    answer = host.ask(f"i2c_transfer oid=0 write={register} read_len=1", "i2c_response")
    assert answer["response"] == bytes([identity])
    host.send(f"query_{kind} oid=1 rest_ticks={REST}")
    host.until(0.5)
    data = reports(host, "sensor_bulk_data")
    heights = [struct.unpack(f"{order}hhh", data[place : place + 6])[2] for place in range(0, len(data), 6)]
    assert fmean(heights) == pytest.approx(gravity, abs=2.0)


@pytest.mark.parametrize(
    ("kind", "name", "identity", "gravity"),
    [("lis2dw", "LIS2DW", 0x44, 2049), ("lis3dh", "LIS3DH", 0x33, 1365)],
)
def test_both_kinds_of_lis_share_their_commands(kind: str, name: str, identity: int, gravity: int) -> None:
    host = Host(SimulatedMcu(Slide(), groups=("spi", "lis2dw"), spi_chips={"out": kind}))
    host.configure(*SPI, f"config_lis2dw oid=1 bus_oid=0 bus_oid_type=spi lis_chip_type={name}")
    answer = host.ask("spi_transfer oid=0 data=8f00", "spi_transfer_response")
    assert answer["response"] == bytes([0, identity])
    host.send(f"query_lis2dw oid=1 rest_ticks={REST}")
    host.until(0.5)
    data = reports(host, "sensor_bulk_data")
    heights = [struct.unpack("<hhh", data[place : place + 6])[2] for place in range(0, len(data), 6)]
    assert fmean(heights) == pytest.approx(gravity, abs=2.0)
