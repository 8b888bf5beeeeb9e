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

from .errors import CommandCancelled, CommandRefused
from .parameters import CommandParameters
from .status import CANCELLED, DONE, FAILED, WAITING, ZcalStatus

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

    from .host import KlippyHost

LOG = logging.getLogger(__name__)

REMEMBERED = 8
"""How many tags of commands that are cancelled before they have begun are kept."""


class CommandRun:
    """A command that is being carried out."""

    def __init__(self, status: ZcalStatus, command: GCodeCommand, tag: str) -> None:
        self._status = status
        self._cancelled: str | None = None
        self.tag = tag
        self.number = status.begin(command.get_command(), tag)
        self.command = command.get_command()
        self.respond = command.respond_info
        self.result: Mapping[str, Any] | None = None
        self.waits = False
        """Whether it goes on after the command has returned, as a paper test does."""
        self.leased = status.fields["lease"] is not None
        """Whether it began under a lease, with which it ends."""

    def sample(self, sample: Mapping[str, Any]) -> None:
        """Publish a sample."""
        self._status.sample(sample)

    def cancel(self, reason: str) -> None:
        """Have it stop at its next `check`."""
        self._cancelled = self._cancelled or reason

    def check(self) -> None:
        """Between two moves: raises CommandCancelled if somebody asked to stop."""
        if self._cancelled is not None:
            raise CommandCancelled(self._cancelled)


Action = Callable[[CommandRun, CommandParameters], None]


class CommandRunner:
    """Makes gcode commands of actions."""

    def __init__(self, host: KlippyHost, status: ZcalStatus) -> None:
        self._host = host
        self._status = status
        self.current: CommandRun | None = None
        """The run that goes on, if any; a paper test stays it until it has ended."""
        self.refuses: Callable[[], str | None] = lambda: None
        """Why no command may begin now, None where it may."""
        self._unwanted: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)

    def command(self, action: Action) -> Callable[[GCodeCommand], None]:
        """A handler for klippy's dispatcher."""

        def handler(command: GCodeCommand) -> None:
            if self.current is not None:
                remedy = (
                    "End the paper test first: ACCEPT or ABORT."
                    if self.current.waits
                    else "Wait, or cancel it."
                )
                raise command.error(
                    f"{command.get_command()}: {self.current.command} is still running. {remedy}"
                )
            parameters = CommandParameters(command)
            self.current = run = CommandRun(self._status, command, parameters.tag)
            try:
                self._carry_out(run, action, command, parameters)
            finally:
                if not run.waits:
                    self.current = None

        return handler

    def cancel(self, reason: str) -> bool:
        """Ask the command that runs to stop; whether there is one."""
        if self.current is None:
            return False
        self.current.cancel(reason)
        return True

    def cancel_tagged(self, tag: str, reason: str) -> CommandRun | None:
        """The run of that tag if it goes on, for the caller to stop; where it does not, it is cancelled if it ever
        begins: its command may wait behind another client's, which is not to be stopped in its place."""
        if self.current is not None and self.current.tag == tag:
            return self.current
        if self._status.tagged(tag) is None and (tag, reason) not in self._unwanted:
            self._unwanted.append((tag, reason))
        return None

    def finish(
        self, run: CommandRun, state: str, *, result: Mapping[str, Any] | None, error: str | None = None
    ) -> None:
        """The end of a run that waited."""
        run.waits = False
        if self.current is run:
            self.current = None
        self._status.change(state=state, result=result, error=error)

    def _carry_out(
        self, run: CommandRun, action: Action, command: GCodeCommand, parameters: CommandParameters
    ) -> None:
        try:
            for tag, reason in self._unwanted:
                if tag == run.tag:
                    run.cancel(reason)
            refusal = self.refuses()
            if refusal is not None:
                run.cancel(refusal)
            run.check()
            action(run, parameters)
        except CommandCancelled as cancelled:
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
            # The last place where a fault of ours can be stopped from shutting the printer down.
            LOG.exception("zcal: %s", command.get_commandline())
            text = f"{run.command} failed by a fault of its own ({type(error).__name__}: {error}); see klippy.log."
            self._fail(run, text)
            raise command.error(text) from error
        else:
            if run.waits:
                self._status.change(state=WAITING)
            else:
                self._status.change(state=DONE, result=run.result)

    def _fail(self, run: CommandRun, text: str) -> None:
        run.waits = False
        self._status.change(state=FAILED, result=run.result, error=text)
