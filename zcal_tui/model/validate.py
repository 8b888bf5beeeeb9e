"""Validation of records that were read: files are edited by people and truncated by power failures."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zcal_tui.model.record import Record

_TEXTS = ("id", "check", "started")
_MAPPINGS = ("printer", "context", "parameters", "estimates")


def fault(record: Record) -> str | None:
    """What is wrong with a record, as a clause; None if nothing is."""
    return next(_faults(record), None)


def _faults(record: Any) -> Iterator[str]:
    for name in _TEXTS:
        if not isinstance(getattr(record, name), str):
            yield f"its {name} is not a string"
    if record.finished is not None and not isinstance(record.finished, str):
        yield "its finished is not a string"
    for name in _MAPPINGS:
        if not isinstance(getattr(record, name), Mapping):
            yield f"its {name} is not an object"
            return
    yield from (
        f"its estimate {e.name} is not a number" for e in record.estimates.values() if not _is_estimate(e)
    )
    yield from (f"its sample {s.n} is not one" for s in record.samples if not _is_sample(s))
    texts: list[Any] = [*record.advice]
    if record.verdict is not None:
        texts += [record.verdict.summary, *record.verdict.reasons]
    if (problem := record.problem) is not None:
        texts += [problem.what, problem.cause, problem.remedy, problem.raw, problem.key]
    for change in record.changes:
        texts += [change.section, change.option, change.old or "", change.new, change.state, change.effect]
    for part in record.parts:
        texts += [part.id, part.check, part.summary]
    if not all(isinstance(text, str) for text in texts):
        yield "one of its texts is not a string"


def _is_number(value: object) -> bool:
    kind = type(value)  # exact types, as JSON makes them: a bool is no number
    return (kind is float or kind is int) and math.isfinite(value)  # type: ignore[arg-type]


def _are_numbers(values: Iterable[object]) -> bool:
    """Whether each is a number or None."""
    for value in values:  # noqa: SIM110  a generator for each estimate and sample costs more than the rest
        if value is not None and not _is_number(value):
            return False
    return True


def _is_estimate(estimate: Any) -> bool:
    known = _are_numbers((estimate.value, estimate.low, estimate.high)) and _is_number(estimate.confidence)
    return known and isinstance(estimate.unit, str) and isinstance(estimate.components, Mapping)


def _is_sample(sample: Any) -> bool:
    needed = (sample.n, sample.t, sample.x, sample.y, sample.trigger_z, sample.round)
    if not all(_is_number(value) for value in needed):
        return False
    if not (isinstance(sample.kind, str) and isinstance(sample.place, str)):
        return False
    maybe = _are_numbers((sample.bed_z, sample.bed, sample.hotend))
    return maybe and isinstance(sample.values, Mapping) and _are_numbers(sample.values.values())
