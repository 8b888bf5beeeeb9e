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


@dataclass(frozen=True)
class Prepared:
    """A printer that can be simulated."""

    name: str
    configuration: Configuration
    """Without what is left out."""
    wiring: Wiring
    truth: Truth
    left_out: tuple[LeftOut, ...] = ()


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
    try:
        SimulatedMachine(wiring, profile.truth)
    except TruthError as error:
        raise WiringError([Refusal(Place(str(profile.printer_cfg)), "", "", str(error))]) from error
    return Prepared(profile.name, configuration, wiring, profile.truth, left_out)
