"""From a profile to a printer that can be simulated: its configuration, perhaps stripped, and what it connects."""

from collections.abc import Collection
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, read_configuration
from zcal_tui.klipper_config.files import Place
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.profile import Profile
from zcal_tui.sim.refusals import Refusal
from zcal_tui.sim.strip import LeftOut, strip
from zcal_tui.sim.truth import Truth, TruthError
from zcal_tui.sim.wiring import Wiring, WiringError, connect

CLEARANCE = 0.1
"""mm between the assumed bed and a nozzle that has homed Z below 0."""


@dataclass(frozen=True)
class Prepared:
    """A printer that can be simulated."""

    name: str
    configuration: Configuration
    """Without what is left out."""
    wiring: Wiring
    truth: Truth
    left_out: tuple[LeftOut, ...] = ()
    renamed: tuple[tuple[str, str, str], ...] = ()
    """Options whose name was another one in the klippy that runs: section, name, its name."""


def prepare(
    profile: Profile,
    *,
    stripped: bool = False,
    plugins: Collection[str] = (),
    facts: KlippyFacts | None = None,
    recursive: bool = False,
) -> Prepared:
    """Read and connect a profile. Raises WiringError with every reason why it cannot be simulated.

    `plugins` are the kinds of sections that further extras bring; `facts` are about the klippy that would run;
    `recursive`: see `read_files`.
    """
    configuration = read_configuration(str(profile.printer_cfg), recursive=recursive)
    left_out: tuple[LeftOut, ...] = ()
    if stripped:
        result = strip(configuration, plugins, facts)
        configuration, left_out = result.configuration, result.left_out
    wiring = connect(configuration, plugins, facts)
    truth = assumed_truth(wiring) if profile.assumed else profile.truth
    try:
        SimulatedMachine(wiring, truth)
    except TruthError as error:
        raise WiringError([Refusal(Place(str(profile.printer_cfg)), "", "", str(error))]) from error
    return Prepared(profile.name, configuration, wiring, truth, left_out, _renamed(configuration, facts))


def assumed_truth(wiring: Wiring) -> Truth:
    """A plausible truth of a printer without a truth file: homing does not press the nozzle into its bed."""
    first = wiring.drives[0]
    by_switch = first.endstop_pin is not None or first.section in wiring.stalls
    if not by_switch or first.homes_to_max or first.position_endstop >= 0.0:
        return Truth()
    return Truth().set("bed.height", first.position_endstop - CLEARANCE)


def _renamed(configuration: Configuration, facts: KlippyFacts | None) -> tuple[tuple[str, str, str], ...]:
    if facts is None:
        return ()
    return tuple(
        (section.name, option, older)
        for section in configuration.sections.values()
        for option in section.options
        if (older := facts.needs_older_name(section.name, option))
    )
