"""SPI: chips on buses, and the commands that talk to them. Behaviour after Klipper src/spicmds.c."""

from collections.abc import Callable, Sequence

from zcal_tui.sim.mcu.chips import SpiChip
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown

ChipAt = Callable[[str], SpiChip]
"""The chip behind a chip select pin; an empty name for a bus without one."""


class SpiDevice:
    """The firmware's handle on a chip."""

    def __init__(self, chip: SpiChip, pin: str = "") -> None:
        self.chip = chip
        self.pin = pin
        """Its chip select pin."""


class SpiBuses:
    """The SPI commands."""

    def __init__(self, firmware: Firmware, buses: Sequence[str], chip_at: ChipAt) -> None:
        self._firmware = firmware
        self._buses = buses
        self._chip_at = chip_at
        self._shutdown_messages: list[tuple[SpiDevice, bytes]] = []
        firmware.dictionary.enumeration("spi_bus", {name: number for number, name in enumerate(buses)})
        firmware.command("config_spi oid=%c pin=%u cs_active_high=%c", self._config)
        firmware.command("config_spi_without_cs oid=%c", self._config_without_cs)
        firmware.command("spi_set_bus oid=%c spi_bus=%u mode=%u rate=%u", self._set_bus)
        for speed in ("spi_set_sw_bus {} pulse_ticks=%u", "spi_set_software_bus {} rate=%u"):
            firmware.command(
                speed.format("oid=%c miso_pin=%u mosi_pin=%u sclk_pin=%u mode=%u"), self._set_pins
            )
        firmware.command("config_spi_shutdown oid=%c spi_oid=%c shutdown_msg=%*s", self._config_shutdown)
        firmware.command("spi_transfer oid=%c data=%*s", self._transfer)
        firmware.command("spi_send oid=%c data=%*s", self._send)
        self._answer = firmware.response("spi_transfer_response oid=%c response=%*s")
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, pin: int, _active_high: int) -> None:
        name = self._firmware.output_pin(pin)
        self._firmware.assign(oid, SpiDevice(self._chip_at(name), name))

    def _config_without_cs(self, oid: int) -> None:
        self._firmware.assign(oid, SpiDevice(self._chip_at("")))

    def _set_bus(self, oid: int, bus: int, _mode: int, _rate: int) -> None:
        self._firmware.lookup(oid, SpiDevice)
        if bus >= len(self._buses):
            raise FirmwareShutdown("Invalid spi config")

    def _set_pins(self, oid: int, miso: int, mosi: int, clock: int, _mode: int, _speed: int) -> None:
        self._firmware.lookup(oid, SpiDevice)
        self._firmware.input_pin(miso)
        self._firmware.output_pin(mosi)
        self._firmware.output_pin(clock)

    def _config_shutdown(self, oid: int, spi_oid: int, message: bytes) -> None:
        device = self._firmware.lookup(spi_oid, SpiDevice)
        self._firmware.assign(oid, message)
        self._shutdown_messages.append((device, message))

    def _transfer(self, oid: int, data: bytes) -> None:
        self._answer(oid, self._firmware.lookup(oid, SpiDevice).chip.transfer(data))

    def _send(self, oid: int, data: bytes) -> None:
        self._firmware.lookup(oid, SpiDevice).chip.transfer(data)

    def _shutdown(self) -> None:
        for device, message in self._shutdown_messages:
            device.chip.transfer(message)
