"""A program that the simulator runs: klippy or Moonraker."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_GRACE = 3.0


class Child:
    """A running program in a session of its own, so that a terminal's Ctrl-C does not reach it.

    It must be started from a thread that lives as long as the program: the kernel kills it with that thread.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, output: Path, on_exit: Callable[[int], None]
    ) -> None:
        self._process = process
        self._output = output
        self._on_exit: Callable[[int], None] | None = on_exit
        self._watch = asyncio.create_task(self._wait(), name=f"watch process {process.pid}")

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        inherited: Sequence[int] = (),
        output: Path,
        on_exit: Callable[[int], None],
    ) -> "Child":
        """Start a program whose output goes to a file. `on_exit(code)` is called unless `stop` ended it."""
        with output.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**os.environ, **environment},
                pass_fds=inherited,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        return cls(process, output, on_exit)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    def last_words(self, lines: int = 5) -> str:
        """The end of what it printed."""
        with contextlib.suppress(OSError):
            return "\n".join(self._output.read_text(errors="replace").strip().splitlines()[-lines:])
        return ""

    async def kill(self) -> None:
        """Kill it as a crash would, and wait until it has ended; `on_exit` is called."""
        self._signal(signal.SIGKILL)
        await asyncio.shield(self._watch)

    async def stop(self) -> None:
        """End it, by force after a while, with everything it started. `on_exit` is not called."""
        self._on_exit = None
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_GRACE):
                await asyncio.shield(self._watch)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._watch
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def _wait(self) -> None:
        code = await self._process.wait()
        if self._on_exit is not None:
            self._on_exit(code)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
