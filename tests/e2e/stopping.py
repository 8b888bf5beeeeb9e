"""The program, which stops itself (SIGSTOP) when its autopilot is first asked about something: `stopping.py KEY …`.

What a test does then happens while the question is open. The autopilot answers at once: a test that read the question
and stopped the program itself would at times come too late.
"""

import os
import signal
import sys

from zcal_tui.__main__ import main
from zcal_tui.headless.autopilot import Autopilot
from zcal_tui.model.questions import Question

if __name__ == "__main__":
    waiting_for = [sys.argv.pop(1)]
    ask = Autopilot.ask

    def stop_first(self: Autopilot, question: Question) -> None:
        """Stop at the first question by that key, and answer it once the program goes on."""
        if question.key in waiting_for:
            waiting_for.clear()
            os.kill(os.getpid(), signal.SIGSTOP)
        ask(self, question)

    Autopilot.ask = stop_first  # type: ignore[method-assign]
    sys.exit(main())
