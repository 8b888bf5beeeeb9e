"""The probing methods of scanners, and the commands that use one of them.

A method that lets the nozzle touch the bed takes its samples one by one: those commands print no single samples of a
series, or lift by themselves.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.scanner_plugins import is_old_cartographer, never_sampled
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

MethodName = Literal["scan", "touch", "tap", "proximity", "contact"]
SCANNED_FROM = 2.0
"""mm. Klipper's eddy current probe measures up to 4 mm; meshes are scanned from 1 mm (Klipper docs, Eddy_Probe)."""
METHODS: tuple[MethodName, ...] = ("scan", "touch", "tap", "proximity", "contact")
"""Every name of a method, as the plugins and Klipper call theirs."""


def _always(settings: Mapping[str, Any]) -> str:
    return ""


def _needs_threshold(settings: Mapping[str, Any]) -> str:
    if number(settings.get("tap_threshold")):
        return ""
    return "It has no tap_threshold yet. Calibrate it first (Klipper docs, Eddy_Probe, Tap calibration)."


def _sets_zero(settings: Mapping[str, Any]) -> str:
    return "Its command TOUCH sets Z 0 by itself, waits for a cooler nozzle, and prints no height."


def _switches(settings: Mapping[str, Any]) -> str:
    return "Only PROBE_SWITCH METHOD=VORON_TAP selects it, for every later command too."


def _taps(settings: Mapping[str, Any]) -> str:
    return "PROBE_EDDY_NG_TAP changes Z 0, or with HOME_Z=0 the live G-code offset."


@dataclass(frozen=True, slots=True)
class ProbeMethod:
    """One method of one kind of probe."""

    name: MethodName
    section: str
    """The first word of the probe's section."""
    command: str
    """The command that takes one sample, or with `series` PROBE_ACCURACY with these parameters."""
    series: bool = False
    touches: bool = False
    """Whether the nozzle touches the bed."""
    height: float = 0.0
    """mm above the bed (toolhead Z) from which it measures without moving; 0 where the command moves by itself."""
    missing: Callable[[Mapping[str, Any]], str] = _always
    """Why it cannot be used with these settings of the section, as sentences; empty where it can."""


TAP = ProbeMethod("tap", "probe_eddy_current", "PROBE METHOD=tap", touches=True, missing=_needs_threshold)
PROBE_METHODS: tuple[ProbeMethod, ...] = (
    ProbeMethod("scan", "cartographer", "PROBE_ACCURACY", series=True),
    ProbeMethod("touch", "cartographer", "CARTOGRAPHER_TOUCH_PROBE", touches=True),
    ProbeMethod("proximity", "beacon", "PROBE_ACCURACY", series=True),
    ProbeMethod("contact", "beacon", "PROBE PROBE_METHOD=contact", touches=True),
    ProbeMethod("scan", "probe_eddy_current", "PROBE METHOD=scan", height=SCANNED_FROM),
    TAP,
    ProbeMethod("scan", "idm", "PROBE_ACCURACY", series=True),
    ProbeMethod("tap", "idm", "PROBE", touches=True, missing=_switches),
    ProbeMethod("scan", "scanner", "PROBE_ACCURACY", series=True),
    ProbeMethod("touch", "scanner", "PROBE", touches=True, missing=_sets_zero),
    # Each PROBE comes down to home_trigger_height from above
    ProbeMethod("scan", "probe_eddy_ng", "PROBE"),
    ProbeMethod("tap", "probe_eddy_ng", "PROBE", touches=True, missing=_taps),
)
"""Every method that is known."""


class NoSuchMethod(Exception):
    """The probe has no such method. `args` are what, cause and remedy, for people."""

    def __init__(self, what: str, cause: str, remedy: str) -> None:
        super().__init__(what, cause, remedy)
        self.what, self.cause, self.remedy = what, cause, remedy


def methods_of(state: PrinterState) -> tuple[ProbeMethod, ...]:
    """The methods of the printer's probe, whether they can be used now or not."""
    probe = probe_config(state)
    kind = "" if probe is None else probe.section.split()[0]
    own = tuple(method for method in PROBE_METHODS if method.section == kind)
    return tuple(method for method in own if not method.touches) if is_old_cartographer(state) else own


COILS: Mapping[str, ProbeMethod] = {
    "cartographer": ProbeMethod("scan", "cartographer", "PROBE"),
    "beacon": ProbeMethod("proximity", "beacon", "PROBE PROBE_METHOD=proximity"),
    "probe_eddy_current": ProbeMethod("scan", "probe_eddy_current", "PROBE METHOD=scan", height=SCANNED_FROM),
}
"""The commands by which a scanner's coil says where it expects the nozzle's contact, one sample each."""


def compared_methods(state: PrinterState) -> tuple[ProbeMethod, ProbeMethod]:
    """The coil's method and that of the nozzle's contact. Raises NoSuchMethod where the probe has not both."""
    probe = probe_config(state)
    section = "" if probe is None else probe.section
    coil = COILS.get(section.split()[0]) if section else None
    contact = next((method for method in methods_of(state) if method.touches), None)
    if coil is None or contact is None:
        raise NoSuchMethod(
            f"[{section}] has no two methods to compare.",
            "That needs a scanner whose nozzle can touch the bed: Cartographer, Beacon or Klipper's tap.",
            "Leave --compare-methods out.",
        )
    return coil, method_of(state, contact.name)


def only_by_method(state: PrinterState) -> ProbeMethod | None:
    """The method that takes samples one by one, where the probe's PROBE_ACCURACY takes none; None where it does.
    Raises NoSuchMethod where the printer lacks its command."""
    probe = probe_config(state)
    if probe is None or never_sampled(probe) is None:
        return None
    return method_of(state, next(method.name for method in methods_of(state) if not method.touches))


def method_of(state: PrinterState, name: str) -> ProbeMethod:
    """The probe's method of that name. Raises NoSuchMethod where it has none, or cannot use it."""
    probe = probe_config(state)
    section = "" if probe is None else probe.section
    there = methods_of(state)
    found = next((method for method in there if method.name == name), None)
    if found is None:
        has = " and ".join(method.name for method in there)
        raise NoSuchMethod(
            f"[{section}] has no method {name}.",
            f"It has {has}." if has else "Only a scanner has more than one method.",
            "Use one of them (--method), or leave --method out." if has else "Leave --method out.",
        )
    if missing := found.missing(state.settings.get(section, {})):
        usable = [one.name for one in there if not one.missing(state.settings.get(section, {}))]
        remedy = f"Use --method {usable[0]}." if usable else "Leave --method out."
        raise NoSuchMethod(f"[{section}] cannot use its method {name}.", missing, remedy)
    command = found.command.split()[0]
    if state.has_command(command) is False:
        raise NoSuchMethod(
            f"[{section}] cannot use its method {name}.",
            f"This printer has no command {command}.",
            "Update the plugin.",
        )
    return found
