"""Whether another process has died is said only where this computer knows it for sure."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from zcal_tui.checks.lease.process import gone, ourselves

ASK = (
    "import json; from zcal_tui.checks.lease.process import ourselves; "
    "print(json.dumps(ourselves()), flush=True); input()"
)


@pytest.fixture
def other() -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """Another process, and what it calls itself."""
    with subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
        process.kill()


def test_one_that_lives_is_not_gone(other: tuple["subprocess.Popen[str]", dict[str, Any]]) -> None:
    _, name = other
    assert gone(name) is False
    assert gone(ourselves()) is False


def test_one_that_was_killed_is_gone_before_and_after_its_parent_has_noticed(
    other: tuple["subprocess.Popen[str]", dict[str, Any]],
) -> None:
    process, name = other
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert gone(name) is True
    process.wait(30)
    assert gone(name) is True


def test_a_number_that_was_given_anew_is_another_process() -> None:
    assert gone({**ourselves(), "began": "1"}) is True


@pytest.mark.parametrize(
    "other",
    [
        {"boot": "00000000-0000-0000-0000-000000000000"},
        {"namespace": "pid:[1]"},
        {"boot": None},
        {"pid": None},
        {"pid": -1},
        {"pid": True},
        {"began": 7},
        {"container": "of a newer version"},
    ],
)
def test_of_a_process_elsewhere_and_of_nonsense_nothing_is_known(other: dict[str, Any]) -> None:
    assert gone({**ourselves(), **other}) is None
    assert gone({}) is None
