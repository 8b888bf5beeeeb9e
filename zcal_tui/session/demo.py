"""Starts the simulated printer as a separate program that ends with this one.

The simulator ends when its standard input closes. The kernel closes it however this program ends, even by kill −9.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from zcal_tui.model.record import USAGE, Problem
from zcal_tui.session.target import DemoOptions

_EXIT_USAGE = 2
"""The simulator's exit code for a wrong profile or truth file."""


class DemoFailed(Exception):
    """The simulated printer could not be started; `problem` is why, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class DemoPrinter:
    """A running simulator process."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self.klippy_socket: str = ready["klippy"]
        self.control: str = ready["control"]
        self._drain = asyncio.create_task(self._drain_output(), name="simulated printer's output")

    @classmethod
    async def start(cls, options: DemoOptions, progress: Callable[[str], None]) -> "DemoPrinter":
        """Start it and wait until its klippy can be reached. Raises DemoFailed.

        `progress` gets a line for each step: the first use installs klippy, which takes a while.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "zcal_tui.sim",
            *options.arguments(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in the terminal means "cancel" to this program; it must not end the simulator
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                message = _message(line)
                match message.get("event"):
                    case "progress" | "notice":
                        progress(str(message.get("text", "")))
                    case "ready":
                        return cls(process, message)
                    case "error":
                        await _end(process)
                        raise DemoFailed(
                            Problem(
                                str(message.get("what", "The simulated printer did not start.")),
                                str(message.get("cause", "")),
                                str(message.get("remedy", "")),
                                key=USAGE if process.returncode == _EXIT_USAGE else "",
                            )
                        )
        except BaseException:
            await _end(process)
            raise
        errors = b"" if process.stderr is None else await process.stderr.read()
        await process.wait()
        lines = errors.decode(errors="replace").strip().splitlines()
        raise DemoFailed(
            Problem(
                "The simulated printer did not start.",
                lines[-1] if lines else f"It ended with exit code {process.returncode}.",
                "Run `zcal-tui sim` to start it alone and see its messages.",
                raw="\n".join(lines[-20:]),
            )
        )

    async def _drain_output(self) -> None:
        """Read its output: a full pipe would stop the simulator."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        await asyncio.gather(_discard(self._process.stdout), _discard(self._process.stderr))

    async def stop(self) -> None:
        """End it and everything it started."""
        await _end(self._process)
        await self._drain


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(10.0):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
