# The last good calibrations, in a small file beside printer.cfg
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""The file survives restarts and needs no SAVE_CONFIG. If it cannot be read or written, only the comparison with
earlier runs is lost.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)

FILE_NAME = ".z_calibration_history.json"
KEPT = 20
NUMBERS = ("time", "offset", "nozzle", "switch", "bed", "switch_offset", "position_endstop")


class CalibrationHistory:
    """The good calibrations, oldest first, each with the NUMBERS (mm; time in seconds since the epoch)."""

    def __init__(self, config_file: str) -> None:
        """Read the file beside this printer.cfg."""
        self._path = Path(config_file).expanduser().absolute().parent / FILE_NAME
        self._lock = threading.Lock()
        self._text = ""
        data = self._read()
        self.runs: list[dict[str, float]] = [run for run in data.pop("runs", []) if _is_run(run)][-KEPT:]
        self.applied = data.pop("applied", None) is True
        self.check_works = data.pop("check_works", None) is True
        self._unknown = data
        """What another version has added to the file: ignored, and kept when the file is written."""

    @property
    def last(self) -> dict[str, float] | None:
        """The last good calibration."""
        return self.runs[-1] if self.runs else None

    def add(self, run: dict[str, float]) -> None:
        """Store a good calibration, whose offset is applied now."""
        self.runs = [*self.runs, run][-KEPT:]
        self.applied = True
        self._save()

    def note_applied(self, applied: bool) -> None:
        """Store whether the last offset is in effect."""
        if applied != self.applied:
            self.applied = applied
            self._save()

    def note_check_works(self, works: bool) -> None:
        """Store whether the probe's pin has read triggered while the probe was detached."""
        if works != self.check_works:
            self.check_works = works
            self._save()

    def _read(self) -> dict[str, Any]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            LOG.warning("z_calibration: %s cannot be read: %s", self._path, error)
            return {}
        return data if isinstance(data, dict) and isinstance(data.get("runs", []), list) else {}

    def _save(self) -> None:
        data = {
            **self._unknown,
            "runs": self.runs,
            "applied": self.applied,
            "check_works": self.check_works,
        }
        # A slow card must not stall klippy's reactor: the printer would shut down
        self._text = json.dumps(data, indent=1)
        threading.Thread(target=self._write, daemon=True).start()

    def _write(self) -> None:
        with self._lock:
            new = self._path.with_name(FILE_NAME + ".new")
            try:
                new.write_text(self._text, encoding="utf-8")
                new.replace(self._path)
            except OSError as error:
                LOG.warning("z_calibration: %s cannot be written: %s", self._path, error)


def _is_run(run: Any) -> bool:
    if not isinstance(run, dict):
        return False
    return all(isinstance(run.get(name), (int, float)) and math.isfinite(run[name]) for name in NUMBERS)
