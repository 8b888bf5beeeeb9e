"""Starts the simulated printer as a program of its own, and makes sure that it ends with us.

The simulator ends when its standard input closes, which the kernel does for us on every way out, kill −9 included.
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
"""The simulator's exit code where its profile or its truth file cannot be."""


class DemoFailed(Exception):
    """The simulated printer could not be started; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class DemoPrinter:
    """A running simulator process."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self.klippy_socket: str = ready["klippy"]
        self.control: str = ready["control"]
        self._drain = asyncio.create_task(self._read_on(), name="simulated printer's output")

    @classmethod
    async def start(cls, options: DemoOptions, progress: Callable[[str], None]) -> "DemoPrinter":
        """Start it and wait until its klippy can be reached. Raises DemoFailed.

        `progress` gets a line for each step: the first use installs a klippy, which takes a while.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "zcal_tui.sim",
            *options.arguments(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in our terminal is ours to handle: it means "cancel", not "take the printer away"
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
        words = errors.decode(errors="replace").strip().splitlines()
        raise DemoFailed(
            Problem(
                "The simulated printer did not start.",
                words[-1] if words else f"It ended with exit code {process.returncode}.",
                "`zcal-tui sim` starts it by itself and says more.",
                raw="\n".join(words[-20:]),
            )
        )

    async def _read_on(self) -> None:
        """Keep its pipes empty: a full pipe would stop the simulator."""
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
