"""Who answers a check's questions in a headless run: nobody, lines typed on a terminal, or the autopilot."""

import queue
import threading
from collections.abc import Iterable
from typing import IO, Protocol

from zcal_tui.headless.output import Output
from zcal_tui.headless.questions import help_lines, parse_answer, question_lines, reprompt
from zcal_tui.headless.text import plain_text
from zcal_tui.model.questions import Answer, Question

PROMPT = "> "
HELP_WORDS = ("?", "help")


class NobodyAnswers(Exception):
    """Nobody answers any more; the text says why. The run cannot continue."""


class Answerer(Protocol):
    """Answers one question at a time. Nothing here waits; both methods raise NobodyAnswers."""

    def ask(self, question: Question) -> None:
        """A question is open."""

    def poll(self) -> Answer | None:
        """The answer to the open question, once there is one."""


class LinePrompts:
    """Asks a person on a terminal, in plain lines."""

    def __init__(self, output: Output, stdin: IO[str], *, plain: bool = False) -> None:
        """`plain` asks in words, for screen readers."""
        self._output = output
        self._plain = plain
        self._stdin = stdin
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._question: Question | None = None
        self._reader: threading.Thread | None = None
        self._ended = False

    def ask(self, question: Question) -> None:
        """What was typed before the question came is no answer to it."""
        if self._reader is None:
            # A thread, since reading a terminal cannot be interrupted; it ends with the program
            self._reader = threading.Thread(target=self._read, name="zcal line prompts", daemon=True)
            self._reader.start()
        while not self._ended and not self._lines.empty():
            self._ended = self._lines.get_nowait() is None
        self._question = question
        self._say(question_lines(question))

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._output.message(plain_text(line) if self._plain else line)
        self._output.prompt(PROMPT)

    def poll(self) -> Answer | None:
        if self._question is None:
            return None
        line: str | None = None
        try:
            if not self._ended:
                line = self._lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            self._ended = True
            raise NobodyAnswers("Standard input was closed, so nobody can answer.")
        if line.strip().lower() in HELP_WORDS:
            self._say(help_lines(self._question))
            return None
        answer = parse_answer(self._question, line)
        if answer is None:
            self._say([reprompt(self._question, line)])
            return None
        self._question = None
        return answer

    def _read(self) -> None:
        while True:
            try:
                line = self._stdin.readline()
            except (OSError, ValueError):  # a terminal that hung up
                line = ""
            self._lines.put(line.rstrip("\n") if line else None)
            if not line:
                return
