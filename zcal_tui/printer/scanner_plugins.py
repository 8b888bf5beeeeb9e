"""Which release of a scanner's plugin runs, and when its PROBE_ACCURACY does not take the samples that a check needs.

Sources: cartographer-klipper 479f6ab (scanner.py, idm.py, cartographer.py), eddy-ng 1ed056b (probe_eddy_ng.py).
"""

from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text

OLDER_PLUGINS = ("scanner", "idm")
"""The sections of the plugins that cartographer3d-plugin has replaced. Their touch prints no height."""
EDDY_NG = "probe_eddy_ng"


def is_old_cartographer(state: PrinterState) -> bool:
    """Whether [cartographer] belongs to cartographer.py of 2024, which knows no touch and stores no z_backlash."""
    return "cartographer" in state.settings and state.has_command("CARTOGRAPHER_MODEL_SELECT") is True


def sensor_names(state: PrinterState) -> tuple[str, ...]:
    """What the commands of scanner.py begin with: its options `sensor` and `sensor_alt`; empty without that plugin."""
    options = state.settings.get("scanner", {})
    found = (text(options.get(key)) or "" for key in ("sensor", "sensor_alt"))
    return tuple(name.upper() for name in found if name)


def touches_by_mode(state: PrinterState) -> bool:
    """Whether scanner.py is configured to touch: its command TOUCH then homes Z with the nozzle."""
    options = state.settings.get("scanner", {})
    return "touch" in (text(options.get("mode")), text(options.get("calibration_method")))


def never_sampled(probe: ProbeConfig) -> tuple[str, str, str] | None:
    """What, cause and remedy, where PROBE_ACCURACY of this scanner never takes samples of the bed; else None."""
    if probe.section.split()[0] != EDDY_NG:
        return None
    return (
        f"[{probe.section}] (eddy-ng) has no samples that this check can use.",
        "Its PROBE_ACCURACY reads the coil without moving in between, and prints no single samples.",
        "Measure its repeatability with `accuracy --method scan`. For the rest there are PROBE_EDDY_NG_… commands.",
    )


def unsampled(state: PrinterState, probe: ProbeConfig) -> tuple[str, str, str] | None:
    """What, cause and remedy, where PROBE_ACCURACY of this scanner does not take samples of the bed now; else None."""
    if (never := never_sampled(probe)) is not None:
        return never
    kind = probe.section.split()[0]
    switched = state.save_config.items.get("scanner", {}).get("mode", "")
    if kind == "scanner" and switched.lower() == "touch":
        return touched(probe, "MODE=SCAN")
    return None


def touched(probe: ProbeConfig, scan: str = "") -> tuple[str, str, str]:
    """What, cause and remedy, where an older scanner probes with the nozzle although its coil was meant. `scan` is the
    parameter of PROBE_SWITCH that ends it; empty for that of the probe's plugin."""
    back = scan or ("MODE=SCAN" if probe.section == "scanner" else "METHOD=SCAN")
    return (
        f"[{probe.section}] probes with the nozzle.",
        "PROBE_SWITCH has switched it to touch, so that PROBE_ACCURACY lowers the nozzle onto the bed.",
        f"Restart Klipper (RESTART), or run PROBE_SWITCH {back}. Then start again.",
    )
