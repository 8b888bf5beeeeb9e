"""What a printer has, read from its configuration and commands."""

from functools import lru_cache

from zcal_tui.model.capabilities import Capabilities, NozzleEndstop
from zcal_tui.printer.backlash_commands import backlash_command
from zcal_tui.printer.config_view import ProbeConfig, has_probe, probe_config, z_rail
from zcal_tui.printer.contact_homing import homes_by_contact
from zcal_tui.printer.probe_methods import NoSuchMethod, only_by_method
from zcal_tui.printer.scanner_calibrations import own_command, unmodelled
from zcal_tui.printer.scanner_plugins import never_sampled
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text
from zcal_tui.printer.zcal_interface import speaks


def capabilities_of(state: PrinterState) -> Capabilities:
    """What the printer has. Nothing but defaults while its configuration is unknown."""
    return _capabilities(_Key(state))


class _Key:
    """What the answer depends on: configuration and commands, which are replaced as a whole when they change, and
    what is read beside them."""

    __slots__ = ("_identity", "probe", "state", "zcal")

    def __init__(self, state: PrinterState) -> None:
        self.state = state
        self.zcal = speaks(text(state.zcal.get("version")))
        self.probe = has_probe(state)
        self._identity = (id(state.settings), id(state.commands), self.zcal, self.probe)

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._identity == other._identity


@lru_cache(maxsize=4)
def _capabilities(key: _Key) -> Capabilities:
    state = key.state
    settings, backlash, probe = state.settings, backlash_command(state), probe_config(state)
    return Capabilities(
        probe=key.probe,
        senses_distance=probe is not None and probe.senses_distance,
        unsampled="" if probe is None else " ".join((never_sampled(probe) or ())[:2]),
        no_single_samples=_no_single_samples(state),
        no_model="" if probe is None else _no_model(state, probe),
        retracts_on_trigger="bltouch" in settings,
        contact_homes=homes_by_contact(state),
        backlash_command=backlash.name if backlash is not None else "",
        nozzle_endstop=_nozzle_endstop(state),
        position_endstop=any("position_endstop" in section for section in settings.values()),
        heated_bed="heater_bed" in settings,
        hotend="extruder" in settings,
        zcal=key.zcal,
        z_calibration="z_calibration" in settings,
    )


def _no_single_samples(state: PrinterState) -> str:
    try:
        only_by_method(state)
    except NoSuchMethod as none:
        return f"{none.what} {none.cause}"
    return ""


def _no_model(state: PrinterState, probe: ProbeConfig) -> str:
    rail = z_rail(state)
    if not unmodelled(state, probe) or (rail is not None and rail.has_position):
        return ""
    command = own_command(state, probe.section)
    return (
        f"[{probe.section}] has no z_offset that a paper test can measure. Its plugin's own command calibrates its "
        f"whole range: run {command}, then SAVE_CONFIG."
    )


def _nozzle_endstop(state: PrinterState) -> NozzleEndstop:
    rail = z_rail(state)
    if rail is None:
        return "none"
    if rail.homes_with_probe:
        # [z_calibration] may have a switch of its own, for the nozzle to press
        own = text(state.settings.get("z_calibration", {}).get("endstop_pin"))
        return "switch" if own and "z_virtual_endstop" not in own else "probe"
    return "switch" if rail.section == "stepper_z" or rail.section.startswith("carriage ") else "tower"
