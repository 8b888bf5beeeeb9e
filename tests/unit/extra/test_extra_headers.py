"""Each file of the Klipper modules begins as Klipper's own extras do: its purpose, the copyright, the licence."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "klippy_extra"
FILES = sorted(FOLDER.rglob("*.py"))
HEADER = (
    "#",
    "# Copyright (C) 2026  zcal-tui contributors",
    "#",
    "# This file may be distributed under the terms of the GNU GPLv3 license.",
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_begins_with_purpose_copyright_and_licence(path: Path) -> None:
    purpose, *header = path.read_text().splitlines()[: 1 + len(HEADER)]
    assert purpose.startswith("# ") and len(purpose) > len("# Header")
    assert tuple(header) == HEADER


def test_no_two_files_have_the_same_purpose() -> None:
    purposes = [path.read_text().splitlines()[0] for path in FILES]
    assert sorted(set(purposes)) == sorted(purposes)
