"""How the doctor examines settings, data folder, disk and clock. It writes nothing that stays."""

from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.config import Settings
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.storage import gather_storage, judge_storage

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM


STORAGE = [
    ({"settings_problem": "f: there is no setting 'x'"}, "settings", PROBLEM, "no setting 'x'."),
    ({"settings_exist": False}, "settings", OK, "None is needed"),
    ({"login_readable": True}, "settings-open", NOTE, "can read the login"),
    ({"unknown_environment": (("ZCAL_KEY", "ZCAL_API_KEY"),)}, "environment", NOTE, "ZCAL_KEY"),
    ({"write_problem": "/x: Permission denied"}, "data", PROBLEM, "Permission denied"),
    ({"open_to_others": True}, "data-open", NOTE, "can read the stored runs"),
    ({"folder_exists": False}, "data", OK, "The first run creates it"),
    ({"free": 5_000_000}, "disk", PROBLEM, "5 MB"),
    ({"free": 100_000_000}, "disk", NOTE, "100 MB"),
    ({"sync_seconds": 2.0}, "disk-slow", NOTE, "2.0 s"),
    ({"broken_runs": ("a.jsonl", "b.jsonl")}, "runs-broken", NOTE, "2 of the newest runs"),
    ({"unfinished": 1}, "runs-interrupted", NOTE, "Unfinished runs: 1."),
    ({"unfinished": 3}, "runs-interrupted", NOTE, "Unfinished runs: 3."),
    ({"own_errors": ("x", "boom")}, "own-log", NOTE, "boom"),
    ({"newest_run": seen.NOW + 2 * 86400}, "clock", NOTE, "2.0 days in the future"),
    ({"built": seen.NOW + 10 * 86400}, "clock", NOTE, "before the installation"),
    ({"synchronised": False}, "clock", NOTE, "No time server"),
    ({"synchronised": None}, "clock", OK, "plausible"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), STORAGE)
def test_storage(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_storage(seen.storage(**facts)), key)
    assert found.grade is grade
    assert words in found.what


def test_a_folder_of_another_user_is_handed_back() -> None:
    found = seen.of(
        judge_storage(seen.storage(write_problem="/x: Permission denied", foreign_owner=True)), "data"
    )
    assert found.commands == ("sudo chown -R $USER: /home/pi/.local/share/zcal-tui",)
    assert "sudo" in found.why


def test_a_card_that_went_read_only_is_called_that() -> None:
    found = seen.of(judge_storage(seen.storage(write_problem="/x: Read-only file system")), "data")
    assert "about to fail" in found.why


def test_the_data_folder_is_left_as_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    facts = gather_storage(Settings(), None, data, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert (facts.write_problem, facts.folder_exists, facts.settings_exist) == ("", True, False)
    assert facts.sync_seconds is not None
    assert list(tmp_path.rglob("*")) == [data]


def test_a_data_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    facts = gather_storage(Settings(), None, tmp_path / "a" / "b", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert (facts.write_problem, facts.folder_exists) == ("", False)
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    facts = gather_storage(Settings(), None, tmp_path / "data", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert "is a file" in facts.write_problem


def test_the_settings_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "zcal-tui" / "config.toml"
    file.parent.mkdir()
    file.write_text('printr = "x"\napi_key = "k"\n')
    file.chmod(0o644)
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "ZCAL_APIKEY": "k", "ZCAL_DATA": "d", "ZCAL_SIM_CACHE": "c"}
    facts = gather_storage(Settings(), None, tmp_path, environ)
    assert "printr" in facts.settings_problem
    assert facts.login_readable
    assert facts.unknown_environment == (("ZCAL_APIKEY", "ZCAL_API_KEY"),)
    file.chmod(0o600)
    assert not gather_storage(Settings(), None, tmp_path, environ).login_readable


def test_runs_that_cannot_be_read_and_errors_of_our_own(tmp_path: Path) -> None:
    runs = tmp_path / "printers" / "voron"
    runs.mkdir(parents=True)
    (runs / "20301231T000000-000001-accuracy.jsonl").write_text("rubbish\n")
    (tmp_path / "zcal-tui.log").write_text(
        "2001-01-01 00:00:00,000 ERROR zcal_tui: old\n2999-01-01 00:00:00,000 ERROR zcal_tui.x: boom\nTraceback\n"
    )
    facts = gather_storage(Settings(), None, tmp_path, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert facts.broken_runs == ("20301231T000000-000001-accuracy.jsonl",)
    assert facts.newest_run is not None
    assert facts.newest_run == 1924905600.0
    assert facts.own_errors == ["boom"]
