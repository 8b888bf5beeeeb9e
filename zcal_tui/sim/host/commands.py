"""The commands of the control socket."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from zcal_tui.sim.host.clocks import HostClock
from zcal_tui.sim.host.control import Handler
from zcal_tui.sim.host.printer import SimulatedPrinter
from zcal_tui.sim.wiring_types import MAIN


class Processes(Protocol):
    """The part of the simulator that commands reach."""

    def addresses(self) -> dict[str, Any]:
        """Where everything can be reached."""

    async def kill_klippy(self) -> None:
        """Kill klippy."""

    async def start_klippy(self) -> None:
        """Start it again."""

    async def kill_moonraker(self) -> None:
        """Kill Moonraker."""

    async def start_moonraker(self) -> None:
        """Start it again."""

    def stop(self, reason: str) -> None:
        """End the simulator."""


HELP: Mapping[str, str] = {
    "report": "the true state right now: gap, z_offset here, temperatures, the probe's state",
    "truth": "the truth, or one value of it: truth probe.noise",
    "set": "change one value: set probe.noise 0.01",
    "feel": "the paper below the nozzle: free, drags or stuck",
    "mark": "mark the bed below the probe",
    "see": "where the mark is from the nozzle, as the person sees it",
    "new_test": "a fresh sheet: the person's next test has its own error",
    "wipe": "wipe the nozzle clean",
    "attach_probe": "put a dockable probe on",
    "detach_probe": "let a dockable probe fall off",
    "dock_probe": "put a dockable probe into its dock",
    "freeze": "a micro-controller stops answering: freeze [mcu]",
    "unfreeze": "it answers again: unfreeze [mcu]",
    "unplug": "pull its cable: unplug [mcu]",
    "plug": "put it back: plug [mcu]",
    "reset": "switch it off and on: reset [mcu]",
    "crash": "shut its firmware down: crash ['Timer too close'] [mcu]",
    "kill_klippy": "kill klippy",
    "start_klippy": "start it again",
    "kill_moonraker": "kill Moonraker",
    "start_moonraker": "start it again",
    "time": "simulator seconds and speed",
    "threads": "what every thread waits for, and what holds time",
    "speed": "change the speed: speed 5",
    "info": "where everything can be reached",
    "stop": "end the simulator",
}
"""Every command in a line."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "truth": ("path",),
    "set": ("path", "value"),
    "crash": ("reason", "mcu"),
    "freeze": ("mcu",),
    "unfreeze": ("mcu",),
    "unplug": ("mcu",),
    "plug": ("mcu",),
    "reset": ("mcu",),
    "speed": ("value",),
}
"""The names of the arguments of the commands that take some, in the order of the command line."""


def commands(simulator: Processes, printer: SimulatedPrinter, clock: HostClock) -> Mapping[str, Handler]:
    """A handler for each command."""

    async def truth(path: str | None = None) -> dict[str, Any]:
        value = await asyncio.wrap_future(printer.truth(path))
        return {"truth": value} if path is None else {"value": value}

    async def set_(path: str, value: Any) -> dict[str, Any]:
        return {"value": await asyncio.wrap_future(printer.set_truth(path, value))}

    async def report() -> dict[str, Any]:
        return {"report": await asyncio.wrap_future(printer.report())}

    async def crash(reason: str = "Command request", mcu: str = MAIN) -> None:
        await asyncio.wrap_future(printer.crash(reason, mcu))

    async def info() -> dict[str, Any]:
        return simulator.addresses()

    async def time() -> dict[str, Any]:
        return {"time": clock.now(), "speed": clock.speed}

    async def threads() -> dict[str, Any]:
        return {"threads": clock.describe().splitlines()}

    async def speed(value: float) -> dict[str, Any]:
        clock.set_speed(float(value))
        return {"speed": clock.speed}

    async def stop() -> None:
        simulator.stop("asked to by the control socket")

    return {
        "truth": truth,
        "set": set_,
        "report": report,
        "crash": crash,
        "info": info,
        "time": time,
        "threads": threads,
        "speed": speed,
        "stop": stop,
        "kill_klippy": simulator.kill_klippy,
        "start_klippy": simulator.start_klippy,
        "kill_moonraker": simulator.kill_moonraker,
        "start_moonraker": simulator.start_moonraker,
        "feel": _awaiting(printer.feel),
        "see": _awaiting(printer.see),
        "mark": _awaiting(printer.mark),
        "new_test": _awaiting(printer.new_test),
        "wipe": _awaiting(printer.wipe),
        "attach_probe": _awaiting(printer.attach_probe),
        "detach_probe": _awaiting(printer.detach_probe),
        "dock_probe": _awaiting(printer.dock_probe),
        "freeze": _for_one(printer.freeze),
        "unfreeze": _for_one(printer.unfreeze),
        "unplug": _for_one(printer.unplug),
        "plug": _for_one(printer.plug),
        "reset": _for_one(printer.reset),
    }


def _for_one(function: Callable[[str], "Future[Any]"]) -> Handler:
    """A command for one micro-controller."""

    async def handler(mcu: str = MAIN) -> Any:
        return await asyncio.wrap_future(function(mcu))

    return handler


def _awaiting(function: Callable[[], "Future[Any]"]) -> Handler:
    async def handler() -> Any:
        return await asyncio.wrap_future(function())

    return handler
