"""The build's commit: noted in a wheel, asked of git in a checkout, unknown elsewhere."""

import json
import subprocess
from pathlib import Path

import pytest

from zcal_tui import __version__
from zcal_tui.build_data import BuildData, build_data, full_version


def test_a_note_of_the_build_counts(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(json.dumps({"commit": "1a2b3c4", "date": "2026-11-30"}))
    assert build_data(tmp_path) == BuildData("1a2b3c4", "2026-11-30")


@pytest.mark.parametrize("note", [None, "", "[]", '{"commit": "1"}'])
def test_without_a_note_and_git_nothing_is_known(note: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "zcal_tui"
    folder.mkdir()
    if note is not None:
        (folder / "build.json").write_text(note)
    assert build_data(folder) is None


def test_a_checkout_is_asked(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    folder = tmp_path / "zcal_tui"
    folder.mkdir()
    git("init")
    git("commit", "--allow-empty", "-m", "x", "--date", "2026-01-02T00:00:00Z")
    found = build_data(folder)
    assert found is not None and len(found.commit) >= 7 and found.date.startswith("20")


def test_the_version_is_shown_with_and_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zcal_tui.build_data.build_data", lambda: BuildData("1a2b3c4", "2026-11-30"))
    assert full_version() == f"{__version__} (1a2b3c4, 2026-11-30)"
    monkeypatch.setattr("zcal_tui.build_data.build_data", lambda: None)
    assert full_version() == __version__
