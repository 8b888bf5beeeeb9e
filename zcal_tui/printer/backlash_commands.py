"""Backlash commands that the plugins of scanning probes bring.

A new plugin needs one entry here, and the wording of its result in printer/console.py, as `BacklashFound`,
`BacklashNegative` or `BacklashNone`. The plan, `all` and the check `backlash` follow. A result that these three do not
fit gets a message of its own, which checks/backlash/plugin_instrument.py has to read.
"""

from collections.abc import Callable, Mapping

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.scanner_plugins import is_old_cartographer
from zcal_tui.printer.state import PrinterState


@dataclass(frozen=True, slots=True)
class PluginCommand:
    """One plugin's command."""

    name: str
    section: str
    """The probe's section of printer.cfg, by which it is known where Klipper does not list its commands."""
    parameters: Callable[[int, float | None], Mapping[str, float | None]]
    """The command's parameters for a number of pairs of approaches and a distance to come from (mm; None for the
    plugin's own)."""
    resolution: float
    """Step of the printed value, mm; 0 where it is printed as finely as it is measured."""
    stores_value: bool
    """Whether the plugin has an option z_backlash in the probe's section."""
    nozzle_at_reference: bool = False
    """Whether it calibrates with the nozzle, not the probe, at the zero reference position."""
    advice: str = ""
    """What to know about the result, for the verdict page."""


def _medians(name: str, section: str) -> PluginCommand:
    """The command of Beacon, or of the older scanner.py and idm.py that were made from it: medians of both directions.
    SAMPLES counts those of both."""
    return PluginCommand(
        name,
        section,
        lambda pairs, delta: {"SAMPLES": 2 * pairs, "OVERRUN": delta},
        resolution=0.0,
        stores_value=False,
        advice=(
            "Do not enter this value as backlash_comp. That option is how far the scanner's own moves overrun, and has "
            "to be larger."
        ),
    )


BACKLASH_COMMANDS = (
    PluginCommand(
        "CARTOGRAPHER_ESTIMATE_BACKLASH",
        "cartographer",
        lambda pairs, delta: {"ITERATIONS": pairs, "DELTA": delta},
        resolution=0.001,
        stores_value=True,
        nozzle_at_reference=True,
    ),
    _medians("BEACON_ESTIMATE_BACKLASH", "beacon"),
    _medians("SCANNER_ESTIMATE_BACKLASH", "scanner"),
    _medians("CARTOGRAPHER_ESTIMATE_BACKLASH", "scanner"),
    _medians("IDM_ESTIMATE_BACKLASH", "scanner"),
    _medians("IDM_ESTIMATE_BACKLASH", "idm"),
)
"""Every plugin's command that is known."""
_OLD_CARTOGRAPHER = _medians("CARTOGRAPHER_ESTIMATE_BACKLASH", "cartographer")
"""That of cartographer.py, whose section has the name of the newer plugin's."""


def backlash_command(state: PrinterState) -> PluginCommand | None:
    """The backlash command of the probe's own plugin, or of a scanner beside the probe; None where there is none.

    One name has other parameters in another plugin, so the section decides.
    """
    probe = probe_config(state)
    kinds = {section.split()[0] for section in state.settings if section.strip()}
    if is_old_cartographer(state) and state.has_command(_OLD_CARTOGRAPHER.name):
        return _OLD_CARTOGRAPHER
    if probe is not None:
        own = probe.section.split()[0]
        for command in BACKLASH_COMMANDS:
            if command.section == own and state.has_command(command.name) is not False:
                return command
    for command in BACKLASH_COMMANDS:
        if command.section in kinds and state.has_command(command.name):
            return command
    return None
