"""The simulated micro-controller: bytes and time in, bytes out."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from zcal_tui.sim.mcu import accelerometers
from zcal_tui.sim.mcu.accelerometers import AccelerometerCommands, RegisterChip
from zcal_tui.sim.mcu.analog import AnalogInputs
from zcal_tui.sim.mcu.basecmd import BaseCommands
from zcal_tui.sim.mcu.beacon import BeaconSensor
from zcal_tui.sim.mcu.buttons import ButtonCommands
from zcal_tui.sim.mcu.cartographer import CartographerSensor
from zcal_tui.sim.mcu.chips import SPI_CHIPS, SilentI2cChip, SilentSpiChip, SpiChip, TmcRegisters
from zcal_tui.sim.mcu.counters import Counters
from zcal_tui.sim.mcu.dictionary import Dictionary, UnknownCommandError
from zcal_tui.sim.mcu.displays import Hd44780s, Neopixels, St7920s
from zcal_tui.sim.mcu.endstops import Endstops
from zcal_tui.sim.mcu.firmware import SHUTDOWN_REASONS, Firmware
from zcal_tui.sim.mcu.framing import DecodeError, SerialLink
from zcal_tui.sim.mcu.hx71x import Hx71xs
from zcal_tui.sim.mcu.i2c import Device, I2cBuses
from zcal_tui.sim.mcu.i2c_thermometers import THERMOMETERS
from zcal_tui.sim.mcu.ldc1612 import Ldc1612s
from zcal_tui.sim.mcu.ldc1612_chip import ADDRESSES, Ldc1612Chip
from zcal_tui.sim.mcu.ldc1612_ng import Ldc1612Ngs
from zcal_tui.sim.mcu.load_cell_probe import LoadCellTriggers
from zcal_tui.sim.mcu.outputs import Outputs
from zcal_tui.sim.mcu.own_clock import Crystal, OwnClock
from zcal_tui.sim.mcu.pca9685 import Pca9685s
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown
from zcal_tui.sim.mcu.sos_filter import SosFilters
from zcal_tui.sim.mcu.spi import SpiBuses
from zcal_tui.sim.mcu.steppers import Steppers
from zcal_tui.sim.mcu.thermocouples import Thermocouples
from zcal_tui.sim.mcu.timeline import Timeline
from zcal_tui.sim.mcu.tmcuart import TmcUarts
from zcal_tui.sim.mcu.trigger_analog import TriggerAnalogs
from zcal_tui.sim.mcu.trsync import Trsyncs
from zcal_tui.sim.ports import Machine

logger = logging.getLogger(__name__)

CLOCK_FREQ = 12_000_000
SECONDS_BEFORE_WRAP = 20
RESET_SECONDS = 0.060
I2C_BUSES = ("i2c0", "i2c1", "i2c2", "i2c3")
SPI_BUSES = ("spi0", "spi1", "spi2", "spi3")

GROUPS: Mapping[str, Callable[[Firmware], object]] = {
    "beacon": BeaconSensor,
    "buttons": ButtonCommands,
    "cartographer": CartographerSensor,
    "counter": Counters,
    "hd44780": Hd44780s,
    "neopixel": Neopixels,
    "pca9685": Pca9685s,
    "st7920": St7920s,
    "thermocouple": Thermocouples,
}
"""Groups of commands that need nothing but the firmware, by name. The others: i2c, silent_i2c, eddy, eddy_ng,
spi, tmcuart."""

VERSION = "simulated-1"
BUILD_VERSIONS = "zcal-tui"
CHIP = "rp2040"
"""The chip it calls itself: klippy knows the slope of its temperature sensor."""
APP = "zcal-tui simulated micro-controller"


class SimulatedMcu:
    """A micro-controller that speaks Klipper's protocol and moves a machine. Satisfies `ports.Mcu`.

    The clock starts shortly before its 32 bits overflow, so that every run of more than a few seconds
    meets the overflow. Times are simulator seconds; one that lies before an earlier one counts as that.
    `groups` are the groups of commands that it offers beside the basic ones: all of them would not fit, since
    klippy of 2023 understands identifiers of one byte only. `i2c_buses` are the names of its I2C buses, the first one
    the default; with the groups eddy and eddy_ng each has an eddy current sensor, with silent_i2c a silent chip at any
    other address. `i2c_chips` are the kinds of chips by their addresses; thermometers
    among them read `ambient` °C. `older_accelerometers`: see `AccelerometerCommands`. `spi_buses` are those of its SPI
    buses, `spi_chips` the kinds of chips (see SPI_CHIPS) by their chip select pins; behind other pins are silent chips.
    One of several micro-controllers of a printer has a `name` of its own, its `pins`, whose names are the machine's
    behind "NAME:", and the `timeline` of all. One that has a timeline for itself starts it again when it restarts.
    With a `crystal` it has a clock of its own in the timeline, though it calls it `clock_freq`.
    With `older_i2c` the I2C and eddy sensor commands are those of before 2025, which Kalico uses: a host
    that finds both kinds takes the older.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        clock_freq: int = CLOCK_FREQ,
        start_clock: int | None = None,
        name: str = "mcu",
        pins: Sequence[str] | None = None,
        timeline: Timeline | None = None,
        crystal: Crystal | None = None,
        groups: Collection[str] = ("i2c", "eddy"),
        i2c_buses: Sequence[str] = I2C_BUSES,
        i2c_chips: Mapping[int, str] = MappingProxyType({}),
        ambient: float = 23.0,
        older_i2c: bool = False,
        older_accelerometers: bool = False,
        spi_buses: Sequence[str] = SPI_BUSES,
        spi_chips: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        if clock_freq * 3 >= 1 << 31:
            raise ValueError(
                f"a clock of {clock_freq} Hz is too fast: klippy schedules up to 3 s ahead in 31 bits"
            )
        self._machine = machine
        self._clock_freq = clock_freq
        self._start_clock = (
            (1 << 32) - SECONDS_BEFORE_WRAP * clock_freq if start_clock is None else start_clock
        )
        self._name = name
        self._pins = tuple(machine.pins if pins is None else pins)
        self._shared_timeline = timeline
        self._crystal = crystal
        self._i2c_buses = tuple(i2c_buses) or I2C_BUSES
        self._i2c_chips = i2c_chips
        self._ambient = ambient
        self._older_i2c = older_i2c
        self._older_accelerometers = older_accelerometers
        self._groups = frozenset(groups)
        self._spi_buses = tuple(spi_buses) or SPI_BUSES
        self._spi_kinds = spi_chips
        self._chips: dict[tuple[str, int], Ldc1612Chip] = {}
        self._i2c_devices: dict[tuple[str, int], Device] = {}
        self._spi_chips: dict[str, SpiChip] = {}
        self._drivers: dict[tuple[str, int], TmcRegisters] = {}
        self._odometer: dict[str, int] = {}
        self._now = 0.0
        self._reached = -1.0
        """The time to which the firmware has been run."""
        self._out = bytearray()
        self._frozen = False
        self._reset_asked = False
        self._silent_until: float | None = None
        self._link = SerialLink()
        self._firmware = self._boot(0.0)

    # ports.Mcu

    def feed(self, data: bytes, now: float) -> None:
        """Bytes from the host arrived at `now`."""
        self._run_to(now)
        if self._frozen or self._silent_until is not None:
            return
        for content in self._link.receive(data):
            if content is not None:
                self._dispatch(content)
            if self._reset_asked:
                self._begin_reset()
                return
            self._out += self._link.frame()

    def run(self, now: float) -> bytes:
        """Do everything that is due up to `now` and return what is to be sent to the host."""
        self._run_to(now)
        if not self._out:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return b"" if self._frozen else out

    def catch_up(self, now: float) -> None:
        """Bring the firmware and the machine to `now`; what there is to send waits for the next `run`."""
        self._run_to(now)

    def next_wakeup(self) -> float | None:
        """The next time at which `run` has something to do, if nothing arrives before."""
        if self._silent_until is not None:
            return self._silent_until
        return self._firmware.next_wakeup()

    def silent_until(self) -> float | None:
        """While restarting: the time until which nothing is read or sent; bytes that arrive are lost."""
        return self._silent_until

    # Faults

    def freeze(self) -> None:
        """From now on nothing is answered, as if the cable had been pulled; the firmware itself runs on."""
        self._frozen = True
        self._out.clear()

    def thaw(self) -> None:
        """Answer again."""
        self._frozen = False

    def crash(self, reason: str, now: float) -> None:
        """Shut the firmware down for one of `SHUTDOWN_REASONS`. Raises ValueError for another reason."""
        if reason not in SHUTDOWN_REASONS:
            raise ValueError(f"{reason!r} is no reason this firmware shuts down for; see SHUTDOWN_REASONS")
        self._run_to(now)
        self._firmware.shut_down(reason)

    def power_cycle(self, now: float) -> None:
        """Switch off and on again."""
        self._run_to(now)
        self._begin_reset()

    # What the simulator may look at

    @property
    def shutdown_reason(self) -> str | None:
        """Why the firmware has shut down, if it has."""
        return self._firmware.shutdown_reason

    @property
    def is_configured(self) -> bool:
        """Whether a host has configured it since the last reset."""
        return self._firmware.is_configured

    @property
    def steps(self) -> dict[str, int]:
        """Microsteps by step pin since the simulator started, as of the last `feed` or `run`."""
        return self._firmware.motion.steps_now()

    def _run_to(self, now: float) -> None:
        if now <= self._reached:
            return
        self._now = max(now, self._now)
        if self._silent_until is not None:
            if self._now < self._silent_until:
                return
            started, self._silent_until = self._silent_until, None
            self._link = SerialLink()
            self._firmware = self._boot(started)
        self._reached = self._now
        firmware = self._firmware
        clock = firmware.clock_of(self._now)
        while firmware.clock < clock:
            try:
                firmware.scheduler.run_until(clock)
            except FirmwareShutdown as shutdown:
                firmware.shut_down(shutdown.reason)

    def _dispatch(self, content: bytes) -> None:
        firmware = self._firmware
        try:
            for command, values in firmware.dictionary.parse(content):
                if firmware.is_shutdown and not command.in_shutdown:
                    firmware.report_shutdown()
                    continue
                command.handler(*values)
                if self._reset_asked:
                    return
        except FirmwareShutdown as shutdown:
            firmware.shut_down(shutdown.reason)
        except UnknownCommandError as error:
            logger.debug("%s: %s", self._name, error)
            firmware.shut_down("Invalid command")
        except DecodeError as error:
            logger.debug("%s: %s", self._name, error)
            firmware.shut_down("Command parser error")

    def _ask_reset(self) -> None:
        self._reset_asked = True

    def _begin_reset(self) -> None:
        logger.debug("%s: reset at %.6f s", self._name, self._now)
        self._reset_asked = False
        self._out.clear()
        self._firmware.retire()
        self._machine.reset(self._now, self._name)
        self._silent_until = self._now + RESET_SECONDS

    def _boot(self, time: float) -> Firmware:
        dictionary = Dictionary(version=VERSION, build_versions=BUILD_VERSIONS, app=APP)
        dictionary.constant("MCU", CHIP)
        timeline = self._shared_timeline or Timeline(
            self._machine, self._clock_freq, self._start_clock, time, self._odometer
        )
        prefix = "" if self._name == "mcu" else f"{self._name}:"
        own_clock = None
        if self._crystal is not None:
            now = timeline.scheduler.clock
            own_clock = OwnClock(self._crystal, self._start_clock, timeline.clock_freq, now)
        firmware = Firmware(
            self._machine,
            dictionary,
            timeline,
            pins=self._pins,
            prefix=prefix,
            send=self._send,
            clock_freq=self._clock_freq,
            own_clock=own_clock,
        )
        BaseCommands(firmware, self._ask_reset)
        Trsyncs(firmware)
        Steppers(firmware)
        Endstops(firmware)
        AnalogInputs(firmware)
        Outputs(firmware)
        if "spi" in self._groups:
            SpiBuses(firmware, self._spi_buses, self._spi_chip)
        for name in sorted(self._groups & GROUPS.keys()):
            GROUPS[name](firmware)
        if "tmcuart" in self._groups:
            TmcUarts(firmware, self._driver)
        if self._groups & {"i2c", "silent_i2c", "eddy", "eddy_ng"}:
            I2cBuses(firmware, self._i2c_buses, self._chip_at, older=self._older_i2c)
        for group in (name for name in accelerometers.COMMANDS if name in self._groups):
            kinds = {0: "lis2dw", 1: "lis3dh"} if group == "lis2dw" else {}
            AccelerometerCommands(firmware, group, kinds, older=self._older_accelerometers)
        self._declare_triggering_sensors(firmware)
        starting = firmware.response("starting")
        starting()
        return firmware

    def _declare_triggering_sensors(self, firmware: Firmware) -> None:
        older, groups = self._older_i2c, self._groups
        if "eddy" in groups:
            Ldc1612s(firmware, older=older)
        if "eddy_ng" in groups:
            Ldc1612Ngs(firmware)
        if "load_cell" in groups:
            Hx71xs(firmware, older=older)
        if "load_cell" in groups or ("eddy" in groups and not older):
            SosFilters(firmware, older=older)
        if "load_cell" in groups and older:
            LoadCellTriggers(firmware)
        if groups & {"eddy", "load_cell"} and not older:
            TriggerAnalogs(firmware)

    def _chip_at(self, bus: str, address: int) -> Device | None:
        """An eddy current sensor at each of its two addresses on every bus: the machine knows the coils."""
        if self._groups & {"eddy", "eddy_ng"} and address in ADDRESSES:
            return self._chips.setdefault((bus, address), Ldc1612Chip())
        kind = self._i2c_chips.get(address)
        if kind is not None:
            if (bus, address) not in self._i2c_devices:
                self._i2c_devices[bus, address] = self._make_i2c_chip(kind)
            return self._i2c_devices[bus, address]
        return SilentI2cChip() if "silent_i2c" in self._groups else None

    def _make_i2c_chip(self, kind: str) -> Device:
        if kind in accelerometers.KINDS:
            return RegisterChip(kind)
        return THERMOMETERS[kind](self._ambient)

    def _spi_chip(self, pin: str) -> SpiChip:
        """The chip behind a chip select pin. Chips keep their state when the micro-controller restarts."""
        if pin not in self._spi_chips:
            kind = self._spi_kinds.get(pin, "")
            make = SPI_CHIPS.get(kind)
            if kind in accelerometers.KINDS:
                self._spi_chips[pin] = RegisterChip(kind)
            else:
                self._spi_chips[pin] = make(partial(self._driver_written, pin)) if make else SilentSpiChip()
        return self._spi_chips[pin]

    def _driver(self, pin: str, address: int) -> TmcRegisters:
        """The stepper driver at an address of a UART's receive pin."""
        written = partial(self._driver_written, pin, address)
        return self._drivers.setdefault((pin, address), TmcRegisters(written))

    def _driver_written(self, pin: str, address: int, register: int, value: int) -> None:
        self._machine.driver_written(f"{pin}/{address}", register, value)

    def _send(self, content: bytes) -> None:
        self._out += self._link.frame(content)
