"""The reference of truth files, docs/truth.md, made from the declarations: `python -m zcal_tui.sim.truth_docs`."""

import dataclasses
import inspect
import sys
from typing import Any, get_args, get_type_hints

from zcal_tui.sim.truth import TABLES
from zcal_tui.sim.truth_schema import key_info

_INTRODUCTION = """\
# Truth files

A truth file holds the true parameters of a simulated printer, to compare measurements with. It is TOML. Every key
may be left out, and an unknown key is an error. Lengths are in mm, and heights are toolhead heights: Z 0 is where the
cold, clean nozzle touches a bed of height 0. Cold means the room's temperature at power-on.

`printer.cfg` is what Klipper assumes about the printer, and the truth is what the machine really does. A profile is a
folder that holds the two as `printer.cfg` and `truth.toml`. A key with "left out: as configured" takes the value of
printer.cfg, which is then right.

A running printer is changed by dotted path, for example `probe.noise` or `drive.stepper_z1.backlash`. Some keys only
matter at power-on, and changing them later has no effect: `simulation.seed`, where things start, and whether the probe
is attached.

This page is generated from the program: `python -m zcal_tui.sim.truth_docs > docs/truth.md`.
"""

_DRIVE_NOTE = """\
There is one table for each Z drive, named as its section in printer.cfg: `[drive.stepper_z]`, `[drive.stepper_z1]`.
On a delta they are `[drive.stepper_a]` to `[drive.stepper_c]`. A drive without a table has the defaults.
"""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION]
    for name, table in TABLES.items():
        title = "drive.<stepper>" if name == "drive" else name
        summary = inspect.cleandoc(table.__doc__ or "")
        parts.append(f"## [{title}]\n\n{summary}\n")
        if name == "drive":
            parts.append(_DRIVE_NOTE)
        rows = ["| key | what | unit | may be | default |", "|---|---|---|---|---|"]
        rows += [_row(table, field) for field in dataclasses.fields(table)]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(table: type, field: "dataclasses.Field[Any]") -> str:
    info = key_info(field)
    hint = get_type_hints(table)[field.name]
    allowed = info.allowed() or ("true, false" if hint is bool else "any")
    if int in (hint, *get_args(hint)):
        allowed = f"whole, {allowed}"
    default = "left out" if type(None) in get_args(hint) else _toml(field.default)
    return f"| `{field.name}` | {info.doc} | {info.unit} | {allowed} | {default} |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if isinstance(value, str) else f"{value}"


if __name__ == "__main__":
    sys.stdout.write(reference())
