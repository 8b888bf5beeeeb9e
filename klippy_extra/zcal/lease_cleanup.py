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

LOOK_AGAIN = 5.0
"""Seconds between two looks whether a print is over."""
EASED = 180.0
"""Seconds for which a heater that a command may be waiting for (M190) keeps its temperature before it is turned off:
that command would wait for ever for a heater that is off, and nothing else could ever run."""


class _EndedLease(NamedTuple):
    """A lease that has ended: why, what it held, whether its holder is gone, and the paper test under it."""

    reason: str
    held: dict[tuple[str, str], HeldSetting]
    alone: bool
    paper: CommandRun | None
    done: list[str]


class LeaseCleanup:
    """Puts everything back, one lease at a time. Nothing leaves it: klippy would shut down."""

    def __init__(
        self,
        host: KlippyHost,
        held_settings: HeldSettings,
        runner: CommandRunner,
        paper: PaperTestCommand,
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called when it is over."""
        self._host = host
        self._held_settings = held_settings
        self._runner = runner
        self._paper = paper
        self._changed = changed
        self._ended: _EndedLease | None = None
        self._stopping = False
        self._timer = host.reactor.register_timer(self._look)

    def active(self) -> bool:
        """Whether something is still to be put back."""
        return self._ended is not None

    def why(self) -> str | None:
        """Why a command that begins now is not to: its client had queued it before its lease ended."""
        return f"zcal is cleaning up, since {self._ended.reason}" if self._ended and self._stopping else None

    def drop(self) -> None:
        """Forget it: klippy has shut down, which ends everything a lease could hold."""
        self._ended, self._stopping = None, False
        self._host.reactor.update_timer(self._timer, self._host.reactor.NEVER)

    def begin(self, reason: str, since: float, *, alone: bool) -> None:
        """A lease that began at `since` has ended. `alone`: its holder is gone, and the nozzle may stand low."""
        paper = self._runner.current if self._paper.leased() else None
        self._ended = ended = _EndedLease(reason, self._held_settings.take(), alone, paper, [])
        self._stopping = True
        # First, so that whatever fails below, the rest is done
        self._host.reactor.register_callback(self._rest)
        self._host.reactor.update_timer(self._timer, self._host.now() + EASED)
        if not self._host.state.job():
            ended.done.extend(self._cool(ended))
        if paper is None and self._runner.current is not None and self._runner.current.leased:
            self._runner.cancel(reason)
            ended.done.append(f"{self._runner.current.command} is stopped")
        ended.done.extend(f"{name} is stopped" for name in cancel.others(self._host.printer, reason, since))

    def _cool(self, ended: _EndedLease) -> list[str]:
        """Heat is what may not wait until some other command gives the mutex back."""
        run = self._runner.current
        may_wait_for_heat = self._host.gcode.get_mutex().test() and not (run is not None and run.leased)
        if may_wait_for_heat:
            return self._held_settings.ease(ended.held)
        return self._held_settings.put_back(ended.held, heaters=True)

    def _look(self, _eventtime: float) -> float:
        """The timer: a heater has been eased for long enough, or a print may be over."""
        try:
            ended = self._ended
            if ended is None:
                return self._host.reactor.NEVER
            if self._host.state.job():
                return self._host.now() + LOOK_AGAIN
            if not self._stopping:  # it was put off by a print
                self._stopping = True
                self._host.reactor.register_callback(self._rest)
                ended.done.extend(self._cool(ended))
                return self._host.now() + EASED
            ended.done.extend(self._held_settings.put_back(ended.held, heaters=True))
        except Exception:
            LOG.exception("zcal: cleaning up after a lease")
        return self._host.reactor.NEVER

    def _rest(self, _eventtime: float) -> None:
        over = True
        try:
            with self._host.gcode.get_mutex():
                over = self._carry_out()
        except Exception:
            LOG.exception("zcal: cleaning up after a lease")
        finally:
            self._stopping = False
            if over:
                self.drop()
                self._changed()

    def _carry_out(self) -> bool:
        """With the gcode mutex held; whether it is over."""
        ended, job = self._ended, self._host.state.job()
        if ended is None:
            return True
        for step in self._steps(ended, job):
            try:
                ended.done.extend(step())
            except Exception as error:  # what fails must not keep the rest from being done
                LOG.exception("zcal: cleaning up after a lease")
                ended.done.append(f"something could not be done ({error})")
        done = "; ".join(ended.done) or "nothing was to be done"
        kept = ", ".join(self._held_settings.changed(ended.held)) if job else ""
        ended.done.clear()
        if not kept:
            self._host.respond(f"zcal: cleaning up, since {ended.reason}: {done}.")
            return True
        self._host.respond(
            f"zcal: {ended.reason}, and a print has begun: {kept} will be put back when it is over ({done})."
        )
        self._host.reactor.update_timer(self._timer, self._host.now() + LOOK_AGAIN)
        return False

    def _steps(self, ended: _EndedLease, job: bool) -> Iterator[Callable[[], list[str]]]:
        if ended.paper is not None:
            yield lambda: self._paper.end(ended.reason, ended.paper)
        if job:
            return
        # Heaters once more: what the client had queued may have set them since
        yield lambda: self._held_settings.put_back(ended.held, heaters=True)
        yield lambda: self._held_settings.put_back(ended.held, heaters=False)
        if ended.alone:
            yield self._paper.lift_off
