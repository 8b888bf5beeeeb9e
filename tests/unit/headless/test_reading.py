"""A wait for many stored runs is shown on standard error, and nothing is where there is no terminal or no wait."""

import io
import sys
import time

import pytest

from zcal_tui.headless.results.reading import ReadingProgress


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; tests change it."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def shown(monkeypatch: pytest.MonkeyPatch, clock: list[float], seconds: float, stream: io.StringIO) -> str:
    """What is written while 6,400 files are read in that many seconds."""
    monkeypatch.setattr(sys, "stderr", stream)
    progress = ReadingProgress()
    for done in range(1, 6401):
        clock[0] = seconds * done / 6400
        progress(done, 6400)
    return stream.getvalue()


def test_a_long_wait_shows_how_far_it_is_and_clears_the_line(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    text = shown(monkeypatch, clock, 10.0, Screen())
    assert "Reading runs: 3200 of 6400, 5 s left" in text
    assert text.count("Reading") <= 17
    assert text.endswith("\r\x1b[K")


def test_a_short_wait_and_a_pipe_show_nothing(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    assert shown(monkeypatch, clock, 1.5, Screen()) == ""
    assert shown(monkeypatch, clock, 10.0, io.StringIO()) == ""
