"""The tables of docs/keys.md, made from the table of actions: `python -m zcal_tui.tui.key_docs docs/keys.md`."""

import sys
from pathlib import Path

from zcal_tui.tui.actions import GROUPS, ActionGroup

HEADING = "## Actions\n"
"""Everything below it is made here."""


def reference() -> str:
    """The tables as Markdown."""
    return "\n".join(_table(group) for group in GROUPS)


def updated(page: str) -> str:
    """The page with the tables of today."""
    before, heading, _ = page.partition(HEADING)
    return f"{before}{heading}\n{reference()}"


def _table(group: ActionGroup) -> str:
    note = f"\n{group.note}\n" if group.note else ""
    rows = ["| action | keys | what it does |", "|---|---|---|"]
    for action in sorted(group.actions, key=lambda action: action.name):
        keys = " ".join(f"`{key}`" for key in action.keys.split(",") if key) or "none"
        rows.append(f"| `{group.name}.{action.name}` | {keys} | {action.description} |")
    return f"### {group.title}\n{note}\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
