"""The simulated printer as its surroundings see it: what can be asked of it and done to it while it runs."""

import math
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from zcal_tui.sim.host.clocks import HostClock
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.plant import Plant
from zcal_tui.sim.host.port import McuPort
from zcal_tui.sim.host.run_folder import RunFolder
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.mcu import CLOCK_FREQ, SHUTDOWN_REASONS, SimulatedMcu
from zcal_tui.sim.mcu.core import SECONDS_BEFORE_WRAP
from zcal_tui.sim.mcu.own_clock import Crystal
from zcal_tui.sim.mcu.timeline import Timeline
from zcal_tui.sim.person import Person
from zcal_tui.sim.preparation import Prepared
from zcal_tui.sim.truth import Truth
from zcal_tui.sim.wiring_types import MAIN

T = TypeVar("T")


def _nominal_freq(number: int) -> int:
    """The frequency of the `number`-th further micro-controller: below the main one's, of few values."""
    return CLOCK_FREQ - 1_000_000 * (1 + (number - 1) % 5)


def _crystal(nominal: int, name: str, truth: Truth, seed: int | None) -> Crystal:
    """Its crystal: off by an error of its own, and drifting with a phase of its own."""
    simulation = truth.simulation
    draws = draws_for(simulation.seed if seed is None else seed, f"clock {name}")
    error = float(draws.standard_normal())
    return Crystal(
        mean=round(nominal * (1.0 + error * simulation.clock_error / 1e6)),
        drift=simulation.clock_drift,
        period=simulation.clock_drift_period,
        phase=float(draws.uniform(0.0, 2.0 * math.pi)),
    )


def _shared_timeline(machine: SimulatedMachine) -> Timeline:
    """The timeline of several micro-controllers: it goes on when one of them restarts."""
    first_clock = (1 << 32) - SECONDS_BEFORE_WRAP * CLOCK_FREQ
    return Timeline(machine, CLOCK_FREQ, first_clock, 0.0, {})


class SimulatedPrinter:
    """A machine, its micro-controller and its person, alive on a port.

    The methods return futures: everything happens in the plant's thread, between two instants of the machine.
    """

    def __init__(
        self,
        prepared: Prepared,
        folder: RunFolder,
        clock: HostClock,
        seed: int | None,
        on_failure: Callable[[BaseException], None],
        *,
        older_i2c: bool = False,
        older_accelerometers: bool = False,
    ) -> None:
        """`on_failure` is called, from the plant's thread, if the simulation itself breaks down. `older_i2c` and
        `older_accelerometers`: see `SimulatedMcu`.
        """
        self._machine = SimulatedMachine(prepared.wiring, prepared.truth, seed)
        wiring = prepared.wiring
        timeline = _shared_timeline(self._machine) if wiring.others else None
        self._mcu = SimulatedMcu(
            self._machine,
            timeline=timeline,
            groups=wiring.groups,
            i2c_buses=wiring.i2c_buses,
            i2c_chips=wiring.i2c_chips,
            ambient=prepared.truth.simulation.ambient,
            older_i2c=older_i2c,
            older_accelerometers=older_accelerometers,
            spi_buses=wiring.spi_buses,
            spi_chips=wiring.spi_chips,
        )
        self._mcus = {MAIN: self._mcu}
        lines = [(self._mcu, McuPort(folder.mcu_port))]
        self.ports = {"mcu": folder.mcu_port}
        """The ports of the micro-controllers, by section."""
        for number, wire in enumerate(wiring.others, start=1):
            nominal = _nominal_freq(number)
            mcu = SimulatedMcu(
                self._machine,
                name=wire.name,
                pins=wire.pins,
                timeline=timeline,
                clock_freq=nominal,
                crystal=_crystal(nominal, wire.name, prepared.truth, seed),
                groups=wire.groups,
                i2c_buses=wire.i2c_buses,
                i2c_chips=wire.i2c_chips,
                ambient=prepared.truth.simulation.ambient,
                older_i2c=older_i2c,
                older_accelerometers=older_accelerometers,
                spi_buses=wire.spi_buses,
                spi_chips=wiring.spi_chips,
            )
            self._mcus[wire.name] = mcu
            self.ports[wire.section] = folder.mcu_port.with_name(f"mcu-{number}")
            lines.append((mcu, McuPort(self.ports[wire.section])))
        self._mcu_ports = [port for _, port in lines]
        self._person = Person(prepared.truth, seed)
        self._plant = Plant(lines, clock, on_failure)

    def start(self) -> None:
        """Switch it on."""
        self._plant.start()

    def stop(self) -> None:
        """Switch it off for good."""
        self._plant.stop()
        for port in self._mcu_ports:
            port.close()

    def truth(self, path: str | None) -> "Future[Any]":
        """One value of the truth by its dotted path, or all of them. Fails with TruthError."""
        return self._plant.call(
            lambda _: self._machine.truth.describe() if path is None else self._machine.truth.get(path)
        )

    def set_truth(self, path: str, value: object) -> "Future[Any]":
        """Change one value; the result is the value as it was taken. Fails with TruthError."""

        def change(_now: float) -> object:
            truth = self._machine.truth.set(path, value)
            self._machine.set_truth(truth)
            self._person.set_truth(truth)
            return truth.get(path)

        return self._plant.call(change)

    def report(self) -> "Future[dict[str, Any]]":
        """The true state right now: `SimulatedMachine.truth_report`, and the micro-controller's state."""
        return self._now(
            lambda now: {
                **self._machine.truth_report(now),
                "mcu_shutdown": self._mcu.shutdown_reason,
                "mcu_shutdowns": {name: mcu.shutdown_reason for name, mcu in self._mcus.items()},
                "plugged": self._mcu_ports[0].is_plugged,
            }
        )

    def feel(self) -> "Future[dict[str, Any]]":
        """What the person feels of the paper below the nozzle: free, drags or stuck."""
        return self._now(lambda _: {"feel": self._person.feel(self._machine.nozzle_gap())})

    def see(self) -> "Future[dict[str, Any]]":
        """Where the person sees the mark from the nozzle, mm in X and Y; null without a mark."""

        def look(_now: float) -> dict[str, Any]:
            mark = self._machine.nozzle_to_mark()
            return {"mark": None if mark is None else self._person.see(mark)}

        return self._now(look)

    def mark(self) -> "Future[dict[str, Any]]":
        """The person marks the place below the probe; its true coordinates."""
        return self._now(lambda _: {"mark": self._machine.mark_probe_point()})

    def new_test(self) -> "Future[None]":
        """The person takes a fresh sheet: the next paper test or look has its own error."""
        return self._plant.call(lambda _: self._person.new_test())

    def wipe(self) -> "Future[None]":
        """The person wipes the nozzle clean."""
        return self._now(lambda _: self._machine.wipe_nozzle())

    def attach_probe(self) -> "Future[None]":
        """Put a dockable probe on. Fails with TruthError if there is none."""
        return self._now(lambda _: self._machine.attach_probe())

    def detach_probe(self) -> "Future[None]":
        """Let a dockable probe fall off. Fails with TruthError if there is none."""
        return self._now(lambda _: self._machine.detach_probe())

    def dock_probe(self) -> "Future[None]":
        """Put a dockable probe into its dock. Fails with TruthError if there is none."""
        return self._now(lambda _: self._machine.dock_probe())

    # Faults of one micro-controller, by its name. They fail with SimulatorError where there is none of this name.

    def freeze(self, name: str = MAIN) -> "Future[None]":
        """The micro-controller stops answering; time goes on."""
        return self._plant.call(lambda _: self._mcu_of(name).freeze())

    def unfreeze(self, name: str = MAIN) -> "Future[None]":
        """It answers again."""
        return self._plant.call(lambda _: self._mcu_of(name).thaw())

    def unplug(self, name: str = MAIN) -> "Future[None]":
        """Pull the cable: the port vanishes."""
        return self._plant.call(lambda _: self._plant.unplug(self._number_of(name)))

    def plug(self, name: str = MAIN) -> "Future[None]":
        """Put the cable back."""
        return self._plant.call(lambda _: self._plant.plug(self._number_of(name)))

    def reset(self, name: str = MAIN) -> "Future[None]":
        """Switch the micro-controller off and on again."""
        return self._plant.call(lambda now: self._mcu_of(name).power_cycle(now))

    def crash(self, reason: str, name: str = MAIN) -> "Future[None]":
        """Shut the micro-controller's firmware down. Fails with SimulatorError for an unknown reason."""

        def shut_down(now: float) -> None:
            if reason not in SHUTDOWN_REASONS:
                raise SimulatorError(
                    f"The firmware never shuts down for {reason!r}.",
                    remedy=f"Choose one of: {', '.join(SHUTDOWN_REASONS)}.",
                )
            self._mcu_of(name).crash(reason, now)

        return self._plant.call(shut_down)

    def _number_of(self, name: str) -> int:
        if name not in self._mcus:
            raise SimulatorError(
                f"There is no micro-controller {name}.", remedy=f"Choose one of: {', '.join(self._mcus)}."
            )
        return list(self._mcus).index(name)

    def _mcu_of(self, name: str) -> SimulatedMcu:
        self._number_of(name)
        return self._mcus[name]

    def _now(self, function: Callable[[float], T]) -> "Future[T]":
        """Have a function run with the machine brought to this very moment, in the middle of a move or not."""

        def act(now: float) -> T:
            self._mcu.catch_up(now)
            return function(now)

        return self._plant.call(act)
