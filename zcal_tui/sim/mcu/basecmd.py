"""Identification, configuration, clocks and restarts.

Behaviour after Klipper src/basecmd.c and src/sched.c.
"""

from collections.abc import Callable

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer

STATS_SECONDS = 5
STATS_SUMSQ_BASE = 256


class BaseCommands:
    """The commands every micro-controller has. `reset` is called when the host asks for a reset."""

    def __init__(self, firmware: Firmware, reset: Callable[[], None]) -> None:
        self._firmware = firmware
        self._identify_data = b""
        firmware.dictionary.constant("STATS_SUMSQ_BASE", STATS_SUMSQ_BASE)
        firmware.command("identify offset=%u count=%c", self._identify, in_shutdown=True)
        firmware.command("allocate_oids count=%c", firmware.allocate_oids)
        firmware.command("get_config", self._get_config, in_shutdown=True)
        firmware.command("finalize_config crc=%u", firmware.finalize_config)
        firmware.command("get_clock", self._get_clock, in_shutdown=True)
        firmware.command("get_uptime", self._get_uptime, in_shutdown=True)
        firmware.command("emergency_stop", self._emergency_stop, in_shutdown=True)
        firmware.command("clear_shutdown", firmware.clear_shutdown, in_shutdown=True)
        firmware.command("reset", reset, in_shutdown=True)
        firmware.command("debug_read order=%c addr=%u", self._debug_read, in_shutdown=True)
        self._identified = firmware.response("identify_response offset=%u data=%.*s")
        self._config = firmware.response("config is_config=%c crc=%u is_shutdown=%c move_count=%hu")
        self._clock = firmware.response("clock clock=%u")
        self._uptime = firmware.response("uptime high=%u clock=%u")
        self._stats = firmware.response("stats count=%u sum=%u sumsq=%u")
        self._debug = firmware.response("debug_result val=%u")
        self._stats_timer = Timer(self._send_stats)
        self._stats_ticks = STATS_SECONDS * firmware.clock_freq
        self._start_stats()
        firmware.on_shutdown(self._start_stats)

    def _identify(self, offset: int, count: int) -> None:
        if not self._identify_data:
            self._identify_data = self._firmware.dictionary.identify_data()
        self._identified(offset, self._identify_data[offset : offset + count])

    def _get_config(self) -> None:
        firmware = self._firmware
        self._config(
            int(firmware.is_configured), firmware.config_crc, int(firmware.is_shutdown), firmware.move_count
        )

    def _get_clock(self) -> None:
        self._clock(self._firmware.clock32)

    def _get_uptime(self) -> None:
        clock = self._firmware.clock
        self._uptime(clock >> 32, clock & CLOCK_MASK)

    def _debug_read(self, _order: int, _address: int) -> None:
        # klippy looks calibration values of a chip's sensor up in its memory; this chip has none there
        self._debug(0)

    def _emergency_stop(self) -> None:
        raise FirmwareShutdown("Command request")

    def _start_stats(self) -> None:
        self._firmware.scheduler.add(self._stats_timer, self._firmware.clock + self._stats_ticks)

    def _send_stats(self) -> int:
        # The work of a processor that is all but idle: klippy derives its load figures from these.
        wakeups = STATS_SECONDS * 10
        ticks = max(1, self._firmware.clock_freq // 100_000)
        self._stats(wakeups, wakeups * ticks, -(-wakeups * ticks * ticks // STATS_SUMSQ_BASE))
        return self._stats_timer.waketime + self._stats_ticks
