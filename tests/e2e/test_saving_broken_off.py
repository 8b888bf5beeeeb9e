"""Wherever saving breaks off, nothing stays pending unsaid."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import finding
from tests.e2e.configured import BACKUP, pending, profile_without, setting, touch_up, with_include
from tests.e2e.cutting import CuttingProxy
from tests.e2e.finding import change, find, session
from tests.e2e.klippers import KALICO
from tests.e2e.simulated import PrinterSim, Starter
from zcal_tui.model.questions import Answer, Confirm
from zcal_tui.results.store import read_run
from zcal_tui.session.saving import saver as saving
from zcal_tui.session.session import Session


def test_a_refused_save_says_what_is_pending_and_discards_it_if_told_to(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    before = printer.config.read_bytes()
    # Where klippy would put the new file or the backup nothing can be written, by whatever user
    if KALICO:
        (printer.config.parent / "config_backups").touch()
    else:
        (printer.config.parent / "printer_autosave.cfg").mkdir()

    def answers(leave: bool) -> Callable[[Session, Confirm], Answer]:
        return lambda _, question: question.key == "save" or not leave

    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers(leave=True))
        assert [question.key for question in saved.questions] == ["save", "discard-pending"]
        assert saved.states == ["staged"]
        assert "[probe] z_offset: 1.520" in saved.told
        assert "RESTART discards it" in saved.told
        assert pending(printer) == {"probe": {"z_offset": "1.520"}}
        saved = find(opened, change("probe", "z_offset", "1.530"), answers=answers(leave=False))
        assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]
        assert saved.states == ["proposed"], saved.told
        assert "discarded" in saved.told
        assert pending(printer) == {}
    assert printer.config.read_bytes() == before


def test_a_klippy_that_does_not_come_back(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    # An edit that klippy will only stumble over when it starts the next time
    printer.config.write_bytes(printer.config.read_bytes() + b"\n[fan_of_nothing]\nspeed: 1\n")
    with session(printer.klippy, tmp_path) as opened:
        saved = find(
            opened, change("probe", "z_offset", "1.520"), answers=lambda _, question: question.key == "save"
        )
    assert [question.key for question in saved.questions] == ["save", "restore-backup"]
    assert "[fan_of_nothing] was added" in saved.questions[0].detail
    assert saved.states == ["staged"]
    problem = saved.record.problem
    assert problem is not None
    assert "did not start again" in problem.what
    assert "fan_of_nothing" in problem.raw
    assert BACKUP.search(problem.remedy)


def test_a_broken_configuration_is_not_saved_into(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    whole = printer.config.read_bytes()
    with session(printer.klippy, tmp_path) as opened:
        for broken in (b"[include nowhere.cfg]\n", b"no section: here\n", b"#*# [probe]\n"):
            printer.config.write_bytes(b"# first\n" + broken + whole)
            saved = find(opened, change("probe", "z_offset", "1.520"))
            assert saved.states == ["proposed"]
            assert saved.questions == []
            assert "Not saved" in saved.told
    assert pending(printer) == {}


@pytest.fixture
def proxied(printer_sim: Starter, tmp_path: Path) -> Iterator[tuple[PrinterSim, CuttingProxy]]:
    """A corexy reached through a link that can be cut."""
    printer = printer_sim("corexy")
    proxy = CuttingProxy(printer.config.parents[1] / "comms" / "cut.sock", printer.klippy)
    yield printer, proxy
    proxy.close()


def once(word: bytes, what: str) -> Callable[[bytes], str]:
    """A rule that applies to the first piece with this word in it."""
    left = [what]
    return lambda piece: left.pop() if left and word in piece else "pass"


@pytest.mark.parametrize("word", [b"SAVE_CONFIG", b"objects/query"])
def test_a_link_cut_before_save_config_leaves_nothing_unsaid(
    word: bytes,
    proxied: tuple[PrinterSim, CuttingProxy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printer, proxy = proxied
    monkeypatch.setattr(saving, "LOST_AFTER", 3.0)

    def answers(_: Session, question: Confirm) -> bool:
        if question.key == "save":
            # Without SAVE_CONFIG in the rule: right after the value was staged, when it is looked at
            seen = []

            def rule(piece: bytes) -> str:
                if b"ZCAL_STAGE" in piece:
                    seen.append(piece)
                    return "pass"
                return cut(piece) if seen else "pass"

            cut = once(word, "cut")
            proxy.rule = rule
            return True
        return False

    with session(str(proxy.path), tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
        assert proxy.acted.is_set()
        assert [question.key for question in saved.questions] == ["save", "discard-pending"], saved.told
        assert saved.states == ["staged"]
        assert "Pending in Klipper now: [probe] z_offset: 1.520" in saved.told
        assert pending(printer) == {"probe": {"z_offset": "1.520"}}
        saved = find(opened, save="never")
        assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]


def test_a_link_cut_while_klippy_saves_is_waited_for(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    printer, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "pass and cut")
    with session(str(proxy.path), tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    assert proxy.acted.is_set()
    assert saved.states == ["saved"], saved.told
    assert setting(printer, "probe", "z_offset") == 1.52


def test_a_link_cut_while_staging_without_the_extra_leaves_the_offset_alone(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(str(profile_without(tmp_path, "voron", "zcal")))
    client = printer.connect()
    client.gcode("SET_GCODE_OFFSET Z=0.125")
    proxy = CuttingProxy(printer.config.parents[1] / "comms" / "cut.sock", printer.klippy)
    proxy.rule = once(b"Z_OFFSET_APPLY_PROBE", "pass and cut")
    with session(str(proxy.path), tmp_path / "data") as opened:
        saved = find(
            opened,
            change("probe", "z_offset", "6.388"),
            answers=lambda _, question: question.key == "save",
        )
    proxy.close()
    assert proxy.acted.is_set()
    assert saved.states == ["staged"]
    assert "Pending in Klipper now: [probe] z_offset: 6.388" in saved.told
    assert client.status("gcode_move")["homing_origin"][2] == 0.125
    client.close()


def test_kill_9_between_staging_and_saving_is_in_the_record(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    printer, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "hold")
    program = subprocess.Popen(
        [sys.executable, finding.__file__, str(proxy.path), str(tmp_path / "data"), "probe=z_offset=1.520"],
        stdout=subprocess.DEVNULL,
    )
    assert proxy.acted.wait(60)
    os.kill(program.pid, signal.SIGKILL)
    program.wait(10)
    (path,) = (tmp_path / "data").rglob("*.jsonl")
    kept = read_run(path)
    assert not kept.complete
    assert [found.state for found in kept.record.changes] == ["staged"]
    assert pending(printer) == {"probe": {"z_offset": "1.520"}}
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, save="never")
    assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]


def test_closing_the_program_in_the_middle_of_a_restart(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    _, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "hold")
    with session(str(proxy.path), tmp_path) as opened:

        def answers(opened: Session, question: Confirm) -> bool:
            def leave() -> None:
                assert proxy.acted.wait(60)
                opened.close(patience=0.5)

            closing.append(threading.Thread(target=leave))
            closing[0].start()
            return True

        closing: list[threading.Thread] = []
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
    assert saved.states == ["staged"]
    assert "RESTART discards it" in saved.told


def test_files_that_cannot_be_read_are_said_to_be(printer_sim: Starter, tmp_path: Path) -> None:
    folder = with_include(tmp_path)
    printer = printer_sim(str(folder), moonraker=True)
    assert printer.moonraker is not None
    outside = tmp_path / "outside.cfg"
    outside.write_text("[probe]\nx_offset: 0.1\n")
    touch_up(printer, lambda data: f"[include {outside}]\n".encode() + data.replace(b"x_offset: 0\n", b""))
    with session(printer.moonraker, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "y_offset", "24.50"))
        assert saved.states == ["saved"], saved.told
        assert "cannot be shown" in saved.questions[0].detail
        assert str(outside) in saved.questions[0].detail
        assert "[probe] y_offset: 24.50" in saved.questions[0].detail
        # Klipper itself finds the conflict then; what it was given is not left in silence
        saved = find(opened, change("probe", "x_offset", "0.50"))
    assert saved.states == ["proposed"], saved.told
    assert [question.key for question in saved.questions] == ["save", "discard-pending"]
    assert pending(printer) == {}
