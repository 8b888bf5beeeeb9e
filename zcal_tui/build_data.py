"""From which commit this installation was built: as the build noted it, or as git has it in a checkout."""

import json
from dataclasses import dataclass
from pathlib import Path

from zcal_tui import __version__

FILE = "build.json"
"""Beside this module, written by setup.py where it builds from git."""


@dataclass(frozen=True, slots=True)
class BuildData:
    """The commit, shortened, and its date as YYYY-MM-DD."""

    commit: str
    date: str

    def __str__(self) -> str:
        return f"{self.commit}, {self.date}"


def build_data(folder: Path = Path(__file__).parent) -> BuildData | None:
    """What is known of the build; None where it was not made from git."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return BuildData(str(found["commit"]), str(found["date"]))
    except (OSError, ValueError, KeyError, TypeError):
        return _of_checkout(folder.parent)


def full_version() -> str:
    """The version with the build data, if there are any: `0.2.0 (1a2b3c4d5, 2026-11-30)`."""
    data = build_data()
    return f"{__version__} ({data})" if data is not None else __version__


def _of_checkout(root: Path) -> BuildData | None:
    if not (root / ".git").exists():
        return None
    from zcal_tui.tools.system import output_of  # only in a checkout

    commit = output_of("git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*", seconds=3.0)
    date = output_of("git", "-C", str(root), "log", "-1", "--format=%cs", seconds=3.0)
    return BuildData(commit, date) if commit and date else None
