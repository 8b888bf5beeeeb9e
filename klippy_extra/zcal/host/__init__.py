# The interface to Klipper, across its versions and forks
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""This package alone knows how Klipper's versions and forks differ. `connect` checks once that everything the modules
will call exists. It never raises: a missing capability is described in `missing`, and `require` refuses the commands
that need it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable

from .endstop import HostZEndstop
from .homing import HostHoming
from .manual import HostManualProbe
from .mesh import HostBedMesh
from .motion import HostMotion
from .offset import HostGcodeOffset
from .probe import HostProbe
from .settings import HostSettings
from .state import HostState

if TYPE_CHECKING:
    from klippy.gcode import GCodeDispatch
    from klippy.klippy import Printer
    from klippy.webhooks import WebHooks

_NO_PROBE = "This printer has no probe: its configuration has no [probe], [bltouch] or similar section."
LOG = logging.getLogger(__name__)


class KlippyHost:
    """Klipper, as far as the modules use it. Lengths in mm, speeds in mm/s, temperatures in °C, times in s.

    Its parts: `state`, `motion`, `homing`, `endstop` (of Z), `probe`, `manual` (the manual probe), `mesh`, `offset`,
    `settings` (what else can be changed and restored). They raise Klipper's command error, `error`, and no other
    exception on purpose.
    """

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.reactor = printer.get_reactor()
        self.gcode: GCodeDispatch = printer.lookup_object("gcode")
        self.webhooks: WebHooks = printer.lookup_object("webhooks")
        self.error = printer.command_error
        self.state = HostState(printer)
        self.motion = HostMotion(printer)
        self.probe = HostProbe(printer, self.motion)
        self.homing = HostHoming(printer)
        self.endstop = HostZEndstop(printer)
        self.manual = HostManualProbe(printer)
        self.mesh = HostBedMesh(printer)
        self.offset = HostGcodeOffset(printer)
        self.settings = HostSettings(printer)
        self.missing: dict[str, str] = {}
        """By capability (`state`, `motion`, `endstop`, `probe`, `release`, `scan`, `manual`, `offset`, `settings`), why
        it is unavailable."""

    def connect(self) -> None:
        """Check for everything; called when the printer is ready. Never raises."""
        self.missing = {}
        self._check("state", self.state.connect)
        self._check("motion", self.motion.connect)
        self._check("endstop", self.endstop.connect)
        if not self.has_probe():
            self.missing.update(dict.fromkeys(("probe", "release", "scan"), _NO_PROBE))
        else:
            self._check("probe", self._connect_probe)
            if "probe" in self.missing:
                self.missing.update(dict.fromkeys(("release", "scan"), self.missing["probe"]))
        self._check("manual", self.manual.connect)
        self._check("offset", self.offset.connect)
        self._check("settings", self._connect_settings)

    def has_probe(self) -> bool:
        """Whether the printer has a probe of any kind."""
        return self.printer.lookup_object("probe", None) is not None

    def require(self, *capabilities: str) -> None:
        """Raise a command error if one of these capabilities is unavailable."""
        for name in capabilities:
            if name in self.missing:
                raise self.error(self.missing[name])

    def now(self) -> float:
        """Klippy's event time."""
        return self.reactor.monotonic()

    def respond(self, text: str) -> None:
        """Print a message on the console."""
        self.gcode.respond_info(text)

    def _connect_probe(self) -> None:
        self.probe.connect()
        self.missing.update(self.probe.unsupported())

    def _connect_settings(self) -> None:
        self.settings.connect()
        self.mesh.connect()

    def _check(self, name: str, connect: Callable[[], None]) -> None:
        # An object of another Klipper may raise anything if it is not as expected: that answers the check.
        try:
            connect()
        except Exception as error:  # noqa: BLE001
            LOG.warning("zcal: %s is unavailable: %s: %s", name, type(error).__name__, error)
            self.missing[name] = (
                f"The {name} interface of this Klipper is not supported ({error}). Update zcal-tui or Klipper."
            )
