# The cleanup after a lease has ended
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""It runs at once or, while the printer is printing, as soon as the print is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple

from . import cancel

if TYPE_CHECKING:
    from .held_settings import HeldSetting, HeldSettings
    from .host import KlippyHost
    from .paper_test import PaperTestCommand
    from .runner import CommandRun, CommandRunner

LOG = logging.getLogger(__name__)

PRINT_POLL = 5.0
"""Seconds between two checks whether a print is over."""
HEATER_WAIT = 180.0
"""Seconds for which a heater that a command may be waiting for (M190) keeps its temperature before it is restored.

That command would wait forever for a heater that is off, and nothing else could ever run.
"""


class _EndedLease(NamedTuple):
    """A lease that has ended: why, what it held, whether its holder is gone, its paper test, and what was done."""

    reason: str
    held: dict[tuple[str, str], HeldSetting]
    holder_gone: bool
    paper: CommandRun | None
    done: list[str]


class LeaseCleanup:
    """Restores everything, one lease at a time. No exception leaves it: Klipper would shut down."""

    def __init__(
        self,
        host: KlippyHost,
        held_settings: HeldSettings,
        runner: CommandRunner,
        paper: PaperTestCommand,
        on_done: Callable[[], None],
    ) -> None:
        """`on_done` is called when the cleanup is over."""
        self._host = host
        self._held_settings = held_settings
        self._runner = runner
        self._paper = paper
        self._on_done = on_done
        self._ended: _EndedLease | None = None
        self._refusing = False
        self._timer = host.reactor.register_timer(self._on_timer)

    def active(self) -> bool:
        """Whether something is still to be restored."""
        return self._ended is not None

    def refusal(self) -> str | None:
        """Why no command may start now: its client had queued it before its lease ended. None if it may."""
        return f"[zcal] is cleaning up: {self._ended.reason}" if self._ended and self._refusing else None

    def discard(self) -> None:
        """Discard the cleanup: it is over, or Klipper has shut down and nothing held is in effect any more."""
        self._ended, self._refusing = None, False
        self._host.reactor.update_timer(self._timer, self._host.reactor.NEVER)

    def begin(self, reason: str, since: float, *, holder_gone: bool) -> None:
        """Clean up after a lease that started at `since`.

        `holder_gone`: nobody controls the printer, and the nozzle may be close to the bed.
        """
        paper = self._runner.current if self._paper.leased() else None
        self._ended = ended = _EndedLease(reason, self._held_settings.take(), holder_gone, paper, [])
        self._refusing = True
        # Scheduled first, so that a failure below does not prevent it
        self._host.reactor.register_callback(self._finish)
        self._host.reactor.update_timer(self._timer, self._host.now() + HEATER_WAIT)
        if not self._host.state.print_active():
            ended.done.extend(self._restore_heaters(ended))
        if paper is None and self._runner.current is not None and self._runner.current.leased:
            self._runner.cancel(reason)
            ended.done.append(f"{self._runner.current.command} is cancelled")
        ended.done.extend(
            f"{name} is cancelled" for name in cancel.cancel_others(self._host.printer, reason, since)
        )

    def _restore_heaters(self, ended: _EndedLease) -> list[str]:
        """Heaters cannot wait until another command releases the gcode mutex."""
        run = self._runner.current
        may_wait_for_heat = self._host.gcode.get_mutex().test() and not (run is not None and run.leased)
        if may_wait_for_heat:
            return self._held_settings.stop_heating(ended.held)
        return self._held_settings.restore(ended.held, heaters=True)

    def _on_timer(self, _eventtime: float) -> float:
        """A heater has kept its temperature for long enough, or a print may be over."""
        try:
            ended = self._ended
            if ended is None:
                return self._host.reactor.NEVER
            if self._host.state.print_active():
                return self._host.now() + PRINT_POLL
            if not self._refusing:  # postponed by a print
                self._refusing = True
                self._host.reactor.register_callback(self._finish)
                ended.done.extend(self._restore_heaters(ended))
                return self._host.now() + HEATER_WAIT
            ended.done.extend(self._held_settings.restore(ended.held, heaters=True))
        except Exception:
            LOG.exception("zcal: cleaning up after a lease")
        return self._host.reactor.NEVER

    def _finish(self, _eventtime: float) -> None:
        over = True
        try:
            with self._host.gcode.get_mutex():
                over = self._clean_up()
        except Exception:
            LOG.exception("zcal: cleaning up after a lease")
        finally:
            self._refusing = False
            if over:
                self.discard()
                self._on_done()

    def _clean_up(self) -> bool:
        """With the gcode mutex held; returns whether the cleanup is over."""
        ended, printing = self._ended, self._host.state.print_active()
        if ended is None:
            return True
        for step in self._steps(ended, printing):
            try:
                ended.done.extend(step())
            except Exception as error:  # a failure must not prevent the remaining steps
                LOG.exception("zcal: cleaning up after a lease")
                ended.done.append(f"a step failed ({error})")
        done = "; ".join(ended.done) or "nothing had to be restored"
        kept = ", ".join(self._held_settings.changed(ended.held)) if printing else ""
        ended.done.clear()
        if not kept:
            self._host.respond(f"zcal: {ended.reason}. Cleaned up: {done}.")
            return True
        self._host.respond(
            f"zcal: {ended.reason}. A print has started: {kept} will be restored when it is over. Done so far: {done}."
        )
        self._host.reactor.update_timer(self._timer, self._host.now() + PRINT_POLL)
        return False

    def _steps(self, ended: _EndedLease, printing: bool) -> Iterator[Callable[[], list[str]]]:
        if ended.paper is not None:
            yield lambda: self._paper.end(ended.reason, ended.paper)
        if printing:
            return
        # Heaters again: commands that the client had queued may have set them since
        yield lambda: self._held_settings.restore(ended.held, heaters=True)
        yield lambda: self._held_settings.restore(ended.held, heaters=False)
        if ended.holder_gone:
            yield self._paper.lift_to_safe_height
