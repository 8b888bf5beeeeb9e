"""What the macro that starts a print does around CALIBRATE_Z."""

import pytest

from zcal_tui.checks.auto_z.print_start import findings, print_start
from zcal_tui.checks.auto_z.zero import zero_of
from zcal_tui.printer.state import PrinterState

GOOD = """
    G28
    M140 S{params.BED}
    M190 S{params.BED}
    M109 S{params.EXTRUDER}
    {% if printer.quad_gantry_level.applied == False %}
        QUAD_GANTRY_LEVEL
    {% endif %}
    CLEAN_NOZZLE
    CALIBRATE_Z
    SET_GCODE_OFFSET Z_ADJUST={params.Z_ADJUST|default(0.0)|float} MOVE=1
    G1 X5 Y5 Z0.3 ; the intro line
"""


def settings(gcode: str, **others: str) -> dict[str, dict[str, str]]:
    macros = {f"gcode_macro {name}": {"gcode": text} for name, text in others.items()}
    return {"gcode_macro print_start": {"gcode": gcode}, **macros}


def test_a_good_one_has_nothing_to_mend() -> None:
    assert findings(settings(GOOD)) == ()


@pytest.mark.parametrize(
    ("gcode", "words"),
    [
        ("G28\nM109 S200", ("does not call CALIBRATE_Z", "in place of that homing")),
        (GOOD + "\nSET_GCODE_OFFSET Z=0.05", ("`SET_GCODE_OFFSET Z=0.05`", "Z_ADJUST=")),
        (GOOD + "\nG28", ("homes Z after CALIBRATE_Z (`G28`)",)),
        (GOOD + "\nG28 X Z", ("homes Z after",)),
        (GOOD + "\nZ_TILT_ADJUST", ("levels the gantry after", "Z_TILT_ADJUST")),
        (
            "SAVE_GCODE_STATE NAME=start\nM109 S200\nCALIBRATE_Z\nRESTORE_GCODE_STATE NAME=start",
            ("brings the old offset back", "NAME=start"),
        ),
        ("G28\nCALIBRATE_Z\nM109 S200", ("before the nozzle is heated",)),
        ("M109 S200\nCALIBRATE_Z\nM190 S60", ("before the bed is heated",)),
        (
            "SET_GCODE_OFFSET Z_ADJUST={params.Z} MOVE=1\n" + GOOD,
            ("Z_ADJUST={params.Z} MOVE=1` before", "after"),
        ),
        ("SET_GCODE_OFFSET Z=0.05\n" + GOOD, ("`SET_GCODE_OFFSET Z=0.05` before CALIBRATE_Z", "Z_ADJUST=")),
    ],
)
def test_what_would_lose_the_offset_is_named(gcode: str, words: tuple[str, ...]) -> None:
    (text,) = findings(settings(gcode))
    for word in words:
        assert word in text


def test_what_does_no_harm_is_let_alone() -> None:
    assert findings(settings(GOOD + "\nG28 X")) == ()
    assert findings(settings("SAVE_GCODE_STATE\nRESTORE_GCODE_STATE\n" + GOOD)) == ()
    for nothing in ("Z=0", "Z=0.0", "Z=0 MOVE=1", "X=0.1"):
        assert findings(settings(f"SET_GCODE_OFFSET {nothing}\n" + GOOD)) == ()
    assert findings(settings("M140 S60\nM109 S200\nCALIBRATE_Z\nM190 S60")) == ()
    assert findings(settings(GOOD + "\nSAVE_GCODE_STATE NAME=a\nRESTORE_GCODE_STATE NAME=a")) == ()


def test_macros_that_it_calls_are_looked_into() -> None:
    found = findings(
        settings("M109 S200\nPREPARE\nG28 Z", prepare="CALIBRATE_Z", calibrate_z="BASE_CALIBRATE_Z")
    )
    assert len(found) == 1
    assert "homes Z after" in found[0]


def test_a_macro_that_calls_itself_ends() -> None:
    macro = print_start(settings("LOOP", loop="AGAIN\nCALIBRATE_Z", again="LOOP"))
    assert macro is not None
    assert macro.calibrates is not None


def test_without_a_macro_the_order_is_told() -> None:
    (text,) = findings({})
    assert "No macro that starts a print was found" in text
    assert "purge and clean the nozzle; CALIBRATE_Z" in text


@pytest.mark.parametrize(
    ("gcode", "hot"),
    [(GOOD, True), ("CALIBRATE_Z\nM109 S200", False), ("G28\nCALIBRATE_Z", None), ("M109 S200", None)],
)
def test_whether_the_nozzle_is_hot_when_it_is_measured(gcode: str, hot: bool | None) -> None:
    macro = print_start(settings(gcode))
    assert macro is not None
    assert macro.calibrates_hot is hot


@pytest.mark.parametrize(
    ("gcode", "wanted", "automatic", "hot", "paper"),
    [
        (GOOD, "auto", True, False, 0.1),
        ("G28\nCALIBRATE_Z\nM109 S200", "auto", True, False, 0.0),
        ("G28", "auto", True, False, 0.1),
        (GOOD, "auto", False, False, 0.0),
        (GOOD, "auto", False, True, 0.1),
        (GOOD, "paper", True, False, 0.0),
        (GOOD, "contact", False, False, 0.1),
    ],
)
def test_what_z_0_stands_for(gcode: str, wanted: str, automatic: bool, hot: bool, paper: float) -> None:
    zero = zero_of(PrinterState(settings=settings(gcode)), wanted, 0.1, automatic=automatic, hot=hot)
    assert zero.paper == paper
    assert "paper" in zero.text


def test_the_paper_is_subtracted_where_a_scanner_counts_from_contact() -> None:
    scanner = {"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}, "cartographer": {}}
    zero = zero_of(PrinterState(settings=scanner), "auto", 0.1, automatic=False)
    assert zero.paper == 0.1
    assert "drag at Z 0.1" in zero.text
