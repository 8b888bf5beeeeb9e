# The status object of [zcal], and the samples of the latest runs
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import Any, Mapping

VERSION = "1.8.0"
"""The version of the interface: status object, endpoints, commands."""

RECENT = 8
KEPT_RUNS = 8

IDLE, RUNNING, WAITING = "idle", "running", "waiting"
DONE, CANCELLED, FAILED = "done", "cancelled", "failed"


class ZcalStatus:
    """The status object. `fields` is a new object on every change, because Klipper compares it with the last one.

    `state` is idle, running, waiting (a paper test is open), done, cancelled or failed. `run` counts the commands since
    Klipper started, 0 before the first.
    """

    def __init__(self) -> None:
        self._samples: dict[int, list[dict[str, Any]]] = {}
        self._tags: dict[int, str] = {}
        self._ended: dict[int, dict[str, Any]] = {}
        self.fields: dict[str, Any] = {
            "version": VERSION,
            "unavailable": {},
            "run": 0,
            "command": None,
            "state": IDLE,
            "count": 0,
            "recent": [],
            "result": None,
            "error": None,
            "lease": None,
        }

    def change(self, **fields: Any) -> None:
        """Set some of the fields, as plain values."""
        self.fields = {**self.fields, **{name: plain(value) for name, value in fields.items()}}

    def begin(self, command: str, tag: str = "") -> int:
        """Start a new run, with the client's tag, if any; returns its number."""
        run: int = self.fields["run"] + 1
        self._ended[run - 1] = self._outcome()
        self._samples[run] = []
        self._tags[run] = tag
        for old in sorted(self._samples)[:-KEPT_RUNS]:
            for kept in (self._samples, self._tags, self._ended):
                kept.pop(old, None)
        self.change(run=run, command=command, state=RUNNING, count=0, recent=[], result=None, error=None)
        return run

    def sample(self, sample: Mapping[str, Any]) -> None:
        """Add a sample to the present run."""
        samples = self._samples[self.fields["run"]]
        samples.append(plain(sample))
        self.change(count=len(samples), recent=samples[-RECENT:])

    def report(self, run: int, since: int) -> dict[str, Any] | None:
        """A run: number, tag, command, state, result, error, and its samples with `n` greater than `since`.

        None for a run that is no longer kept.
        """
        samples = self._samples.get(run)
        if samples is None:
            return None
        outcome = self._outcome() if run == self.fields["run"] else self._ended[run]
        return {
            "run": run,
            "tag": self._tags[run],
            **outcome,
            "samples": [sample for sample in samples if sample["n"] > since],
        }

    def tagged(self, tag: str) -> int | None:
        """The latest kept run of that tag; None if there is none."""
        return max((run for run, name in self._tags.items() if name == tag), default=None)

    def runs(self) -> list[int]:
        """The numbers of the kept runs."""
        return sorted(self._samples)

    def _outcome(self) -> dict[str, Any]:
        return {name: self.fields[name] for name in ("command", "state", "result", "error")}


def plain(value: Any) -> Any:
    """A copy of the value as JSON can hold it: numbers that are not finite become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return round(float(value), 7) if math.isfinite(value) else None
    return str(value)
