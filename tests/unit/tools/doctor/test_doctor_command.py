"""`zcal-tui doctor` as a command: what it prints, what it gives away, how it ends."""

import json
import socket
from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.tools.doctor import command
from zcal_tui.tools.doctor.command import PROBLEMS, USAGE, WELL, main
from zcal_tui.tools.doctor.examine import Facts
from zcal_tui.tools.doctor.finding import Group, ok


def doctor(home: Path, *words: str, **environment: str) -> int:
    """Run it in this home, where nothing of the tester's counts."""
    settings = {"XDG_CONFIG_HOME": str(home / ".config"), "ZCAL_DATA": str(home / "data"), "TERM": "xterm"}
    return main(words, {**settings, **environment}, home)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No klippy of the tester's machine counts, and the libraries, which take a second, are tested elsewhere."""

    async def look() -> object:
        return seen.program()

    monkeypatch.setattr("zcal_tui.tools.doctor.examine.gather_program", look)
    monkeypatch.setattr("zcal_tui.tools.doctor.examine.klippy_processes", lambda: ((), 0))


def test_a_socket_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(tmp_path, "--printer", str(tmp_path / "none.sock")) == PROBLEMS
    out = capsys.readouterr().out
    assert f"✗ {tmp_path}/none.sock (--printer): there is no such socket." in " ".join(out.split())
    assert out.count("Fix this first, then run this again:") == 1
    block = out.split(command.BEGIN)[1]
    assert "~/none.sock" in block
    assert str(tmp_path) not in block


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dead))
    assert doctor(tmp_path, "--json", ZCAL_PRINTER=str(dead)) == PROBLEMS
    [line] = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert (said["event"], said["schema"]) == ("doctor", 1)
    asked = said["tried"][0]
    assert (asked["address"], asked["origin"], asked["answer"]) == (str(dead), "ZCAL_PRINTER", "refused")
    [found] = [found for found in said["findings"] if found["key"] == "no-answer"]
    assert (found["group"], found["grade"]) == ("link", "problem")
    assert found["commands"] == ["sudo systemctl restart klipper"]


def test_a_settings_file_with_a_fault_is_a_finding_and_its_key_stays_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ".config" / "zcal-tui" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('printr = "x"\napi_key = "topsecret"\n')
    code = doctor(
        tmp_path, "--printer", "http://no-such-host.invalid?token=hidden", ZCAL_API_KEY="othersecret"
    )
    out = capsys.readouterr().out
    assert code == PROBLEMS
    assert "unknown setting 'printr'; did you mean" in " ".join(out.split())
    for secret in ("topsecret", "othersecret", "hidden"):
        assert secret not in out
    assert "no-such-host" not in out.split(command.BEGIN)[1]


def test_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gather(patient: object) -> Facts:
        asked = seen.link(seen.tried())
        return Facts(seen.program(), seen.terminal(), seen.storage(), asked, seen.printer())

    monkeypatch.setattr(command, "gather", gather)
    monkeypatch.setattr(command, "judge", lambda facts: {Group.LINK: (ok("key", "It is well."),)})
    assert doctor(tmp_path) == WELL
    assert "No problems found." in capsys.readouterr().out


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(tmp_path, "--nonsense") == USAGE
    assert doctor(tmp_path, "--data", "~nobody-of-that-name/x") == USAGE
    assert "zcal-tui doctor: ~nobody" in capsys.readouterr().err
    assert doctor(tmp_path, "--help") == WELL
