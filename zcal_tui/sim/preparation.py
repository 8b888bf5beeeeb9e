"""From a profile to a printer that can be simulated: its configuration, perhaps stripped, and what it connects."""

from collections.abc import Collection
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, read_configuration
from zcal_tui.klipper_config.files import FileLocation
from zcal_tui.sim.dock_places import RADIUS, dock_of
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.mandatory import AssumedValue
from zcal_tui.sim.profile import Profile
from zcal_tui.sim.refusals import Refusal
from zcal_tui.sim.strip import LeftOut, strip
from zcal_tui.sim.truth import Truth, TruthError
from zcal_tui.sim.wiring import Wiring, WiringError, connect

CLEARANCE = 0.1
"""mm between the assumed bed and a nozzle that has homed Z below 0."""
REACH = 0.5
"""mm between the lowest allowed Z and the height at which an assumed probe triggers."""

_CROWN = -0.1
"""mm by which the assumed bed falls 100 mm from its middle, where Z is homed at the lowest allowed height."""

_KLICKY = ("docklocation_x", "docklocation_y", "dockmove_x", "dockmove_y")
_ANYWHERE = -128.0
"""Klicky's value for a direction in which the toolhead does not move to dock."""


@dataclass(frozen=True)
class Prepared:
    """A printer that can be simulated."""

    name: str
    configuration: Configuration
    """Without what is left out."""
    wiring: Wiring
    truth: Truth
    left_out: tuple[LeftOut, ...] = ()
    assumed: tuple[AssumedValue, ...] = ()
    """Options that the configuration has and its files lack."""
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
    assumed: tuple[AssumedValue, ...] = ()
    if stripped:
        result = strip(configuration, plugins, facts, own_coil=profile.assumed)
        configuration, left_out, assumed = result.configuration, result.left_out, result.assumed
    wiring = connect(configuration, plugins, facts, profile.truth.simulation.ambient)
    truth = assumed_truth(wiring, configuration) if profile.assumed else profile.truth
    try:
        SimulatedMachine(wiring, truth)
    except TruthError as error:
        raise WiringError([Refusal(FileLocation(str(profile.printer_cfg)), "", "", str(error))]) from error
    renamed = _renamed(configuration, facts)
    return Prepared(profile.name, configuration, wiring, truth, left_out, assumed, renamed)


def assumed_truth(wiring: Wiring, configuration: Configuration) -> Truth:
    """A plausible truth of a printer without a truth file.

    Homing does not press the nozzle into its bed, its probe triggers within reach, and is in the dock that Klicky's
    variables describe, or the moves of other macros.
    """
    truth = Truth()
    first = wiring.drives[0]
    by_switch = first.endstop_pin is not None or first.section in wiring.stalls
    if by_switch and not first.homes_to_max and first.position_endstop < 0.0:
        truth = truth.set("bed.height", first.position_endstop - CLEARANCE)
    lowest = _lowest(wiring, configuration)
    if wiring.probe is not None and by_switch and wiring.probe.z_offset < lowest + CLEARANCE:
        # Klippy would end each probing move before the probe triggers.
        truth = truth.set("probe.z_offset", max(0.0, lowest + REACH))
    elif wiring.probe is not None and not by_switch and wiring.probe.z_offset < lowest + CLEARANCE:
        # Homed at the lowest allowed Z, it triggers within reach only where the bed is higher: in its middle.
        truth = truth.set("bed.bowl", _CROWN)
    if wiring.probe is None or wiring.probe.section != "probe":
        return truth
    dock = _klicky_dock(configuration) or _followed_dock(configuration)
    if dock is not None:
        for key, value in {"probe.kind": "dockable", **dock}.items():
            truth = truth.set(key, value)
    return truth


def _lowest(wiring: Wiring, configuration: Configuration) -> float:
    """The lowest Z that klippy allows."""
    if wiring.kinematics != "delta":
        return wiring.drives[0].position_min
    try:
        return float(configuration.sections["printer"].get("minimum_z_position") or 0.0)
    except ValueError:  # klippy names it when it starts
        return 0.0


def _klicky_dock(configuration: Configuration) -> dict[str, float] | None:
    """Where Klicky's macros fetch and leave the probe; None without them, or where the dock is not at a fixed place."""
    for section in configuration.sections.values():
        values = [section.get(f"variable_{name}") for name in _KLICKY]
        try:
            x, y, move_x, move_y = (float(value) for value in values if value is not None)
        except ValueError:  # other macros, or values that are no numbers
            continue
        if _ANYWHERE not in (x, y):
            return {"dock.x": x, "dock.y": y, "dock.detach_x": x + move_x, "dock.detach_y": y + move_y}
    return None


def _followed_dock(configuration: Configuration) -> dict[str, float] | None:
    """Where other macros do the same, by their moves."""
    found = dock_of(configuration)
    if found is None:
        return None
    (x, y), (detach_x, detach_y) = found
    places = {"dock.x": x, "dock.y": y, "dock.detach_x": detach_x, "dock.detach_y": detach_y}
    return places | {"dock.radius": RADIUS}


def _renamed(configuration: Configuration, facts: KlippyFacts | None) -> tuple[tuple[str, str, str], ...]:
    if facts is None:
        return ()
    return tuple(
        (section.name, option, older)
        for section in configuration.sections.values()
        for option in section.options
        if (older := facts.needs_older_name(section.name, option))
    )
