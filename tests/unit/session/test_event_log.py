"""A run's events are on disk before they are shown, in their order, and a slow disk holds up nothing else."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.waiting import until
from zcal_tui.model.events import Event, Notice, RunStarted, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.results.journal import Journal
from zcal_tui.session.event_log import EventLog

STARTED = RunStarted("r", "accuracy", "2026-01-01T00:00:00.000Z", {}, {}, {})


def sample(n: int) -> SampleTaken:
    return SampleTaken(Sample(n, float(n), 0.0, 0.0, 1.5))


class Disk:
    """A disk that takes as long as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ready = threading.Event()
        self.ready.set()
        self.syncs = 0
        self.error: OSError | None = None
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, _: int) -> None:
        self.ready.wait(10.0)
        self.syncs += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def shown() -> list[Event]:
    return []


@pytest.fixture
def log(tmp_path: Path, shown: list[Event], disk: Disk) -> Any:
    made = EventLog(shown.append)
    made.open(Journal(tmp_path / "run.jsonl"))
    made.emit(STARTED)
    yield made
    disk.ready.set()
    made.close()


async def test_samples_wait_for_the_disk_and_the_loop_does_not(
    log: EventLog, disk: Disk, shown: list[Event]
) -> None:
    disk.ready.clear()
    for n in range(1, 6):
        log.emit(sample(n))
        await asyncio.sleep(0.02)
    assert shown == [STARTED]
    disk.ready.set()
    await until(lambda: len(shown) == 6)
    assert shown == [STARTED, *map(sample, range(1, 6))]
    assert disk.syncs <= 4, "what waits is written together"


async def test_what_decides_about_a_next_step_is_on_disk_at_once(
    log: EventLog, disk: Disk, shown: list[Event], tmp_path: Path
) -> None:
    disk.ready.clear()
    log.emit(sample(1))
    await asyncio.sleep(0.05)  # its thread waits for the disk now
    threading.Timer(0.1, disk.ready.set).start()
    begin = time.monotonic()
    log.emit(Notice("staged"))
    assert time.monotonic() - begin > 0.05
    assert shown == [STARTED, sample(1), Notice("staged")]
    assert "staged" in (tmp_path / "run.jsonl").read_text().splitlines()[-1]
    assert disk.syncs == 3
    log.emit(Stage("touch", "Touching"))
    await until(lambda: len(shown) == 4)


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_a_full_disk_refuses_is_shown_and_stored_later(
    log: EventLog, disk: Disk, shown: list[Event], tmp_path: Path, at_once: bool
) -> None:
    disk.error = OSError(28, "No space left on device")
    log.emit(Notice("now") if at_once else sample(1))
    await until(lambda: len(shown) == 3)
    log.emit(sample(2))
    await until(lambda: len(shown) == 4)
    assert sum(isinstance(event, Notice) and "not stored" in event.text for event in shown) == 1
    assert log.not_stored == "No space left on device"
    assert log.missing == ((2, 1) if at_once else (2, 2))
    disk.error = None
    log.emit(sample(3))
    await until(lambda: len(shown) == 6)
    assert "stored again" in str(shown[4])
    assert (log.not_stored, log.missing) == ("", (0, 0))
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 4


async def test_closing_stores_and_shows_what_is_left(
    log: EventLog, shown: list[Event], tmp_path: Path
) -> None:
    log.emit(sample(1))
    log.emit(sample(2))
    log.close()
    assert shown == [STARTED, sample(1), sample(2)]
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 3
    await asyncio.sleep(0.05)
    assert len(shown) == 3
