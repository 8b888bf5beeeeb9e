# The lease: restores the printer when a client stops responding
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Mapping

from . import cancel
from .errors import CommandRefused
from .held_settings import HeldSettings
from .lease_cleanup import LeaseCleanup

if TYPE_CHECKING:
    from .endpoints import EndpointRequest
    from .host import KlippyHost
    from .paper_test import PaperTestCommand
    from .runner import CommandRunner
    from .status import ZcalStatus

LOG = logging.getLogger(__name__)

SHORTEST, LONGEST = 1.0, 3600.0


class LeaseEndpoint:
    """One client's lease, timed by klippy's clock. Commands that start while it is active belong to it.

    What it holds, such as heaters, is in held_settings; how that is put back when it expires, in lease_cleanup.
    """

    def __init__(
        self, host: KlippyHost, status: ZcalStatus, runner: CommandRunner, paper: PaperTestCommand
    ) -> None:
        self._host = host
        self._status = status
        self._held_settings = HeldSettings(host)
        self._cleanup = LeaseCleanup(host, self._held_settings, runner, paper, self._publish)
        runner.refusal = self._cleanup.refusal
        self._holder: str | None = None
        self._process: Mapping[str, Any] = {}
        self._seconds = self._since = 0.0
        self._until = 0.0
        self._timer = host.reactor.register_timer(self._on_timer)
        host.printer.register_event_handler(cancel.CLEANING, self._cleanup.refusal)
        host.printer.register_event_handler(cancel.APPLIED, self._offset_applied)

    def active(self) -> bool:
        """Whether a client holds it."""
        return self._holder is not None

    def request(self, request: EndpointRequest) -> Mapping[str, Any]:
        """Answer the endpoint. `holder` names the client. The values of `action`:

        renew (the default): take or keep the lease for `seconds` (30), and record what `hold` names (see HeldSettings).
        restore: restore everything now, as on expiry.
        end: release the lease; the holder has cleaned up itself.
        take_over: let the lease of the holder `instead_of` expire now; the client knows by its `process` that it is
        dead. Taking the lease is a separate request, refused until everything has been restored.
        """
        holder = request.name("holder")
        action = request.text("action", "renew")
        if action == "take_over":
            self._expire(holder, request.name("instead_of"))
        elif self._holder not in (None, holder):
            raise CommandRefused(
                f"{self._holder} holds the lease for another {self._until - self._host.now():.0f} s.",
                remedy="Wait, or quit that program.",
            )
        if action == "renew":
            self._renew(holder, request)
        elif action in ("restore", "end"):
            self._release(holder, restore=action == "restore")
        elif action != "take_over":
            raise CommandRefused(f"action must be renew, restore, end or take_over, not {action}.")
        return {
            "holder": self._holder,
            "seconds": max(0.0, self._until - self._host.now()) if self.active() else 0.0,
            "holds": self._held_settings.names(),
        }

    def discard(self) -> None:
        """Discard the lease: Klipper has shut down, so nothing held is in effect any more."""
        self._holder = None
        self._held_settings.take()
        self._cleanup.discard()
        self._host.reactor.update_timer(self._timer, self._host.reactor.NEVER)
        self._publish()

    def _renew(self, holder: str, request: EndpointRequest) -> None:
        if self._host.printer.is_shutdown():
            raise CommandRefused(
                "Klipper has shut down, so there is nothing to hold.", remedy="Restart it (FIRMWARE_RESTART)."
            )
        if self._cleanup.active():
            raise CommandRefused(
                "[zcal] is still cleaning up after the last lease.",
                remedy="Try again when the print is over."
                if self._host.state.print_active()
                else "Try again in a moment.",
            )
        for capability in ("settings", "offset"):
            if capability in self._host.missing:
                raise CommandRefused(self._host.missing[capability])
        seconds = request.number("seconds", 30.0)
        if not SHORTEST <= seconds <= LONGEST:
            raise CommandRefused(f"seconds must be between {SHORTEST:g} and {LONGEST:g}.")
        process = request.small_mapping("process")
        self._held_settings.hold(request.mapping("hold"))
        if not self.active():
            self._since = self._host.now()
        self._holder, self._seconds = holder, seconds
        self._process = process
        self._until = self._host.now() + seconds
        self._host.reactor.update_timer(self._timer, self._until)
        self._publish()

    def _release(self, holder: str, *, restore: bool) -> None:
        if not self.active():
            raise CommandRefused(f"{holder} does not hold the lease.")
        if restore:
            self._clean_up(f"{holder} requested it")
        else:
            self.discard()

    def _expire(self, holder: str, dead: str) -> None:
        if self._holder is None or self._holder != dead:
            raise CommandRefused(f"{dead} does not hold the lease.")
        if dead == holder:
            raise CommandRefused(f"{holder} itself holds the lease.")
        self._clean_up(f"{holder} reported that {dead} has exited", holder_gone=True)

    def _on_timer(self, eventtime: float) -> float:
        """Expiry. No exception may leave a timer: Klipper would shut down."""
        if not self.active():
            return self._host.reactor.NEVER
        if eventtime < self._until:
            return self._until
        try:
            self._clean_up(f"{self._holder} has not responded for {self._seconds:g} s", holder_gone=True)
        except Exception:
            LOG.exception("zcal: cleaning up after a lease")
        return self._host.reactor.NEVER

    def _clean_up(self, reason: str, *, holder_gone: bool = False) -> None:
        """`holder_gone`: nobody controls the printer, and the nozzle may be close to the bed."""
        self._holder = None
        self._cleanup.begin(reason, self._since, holder_gone=holder_gone)
        self._publish()

    def _offset_applied(self, offset: tuple[float, float, float]) -> None:
        """The holder's CALIBRATE_Z has set an offset that the holder could not announce."""
        if self.active():
            self._held_settings.note_offset(offset)

    def _publish(self) -> None:
        lease = None
        if self.active():
            lease = {
                "holder": self._holder,
                "since": self._since,
                "until": self._until,
                "holds": self._held_settings.names(),
                "process": dict(self._process) or None,
            }
        self._status.change(lease=lease)
