"""A printer's state as of one moment: immutable, replaced on every change, cheap to hand across threads.

Units are Klipper's: mm, mm/s, °C, seconds of klippy's clock. A value that the printer does not report (because the
object is not configured, or its Klipper is older or a fork) is None or empty; nothing here is guessed.
"""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Literal

from zcal_tui.model.lazy_dataclass import dataclass

Xyz = tuple[float, float, float]
KlippyStateName = Literal["disconnected", "startup", "ready", "error", "shutdown"]
App = Literal["Klipper", "Kalico"]

ZERO_NOISE = 0.0005
"""mm within which two zeros are the same one."""
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class HeaterState:
    """A heater's temperature and target in °C."""

    temperature: float
    target: float


@dataclass(frozen=True)
class ProbeState:
    """The `probe` object. `last_query` is the switch as of the last QUERY_PROBE (True: triggered). `tool` is the
    section of a toolchanger's active tool, empty where no tool is active or the probe belongs to none."""

    name: str
    last_query: bool | None = None
    tool: str = ""


@dataclass(frozen=True)
class ManualProbeState:
    """Klipper's paper test helper: the nozzle's Z and the next lower and higher Z that were tried."""

    is_active: bool = False
    z_position: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class BedMeshState:
    """The active mesh: its profile's name ("" for none), and whether a mesh bends moves at this moment."""

    profile_name: str = ""
    active: bool = False


@dataclass(frozen=True)
class SaveConfigPending:
    """What SAVE_CONFIG would write. `items` is {section: {option: text}}; empty also where an old Klipper
    only reports that something is pending."""

    pending: bool = False
    items: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class PrinterState:
    """Everything the mirror keeps.

    `homed_axes` is a string out of "xyz"; `position` where the toolhead was commanded to go in the machine's frame (in
    a probing move its end, not where it is), `live_position` where it is to a quarter second, `gcode_position` the one
    G-code sees; `homing_origin` the live G-code offset (SET_GCODE_OFFSET), `gcode_zero` where G-code's zero lies:
    there, unless G92 has shifted it. `settings` is `configfile.settings` (parsed values, lower-case keys), `config` the
    raw texts of printer.cfg, both read once per klippy start. `commands` are the G-code commands known now, or None
    where Klipper does not report them (before November 2023). `instance` distinguishes several printers on one host
    (the word in `printer_2_data`), empty where there is one. `z_calibration` and `zcal` are those objects' status as it
    came. `print_time` is the toolhead's estimated_print_time, in seconds of the micro-controller's clock. `scan_model`
    is the name of the model that a scanner's plugin uses, empty where there is none. `extruder` is the heater of the
    tool in use, empty where Klipper does not name it.
    """

    connected: bool = False
    link: str = "not connected"
    klippy: KlippyStateName = "disconnected"
    message: str = ""
    eventtime: float = 0.0
    print_time: float | None = None
    starts: int = 0
    app: App = "Klipper"
    software_version: str = ""
    hostname: str = ""
    instance: str = ""
    objects: frozenset[str] = frozenset()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: EMPTY)
    config: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    commands: frozenset[str] | None = None
    homed_axes: str = ""
    position: Xyz | None = None
    live_position: Xyz | None = None
    axis_minimum: Xyz | None = None
    axis_maximum: Xyz | None = None
    gcode_position: Xyz | None = None
    homing_origin: Xyz = (0.0, 0.0, 0.0)
    gcode_zero: Xyz | None = None
    heaters: Mapping[str, HeaterState] = field(default_factory=lambda: EMPTY)
    sensors: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    probe: ProbeState | None = None
    manual_probe: ManualProbeState = ManualProbeState()
    bed_mesh: BedMeshState = BedMeshState()
    print_state: str = ""
    printing: bool = False
    paused: bool = False
    save_config: SaveConfigPending = SaveConfigPending()
    quad_gantry_level_applied: bool | None = None
    z_tilt_applied: bool | None = None
    z_calibration: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    zcal: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    scan_model: str = ""
    extruder: str = ""

    @property
    def ready(self) -> bool:
        """Whether commands can be given now."""
        return self.connected and self.klippy == "ready"

    @property
    def busy(self) -> bool:
        """Whether a print runs, or PAUSE was called, so that nothing may be moved."""
        return self.printing or self.paused

    @property
    def job(self) -> bool:
        """Whether there is a print, running or paused. PAUSE, as of a filament sensor, needs none."""
        return self.printing or self.print_state == "paused"

    @property
    def heaters_on(self) -> tuple[str, ...]:
        """The heaters that are on, by name and target, for people."""
        return tuple(
            f"{name} (target {heater.target:.0f} °C)"
            for name, heater in self.heaters.items()
            if heater.target > 0
        )

    @property
    def busy_because(self) -> str:
        """What is going on where `busy`, as a sentence."""
        if not self.job:
            return "The printer is paused (PAUSE), with no print."
        return "A print is running." if self.printing else "A print is paused."

    @property
    def redefined(self) -> str:
        """The axes whose zero G92 has shifted, out of "XYZ"."""
        if self.gcode_zero is None:
            return ""
        pairs = zip("XYZ", self.gcode_zero, self.homing_origin, strict=True)
        return "".join(axis for axis, zero, origin in pairs if abs(zero - origin) > ZERO_NOISE)

    def homed(self, axes: str = "xyz") -> bool:
        """Whether all of these axes are homed."""
        return all(axis in self.homed_axes for axis in axes)

    def has_command(self, name: str) -> bool | None:
        """Whether a G-code command exists now; None where Klipper does not report it."""
        return None if self.commands is None else name in self.commands
