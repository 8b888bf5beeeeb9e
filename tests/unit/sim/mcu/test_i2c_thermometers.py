"""Temperature sensors on I2C: their answers mean the temperature by the formulas of their data sheets."""

import struct

import pytest

from zcal_tui.sim.mcu.i2c_thermometers import THERMOMETERS, Aht10, Bmp280, Htu21d, Lm75, Sht3x
from zcal_tui.sim.wiring_devices import I2C_ADDRESSES
from zcal_tui.sim.wiring_sensors import I2C_SENSORS

CELSIUS = [-10.0, 0.0, 23.0, 61.5]


def test_each_sensor_that_is_accepted_has_a_chip_and_an_address() -> None:
    assert set(THERMOMETERS) == set(I2C_SENSORS) <= set(I2C_ADDRESSES)


@pytest.mark.parametrize("celsius", CELSIUS)
def test_an_lm75_reads_half_degrees(celsius: float) -> None:
    high, low = Lm75(celsius).read(b"\0", 2)
    assert struct.unpack("b", bytes([high]))[0] + (low >> 7) * 0.5 == celsius


@pytest.mark.parametrize("celsius", CELSIUS)
def test_an_htu21d_answers_what_it_was_asked_for(celsius: float) -> None:
    chip = Htu21d(celsius, 0x32)
    assert chip.read(b"\xfc\xc9", 3)[:1] == b"\x32"
    chip.write(b"\xf3")
    high, low, _ = chip.read(b"", 3)
    assert (high << 8 | low) * 175.72 / 65536.0 - 46.85 == pytest.approx(celsius, abs=0.02)
    chip.write(b"\xf5")
    high, low, _ = chip.read(b"", 3)
    assert (high << 8 | low) * 125.0 / 65536.0 - 6.0 == pytest.approx(40.0, abs=0.02)


def test_check_sums_are_those_of_the_data_sheets() -> None:
    chip = Htu21d((0x683A) * 175.72 / 65536.0 - 46.85, 0x32)
    chip.write(b"\xe3")
    raw = chip.read(b"", 3)
    assert raw[:2] == bytes((0x68, 0x38)) and len(raw) == 3  # the two status bits are zero
    beef = Sht3x(0xBEEF / 65535.0 * 175.0 - 45.0).read(b"\xe0\x00", 6)
    assert beef[:3] == bytes((0xBE, 0xEF, 0x92))  # data sheet of the SHT3x, 4.12


@pytest.mark.parametrize("celsius", CELSIUS)
def test_an_aht10_packs_both_values(celsius: float) -> None:
    data = Aht10(celsius).read(b"", 6)
    assert data[0] & 0x88 == 0x08, "calibrated and not busy"
    temperature = (data[3] & 0x0F) << 16 | data[4] << 8 | data[5]
    humidity = (data[1] << 16 | data[2] << 8 | data[3]) >> 4
    assert temperature / (1 << 20) * 200.0 - 50.0 == pytest.approx(celsius, abs=0.001)
    assert humidity / (1 << 20) * 100.0 == pytest.approx(40.0, abs=0.001)


@pytest.mark.parametrize("celsius", CELSIUS)
def test_a_bmp280_has_the_values_for_its_calibration(celsius: float) -> None:
    chip = Bmp280(celsius)
    assert chip.read(b"\xd0", 1) == b"\x58"
    t1, t2, t3 = struct.unpack("<Hhh", chip.read(b"\x88", 6))
    data = chip.read(b"\xf7", 6)
    raw = data[3] << 12 | data[4] << 4 | data[5] >> 4
    fine = (raw / 16384.0 - t1 / 1024.0) * t2 + (raw / 131072.0 - t1 / 8192.0) ** 2 * t3
    assert fine / 5120.0 == pytest.approx(celsius, abs=0.001)
