"""Undoing a save while klippy is in error: what is written into printer.cfg, and what is left alone."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.waiting import until
from tests.unit.session.test_undo import SAVED, stored, undone
from zcal_tui.model.record import Change, Outcome
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress

HEAD = (
    "[printer]\nkinematics: cartesian\n[probe]\n#z_offset: 1.5\n\n"
    "#*# <---------------------- SAVE_CONFIG ---------------------->\n"
    "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n"
)
BROKEN = HEAD + "#*# [probe]\n#*# z_offset = 1.520\n"
FIXED = HEAD + "#*# [probe]\n#*# z_offset = 1.500\n"
MESSAGE = "Option 'z_offset' in section 'probe' is not fine"


@pytest.fixture
def config(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A printer.cfg on this machine with which klippy does not start; it starts once the text is FIXED."""
    main = tmp_path / "printer.cfg"
    main.write_text(BROKEN)
    machine.info_extra = {"config_file": str(main), "hostname": socket.gethostname()}
    machine.objects["webhooks"] = {"state": "error", "state_message": MESSAGE}

    def start() -> None:
        if content(main) == FIXED:
            Machine.come_back(machine)
        else:
            machine.objects["webhooks"] = {"state": "error", "state_message": MESSAGE}

    monkeypatch.setattr(machine, "come_back", start)
    return main


@pytest.fixture
async def halted(config: Path, klippy: FakeKlippy, store: Store) -> AsyncIterator[Session]:
    """A session that has found klippy in error."""
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    await until(lambda: session.snapshot.printer.klippy == "error" and session.snapshot.printer.hostname)
    yield session
    await asyncio.to_thread(session.close)


def content(file: Path) -> str:
    return file.read_text()


def write(file: Path, text: str) -> None:
    file.write_text(text)


def kept_files(config: Path) -> list[Path]:
    """The files with which klippy did not start."""
    return list(config.parent.glob("printer.cfg.failed-*"))


async def test_the_old_value_is_written_and_klippy_starts(
    halted: Session, config: Path, store: Store
) -> None:
    stored(store, halted.snapshot.filed_under, "100000", replace(SAVED, state="staged"))
    record = await undone(halted)
    assert content(config) == FIXED
    assert record.problem is None and record.outcome is Outcome.FINISHED
    assert [(change.new, change.state) for change in record.changes] == [("1.500", "saved")]
    (kept,) = kept_files(config)
    assert content(kept) == BROKEN


async def test_never_writes_nothing(halted: Session, config: Path, store: Store) -> None:
    stored(store, halted.snapshot.filed_under, "100000", SAVED)
    record = await undone(halted, "never")
    assert content(config) == BROKEN
    assert [change.state for change in record.changes] == ["proposed"]


async def test_nobody_to_ask_is_no_consent(halted: Session, config: Path, store: Store) -> None:
    stored(store, halted.snapshot.filed_under, "100000", SAVED)
    record = await undone(halted, "ask")
    assert content(config) == BROKEN
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None and record.problem.key == "needs_person"


async def test_what_the_file_no_longer_has_is_left_alone(halted: Session, config: Path, store: Store) -> None:
    stored(store, halted.snapshot.filed_under, "100000", replace(SAVED, new="1.700"))
    record = await undone(halted)
    assert content(config) == BROKEN
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert "printer.cfg no longer has the values that accuracy saved" in record.problem.cause


async def test_a_line_that_was_not_set_before_is_named(halted: Session, config: Path, store: Store) -> None:
    curve = Change("probe_eddy_current x", "calibrate", None, "1:2", state="saved", saves=True)
    stored(store, halted.snapshot.filed_under, "100000", SAVED, curve)
    text = BROKEN + "#*# [probe_eddy_current x]\n#*# calibrate = 1:2\n"
    write(config, text)
    record = await undone(halted)
    assert [change.option for change in record.changes] == ["z_offset"], (
        "the curve is a line to remove by hand"
    )
    assert content(config) == text.replace("1.520\n", "1.500\n#*#\n")


async def test_a_klippy_that_still_does_not_start_is_a_problem_with_the_file_named(
    halted: Session, config: Path, store: Store
) -> None:
    write(config, BROKEN + "#*#\n#*# [fan_of_nothing]\n#*# speed = 1\n")
    stored(store, halted.snapshot.filed_under, "100000", SAVED)
    record = await undone(halted)
    assert record.outcome is Outcome.ERROR
    assert record.problem is not None
    assert record.problem.what == "The values are put back, but Klipper still does not start."
    (kept,) = kept_files(config)
    assert str(kept) in record.problem.remedy
    assert [change.state for change in record.changes] == ["proposed"], "nothing is staged in Klipper"


async def test_on_another_host_the_commands_are_shown(
    halted: Session, config: Path, store: Store, machine: Machine
) -> None:
    machine.info_extra["hostname"] = "elsewhere"
    stored(store, halted.snapshot.filed_under, "100000", SAVED)
    record = await undone(halted)
    assert content(config) == BROKEN
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert record.problem.cause == "Klipper runs on elsewhere, and its files are there."
    assert f"copy the newest backup of {config} over it on elsewhere, then RESTART" in record.problem.remedy


async def test_a_full_disk_changes_nothing(
    halted: Session, config: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(config))

    monkeypatch.setattr("zcal_tui.printer.config_files.replace_file", full)
    stored(store, halted.snapshot.filed_under, "100000", SAVED)
    record = await undone(halted)
    assert content(config) == BROKEN
    assert record.problem is not None
    assert "cannot be written: No space left on device" in record.problem.cause
    assert [change.state for change in record.changes] == ["proposed"]
