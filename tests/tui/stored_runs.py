"""A printer with a past: runs on disk, some of them cut off, some that cannot be read. Everything is pinned."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.tui.scripted import VERDICT, estimates, sample
from zcal_tui.model.codec import event_to_json
from zcal_tui.model.events import Event, RunEnded, RunStarted, SampleTaken
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Record, Sample, Verdict

PRINTER = {"name": "voron24", "app": "Klipper", "software_version": "v0.13.0"}
CONTEXT = {
    "program": "1.0.0",
    "homed_axes": "xyz",
    "gcode_offset": [0.0, 0.0, 0.0],
    "bed_mesh": "default",
    "temperatures": {"extruder": 24.1, "heater_bed": 23.4},
    "targets": {"extruder": 0.0, "heater_bed": 0.0},
    "quad_gantry_level_applied": True,
    "probe_section": "probe",
    "extra": "1.2.0",
    "config": {"probe": {"x_offset": -25.0, "y_offset": 0.0, "z_offset": 1.245, "speed": 5.0}},
}


def record(check: str, month: int, day: int, hour: int = 9, **more: Any) -> Record:
    """A finished run of 2026."""
    at = f"2026-{month:02d}-{day:02d}T{hour:02d}:30:00.000Z"
    made = Record(
        f"2026{month:02d}{day:02d}T{hour:02d}3000-000001-{check}",
        check,
        PRINTER,
        at,
        at.replace(":30:", ":34:"),
        Outcome.FINISHED,
        CONTEXT,
        {"speed": 5.0},
        verdict=Verdict(Level.PASS, "As it should be.", ("It is (limit: 25 µm; Klipper docs).",)),
    )
    return replace(made, **more)


def accuracy(month: int, day: int, sigma: float = 0.0024, **more: Any) -> Record:
    """A repeatability run."""
    found = {**estimates(14), "sigma": Estimate("sigma", sigma, sigma * 0.75, sigma * 1.5)}
    samples = tuple(sample(n) for n in range(1, 15))
    kept = record("accuracy", month, day, samples=samples, estimates=found, verdict=VERDICT)
    return replace(kept, **more)


def z_offset(month: int, day: int, value: float, **more: Any) -> Record:
    """A paper test whose value was saved."""
    change = Change("probe", "z_offset", "1.245", f"{value:.3f}", "saved", saves=True, effect="6 µm closer")
    papers = tuple(Sample(n, float(n), 125.0, 125.0, 0.05 + n / 1000, kind="paper") for n in (1, 2, 3))
    return replace(
        record("z-offset", month, day, 11),
        samples=papers,
        estimates={"z_offset": Estimate("z_offset", value, value - 0.006, value + 0.006)},
        verdict=Verdict(Level.PASS, f"The z_offset is {value:.3f} mm."),
        changes=(change,),
        **more,
    )


def past() -> Iterator[Record]:
    """What the printer has behind it, oldest first."""
    draw = random.Random(3)
    for number in range(9):
        sigma = 0.0021 + 0.00012 * number + draw.uniform(-0.0002, 0.0002)
        month, day = divmod(number * 9, 28)
        other = {**CONTEXT, "config": {"probe": {"speed": 3.0}}} if number < 2 else CONTEXT
        yield accuracy(2 + month, day + 1, sigma, context=other)
    for number, value in enumerate((1.252, 1.249, 1.247, 1.2455)):
        yield z_offset(3 + number, 5, value)
    yield record("bias", 4, 6, estimates={"spread": Estimate("spread", 0.019, 0.012, 0.031)})
    yield record(
        "ready", 6, 7, verdict=Verdict(Level.WARN, "Ready, but the mesh is [old] and 8 weeks of age.")
    )
    yield record(
        "temperature",
        6,
        8,
        outcome=Outcome.CANCELLED,
        verdict=None,
        samples=tuple(sample(n) for n in range(1, 8)),
    )
    yield record(
        "backlash",
        6,
        9,
        outcome=Outcome.ERROR,
        verdict=None,
        problem=Problem("The probe did not trigger [/oops].", raw="!! No trigger"),
    )


CUT_OFF = record("bias", 6, 10, verdict=None, samples=(sample(1), sample(2)))


def write(folder: Path, made: Record, *, whole: bool = True) -> Path:
    """A run's file."""
    path = folder / "printers" / "voron24" / f"{made.id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    started = RunStarted(made.id, made.check, made.started, made.printer, made.context, made.parameters)
    events: list[Event] = [
        started,
        *(SampleTaken(each) for each in made.samples),
        *([RunEnded(made)] if whole else []),
    ]
    path.write_text("".join(json.dumps(event_to_json(event)) + "\n" for event in events))
    return path


def keep(folder: Path) -> None:
    """All of it on disk, with a run that was cut off and two files that cannot be read."""
    for made in past():
        write(folder, made)
    write(folder, CUT_OFF, whole=False)
    torn = folder / "printers" / "voron24"
    (torn / "20260611T080000-000001-accuracy.jsonl").write_text('{"event": "started", "sch')
    (torn / "what is this.jsonl").write_text("\x00\xff")
