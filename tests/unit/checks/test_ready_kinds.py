"""What `ready` finds on some kinds of printers only: deltas, meshes, vendors' Klippers, beds with screws."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.checks.test_ready import SETTINGS, findings, state
from tests.unit.checks.test_ready_run import again, switch
from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from tests.unit.fakes.person import Nobody, Person
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.checks.ready.bed_screws import knob_turns
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.checks.ready.run import look
from zcal_tui.model.events import VerdictReached
from zcal_tui.model.record import Level
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.vendor_forks import vendor_fork


@pytest.mark.parametrize(
    ("mesh", "place"),
    [
        ({"mesh_min": [30.0, 20.0], "mesh_max": [210.0, 220.0]}, "120, 120"),
        ({"mesh_min": (0, 0), "mesh_max": (100, 300)}, "50, 150"),
        ({"mesh_radius": 75.0}, "0, 0"),
    ],
)
def test_a_mesh_without_a_zero_is_found(mesh: dict[str, Any], place: str) -> None:
    found = findings(state(settings={**SETTINGS, "bed_mesh": mesh}))["mesh-zero"]
    assert found.level is Level.WARN
    assert found.changes[0].new == place
    with_zero = {**mesh, "zero_reference_position": [5.0, 5.0]}
    assert "mesh-zero" not in findings(state(settings={**SETTINGS, "bed_mesh": with_zero}))


@pytest.mark.parametrize(
    ("settings", "config", "level", "words"),
    [
        ({}, {}, Level.WARN, "no [delta_calibrate]"),
        (
            {"delta_calibrate": {"radius": 50.0}},
            {"delta_calibrate": {"radius": "50"}},
            Level.WARN,
            "never saved",
        ),
        (
            {"delta_calibrate": {"radius": 50.0}},
            {"delta_calibrate": {"radius": "50", "height0": "0.0", "height0_pos": "1, 2, 3"}},
            Level.PASS,
            "is calibrated",
        ),
    ],
)
def test_a_deltas_geometry_comes_first(
    settings: dict[str, Any], config: dict[str, dict[str, str]], level: Level, words: str
) -> None:
    own = {**SETTINGS, "printer": {"kinematics": "delta"}, "stepper_a": {}, **settings}
    found = findings(state(settings=own, config=config))["geometry"]
    assert found.level is level
    assert words in found.what
    assert "z_offset" in found.why
    assert level is Level.PASS or "DELTA_CALIBRATE" in found.fix


@pytest.mark.parametrize(
    ("offsets", "home", "seen", "better"),
    [
        ((0.0, -70.0), (150.0, 20.0), "X 150 Y -50", "150, 220"),
        ((45.0, 0.0), (290.0, 150.0), "X 335 Y 150", "105, 150"),
        ((-60.0, 30.0), (50.0, 150.0), "X -10 Y 180", "210, 120"),
    ],
)
def test_where_the_probe_homes_z_it_has_to_be_over_the_bed(
    offsets: tuple[float, float], home: tuple[float, float], seen: str, better: str
) -> None:
    probe = {"x_offset": offsets[0], "y_offset": offsets[1], "z_offset": 1.5}
    rail = {**SETTINGS["stepper_z"], "endstop_pin": "probe:z_virtual_endstop"}
    own = {**SETTINGS, "probe": probe, "stepper_z": rail, "safe_z_home": {"home_xy_position": list(home)}}
    found = findings(state(settings=own))["homing-place"]
    assert found.level is Level.WARN
    assert f"homes Z with the probe at {seen}" in found.what
    assert "the probe may be beside the bed" in found.what
    assert (
        found.fix == f"Set home_xy_position in [safe_z_home] to {better}, so that the probe is over the bed."
    )
    assert found.changes[0].new == better
    right = {**own, "safe_z_home": {"home_xy_position": [float(part) for part in better.split(",")]}}
    assert findings(state(settings=right))["homing-place"].level is Level.PASS
    switch_homes = {**own, "stepper_z": {**rail, "endstop_pin": "PA1"}}
    assert "homing-place" not in findings(state(settings=switch_homes))


@pytest.mark.parametrize("name", ["z", "stepper_z", "stepper_z1", "probe", "bltouch"])
def test_a_homing_without_a_trigger_names_the_probe_and_not_the_nozzle(name: str) -> None:
    found = explain(f"No trigger on {name} after full movement")
    said = f"{found.what} {found.cause} {found.remedy}"
    assert "must put the probe over the bed, not the nozzle" in said
    assert "nozzle is not" not in said


@pytest.mark.parametrize(
    ("sections", "name", "support"),
    [
        (("prtouch_v2",), "Creality K1/K2", "refused"),
        (("prtouch_v3 default",), "Creality K1/K2", "refused"),
        (("prtouch_v2", "bltouch"), "Creality K1/K2", "limited"),
        (("bl24c16f", "bltouch"), "Creality Sonic Pad", "limited"),
        (("qdprobe", "probe"), "Qidi", "limited"),
        (("probe_pressure", "probe"), "Sovol", "limited"),
        (("z_offset_calibration", "probe"), "Sovol", "limited"),
        (("leviQ3",), "Anycubic Kobra", "refused"),
    ],
)
def test_a_vendors_klipper_is_named(sections: Sequence[str], name: str, support: str) -> None:
    printer = state(settings={"printer": {"kinematics": "corexy"}, **{section: {} for section in sections}})
    fork = vendor_fork(printer)
    assert fork is not None
    assert (fork.name, fork.support) == (name, support)
    found = findings(printer)["vendor"]
    assert name in found.what
    assert found.level is (Level.FAIL if support == "refused" else Level.WARN)
    if support == "refused":
        with pytest.raises(CheckRefused, match=name):
            require_ready(printer)


def test_klipper_itself_is_no_vendors() -> None:
    assert vendor_fork(state()) is None
    assert vendor_fork(state(hostname="SonicPad-2F3B")) is not None
    assert "vendor" not in findings(state())


def screw(adjust: str, sign: str = "CW", *, base: bool = False) -> dict[str, Any]:
    return {"z": 1.0, "sign": sign, "adjust": adjust, "is_base": base}


def test_turns_of_knobs_are_read() -> None:
    results = {"screw1": screw("00:00", base=True), "screw2": screw("01:15"), "screw3": screw("00:30", "CCW")}
    turns = knob_turns({"screw2_name": "front right"}, {**results, "screw4": {"adjust": None}, "screw5": 3})
    assert [turn.line for turn in turns] == [
        "front right: 1.25 turns clockwise",
        "screw3: 0.50 turns counter-clockwise",
    ]


async def with_screws(bench: Bench, *rounds: dict[str, Any]) -> list[str]:
    """A bed whose screws read these results, one round after the other."""
    settings = bench.machine.objects["configfile"]["settings"]
    settings["screws_tilt_adjust"] = {"screw1_name": "front left", "screw2_name": "back"}
    bench.machine.objects["screws_tilt_adjust"] = {"results": {}}
    left = list(rounds)

    async def measure(_: dict[str, str]) -> None:
        bench.machine.objects["screws_tilt_adjust"]["results"] = left.pop(0)

    bench.machine.handlers["SCREWS_TILT_CALCULATE"] = measure
    switch(bench, docked=False)
    await again(bench)
    return bench.machine.scripts


async def looked(bench: Bench, person: Person) -> VerdictReached:
    await look(bench.context(person), ReadyParameters())
    return bench.told(VerdictReached)[0]


OFF = {"screw1": screw("00:00", base=True), "screw2": screw("00:20", "CCW")}
NEAR = {"screw1": screw("00:00", base=True), "screw2": screw("00:03")}
LIMIT = {"screw1": screw("00:00", base=True), "screw2": screw("00:04")}


async def test_screws_are_measured_until_every_knob_is_right(bench: Bench) -> None:
    scripts = await with_screws(bench, OFF, LIMIT, NEAR)
    person = Person(*(True for _ in range(10)))
    verdict = await looked(bench, person)
    assert [key for key in person.keys if key.startswith("bed-screws")] == [
        "bed-screws",
        "bed-screws-again",
        "bed-screws-again",
    ]
    asked = next(question for question in person.asked if question.key == "bed-screws-again")
    assert "back: 0.33 turns counter-clockwise" in getattr(asked, "detail", "")
    assert scripts.count("SCREWS_TILT_CALCULATE") == 3
    assert scripts[-1] == "G28 Z", "the bed has moved, and Z 0 with it"
    assert any("within 1/16 turn" in reason for reason in verdict.verdict.reasons)


async def test_a_person_may_leave_the_screws_as_they_are(bench: Bench) -> None:
    scripts = await with_screws(bench, OFF)

    verdict = await looked(bench, Person(*[lambda question: question.key != "bed-screws-again"] * 10))
    assert any("back: 0.33 turns" in reason for reason in verdict.verdict.reasons)
    assert "G28 Z" not in scripts


async def test_turns_from_before_a_measurement_that_failed_are_not_shown(bench: Bench) -> None:
    scripts = await with_screws(bench, OFF)
    first = bench.machine.handlers["SCREWS_TILT_CALCULATE"]

    async def once(parameters: dict[str, str]) -> None:
        if scripts.count("SCREWS_TILT_CALCULATE") > 1:
            raise Refused("No trigger on probe after full movement")
        await first(parameters)

    bench.machine.handlers["SCREWS_TILT_CALCULATE"] = once
    verdict = await looked(bench, Person(*(True for _ in range(10))))
    assert not any("0.33 turns" in reason for reason in verdict.verdict.reasons)
    assert any("screws were not measured" in reason for reason in verdict.verdict.reasons)
    assert scripts[-1] == "G28 Z"


async def test_where_nobody_can_turn_them_they_are_only_named(bench: Bench) -> None:
    scripts = await with_screws(bench)
    verdict = await looked(bench, Nobody())
    assert "SCREWS_TILT_CALCULATE" not in scripts
    assert any("screws were not measured" in reason for reason in verdict.verdict.reasons)
