"""A simulated printer with everything around it: klippy, Moonraker, the control socket, and their end."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from zcal_tui.sim.host import moonraker
from zcal_tui.sim.host.child import Child
from zcal_tui.sim.host.clocks import HostClock
from zcal_tui.sim.host.commands import commands
from zcal_tui.sim.host.config_copy import Places, copy_config
from zcal_tui.sim.host.control import ControlServer
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.framed import ask
from zcal_tui.sim.host.klippy_source import Klippy
from zcal_tui.sim.host.printer import SimulatedPrinter
from zcal_tui.sim.host.run_folder import RunFolder
from zcal_tui.sim.preparation import Prepared

START_TIMEOUT = 120.0
_LOOK_AGAIN = 0.1


@dataclass(frozen=True)
class Setup:
    """What a simulator is made of."""

    prepared: Prepared
    klippy: Klippy
    clock: HostClock
    folder: RunFolder
    seed: int | None = None
    moonraker: Path | None = None
    """The Python that has Moonraker, if one is to run."""
    login: bool = False
    """Whether Moonraker wants an API key even from this machine."""


class Reporter(Protocol):
    """Where progress and notices go."""

    def progress(self, text: str) -> None:
        """A step that takes a moment."""

    def notice(self, text: str) -> None:
        """Something that people should know."""


class Simulator:
    """Runs until `stopped` is done: with the reason, or with a SimulatorError if the simulation failed."""

    def __init__(self, setup: Setup, reporter: Reporter) -> None:
        """Raises SimulatorError where it cannot be set up."""
        self._setup = setup
        self._folder = setup.folder
        self._reporter = reporter
        self._loop = asyncio.get_running_loop()
        self.stopped: asyncio.Future[str] = self._loop.create_future()
        self._printer = SimulatedPrinter(
            setup.prepared,
            setup.folder,
            setup.clock,
            setup.seed,
            self._plant_failed,
            older_i2c=setup.klippy.older_i2c,
            older_accelerometers=setup.klippy.older_accelerometers,
        )
        self._klippy: Child | None = None
        self._moonraker: Child | None = None
        self._port = moonraker.free_port() if setup.moonraker else None
        self._api_key: str | None = None
        self._control = ControlServer(self._folder.control_socket, commands(self, self._printer, setup.clock))

    def stop(self, reason: str) -> None:
        """Have it end; the first reason given is the one reported."""
        if not self.stopped.done():
            self.stopped.set_result(reason)

    async def start(self) -> dict[str, Any]:
        """Start everything; returns where it can be reached, and klippy's state. Raises SimulatorError."""
        prepared, folder = self._setup.prepared, self._folder
        copy_config(
            prepared.configuration,
            folder.config,
            Places(self._printer.ports, folder.gcodes, folder.path / "files"),
            left_out=[(one.section, one.option) for one in prepared.left_out],
            renamed=prepared.renamed,
            added=[(one.section, one.option, one.value) for one in prepared.assumed],
        )
        self._printer.start()
        await self._control.start()
        self._reporter.progress("Starting klippy")
        await self.start_klippy()
        if self._setup.moonraker:
            self._reporter.progress("Starting Moonraker")
            await self.start_moonraker()
        state = await self._klippy_answers()
        if self._setup.moonraker:
            await self._moonraker_answers()
            if self._setup.login:
                key = await ask(self._folder.moonraker_socket, "access.get_api_key")
                self._api_key = None if key is None else key["value"]
        return {**self.addresses(), **state}

    async def close(self) -> None:
        """End everything that was started."""
        await self._control.stop()
        for child in (self._moonraker, self._klippy):
            if child is not None:
                await child.stop()
        if self._klippy is not None:
            self._setup.clock.forget(self._klippy.pid)
        self._printer.stop()

    def addresses(self) -> dict[str, Any]:
        """Where everything can be reached."""
        folder, setup = self._folder, self._setup
        return {
            "profile": setup.prepared.name,
            "klippy": str(folder.klippy_socket),
            "moonraker": f"http://{moonraker.HOST}:{self._port}" if self._port else None,
            "moonraker_socket": str(folder.moonraker_socket) if self._port else None,
            "api_key": self._api_key,
            "control": str(folder.control_socket),
            "config": str(folder.config),
            "log": str(folder.klippy_log),
            "klipper": setup.klippy.kind,
            "klipper_dir": str(setup.klippy.root),
            "speed": setup.clock.speed,
            "pids": {
                "klippy": self._klippy.pid if self._klippy else None,
                "moonraker": self._moonraker.pid if self._moonraker else None,
            },
        }

    # klippy and Moonraker

    async def start_klippy(self) -> None:
        """Start klippy. Raises SimulatorError if it is running."""
        if self._klippy is not None and self._klippy.is_running:
            raise SimulatorError("Klippy is running already.")
        setup, folder = self._setup, self._folder
        arguments = [
            "-a",
            folder.klippy_socket,
            "-l",
            folder.klippy_log,
            "-I",
            folder.klippy_tty,
            folder.config,
        ]
        folder.klippy_socket.unlink(missing_ok=True)
        self._klippy = await Child.start(
            setup.klippy.command([str(argument) for argument in arguments]),
            environment={
                **setup.klippy.environment(),
                **setup.clock.environment(),
                "TMPDIR": str(folder.temporary),
            },
            inherited=setup.clock.inherited(),
            output=folder.path / "logs" / "klippy.out",
            on_exit=self._klippy_ended,
        )

    async def kill_klippy(self) -> None:
        """Kill klippy, as a crash would. Raises SimulatorError if it is not running."""
        await _kill(self._klippy, "Klippy")

    async def start_moonraker(self) -> None:
        """Start Moonraker. Raises SimulatorError if it is running, or was not asked for."""
        if self._setup.moonraker is None or self._port is None:
            raise SimulatorError("This printer has no Moonraker.", remedy="Start it with --moonraker.")
        if self._moonraker is not None and self._moonraker.is_running:
            raise SimulatorError("Moonraker is running already.")
        config = self._folder.path / "config" / "moonraker.conf"
        text = moonraker.configuration(self._folder, self._port, login=self._setup.login)
        config.write_text(text, encoding="utf-8")
        self._moonraker = await Child.start(
            moonraker.command(self._setup.moonraker, self._folder, config),
            environment={},
            output=self._folder.path / "logs" / "moonraker.out",
            on_exit=lambda code: self._reporter.notice(f"Moonraker has ended (exit code {code})."),
        )

    async def kill_moonraker(self) -> None:
        """Kill Moonraker, as a crash would. Raises SimulatorError if it is not running."""
        await _kill(self._moonraker, "Moonraker")

    def _klippy_ended(self, code: int) -> None:
        assert self._klippy is not None
        self._setup.clock.forget(self._klippy.pid)
        words = self._klippy.last_words()
        said = f" Its last lines:\n{words}" if words else ""
        self._reporter.notice(f"Klippy has ended (exit code {code}).{said}")

    async def _klippy_answers(self) -> dict[str, Any]:
        """Klippy's state and message, once it is no longer starting up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT):
                while self._klippy is not None and self._klippy.is_running:
                    info = await ask(self._folder.klippy_socket, "info")
                    if info is not None and info["state"] != "startup":
                        return {"state": info["state"], "message": info["state_message"].strip()}
                    await asyncio.sleep(_LOOK_AGAIN)
        assert self._klippy is not None
        if self._klippy.is_running:
            cause = f"It did not get ready within {START_TIMEOUT:g} s."
        else:
            cause = f"It ended; its last lines:\n{self._klippy.last_words()}"
        raise SimulatorError(
            "Klippy did not start.", cause, f"See {self._folder.klippy_log}; --keep keeps it for you."
        )

    async def _moonraker_answers(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT):
                while self._moonraker is not None and self._moonraker.is_running:
                    info = await ask(self._folder.moonraker_socket, "server.info")
                    if info is not None and info["klippy_connected"] and info["klippy_state"] != "startup":
                        return
                    await asyncio.sleep(_LOOK_AGAIN)
        words = self._moonraker.last_words() if self._moonraker else ""
        raise SimulatorError(
            "Moonraker did not start.",
            f"Its last lines:\n{words}" if words else "",
            f"See {self._folder.moonraker_log}; --keep keeps it for you.",
        )

    def _plant_failed(self, error: BaseException) -> None:
        self._loop.call_soon_threadsafe(
            self._fail,
            SimulatorError(
                "The simulation failed.",
                f"{error!r}.",
                "This is a bug in the simulator; please report it.",
            ),
        )

    def _fail(self, error: SimulatorError) -> None:
        if not self.stopped.done():
            self.stopped.set_exception(error)


async def _kill(child: Child | None, name: str) -> None:
    if child is None or not child.is_running:
        raise SimulatorError(f"{name} is not running.")
    await child.kill()
