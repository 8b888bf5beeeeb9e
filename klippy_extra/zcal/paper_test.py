# ZCAL_PAPER_TEST: Klipper's manual probe, its outcome published, nothing staged
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from . import preconditions
from .errors import RunCancelled
from .host.manual import ABORTED, ACCEPTED
from .sample_series import lift
from .status import CANCELLED, DONE, FAILED

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .parameters import CommandParameters
    from .runner import CommandRun, CommandRunner

LOG = logging.getLogger(__name__)

HELP = "Paper test (TESTZ, ACCEPT, ABORT) that reports the height and stages nothing"
DEFAULT_SPEED = 5.0
"""mm/s, as in Klipper's MANUAL_PROBE."""
STATES = {ACCEPTED: DONE, ABORTED: CANCELLED}


class PaperTestCommand:
    """The command, and ways to end it without the user."""

    def __init__(self, host: KlippyHost, runner: CommandRunner, options: ZcalOptions) -> None:
        self._host = host
        self._runner = runner
        self._options = options
        self._speed = DEFAULT_SPEED
        self._reason: str | None = None

    def command(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Start the paper test, which continues after the command has returned.

        SPEED in mm/s; the default is 5, as in Klipper's MANUAL_PROBE.
        """
        self._speed = parameters.number("SPEED", DEFAULT_SPEED, 0.1, 50.0)
        parameters.done()
        preconditions.check_free(self._host)
        self._reason = None
        # Opening it may wait for moves, during which a cancel would not find the paper test yet
        self._host.motion.wait()
        run.check()
        self._host.manual.start(self._speed, lambda outcome, height: self._ended(run, outcome, height))
        run.stays_open = True
        try:
            run.check()
        except RunCancelled as cancelled:
            self.abort(cancelled.reason)
            raise

    def leased(self) -> bool:
        """Whether our paper test is open and belongs to a lease."""
        run = self._runner.current
        return run is not None and run.stays_open and run.leased and self._host.manual.ours()

    def abort(self, reason: str) -> bool:
        """Abort our paper test, if open, and lift the nozzle, with the gcode mutex held.

        Returns whether the nozzle was lifted. During a print, which may have started since, nothing moves: the print
        would continue at the wrong height.
        """
        if not self._host.manual.ours():
            return False
        self._reason = reason
        self._host.manual.abort()
        if self._host.state.print_active():
            return False
        lift(self._host, self._speed, self._host.motion.position()[2] + self._options.safe_height)
        return True

    def end(self, reason: str, run: CommandRun | None) -> list[str]:
        """Abort the paper test of that run only; returns what was done."""
        if run is None or self._runner.current is not run or not self._host.manual.ours():
            return []
        if self.abort(reason):
            return ["the paper test is aborted and the nozzle is lifted"]
        return ["the paper test is aborted; nothing moved because a print has started"]

    def lift_to_safe_height(self) -> list[str]:
        """Lift a nozzle that is below safe_height, with the gcode mutex held; returns what was done.

        Not during a print, and not while a manual probe is open.
        """
        host = self._host
        if "motion" in host.missing or "z" not in host.state.homed_axes():
            return []
        if host.state.print_active() or host.manual.active():
            return []
        if host.motion.position()[2] >= self._options.safe_height:
            return []
        try:
            lift(host, self._speed, self._options.safe_height)
        except host.error as error:
            return [f"the nozzle could not be lifted ({error})"]
        return ["the nozzle is lifted"]

    def abort_soon(self, reason: str) -> None:
        """Abort the paper test that is open now, from outside a command."""
        run = self._runner.current

        def callback(_eventtime: float) -> None:
            try:
                with self._host.gcode.get_mutex():
                    self.end(reason, run)
            except Exception:
                LOG.exception("zcal: aborting the paper test")

        self._host.reactor.register_callback(callback)

    def _ended(self, run: CommandRun, outcome: str, height: float | None) -> None:
        x, y, _ = self._host.motion.position()
        result = {"outcome": outcome, "height": height, "x": x, "y": y}
        state = STATES.get(outcome, FAILED)
        error = None
        if outcome == ABORTED:
            error = (
                f"The paper test was aborted: {self._reason}."
                if self._reason
                else "The paper test was aborted."
            )
        elif outcome != ACCEPTED:
            error = "The paper test failed: the nozzle moved sideways, was not lowered, or could not reach the height."
        self._runner.finish(run, state, result=result, error=error)
        if height is None:
            self._host.respond(f"ZCAL_PAPER_TEST: {error}")
        else:
            self._host.respond(f"ZCAL_PAPER_TEST: accepted at z={height:.6f}. Nothing was staged.")
