"""The reference of truth files, docs/truth.md, made from the declarations: `python -m zcal_tui.sim.truth_docs`."""

import dataclasses
import sys
from typing import Any, get_args, get_type_hints

from zcal_tui.sim.truth import TABLES
from zcal_tui.sim.truth_schema import key_info

_INTRODUCTION = """\
# Truth files

The true parameters of a simulated printer, to compare measurements with. A truth file is
TOML; every key may be left out, and an unknown key is an error. Lengths are in mm, and heights are toolhead
heights: Z 0 is where the cold, clean nozzle touches a bed of height 0. Cold is the room at power-on.

`printer.cfg` says what the printer believes; the truth says what it is. A profile is a folder holding the two
as `printer.cfg` and `truth.toml`. Keys marked "left out: as configured" take the value of printer.cfg, which then
happens to be right.

A running printer is changed by dotted path, for example `probe.noise` or `drive.stepper_z1.backlash`. What only
matters at power-on (`simulation.seed`, where things start, whether the probe is attached) has had its effect then.

This page is made from the program: `python -m zcal_tui.sim.truth_docs > docs/truth.md`.
"""

_DRIVE_NOTE = """\
One table for each Z drive, by the name of its section in printer.cfg: `[drive.stepper_z]`, `[drive.stepper_z1]`, on a
delta `[drive.stepper_a]` to `[drive.stepper_c]`. A drive without a table has the defaults.
"""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION]
    for name, table in TABLES.items():
        title = "drive.<stepper>" if name == "drive" else name
        summary = (table.__doc__ or "").strip()
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
