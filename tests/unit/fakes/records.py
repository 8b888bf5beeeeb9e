"""Records as the checks leave them, of one made-up printer, with numbers that hang together."""

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zcal_tui.model.events import ChangesUpdated, RunEnded, RunStarted, SampleTaken
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Record, Sample, Verdict
from zcal_tui.results.context import config_hash
from zcal_tui.results.store import Journal, Store

CONFIG: dict[str, dict[str, Any]] = {
    "printer": {"kinematics": "corexy", "max_velocity": 300.0},
    "probe": {
        "x_offset": 0.0,
        "y_offset": 20.0,
        "z_offset": 6.4,
        "speed": 5.0,
        "lift_speed": 10.0,
        "samples": 3,
        "samples_result": "median",
        "sample_retract_dist": 2.0,
    },
    "stepper_z": {
        "rotation_distance": 4.0,
        "microsteps": 16,
        "position_endstop": 0.5,
        "endstop_pin": "^PG10",
    },
    "stepper_z1": {"rotation_distance": 4.0, "microsteps": 16},
    "bed_mesh": {
        "mesh_min": [25.0, 30.0],
        "mesh_max": [225.0, 225.0],
        "zero_reference_position": [125.0, 125.0],
    },
    "z_tilt": {"retries": 5},
    "z_calibration": {"switch_offset": 0.5},
    "zcal": {"z_backlash": 0.0},
}


def context(
    config: Mapping[str, Mapping[str, Any] | None] | None = None,
    *,
    eventtime: float = 1000.0,
    start: float = 10.0,
    **more: Any,
) -> dict[str, Any]:
    """How the printer stood; `config` replaces options, a section of None takes it out."""
    held = {name: dict(options) for name, options in CONFIG.items()}
    for name, options in (config or {}).items():
        if options is None:
            held.pop(name)
        else:
            held[name] = {**held.get(name, {}), **options}
    frame = {"eventtime": eventtime, "start": start, "homed_at": None, "levelled_at": None}
    return {
        "program": "0.1.0",
        "software_version": "v0.13.0-700-gabcdef012",
        "homed_axes": "xyz",
        "position": [125.0, 125.0, 10.0],
        "gcode_offset": [0.0, 0.0, 0.0],
        "bed_mesh": None,
        "temperatures": {"extruder": 24.0, "heater_bed": 23.0},
        "targets": {"extruder": 0.0, "heater_bed": 0.0},
        "sensors": {},
        "quad_gantry_level_applied": None,
        "z_tilt_applied": True,
        "frame": frame,
        "probe_section": "probe",
        "pending": {},
        "extra": "1.1.0",
        "config": held,
        "config_hash": config_hash(held),
        **more,
    }


def record(check: str, day: int = 1, *, version: str = "v0.13.0-700-gabcdef012", **more: Any) -> Record:
    """A finished run of a check on that day of January."""
    at = f"2026-01-{day:02d}T12:00:00.000Z"
    made = Record(
        id=f"202601{day:02d}T120000-000000-{check}",
        check=check,
        printer={
            "name": "voron",
            "address": "/tmp/klippy.sock",
            "app": "Klipper",
            "software_version": version,
            "hostname": "pi",
        },
        started=at,
        finished=at.replace("12:00", "12:05"),
        outcome=Outcome.FINISHED,
        context=context(),
        verdict=Verdict(Level.PASS, "Good.", ("Because it is (limit: 25 µm; Klipper docs).",)),
    )
    return replace(made, **more)


def estimate(name: str, value: float | None, half: float = 0.001, unit: str = "mm") -> Estimate:
    """An estimate with an interval that is as wide on both sides."""
    if value is None:
        return Estimate(name, None, None, half, unit)
    return Estimate(name, value, value - half, value + half, unit, components={"random": half / 2})


def estimates(*found: Estimate) -> dict[str, Estimate]:
    """Estimates under their names."""
    return {e.name: e for e in found}


def accuracy(day: int = 1, sigma: float = 0.002, **more: Any) -> Record:
    """Fifteen touches, the first of them not counted."""
    draw = random.Random(day)
    samples = tuple(
        Sample(n, 10.0 + n, 125.0, 105.0, round(6.36 + draw.gauss(0, sigma), 5), bed_z=-0.04, recorded=n > 1)
        for n in range(1, 16)
    )
    found = estimates(
        estimate("sigma", sigma, 0.0006),
        estimate("mean", 6.36, 0.0015),
        estimate("over_limit", 0.001, 0.001, ""),
    )
    return record("accuracy", day, samples=samples, estimates=found, **more)


def z_offset(day: int = 1, value: float = 6.371, **more: Any) -> Record:
    """Two paper tests below a few touches, and the value to save."""
    touches = [Sample(n, n, 125.0, 105.0, 6.356 + n % 2 * 0.0025) for n in range(1, 5)]
    papers = [
        Sample(
            n, n, 125.0, 125.0, -0.015 - n * 0.001, kind="paper", round=n - 4, values={"resolution": 0.0025}
        )
        for n in (5, 6)
    ]
    change = Change("probe", "z_offset", "6.400", f"{value:.3f}", "saved", saves=True, effect="29 µm farther")
    return record(
        "z-offset",
        day,
        samples=(*touches, *papers),
        estimates=estimates(estimate("z_offset", value, 0.017), estimate("contact", -0.0205, 0.01)),
        changes=(change,),
        advice=(f"Set z_offset to {value:.3f}.",),
        **more,
    )


def _at(number: int, place: str, value: float) -> Sample:
    x, y = map(float, place.split(","))
    return Sample(number, number, x, y, trigger_z=value, place=place)


def bias(day: int = 1, **more: Any) -> Record:
    """z_offset at the corners and in the middle."""
    at = {"25,30": 6.366, "225,30": 6.377, "225,225": 6.372, "25,225": 6.358, "125,127.5": 6.371}
    found = [estimate(f"z_offset@{place}", value, 0.01) for place, value in at.items()]
    samples = tuple(_at(n, place, value) for n, (place, value) in enumerate(at.items(), 1))
    return record(
        "bias", day, samples=samples, estimates=estimates(estimate("spread", 0.018), *found), **more
    )


def temperature(day: int = 1, **more: Any) -> Record:
    """Three phases, each warmer."""
    samples = []
    for phase, (name, bed, hotend) in enumerate((("baseline", 23, 23), ("bed", 60, 30), ("nozzle", 60, 200))):
        for n in range(6):
            number = phase * 6 + n + 1
            z = 6.36 + phase * 0.008 + n % 2 * 0.001
            samples.append(
                Sample(number, number * 60.0, 125, 105, z, place=name, bed=bed + n / 10, hotend=hotend)
            )
    found = estimates(estimate("shift", 0.016), estimate("per_degree_bed", 0.0003, 0.0001, "mm/°C"))
    return record("temperature", day, samples=tuple(samples), estimates=found, **more)


def backlash(day: int = 1, **more: Any) -> Record:
    """A bound, and how the spots differ."""
    found = [
        estimate(f"backlash_difference@{place}", value, 0.0004)
        for place, value in (("25,30", 0.005), ("225,30", 0.007))
    ]
    samples = tuple(
        Sample(n, n, 25.0, 30.0, 6.39, kind="release", place="stepper_z", values={"travel": 0.0325})
        for n in range(1, 4)
    )
    return record(
        "backlash",
        day,
        samples=samples,
        estimates=estimates(Estimate("backlash_upper_bound", None, None, 0.034), *found),
        **more,
    )


def auto_z(day: int = 1, **more: Any) -> Record:
    """Two calibrations: three heights and an offset each."""
    samples: list[Sample] = []
    for turn in (1, 2):
        for kind, z in (
            ("nozzle", 0.498),
            ("switch", 6.449),
            ("bed", 6.357),
            ("offset", -0.094 - turn * 0.002),
        ):
            samples.append(Sample(len(samples) + 1, len(samples), 206.0, 256.0, z, kind=kind, round=turn))
    found = estimates(
        *(
            estimate(n, v)
            for n, v in (("offset", -0.094), ("nozzle", 0.498), ("switch", 6.449), ("bed", 6.357))
        )
    )
    return record("auto-z", day, samples=tuple(samples), estimates=found, **more)


def probe_xy(day: int = 1, **more: Any) -> Record:
    """Where the probe sits."""
    found = estimates(estimate("x_offset", 0.13, 0.4), estimate("y_offset", 19.4, 0.4))
    return record("probe-xy", day, estimates=found, **more)


def first_layer(day: int = 1, **more: Any) -> Record:
    """One step down to the paper."""
    sample = Sample(1, 1.0, 125.0, 125.0, 0.075, kind="paper", values={"resolution": 0.0025})
    return record(
        "first-layer", day, samples=(sample,), estimates=estimates(estimate("adjustment", -0.025)), **more
    )


def refused(check: str = "bias", day: int = 1) -> Record:
    """A run that did not start."""
    return record(
        check,
        day,
        outcome=Outcome.REFUSED,
        verdict=None,
        problem=Problem("A print runs.", "Somebody prints.", "Wait."),
    )


def everything() -> list[Record]:
    """One of each."""
    made = [
        probe_xy(1),
        z_offset(2),
        accuracy(3),
        bias(4),
        temperature(5),
        backlash(6),
        auto_z(7),
        first_layer(8),
    ]
    return [
        record("ready", 1, id="20260101T110000-000000-ready", started="2026-01-01T11:00:00.000Z"),
        *made,
        refused("all", 9),
    ]


def started(of: Record) -> RunStarted:
    """The first line of a record's run."""
    return RunStarted(of.id, of.check, of.started, of.printer, of.context, of.parameters)


def keep(store: Store, *records: Record) -> list[Path]:
    """Write whole runs to the store."""
    return [_write(store, of, whole=True).path for of in records]


def cut_off(store: Store, of: Record) -> Path:
    """Write a run whose program died before its end. Its changes were written as they are."""
    journal = _write(store, of, whole=False)
    return journal.path


def _write(store: Store, of: Record, *, whole: bool) -> Journal:
    journal = store.begin(str(of.printer["name"]), of.id)
    journal.write(started(of))
    for sample in of.samples:
        journal.write(SampleTaken(sample))
    if whole:
        journal.write(RunEnded(of))
    elif of.changes:
        journal.write(ChangesUpdated(of.changes))
    journal.close()
    return journal
