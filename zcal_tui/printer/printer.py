"""One printer: its state, its commands, its console."""

import asyncio
import dataclasses
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal

from zcal_tui.printer.clock import PrinterClock
from zcal_tui.printer.console import clean, parse
from zcal_tui.printer.errors.explain import Explanation, explain
from zcal_tui.printer.messages import Message, UnknownCommand
from zcal_tui.printer.mirror import Mirror
from zcal_tui.printer.state import KlippyStateName, PrinterState
from zcal_tui.printer.values import mapping
from zcal_tui.transport.failures import GcodeError, NotReady, ReplyLost, TransportError
from zcal_tui.transport.port import GcodeOutput, Notification, Transport

logger = logging.getLogger(__name__)

LINK_GRACE = 10.0
"""Seconds of wall time a wait outlives a lost link: shorter interruptions recover by themselves."""
HALT_GRACE = 2.0
"""Seconds of wall time in which a halted klippy may still answer what it was asked before."""
LATE_LINES = 2.0
"""Seconds of wall time to wait for lines that Moonraker delivers after the reply."""
RESTART_LIMIT = 90.0
"""Seconds of wall time a restart may take: a slow board with several micro-controllers needs most of a minute."""

RESTART_BEGINS = 10.0
"""Seconds of wall time in which klippy has to leave its state once it has accepted a command that restarts it."""

_COMMAND_WORD = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_.]*)")


class CommandFailed(GcodeError):
    """Klipper refused a command or stopped it. `explanation` says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.explanation: Explanation = explain(message)


def what_happened(error: Exception) -> str:
    """An error as one sentence: what it means where the printer refused a command, else its own text."""
    text = error.explanation.what if isinstance(error, CommandFailed) else str(error)
    return text if text.endswith((".", "!", "?", "”")) else f"{text}."


class NotRestarted(TransportError):
    """klippy accepted a command that restarts it, and did not restart: a macro has taken its name, say."""


@dataclasses.dataclass(frozen=True)
class Heard:
    """One console message: its text, its meaning, and the printer's time when it came."""

    text: str
    message: Message
    eventtime: float


class Printer:
    """A printer behind a transport. Everything runs on the loop that `start` ran on."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._mirror = Mirror(transport, self._changed)
        self._state_listeners: dict[object, Callable[[PrinterState], None]] = {}
        self._console_listeners: dict[object, Callable[[Heard], None]] = {}
        self._stop_listening: Callable[[], None] | None = None
        self._noted = 0.0
        self.clock = PrinterClock(self._wait_plainly)

    @property
    def state(self) -> PrinterState:
        """The newest state; an immutable object, safe to hand to another thread."""
        return self._mirror.state

    async def start(self) -> None:
        """Start following the printer over a connected transport. Returns once its state is known, whatever it
        is."""
        self._stop_listening = self._transport.listen(self._hear)
        await self._mirror.start()

    async def close(self) -> None:
        """Stop following it. The transport stays open; its creator closes it."""
        if self._stop_listening is not None:
            self._stop_listening()
        await self._mirror.close()

    async def gcode(self, script: str) -> None:
        """Run a G-code script and wait until it has finished, without a time limit. Never repeated.

        Raises CommandFailed when Klipper refuses or stops it, also for a command that it does not know (which by
        itself it only mentions on the console); NotReady, ReplyLost or Unreachable otherwise.
        """
        words = {found[1].upper() for line in script.splitlines() if (found := _COMMAND_WORD.match(line))}
        unknown: list[str] = []

        def note(heard: Heard) -> None:
            if isinstance(heard.message, UnknownCommand) and heard.message.command.upper() in words:
                unknown.append(heard.text)

        stop = self.listen_console(note)
        try:
            await self._unless_halted(self._transport.call("gcode/script", {"script": script}))
        except GcodeError as error:
            raise CommandFailed(error.message) from error
        finally:
            stop()
        if unknown:
            raise CommandFailed(unknown[0])

    async def _unless_halted(self, request: Coroutine[Any, Any, Any]) -> None:
        """Wait for a request, but not for one that a halted klippy never answers: with its micro-controller gone in
        the middle of a probing move, klippy shuts down and still waits for the trigger. Raises NotReady then."""
        asked = asyncio.ensure_future(request)
        halted = asyncio.ensure_future(self._halted())
        try:
            await asyncio.wait({asked, halted}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise NotReady(self.state.message)
            asked.result()
        finally:
            for task in (asked, halted):
                task.cancel()
            await asyncio.gather(asked, halted, return_exceptions=True)

    async def _halted(self) -> None:
        """Wait until klippy has been halted for a while, in which it may still answer."""
        while True:
            while self.state.klippy not in ("shutdown", "error"):
                await self._another_state()
            await asyncio.sleep(HALT_GRACE)
            if self.state.klippy in ("shutdown", "error"):
                return

    async def query(self, objects: Mapping[str, list[str] | None]) -> Mapping[str, Mapping[str, Any]]:
        """The status of objects as it is now, {object: {field: value}}; unknown ones are left out or empty.

        Raises TransportError.
        """
        reply = mapping(await self._transport.call("objects/query", {"objects": dict(objects)}))
        return {name: mapping(fields) for name, fields in mapping(reply.get("status")).items()}

    async def refresh(self) -> PrinterState:
        """The state as it is at this moment, say right after a command: updates come only every
        0.25 s of the printer's time. Raises TransportError."""
        await self._mirror.refresh()
        return self.state

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """An endpoint of klippy's by its own name, such as "zcal/cancel". Raises TransportError."""
        return await self._transport.call(method, params)

    async def emergency_stop(self) -> None:
        """Halt the printer at once. It does not wait behind a running script, and is not repeated."""
        await self._transport.call("emergency_stop")

    def subscribe(self, listener: Callable[[PrinterState], None]) -> Callable[[], None]:
        """Have `listener` called with each new state; returns what ends it."""
        return _add(self._state_listeners, listener)

    def listen_console(self, listener: Callable[[Heard], None]) -> Callable[[], None]:
        """Have `listener` called with each console message, before the command that caused it returns from
        `gcode` (over klippy's own socket; Moonraker may deliver the last lines a moment later). Returns what
        ends it."""
        return _add(self._console_listeners, listener)

    async def wait_for(
        self, predicate: Callable[[PrinterState], bool], limit: float | None = None
    ) -> PrinterState:
        """Wait until the state satisfies `predicate`; returns that state. `limit` is in printer seconds.

        Raises TimeoutError after `limit`, NotReady when Klipper halts or restarts, ReplyLost when the link stays
        down for more than 10 s.
        """
        until = None if limit is None else self.clock.now() + limit
        while not predicate(self.state):
            if self.state.connected and self.state.klippy != "ready":
                raise NotReady(self.state.message)
            if until is not None and self.state.eventtime >= until:
                raise TimeoutError(f"not within {limit} s of the printer's time")
            await self._next_state()
        return self.state

    async def restart_and_wait(
        self, command: Literal["RESTART", "FIRMWARE_RESTART", "SAVE_CONFIG"] = "FIRMWARE_RESTART"
    ) -> PrinterState:
        """Restart klippy, by SAVE_CONFIG if asked, and wait until it is ready again; returns the new state.

        The reply to a command that restarts may be success, an error or nothing: what counts is that everything
        was read again. Raises CommandFailed when Klipper refuses, NotRestarted when nothing happens, NotReady when it
        does not come back ready.
        """
        before, left = self.state.starts, self.state.klippy
        try:
            if command == "SAVE_CONFIG":
                await self.gcode("SAVE_CONFIG")
            else:
                await self._transport.call(f"gcode/{command.lower()}")
        except (ReplyLost, NotReady):
            pass
        except CommandFailed:
            raise
        except GcodeError as error:
            raise CommandFailed(error.message) from error
        try:
            async with asyncio.timeout(RESTART_LIMIT):
                await self._until_restarting(command, left, before)
                while not (self.state.ready and self.state.starts > before):
                    state = self.state
                    if state.connected and state.klippy == "error":
                        raise NotReady(state.message)
                    if state.klippy == "shutdown" and state.starts > before:
                        raise NotReady(state.message)
                    await self._another_state()
        except TimeoutError as error:
            raise NotReady(
                f"Klipper did not come back within {RESTART_LIMIT:.0f} s. {self.state.message}"
            ) from error
        return self.state

    async def _until_restarting(self, command: str, left: KlippyStateName, starts: int) -> None:
        """Wait until klippy has left the state it was in. Raises NotRestarted."""
        try:
            async with asyncio.timeout(RESTART_BEGINS):
                while self.state.klippy == left and self.state.starts == starts:
                    await self._another_state()
        except TimeoutError as error:
            raise NotRestarted(
                f"Klipper accepted {command} but has not restarted within {RESTART_BEGINS:.0f} s."
            ) from error

    async def _wait_plainly(self, predicate: Callable[[PrinterState], bool]) -> PrinterState:
        return await self.wait_for(predicate)

    async def _next_state(self) -> None:
        if self.state.connected:
            await self._another_state()
            return
        try:
            async with asyncio.timeout(LINK_GRACE):
                while not self.state.connected:
                    await self._another_state()
        except TimeoutError as error:
            raise ReplyLost(
                f"The link to the printer has been down for {LINK_GRACE:.0f} s ({self.state.link})."
            ) from error

    async def late_lines(self, complete: Callable[[], bool]) -> None:
        """Wait a moment for console lines that Moonraker delivers after a command's reply, until `complete`."""
        heard = asyncio.Event()
        stop = self.listen_console(lambda _: heard.set())
        try:
            async with asyncio.timeout(LATE_LINES):
                while not complete():
                    heard.clear()
                    await heard.wait()
        except TimeoutError:
            pass
        finally:
            stop()

    async def _another_state(self) -> None:
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def note(_: PrinterState) -> None:
            if not changed.done():
                changed.set_result(None)

        stop = self.subscribe(note)
        try:
            await changed
        finally:
            stop()

    def _changed(self, state: PrinterState) -> None:
        if state.eventtime != self._noted and state.eventtime > 0:
            self._noted = state.eventtime
            self.clock.note(state.eventtime)
        _call(self._state_listeners, state)

    def _hear(self, notification: Notification) -> None:
        if isinstance(notification, GcodeOutput):
            heard = Heard(clean(notification.text), parse(notification.text), self.clock.now())
            _call(self._console_listeners, heard)


def _call(listeners: Mapping[object, Callable[[Any], None]], news: object) -> None:
    for listener in list(listeners.values()):
        try:
            listener(news)
        except Exception:  # one listener's fault must not keep the news from the others
            logger.exception("a listener failed on %s", type(news).__name__)


def _add(listeners: dict[object, Any], listener: object) -> Callable[[], None]:
    key = object()
    listeners[key] = listener

    def stop() -> None:
        listeners.pop(key, None)

    return stop
