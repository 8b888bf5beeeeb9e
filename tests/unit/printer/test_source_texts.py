from pathlib import Path

import pytest

from zcal_tui.printer.errors.source_texts import main, source_texts
from zcal_tui.printer.errors.unexplained import UNEXPLAINED

SOURCE = """
HINT = "Attach verification {0} is missing"
class Probe:
    def one(self, gcmd):
        raise gcmd.error("Probe samples exceed samples_tolerance")
    def two(self, name):
        msg = "Endstop %s still triggered after retract" % (name,)
        raise self.printer.command_error(msg)
    def three(self, count):
        raise self.printer.config_error(HINT.format(count))
    def four(self, count):
        def inner():
            raise ValueError(f"Flux capacitor {count} empty")
        inner()
    def five(self, error):
        msg = "not raised"
        raise self.gcode.error(str(error))
"""


def test_every_error_text_of_a_plugin_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plugin.py").write_text(SOURCE)
    assert [(found.line, found.text) for found in source_texts(tmp_path)] == [
        (5, "Probe samples exceed samples_tolerance"),
        (8, "Endstop stepper_z still triggered after retract"),
        (10, "Attach verification stepper_z is missing"),
        (13, "Flux capacitor stepper_z empty"),
    ]
    assert main([str(tmp_path), "--missing"]) == 1
    printed = capsys.readouterr()
    assert "plugin.py:13: Flux capacitor" in printed.out
    assert "samples_tolerance" not in printed.out
    assert "4 texts, 2 without" in printed.err


def test_only_what_probes_and_homes_counts_in_a_klippy(tmp_path: Path) -> None:
    extras = tmp_path / "klippy" / "extras"
    extras.mkdir(parents=True)
    (tmp_path / "klippy" / "configfile.py").write_text('raise error("Recursive include of config file")')
    (extras / "probe.py").write_text('raise error("Must home before probe")')
    (extras / "neopixel.py").write_text('raise error("Too many lights")')
    assert {found.file for found in source_texts(tmp_path)} == {
        "klippy/configfile.py",
        "klippy/extras/probe.py",
    }


def test_a_reason_is_a_sentence_for_people() -> None:
    assert all(len(reason) > 20 for _, reason in UNEXPLAINED)
