"""The simulator's output: lines for people, or JSON lines for programs."""

import json
import os
import sys
from typing import Any, Protocol

from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.program_name import COMMAND, WITH_PROGRAM, typed


class SimulatorOutput(Protocol):
    """Where events go."""

    def progress(self, text: str) -> None:
        """A step that may take a moment."""

    def notice(self, text: str) -> None:
        """Something happened that people should know."""

    def ready(self, info: dict[str, Any]) -> None:
        """The printer runs; where it can be reached."""

    def failed(self, error: SimulatorError) -> None:
        """It does not run."""

    def stopped(self, reason: str) -> None:
        """It has ended."""


class SimulatorJsonOutput:
    """One JSON object a line: progress, notice, ready, error, stopped."""

    def progress(self, text: str) -> None:
        """See SimulatorOutput."""
        _say(json.dumps({"event": "progress", "text": text}))

    def notice(self, text: str) -> None:
        """See SimulatorOutput."""
        _say(json.dumps({"event": "notice", "text": text}))

    def ready(self, info: dict[str, Any]) -> None:
        """See SimulatorOutput."""
        _say(json.dumps({"event": "ready", **info}))

    def failed(self, error: SimulatorError) -> None:
        """See SimulatorOutput."""
        parts = {"what": error.what, "cause": error.cause, "remedy": error.remedy}
        _say(json.dumps({"event": "error", **parts}))

    def stopped(self, reason: str) -> None:
        """See SimulatorOutput."""
        _say(json.dumps({"event": "stopped", "reason": reason}))


class SimulatorTextOutput:
    """Lines for people."""

    def progress(self, text: str) -> None:
        """See SimulatorOutput."""
        _say(f"{text} …")

    def notice(self, text: str) -> None:
        """See SimulatorOutput."""
        _say(text)

    def ready(self, info: dict[str, Any]) -> None:
        """See SimulatorOutput."""
        _say(f"The simulated printer {info['profile']} runs, at {info['speed']:g} times real time.")
        if info["state"] != "ready":
            _say(f"But klippy is not ready ({info['state']}): {info['message']}")
        _say(f"  klippy     {info['klippy']}")
        if info["moonraker"]:
            _say(f"  Moonraker  {info['moonraker']}")
        if info["api_key"]:
            _say(f"  API key    {info['api_key']}")
        _say(f"  config     {info['config']}")
        _say(f"  log        {info['log']}")
        _say(f"  control    {typed(COMMAND)} --control {info['control']} report")
        if WITH_PROGRAM:
            _say(f"To calibrate it: {typed('zcal-tui')} --printer {info['klippy']}")
        _say("Ctrl-C ends it.")

    def failed(self, error: SimulatorError) -> None:
        """See SimulatorOutput."""
        print(f"{COMMAND}: {error}", file=sys.stderr)

    def stopped(self, reason: str) -> None:
        """See SimulatorOutput."""
        _say(f"The simulated printer has ended: {reason}.")


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Nobody reads any more. The interpreter would complain once again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
