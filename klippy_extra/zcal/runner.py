# Runs the commands of [zcal], one at a time
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Whatever fails in a command becomes a command error: Klipper shuts down on any other exception."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Mapping

from .errors import CommandRefused, RunCancelled
from .parameters import CommandParameters
from .status import CANCELLED, DONE, FAILED, WAITING, ZcalStatus

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

    from .host import KlippyHost

LOG = logging.getLogger(__name__)

KEPT_TAGS = 8
"""How many tags of commands that were cancelled before they started are kept."""


class CommandRun:
    """A running command."""

    def __init__(self, status: ZcalStatus, command: GCodeCommand, tag: str) -> None:
        self._status = status
        self._cancelled: str | None = None
        self.tag = tag
        self.number = status.begin(command.get_command(), tag)
        self.command = command.get_command()
        self.respond = command.respond_info
        self.result: Mapping[str, Any] | None = None
        self.stays_open = False
        """Whether it continues after the command has returned, as a paper test does."""
        self.leased = status.fields["lease"] is not None
        """Whether it belongs to a lease, and is cancelled when that ends."""

    def sample(self, sample: Mapping[str, Any]) -> None:
        """Publish a sample."""
        self._status.sample(sample)

    def cancel(self, reason: str) -> None:
        """Stop the command at its next `check`."""
        self._cancelled = self._cancelled or reason

    def check(self) -> None:
        """Called between moves. Raises RunCancelled if the command was cancelled."""
        if self._cancelled is not None:
            raise RunCancelled(self._cancelled)


Action = Callable[[CommandRun, CommandParameters], None]


class CommandRunner:
    """Turns actions into gcode commands."""

    def __init__(self, host: KlippyHost, status: ZcalStatus) -> None:
        self._host = host
        self._status = status
        self.current: CommandRun | None = None
        """The present run, if any; a paper test stays current until it has ended."""
        self.refusal: Callable[[], str | None] = lambda: None
        """Returns why no command may start now, None if it may."""
        self._cancelled_early: deque[tuple[str, str]] = deque(maxlen=KEPT_TAGS)

    def command(self, action: Action) -> Callable[[GCodeCommand], None]:
        """A handler for Klipper's gcode dispatcher."""

        def handler(command: GCodeCommand) -> None:
            if self.current is not None:
                remedy = (
                    "End the paper test first with ACCEPT or ABORT."
                    if self.current.stays_open
                    else "Wait for it, or cancel it."
                )
                raise command.error(
                    f"{command.get_command()}: {self.current.command} is still running. {remedy}"
                )
            parameters = CommandParameters(command)
            self.current = run = CommandRun(self._status, command, parameters.tag)
            try:
                self._execute(run, action, command, parameters)
            finally:
                if not run.stays_open:
                    self.current = None

        return handler

    def cancel(self, reason: str) -> bool:
        """Cancel the running command; returns whether there is one."""
        if self.current is None:
            return False
        self.current.cancel(reason)
        return True

    def cancel_tagged(self, tag: str, reason: str) -> CommandRun | None:
        """The run of that tag, if it is the present one, for the caller to stop.

        Otherwise the command is cancelled as soon as it starts: it may be queued behind another client's command, which
        must not be stopped in its place.
        """
        if self.current is not None and self.current.tag == tag:
            return self.current
        if self._status.tagged(tag) is None and (tag, reason) not in self._cancelled_early:
            self._cancelled_early.append((tag, reason))
        return None

    def finish(
        self, run: CommandRun, state: str, *, result: Mapping[str, Any] | None, error: str | None = None
    ) -> None:
        """End a run that stayed open."""
        run.stays_open = False
        if self.current is run:
            self.current = None
        self._status.change(state=state, result=result, error=error)

    def _execute(
        self, run: CommandRun, action: Action, command: GCodeCommand, parameters: CommandParameters
    ) -> None:
        try:
            for tag, reason in self._cancelled_early:
                if tag == run.tag:
                    run.cancel(reason)
            refusal = self.refusal()
            if refusal is not None:
                run.cancel(refusal)
            run.check()
            action(run, parameters)
        except RunCancelled as cancelled:
            count = self._status.fields["count"]
            text = f"{run.command} was cancelled after {count} samples: {cancelled.reason}."
            self._status.change(state=CANCELLED, result=run.result, error=text)
            raise command.error(text) from cancelled
        except CommandRefused as refused:
            self._fail(run, str(refused))
            raise command.error(str(refused)) from refused
        except self._host.error as error:
            self._fail(run, str(error))
            raise
        except Exception as error:
            # The last place to keep an error of ours from shutting the printer down
            LOG.exception("zcal: %s", command.get_commandline())
            text = f"Internal error in {run.command} ({type(error).__name__}: {error}). See klippy.log."
            self._fail(run, text)
            raise command.error(text) from error
        else:
            if run.stays_open:
                self._status.change(state=WAITING)
            else:
                self._status.change(state=DONE, result=run.result)

    def _fail(self, run: CommandRun, text: str) -> None:
        run.stays_open = False
        self._status.change(state=FAILED, result=run.result, error=text)
