"""Keeps a `PrinterState` up to date: subscribes, merges changes, and starts over after each restart."""

import asyncio
import dataclasses
import logging
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from zcal_tui.model.outside_text import one_line
from zcal_tui.printer.state import App, KlippyStateName, PrinterState
from zcal_tui.printer.status_reader import digest, klippy_state, subscription
from zcal_tui.printer.values import mapping, number, text
from zcal_tui.transport.failures import NotReady, ReplyLost, TransportError, Unreachable
from zcal_tui.transport.port import KlippyState, LinkDown, LinkUp, Notification, Status, Transport

logger = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between polls while klippy is not ready: Moonraker announces readiness, but no other state."""


class Mirror:
    """Owns the state; `changed` is called with each new one, on the transport's loop."""

    def __init__(self, transport: Transport, changed: Callable[[PrinterState], None]) -> None:
        self._transport = transport
        self._changed = changed
        self._state = PrinterState()
        self._raw: dict[str, dict[str, Any]] = {}
        self._early: dict[tuple[str, str], tuple[Any, float]] = {}
        """The newest value of each field that changed before everything was read, and when: no more than there are
        fields, however long the printer takes to answer."""
        self._starts = 0
        self._synced = False
        self._wake = asyncio.Event()
        self._first_look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    @property
    def state(self) -> PrinterState:
        """The newest state."""
        return self._state

    async def start(self) -> None:
        """Start, and wait until the printer's state is known, whatever it is."""
        self._stop_listening = self._transport.listen(self._hear)
        self._wake.set()
        self._task = asyncio.create_task(self._run(), name="zcal printer mirror")
        await self._first_look.wait()

    async def close(self) -> None:
        """Stop following the printer."""
        if self._stop_listening is not None:
            self._stop_listening()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> None:
        """Ask for everything that is followed as it is at this moment: updates come only every 0.25 s.

        Raises TransportError.
        """
        starts = self._starts
        wanted = subscription(self._state.objects)
        reply = mapping(await self._transport.call("objects/query", {"objects": wanted}))
        if self._synced and self._starts == starts:
            changes = {name: mapping(fields) for name, fields in mapping(reply.get("status")).items()}
            self._merge(Status(changes, number(reply.get("eventtime")) or 0.0))

    def _hear(self, notification: Notification) -> None:
        match notification:
            case Status() if self._synced:
                self._merge(notification)
            case Status():
                for name, changed in notification.changes.items():
                    for key, value in changed.items():
                        self._early[name, key] = value, notification.eventtime
            case LinkUp():
                self._synced = False
                self._wake.set()
            case LinkDown(reason):
                self._synced = False
                self._set(connected=False, link=reason, klippy="disconnected", message=reason)
            case KlippyState("disconnected"):
                self._synced = False
                self._set(
                    klippy="disconnected",
                    message="Klipper disconnected from Moonraker: it is restarting or has stopped.",
                )
                self._wake.set()
            case KlippyState("ready"):  # nothing to do where the polling has seen it first
                self._wake.set()
            case KlippyState("shutdown"):
                self._set(klippy="shutdown")
                self._wake.set()

    async def _run(self) -> None:
        try:
            while True:
                await self._wait_for_cause()
                self._wake.clear()
                if self._transport.connected:
                    await self._look()
                self._first_look.set()
        except Exception as error:  # the task's boundary: the user must see that it stopped
            logger.exception("the mirror failed")
            self._set(
                connected=False, klippy="error", message=f"zcal-tui cannot follow the printer: {error!r}"
            )
            self._first_look.set()

    async def _wait_for_cause(self) -> None:
        if self._synced or not self._transport.connected:
            await self._wake.wait()
            return
        try:
            async with asyncio.timeout(POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        try:
            info = mapping(await self._transport.call("info"))
            klippy = klippy_state(info.get("state")) or "startup"
            self._note_info(info, klippy)
            if klippy in ("ready", "shutdown") and not self._synced:
                await self._read_everything(info)
        except NotReady as error:
            self._set(connected=True, link="", klippy="disconnected", message=error.message)
        except (ReplyLost, Unreachable):
            return  # its LinkDown is handled separately
        except TransportError as error:
            self._set(connected=True, link="", klippy="error", message=str(error))

    def _note_info(self, info: Mapping[str, Any], klippy: KlippyStateName) -> None:
        if klippy in ("ready", "shutdown") and not self._synced:
            return  # set together with everything else
        message = (text(info.get("state_message")) or "").strip()
        # Also where klippy does not start: its name is what its runs are stored under
        hostname, instance = _identity(info)
        self._set(
            connected=True, link="", klippy=klippy, message=message, hostname=hostname, instance=instance
        )

    async def _read_everything(self, info: Mapping[str, Any]) -> None:
        call = self._transport.call
        listed = mapping(await call("objects/list")).get("objects")
        objects = frozenset(name for name in listed or () if isinstance(name, str))
        reply = await call("objects/query", {"objects": {"configfile": ["settings", "config"]}})
        configfile = mapping(mapping(mapping(reply).get("status")).get("configfile"))
        wanted = subscription(objects)
        # Some vendors' Moonraker leaves objects out of the subscription's reply, so the query comes first.
        queried = mapping(await call("objects/query", {"objects": wanted}))
        self._raw = {}
        self._early.clear()
        self._fill(queried)
        subscribed = mapping(await call("objects/subscribe", {"objects": wanted}))
        self._fill(subscribed)
        self._starts += 1
        settings = _sections(configfile.get("settings"))
        hostname, instance = _identity(info)
        fresh = PrinterState(
            connected=True,
            klippy=klippy_state(info.get("state")) or "startup",
            link="",
            message=(text(info.get("state_message")) or "").strip(),
            starts=self._starts,
            app=_app(info, settings),
            software_version=text(info.get("software_version")) or "",
            hostname=hostname,
            instance=instance,
            objects=objects,
            settings=settings,
            config=_sections(configfile.get("config")),
        )
        eventtime = number(subscribed.get("eventtime")) or 0.0
        self._synced = True
        self._replace(digest(fresh, self._raw, self._raw, eventtime))
        early, self._early = self._early, {}
        newest = max((at for _, at in early.values()), default=0.0)
        changes: dict[str, dict[str, Any]] = {}
        for (name, key), (value, at) in early.items():
            if at >= eventtime:
                changes.setdefault(name, {})[key] = value
        if changes:
            self._merge(Status(changes, newest))

    def _fill(self, reply: Mapping[str, Any]) -> None:
        for name, fields in mapping(reply.get("status")).items():
            self._raw.setdefault(name, {}).update(mapping(fields))

    def _merge(self, update: Status) -> None:
        for name, fields in update.changes.items():
            self._raw.setdefault(name, {}).update(fields)
        self._replace(digest(self._state, self._raw, update.changes, update.eventtime))

    def _set(self, **values: Any) -> None:
        self._replace(dataclasses.replace(self._state, **values))

    def _replace(self, state: PrinterState) -> None:
        if state != self._state:
            self._state = state
            self._changed(state)


def _sections(value: object) -> Mapping[str, Mapping[str, Any]]:
    sections = {name: MappingProxyType(dict(mapping(options))) for name, options in mapping(value).items()}
    return MappingProxyType(sections)


def _identity(info: Mapping[str, Any]) -> tuple[str, str]:
    """The host's name, and which of its printers this is."""
    return one_line(text(info.get("hostname")) or ""), instance_of(text(info.get("config_file")) or "")


def _app(info: Mapping[str, Any], settings: Mapping[str, Any]) -> App:
    """Kalico reports its name since 2025; before that it is recognised by sections of its own."""
    if info.get("app") == "Kalico" or "danger_options" in settings or "kalico" in settings:
        return "Kalico"
    return "Klipper"


def instance_of(config_file: str) -> str:
    """Which of several printers on one host has this printer.cfg: the word in `printer_2_data`, as KIAUH names the
    folders, or in `zcal-sim-voron-…`, as the simulated printer's is named; empty where there is only one."""
    found = re.search(r"/printer_([^/]+)_data/|/zcal-sim-([^/-]+)-[^/-]+/", config_file)
    return (found[1] or found[2]) if found is not None else ""
