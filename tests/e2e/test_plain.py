"""The full calibration with --plain, by a person who hears only lines and types only answers."""

import math
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from tests.e2e.simulated import Starter
from zcal_tui.session.simulated_person import SimulatedPerson

BELL = "\a> "
CONTROL = re.compile(r"[\x00-\x06\x08\x0b-\x1f\x7f]|[\u2500-\u259f]")
"""Escape sequences, redraws and boxes, none of which a screen reader can read."""
LIMIT = 1500.0
MOST_QUESTIONS = 220
"""Of the full calibration with Location bias, whose paper tests are questions, too."""


class LinePerson:
    """Answers what was printed before a bell."""

    def __init__(self, control: str) -> None:
        self._person = SimulatedPerson(control)
        self.questions = 0

    def answer(self, text: str) -> str:
        """The line to type."""
        self.questions += 1
        if "a: accept (the paper just drags)" in text:
            return self._paper(text)
        if "a: accept (the nozzle is over the mark)" in text:
            return self._jog()
        if "Number?" in text:
            gap, wanted = self._person.gap(), re.search(r"Is the gap about ([0-9.]+) mm", text)
            touching = wanted is not None and gap is not None and gap < 0.6 * float(wanted[1])
            return "2" if touching or (wanted and self._person.drag() != "free") else "1"
        if "Mark the" in text:
            self._person.new_test()
            self._person.mark()
        if "Is the nozzle clean" in text:
            self._person.wipe()
        if "Go down by" in text:
            return "y" if self._person.drag() == "free" else "n"
        return "y"

    def _paper(self, text: str) -> str:
        if "Put a sheet of paper" in text:
            self._person.new_test()
        drag = self._person.drag()
        if drag == "drags":
            return "a" if "press Lower" not in text else "l"
        if drag == "stuck":
            return "+"
        return "-" if "bracketed to" in text else "l"

    def _jog(self) -> str:
        seen = self._person.see()
        if seen is None:
            return "q"
        if math.hypot(*seen) < 0.02:
            return "a"
        return f"x {seen[0]:.3f} y {seen[1]:.3f}"


def test_the_full_calibration_by_lines(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("bedslinger", speed=40.0)
    person = LinePerson(str(printer.ready["control"]))
    options = ("--printer", printer.klippy, "--data", str(tmp_path), "--plain")
    command = [sys.executable, "-m", "zcal_tui", *options, "all"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
    )
    assert process.stdin is not None and process.stdout is not None
    killer = threading.Timer(LIMIT, process.kill)
    killer.start()
    heard, since = "", 0
    try:
        while data := os.read(process.stdout.fileno(), 65536):
            heard += data.decode(errors="replace")
            while (at := heard.find(BELL, since)) >= 0:
                question, since = heard[since:at], at + len(BELL)
                process.stdin.write(f"{person.answer(question)}\n".encode())
        code = process.wait(30.0)
    finally:
        killer.cancel()
        process.kill()
        process.stdin.close()
        process.stdout.close()
    assert code in (0, 7), heard[-4000:]
    assert CONTROL.search(heard) is None, heard[-4000:]
    assert person.questions < MOST_QUESTIONS
    summary = heard[heard.rindex("checks passed") :]
    for title in (
        "Ready",
        "Probe XY offset",
        "Z offset",
        "Repeatability",
        "Location bias",
        "Temperature",
        "First layer",
    ):
        assert summary.count(f"- {title}: ") == 1, summary
    assert re.search(r"- Backlash: A BLTouch retracts its pin .*\(skipped\)", heard), heard[-3000:]
    steps = heard.count("a: accept (the paper just drags)")
    assert steps == len(re.findall(r"nozzle at Z -?\d+\.\d{4} mm", heard)), "the height after each step"
    assert heard.count("a: accept (the nozzle is over the mark)") >= 2, "jogged by lines"
    assert "Passed: " in heard or "Warning: " in heard, "states are words"
