"""Buttons and switches that report their changes. Behaviour after Klipper src/buttons.c.

The firmware reads them every 2 ms or so; here they are read every tenth of a second, which costs little and is
quick enough for filament sensors and menus.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown, Timer

READ_SECONDS = 0.1


class Buttons:
    """Up to eight input pins."""

    def __init__(self, firmware: Firmware, oid: int, count: int, commands: "ButtonCommands") -> None:
        self._firmware = firmware
        self._oid = oid
        self._commands = commands
        self._pins: list[str | None] = [None] * count
        self._state = 0
        self._reports = bytearray()
        self._acknowledged = 0
        self._rest_ticks = 0
        self._timer = Timer(self._event)

    def add(self, position: int, pin: str) -> None:
        """Connect a pin."""
        if position >= len(self._pins):
            raise FirmwareShutdown("Set button past maximum button count")
        self._pins[position] = pin

    def query(self, clock: int, rest_ticks: int, released: int) -> None:
        """Report levels that differ from the last ones, from `clock` (64 bit) on; never again if `rest_ticks` is 0.

        `released` are the levels that the host takes for the first ones.
        """
        scheduler = self._firmware.scheduler
        scheduler.delete(self._timer)
        self._state = released
        self._reports.clear()
        self._acknowledged = 0
        self._rest_ticks = max(rest_ticks, round(READ_SECONDS * self._firmware.clock_freq))
        if rest_ticks:
            scheduler.add(self._timer, clock)

    def acknowledge(self, count: int) -> None:
        """The host has so many of the reports."""
        self._acknowledged = (self._acknowledged + count) & 0xFF
        del self._reports[:count]

    def _event(self) -> int:
        state = 0
        for position, pin in enumerate(self._pins):
            if pin is not None and self._firmware.motion.level(pin):
                state |= 1 << position
        if state != self._state:
            self._state = state
            self._reports.append(state)
            self._commands.state(self._oid, self._acknowledged, bytes(self._reports))
        return self._timer.waketime + self._rest_ticks


class ButtonCommands:
    """The button commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.command("config_buttons oid=%c button_count=%c", self._config)
        firmware.command("buttons_add oid=%c pos=%c pin=%u pull_up=%c", self._add)
        firmware.command(
            "buttons_query oid=%c clock=%u rest_ticks=%u retransmit_count=%c invert=%c", self._query
        )
        firmware.command("buttons_ack oid=%c count=%c", self._ack)
        self.state = firmware.response("buttons_state oid=%c ack_count=%c state=%*s")

    def _config(self, oid: int, count: int) -> None:
        if count > 8:
            raise FirmwareShutdown("Max of 8 buttons")
        self._firmware.assign(oid, Buttons(self._firmware, oid, count, self))

    def _add(self, oid: int, position: int, pin: int, _pull_up: int) -> None:
        self._firmware.lookup(oid, Buttons).add(position, self._firmware.input_pin(pin))

    def _query(self, oid: int, clock: int, rest_ticks: int, _retransmit: int, released: int) -> None:
        self._firmware.lookup(oid, Buttons).query(
            self._firmware.scheduler.extend(clock), rest_ticks, released
        )

    def _ack(self, oid: int, count: int) -> None:
        self._firmware.lookup(oid, Buttons).acknowledge(count)
