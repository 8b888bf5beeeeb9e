"""Displays and lights: what is sent to them is taken and shown nowhere.

Message formats after Klipper src/lcd_st7920.c, src/lcd_hd44780.c and src/neopixel.c.
"""

from zcal_tui.sim.mcu.firmware import Firmware


class Sink:
    """A display or a strip of lights."""


class _Sinks:
    """Commands that configure a device and send it data."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware

    def _config(self, oid: int, *_: int) -> None:
        self._firmware.assign(oid, Sink())

    def _take(self, oid: int, *_: int | bytes) -> None:
        self._firmware.lookup(oid, Sink)


class St7920s(_Sinks):
    """The commands of ST7920 displays."""

    def __init__(self, firmware: Firmware) -> None:
        super().__init__(firmware)
        firmware.command(
            "config_st7920 oid=%c cs_pin=%u sclk_pin=%u sid_pin=%u sync_delay_ticks=%u cmd_delay_ticks=%u",
            self._config,
        )
        firmware.command("st7920_send_cmds oid=%c cmds=%*s", self._take)
        firmware.command("st7920_send_data oid=%c data=%*s", self._take)


class Hd44780s(_Sinks):
    """The commands of HD44780 displays."""

    def __init__(self, firmware: Firmware) -> None:
        super().__init__(firmware)
        firmware.command(
            "config_hd44780 oid=%c rs_pin=%u e_pin=%u d4_pin=%u d5_pin=%u d6_pin=%u d7_pin=%u delay_ticks=%u",
            self._config,
        )
        firmware.command("hd44780_send_cmds oid=%c cmds=%*s", self._take)
        firmware.command("hd44780_send_data oid=%c data=%*s", self._take)


class Neopixels(_Sinks):
    """The commands of addressable lights on one wire."""

    def __init__(self, firmware: Firmware) -> None:
        super().__init__(firmware)
        firmware.command(
            "config_neopixel oid=%c pin=%u data_size=%hu bit_max_ticks=%u reset_min_ticks=%u", self._config
        )
        firmware.command("neopixel_update oid=%c pos=%hu data=%*s", self._take)
        firmware.command("neopixel_send oid=%c", self._send)
        self._result = firmware.response("neopixel_result oid=%c success=%c")

    def _send(self, oid: int) -> None:
        self._take(oid)
        self._result(oid, 1)
