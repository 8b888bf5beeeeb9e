# ZCAL_PAPER_TEST: Klipper's manual probe, its outcome published, nothing staged
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from . import preconditions
from .errors import CommandCancelled
from .host.manual import ABORTED, ACCEPTED
from .sample_series import lift
from .status import CANCELLED, DONE, FAILED

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .parameters import CommandParameters
    from .runner import CommandRun, CommandRunner

LOG = logging.getLogger(__name__)

HELP = "Find the height at which the nozzle touches the paper (TESTZ, ACCEPT, ABORT); nothing is staged"
STATES = {ACCEPTED: DONE, ABORTED: CANCELLED}


class PaperTestCommand:
    """The command, and its end by other means than a person's."""

    def __init__(self, host: KlippyHost, runner: CommandRunner, options: ZcalOptions) -> None:
        self._host = host
        self._runner = runner
        self._options = options
        self._speed = 5.0
        self._reason: str | None = None

    def command(self, run: CommandRun, parameters: CommandParameters) -> None:
        """SPEED in mm/s, 5 as in Klipper's MANUAL_PROBE. It goes on after the command has returned."""
        self._speed = parameters.number("SPEED", 5.0, 0.1, 50.0)
        parameters.done()
        preconditions.check_free(self._host)
        self._reason = None
        # Opening it may wait for moves, while nobody knows yet that there is a paper test to be ended
        self._host.motion.wait()
        run.check()
        self._host.manual.start(self._speed, lambda outcome, height: self._ended(run, outcome, height))
        run.waits = True
        try:
            run.check()
        except CommandCancelled as cancelled:
            self.abort(cancelled.reason)
            raise

    def leased(self) -> bool:
        """Whether ours is open and was opened under a lease."""
        run = self._runner.current
        return run is not None and run.waits and run.leased and self._host.manual.ours()

    def abort(self, reason: str) -> bool:
        """End ours, if it is open, and lift the nozzle, with the gcode mutex held; whether it was lifted. In a print,
        which may have been begun meanwhile, nothing is moved: it would go on at the wrong height."""
        if not self._host.manual.ours():
            return False
        self._reason = reason
        self._host.manual.abort()
        if self._host.state.job():
            return False
        lift(self._host, self._speed, self._host.motion.position()[2] + self._options.safe_height)
        return True

    def end(self, reason: str, run: CommandRun | None) -> list[str]:
        """The same for the paper test of that run only; what was done in words."""
        if run is None or self._runner.current is not run or not self._host.manual.ours():
            return []
        if self.abort(reason):
            return ["the paper test is aborted and the nozzle lifted"]
        return ["the paper test is aborted; nothing was moved, since a print has begun"]

    def lift_off(self) -> list[str]:
        """Lift a nozzle that stands closer to the bed than the safe height, with the gcode mutex held; what was done in
        words. Not in a print, nor out of somebody's manual probe."""
        host = self._host
        if "motion" in host.missing or "z" not in host.state.homed_axes():
            return []
        if host.state.job() or host.manual.active():
            return []
        if host.motion.position()[2] >= self._options.safe_height:
            return []
        try:
            lift(host, self._speed, self._options.safe_height)
        except host.error as error:
            return [f"the nozzle could not be lifted ({error})"]
        return ["the nozzle is lifted"]

    def abort_soon(self, reason: str) -> None:
        """The same from outside of a command, for the one that is open now."""
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
            error = (
                "The paper test failed: the nozzle moved sideways, was not lowered, or could not go there."
            )
        self._runner.finish(run, state, result=result, error=error)
        if height is None:
            self._host.respond(f"ZCAL_PAPER_TEST: {error}")
        else:
            self._host.respond(f"ZCAL_PAPER_TEST: the nozzle touches at z={height:.6f}; nothing was staged.")
