"""Runs of other checks than repeatability, with pinned numbers: places, temperatures, heights, kinds."""

import math
from dataclasses import replace

from tests.tui.scripted import FINISHED, ScriptedSession
from zcal_tui.model.events import (
    AdviceGiven,
    ChangesUpdated,
    EstimateUpdated,
    Notice,
    Progress,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Record, RecordPart, Sample, Verdict

PLACES = {
    "front left": (40.0, 40.0, -0.011),
    "front right": (210.0, 40.0, 0.009),
    "centre": (125.0, 125.0, 0.001),
    "back left": (40.0, 210.0, -0.004),
    "back right": (210.0, 210.0, 0.005),
}


def bias(session: ScriptedSession, *, places: int = 5) -> None:
    """Location bias: touches and paper at five places; the estimates once all were measured."""
    session.emit(Stage("touch", "Round 2 of 3: back right"), Progress(8, 15, 380.0))
    n = 0
    for name, (x, y, z) in list(PLACES.items())[:places]:
        for turn in (1, 2):
            for kind, height in (("touch", 6.36 + z), ("touch", 6.3625 + z), ("paper", 0.02)):
                n += 1
                taken = Sample(n, n * 9.0, x, y, round(height, 4), kind=kind, place=name, round=turn)
                session.emit(SampleTaken(taken))
    if places < 5:
        return
    found = {"spread": Estimate("spread", 0.0202, 0.012, 0.031)}
    for x, y, z in PLACES.values():
        name = f"z_offset@{x:g},{y:g}"
        found[name] = Estimate(name, 6.34 + z, 6.3352 + z, 6.3448 + z)
    session.emit(EstimateUpdated(found))


def temperature(session: ScriptedSession) -> None:
    """Temperature bias: cold, hot, cold again."""
    session.emit(Stage("nozzle", "Bed at 100 °C, nozzle heating: touching every 30 s"), Progress(40, 60, 900))
    for n in range(40):
        t = n * 45.0
        bed = 23.0 + 77.0 * (1 - math.exp(-max(0.0, t - 200) / 300))
        phase = "baseline" if t < 200 else "bed" if t < 1100 else "nozzle"
        z = 6.36 + 0.042 * (1 - math.exp(-max(0.0, t - 200) / 600)) + 0.0012 * math.sin(7 * n)
        session.emit(SampleTaken(Sample(n + 1, t, 125, 125, round(z, 5), place=phase, bed=bed, hotend=24.0)))
    session.emit(
        EstimateUpdated(
            {
                "shift": Estimate("shift", 0.0388, 0.0341, 0.0432),
                "per_degree_bed": Estimate("per_degree_bed", 0.00051, 0.00043, 0.0006, "mm/°C"),
                "lag": Estimate("lag", 580.0, 420.0, 790.0, "s"),
            }
        )
    )


def auto_z(session: ScriptedSession, *, whole: bool = True) -> None:
    """The automatic offset: three heights and what comes of them."""
    session.emit(Stage("calibrate", "CALIBRATE_Z, 2 of 5"), Progress(2, 5, 70.0))
    heights = {"nozzle": -0.1264, "switch": 4.9713, "bed": 5.5921}
    for n, (name, z) in enumerate(heights.items(), 1):
        session.emit(SampleTaken(Sample(n, n * 20.0, 125, 250, z, kind=name)))
    if not whole:
        return
    values = {**heights, "switch_offset": 0.42}
    session.emit(SampleTaken(Sample(4, 80.0, 125, 125, 0.0744, kind="offset", values=values)))
    session.emit(
        EstimateUpdated(
            {
                "offset": Estimate("offset", 0.0744, 0.0701, 0.0787),
                "offset_sigma": Estimate("offset_sigma", 0.0021, 0.0011, 0.0052),
                **{name: Estimate(name, z, z - 0.002, z + 0.002) for name, z in heights.items()},
            }
        )
    )


def ready(session: ScriptedSession) -> None:
    """A check that takes no samples and says a few things."""
    session.emit(
        Stage("look", "Looking at the configuration"),
        Notice("A bed mesh is loaded: it bends heights by up to 80 µm."),
        AdviceGiven("Clear the mesh before measuring [not markup]."),
    )


CHANGES = (
    Change(
        "probe",
        "z_offset",
        "1.245",
        "1.251",
        state="proposed",
        saves=True,
        effect="the nozzle will be 6 µm closer to the bed",
    ),
)


def z_offset(session: ScriptedSession, *, state: str = "saved", by_hand: tuple[Change, ...] = ()) -> None:
    """The paper test's result, saved or not; `by_hand` are lines to edit."""
    for n in range(8):
        session.emit(SampleTaken(Sample(n + 1, n * 2.0, 125, 125, 6.36 + 0.001 * (n % 3))))
    for n in range(2):
        session.emit(SampleTaken(Sample(n + 9, 60.0 + n, 125, 145, 0.012 * n, kind="paper", round=n + 1)))
    found = {
        "z_offset": Estimate("z_offset", 1.2511, 1.2462, 1.256),
        "contact": Estimate("contact", 0.0062, -0.0041, 0.0164),
        "feel": Estimate("feel", 0.0071, 0.0031, 0.021),
    }
    session.emit(
        EstimateUpdated(found),
        VerdictReached(
            Verdict(
                Level.PASS,
                "z_offset is 1.251 mm, known to ± 4.9 µm.",
                (
                    "Known to ± 4.9 µm; ± 25 µm is good enough for a first layer (Klipper docs, Probe_Calibrate).",
                ),
            )
        ),
        AdviceGiven("Set z_offset to 1.251: the nozzle will be 6 µm closer to the bed.", CHANGES),
        AdviceGiven("A saved mesh is from the old z_offset. Run BED_MESH_CALIBRATE again after the save."),
        ChangesUpdated((replace(CHANGES[0], state=state), *by_hand)),
    )


WHOLE = Record(
    "whole",
    "all",
    {},
    FINISHED,
    FINISHED,
    Outcome.FINISHED,
    verdict=Verdict(Level.UNKNOWN, "4 of 6 checks passed. At least one is undecided or was not done."),
    parts=(
        RecordPart("1", "ready", Outcome.FINISHED, Level.PASS, "Everything is ready to measure."),
        RecordPart("2", "probe-xy", Outcome.FINISHED, Level.PASS, "The probe is 25.1 mm left of the nozzle."),
        RecordPart("3", "z-offset", Outcome.FINISHED, Level.PASS, "z_offset is 1.251 mm, known to ± 4.9 µm."),
        RecordPart(
            "4",
            "accuracy",
            Outcome.FINISHED,
            Level.PASS,
            "Accurate enough: standard deviation σ 2.4 µm.",
        ),
        RecordPart(
            "5", "bias", Outcome.FINISHED, Level.WARN, "Not decided: z_offset differs by 20 µm over the bed."
        ),
        RecordPart("6", "temperature", Outcome.CANCELLED, None, ""),
    ),
)
"""The whole plan, done."""

FOUND = {"z_offset": Estimate("z_offset", 1.2511, 1.2462, 1.256)}
"""A z_offset with its interval."""
