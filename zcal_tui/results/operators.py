"""What the stored runs show of how much each operator's paper tests vary.

The sums of each run are kept in a file in the data folder, so that they outlive the run's record, and a record is read
once. Runs that the file lacks are read from their records.
"""

import fcntl
import json
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.outside_json import read_json
from zcal_tui.model.record import Outcome, Record, Sample
from zcal_tui.results.private_files import make_folder, open_private
from zcal_tui.results.store import Store, named_check, read_run
from zcal_tui.stats.operator_scatter import SHARED, OperatorScatter, PaperTests, together

logger = logging.getLogger(__name__)

FILE, LOCK = "operators.json", "operators.lock"
"""The names in the data folder of the file, and of the one that is locked while it is replaced."""
LOCK_TRIES, LOCK_PAUSE = 20, 0.05
"""Then the file is left as it is; the next run adds what it lacks."""
CHECKS = ("z-offset", "bias", "auto-z", "first-layer")
"""The checks with paper tests."""
COARSEST = 0.00625
"""mm: tests whose last bracket was wider than ± this show the bracket and not the hand."""
COUNTED = (Outcome.FINISHED, Outcome.CANCELLED, Outcome.ERROR)
"""How runs ended whose paper tests count. Who cancels where two tests disagree would otherwise seem to vary less than
they do. The samples of a lost run are in the one that resumes it."""
NAME = "operator"
"""The operator in a record's context; older records have none."""
LONGEST_NAME = 40

_Runs = Mapping[str, tuple[str, PaperTests]]


def operator_name(text: str) -> str:
    """An operator's name as it is stored: on one line, in lower case, `shared` where it is empty."""
    return " ".join("".join(c for c in text if c.isprintable()).split())[:LONGEST_NAME].lower() or SHARED


def operator_of(record: Record) -> str:
    """The operator of a run."""
    name = record.context.get(NAME)
    return operator_name(name) if isinstance(name, str) else SHARED


def learned(store: Store, name: str) -> OperatorScatter:
    """What all earlier runs under this name show, on every printer. Blocks on the disk; never raises."""
    return OperatorScatter(
        name, together(tests for operator, tests in _runs(store).values() if operator == name)
    )


def operators(store: Store) -> tuple[OperatorScatter, ...]:
    """Every operator with stored paper tests, by name; the shared one is always the first. Blocks on the disk."""
    found: dict[str, list[PaperTests]] = {SHARED: []}
    for operator, tests in _runs(store).values():
        found.setdefault(operator, []).append(tests)
    return tuple(
        OperatorScatter(name, together(found[name])) for name in sorted(found, key=lambda n: (n != SHARED, n))
    )


def paper_tests(record: Record) -> PaperTests:
    """What the paper tests of a run show of their scatter; nothing where none was repeated, or where each repeat homed
    again, so that the endstop's scatter is in it."""
    samples = [sample for sample in record.samples if sample.kind == "paper"]
    widest = max((sample.values.get("resolution", math.inf) for sample in samples), default=math.inf)
    if record.outcome not in COUNTED or len(samples) < 2 or widest > COARSEST or _homes_between(record):
        return PaperTests()
    places = sorted({sample.place for sample in samples})
    if len(places) < 2:
        heights = [sample.trigger_z for sample in samples]
        mean = sum(heights) / len(heights)
        squares, dof = sum((height - mean) ** 2 for height in heights), len(heights) - 1.0
    else:
        squares, dof = _within_places_and_rounds(record.samples, samples, places)
    return PaperTests(squares, dof, dof * (2.0 * widest) ** 2 / 12.0, len(samples) if dof else 0)


def _homes_between(record: Record) -> bool:
    """Whether each repeat homed again. A run for the endstop's position has no samples of the probe; its estimate is
    missing where it ended early."""
    if "position_endstop" in record.estimates:
        return True
    ended_early = record.outcome is not Outcome.FINISHED and record.check == "z-offset"
    return ended_early and not any(sample.kind == "touch" for sample in record.samples)


def _within_places_and_rounds(
    everything: Sequence[Sample], papers: Sequence[Sample], places: Sequence[str]
) -> tuple[float, float]:
    """The squares of what neither the place nor the round explains of a z_offset, and their degrees of freedom."""
    import numpy as np  # only where a run has several places

    rounds = sorted({sample.round for sample in papers})
    design = np.zeros((len(papers), len(places) + len(rounds)))
    values = np.zeros(len(papers))
    for row, paper in enumerate(papers):
        here = [
            sample.trigger_z
            for sample in everything
            if sample.kind == "touch"
            and sample.recorded
            and (sample.place, sample.round) == (paper.place, paper.round)
        ]
        values[row] = (median(here) if here else 0.0) - paper.trigger_z
        design[row, places.index(paper.place)] = 1.0
        design[row, len(places) + rounds.index(paper.round)] = 1.0
    fitted, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    residuals = values - design @ fitted
    return float(residuals @ residuals), float(len(papers) - rank)


def _runs(store: Store) -> _Runs:
    """Every run with what its paper tests show, from the file and, for newer ones, from their records."""
    path = store.folder / FILE
    kept = _read(path)
    found: dict[str, tuple[str, PaperTests]] = dict(kept)
    for printer in store.printers():
        for file in store.files(printer):
            key = f"{printer}/{file.stem}"
            if key in found or named_check(file) not in CHECKS:
                continue
            try:
                run = read_run(file)
            except (OSError, SchemaError):
                continue
            if run.complete:
                found[key] = (operator_of(run.record), paper_tests(run.record))
    if len(found) > len(kept):
        try:
            with _locked(store.folder):
                # What another program has added meanwhile may outlive its records
                found = {**_read(path), **found}
                _write(path, found)
        except OSError as error:
            logger.warning("what paper tests show is not kept: %s", error)
    return found


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other programs, and other threads of this one, from replacing the file. Raises OSError."""
    make_folder(folder)
    with open_private(folder / LOCK, "a") as file:
        for tries_left in reversed(range(LOCK_TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not tries_left:
                    raise
                time.sleep(LOCK_PAUSE)
        yield


def _read(path: Path) -> _Runs:
    """What the file holds; entries that are no sums are skipped, and read from their records again."""
    try:
        data = read_json(path.read_text(encoding="utf-8"))
        entries = data["runs"].items()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {key: entry for key, value in entries if (entry := _entry(value)) is not None}


def _entry(value: Any) -> tuple[str, PaperTests] | None:
    try:
        name, squares, dof, rounding, tests = value
        sums = (float(squares), float(dof), float(rounding))
        count = int(tests)
    except (TypeError, ValueError, OverflowError):
        return None
    if not isinstance(name, str) or not all(math.isfinite(one) and one >= 0.0 for one in sums) or count < 0:
        return None
    return operator_name(name), PaperTests(*sums, count)


def _write(path: Path, runs: _Runs) -> None:
    """Replace the file, synced to disk, while it is locked. Raises OSError."""
    temporary = path.with_suffix(".new")
    entries = {
        key: [name, one.squares, one.dof, one.rounding, one.tests] for key, (name, one) in runs.items()
    }
    with open_private(temporary, "w") as file:
        json.dump({"schema": 1, "runs": entries}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
