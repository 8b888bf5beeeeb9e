"""The page before a full calibration: what it will do, with a switch for each, asked once."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from zcal_tui.checks.base import Check
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.parameters import build
from zcal_tui.checks.temperature.consent import heat_question
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.checks.temperature.plan import phases_of
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import HEAT, PLAN_CONSENT, Choose, Option
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.state import PrinterState

START, NOT_NOW = "start", "not-now"
HEATING_HELP = "Unload the filament first. However it ends, the heaters go off."
HOMING, LEVELLING, HEATING, SAVING = "home", "level", "heat", "save"


@dataclass(frozen=True)
class Switch:
    """Something that the calibration does if it is switched on. `questions` are the keys of the questions that the
    switch answers, for the given `facts`."""

    label: str
    help: str
    questions: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)


SAVE_SWITCH = Switch("Save and restart", "Each save shows its change first and asks you.")


def switches_of(checks: Sequence[Check], state: PrinterState) -> dict[str, Switch]:
    """The switches for these checks on this printer."""
    found: dict[str, Switch] = {}
    if not checks:
        return found
    found[HOMING] = Switch("Home all axes", "Runs G28 now and after each restart.", ("offer-homed",))
    levels = {"QUAD_GANTRY_LEVEL": state.quad_gantry_level_applied, "Z_TILT_ADJUST": state.z_tilt_applied}
    if command := next((name for name, applied in levels.items() if applied is not None), None):
        found[LEVELLING] = Switch("Level", f"Runs {command} with the probe attached.", ("offer-levelled",))
    if any(check.info.heats for check in checks) and (heat := _heating(state)) is not None:
        found[HEATING] = heat
    found[SAVING] = SAVE_SWITCH
    return found


def _heating(state: PrinterState) -> Switch | None:
    """The switch for heating; None where the check itself has to say why it cannot heat."""
    probe = probe_config(state)
    if probe is None:
        return None
    try:
        question = heat_question(phases_of(state, probe, build(TemperatureParameters, {})))
    except CheckRefused:
        return None
    return Switch(question.text.rstrip("?"), HEATING_HELP, (HEAT,), question.facts)


def advance_question(
    switches: Mapping[str, Switch],
    on: Mapping[str, bool],
    checks: Sequence[Check],
    capabilities: Capabilities,
) -> Choose:
    """The page with the switches as they are."""
    minutes = sum(check.info.needs(capabilities).minutes for check in checks)
    options = [Option(START, "Start", f"{len(checks)} checks, about {minutes:.0f} min")]
    options += [
        Option(name, f"{'[on] ' if on[name] else '[off]'} {switch.label}", switch.help)
        for name, switch in switches.items()
    ]
    options.append(Option(NOT_NOW, "Not now"))
    return Choose(
        PLAN_CONSENT,
        "The full calibration does what is switched on below. Of these, only saving asks again.",
        tuple(options),
        "A docked probe is attached by the printer's macros.",
        consent=True,
    )
