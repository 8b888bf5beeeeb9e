"""Macros that set the Z offset by themselves are found before a value is saved."""

from typing import Any

import pytest

from zcal_tui.printer.macros import longest_start_delay, offset_macros, start_macros
from zcal_tui.printer.state import PrinterState

RESTORE = "{% set z = printer.save_variables.variables.z|default(0) %}\nSET_GCODE_OFFSET Z={z} MOVE=0"


def found(settings: dict[str, dict[str, Any]]) -> list[str]:
    return [macro.section for macro in offset_macros(PrinterState(settings=settings))]


@pytest.mark.parametrize(
    "settings",
    [
        {"delayed_gcode restore": {"initial_duration": 1.0, "gcode": RESTORE}},
        {
            "delayed_gcode late": {"initial_duration": 3.5, "gcode": "_LOAD"},
            "gcode_macro _load": {"gcode": "\n{% if True %} _APPLY {% endif %}"},
            "gcode_macro _apply": {"gcode": "set_gcode_offset z_adjust=-0.15"},
        },
        {
            "delayed_gcode boot": {
                "initial_duration": 0.1,
                "gcode": "UPDATE_DELAYED_GCODE ID=then DURATION=2",
            },
            "delayed_gcode then": {"initial_duration": 0.0, "gcode": RESTORE},
        },
        {
            "delayed_gcode over": {"initial_duration": 2.0, "gcode": "_BASE_OFFSET Z=0.075"},
            "gcode_macro set_gcode_offset": {
                "rename_existing": "_BASE_OFFSET",
                "gcode": "_BASE_OFFSET {rawparams}",
            },
        },
        {"gcode_macro print_start": {"gcode": "G28\nSET_GCODE_OFFSET Z={params.Z|default(0.0)}"}},
        {"gcode_macro start_print": {"gcode": "G28\nSET_GCODE_OFFSET Z=.05"}},
        *(
            {f"gcode_macro {name}": {"gcode": "G28\nSET_GCODE_OFFSET Z=.05"}}
            for name in (
                "_start_print",
                "printstart",
                "begin_print",
                "g9111",
                "start",
                "start_gcode_2",
                "job_start",
            )
        ),
        {"gcode_macro g28": {"rename_existing": "G28.1", "gcode": f"G28.1\n{RESTORE}"}},
        {"homing_override": {"gcode": f"G28 Z\n{RESTORE}"}},
    ],
)
def test_what_sets_an_offset_by_itself_is_found(settings: dict[str, dict[str, Any]]) -> None:
    assert found(settings) == [next(iter(settings))]


@pytest.mark.parametrize(
    "settings",
    [
        {"delayed_gcode later": {"initial_duration": 0.0, "gcode": RESTORE}},
        {"delayed_gcode x_only": {"initial_duration": 1.0, "gcode": "SET_GCODE_OFFSET X=0.2 Y=0"}},
        {"gcode_macro print_start": {"gcode": "G28\nSET_GCODE_OFFSET Z=0.0 ; SET_GCODE_OFFSET Z=1"}},
        {"gcode_macro print_start": {"gcode": 'M118 SET_GCODE_OFFSET Z=0.2\nRESPOND MSG="offset"'}},
        {"gcode_macro restart_print": {"gcode": "SET_GCODE_OFFSET Z=.05"}},
        {"gcode_macro print_start_sound": {"gcode": "SET_GCODE_OFFSET Z=.05"}},
        {"gcode_macro babystep": {"gcode": "SET_GCODE_OFFSET Z_ADJUST=-0.01"}},
        {"gcode_macro print_start": {"gcode": "PRINT_START"}},
    ],
)
def test_what_does_not_is_left_alone(settings: dict[str, dict[str, Any]]) -> None:
    assert found(settings) == []


def test_how_long_a_start_takes() -> None:
    settings = {
        "delayed_gcode a": {"initial_duration": 1.0, "gcode": RESTORE},
        "delayed_gcode b": {"initial_duration": 4.0, "gcode": RESTORE},
        "delayed_gcode c": {"initial_duration": 9.0, "gcode": "M118 ready"},
    }
    assert longest_start_delay(PrinterState(settings=settings)) == 4.0
    assert longest_start_delay(PrinterState()) == 0.0


def test_the_usual_name_of_a_start_macro_comes_first() -> None:
    names = ("_begin_job", "start_print", "g9111", "print_end", "start_print_2")
    settings: dict[str, dict[str, Any]] = {f"gcode_macro {name}": {} for name in names}
    assert start_macros(settings) == ("start_print", "g9111", "_begin_job", "start_print_2")
