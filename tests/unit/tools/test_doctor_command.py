"""`zcal-tui doctor` as a command: what it prints, what it gives away, how it ends."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fakes import examined as seen
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor import command
from zcal_tui.tools.doctor.command import PROBLEMS, USAGE, WELL, main
from zcal_tui.tools.doctor.examine import judge
from zcal_tui.tools.doctor.facts import Facts, SocketFile
from zcal_tui.tools.doctor.finding import Finding, Grade, Group, sentence
from zcal_tui.tools.doctor.output import PLAIN_SIGNS, SIGNS, closing, signs_for, text_lines
from zcal_tui.tools.doctor.paste import paste_lines, redact

HOME = Path("/home/pi")


def finding(grade: Grade, **others: Any) -> Finding:
    return Finding(Group.LINK, "key", grade, **{"what": "What it is.", **others})


def doctor(home: Path, *words: str, **environment: str) -> int:
    """Run it in this home, where nothing of the tester's counts."""
    settings = {"XDG_CONFIG_HOME": str(home / ".config"), "ZCAL_DATA": str(home / "data"), "TERM": "xterm"}
    return main(words, {**settings, **environment}, home)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No klippy of the tester's machine counts, and the libraries, which take a second, are tested elsewhere."""

    async def look() -> object:
        return seen.program()

    monkeypatch.setattr("zcal_tui.tools.doctor.examine.look_at_program", look)
    monkeypatch.setattr("zcal_tui.tools.doctor.examine.look_at_processes", lambda: ((), 0))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/pi/printer_data and /home/pip/x", "~/printer_data and /home/…/x"),
        ("http://voron.local:7125/printer1 answers", "http://HOST:7125/printer1 answers"),
        ("http://localhost:7125 and http://127.0.0.1:80 and http://[::1]:7125", None),
        ("http://me:secret@10.0.0.3:7125/x?token=abc", "http://HOST:7125/x"),
        ("zcal-tui on voron.local (77)", "zcal-tui on HOST (77)"),
        ("voron.localised is no host", None),
        ("at 192.168.1.20 and 127.0.0.1", "at ADDRESS and 127.0.0.1"),
        ("the key k3y is shown", "the key … is shown"),
        ("sudo systemctl restart klipper", None),
    ],
)
def test_what_is_pasted_gives_nothing_away(text: str, shown: str | None) -> None:
    assert redact(text, HOME, ("voron.local", "klipper", "localhost", ""), ("k3y", None, "")) == (
        shown or text
    )


def test_the_block_names_versions_and_what_is_not_well() -> None:
    state = PrinterState(
        connected=True, klippy="ready", software_version="v0.13.0-600-gabc", hostname="voron"
    )
    facts = Facts(
        seen.program(revision="abc"),
        seen.terminal(multiplexer="tmux"),
        seen.storage(),
        seen.link(seen.url()),
        seen.printer(state),
        seen.here(),
    )
    lines = paste_lines(facts, (finding(Grade.OK), finding(Grade.PROBLEM, what="It is broken.")))
    text = "\n".join(lines)
    for words in (
        "zcal-tui 0.1.0 (abc)",
        "Python 3.11.2",
        "textual 8.2.8",
        "Klipper v0.13.0-600-gabc",
        "80x24, tmux",
    ):
        assert words in text
    assert "Moonraker v0.10.0-31-gabc" in text
    assert lines[-1] == "problem: It is broken. [key]"
    assert "What it is" not in text


def test_text_is_wrapped_but_commands_are_whole() -> None:
    long = finding(Grade.NOTE, what="word " * 40, why="why " * 40, mend="do " * 40, commands=("x" * 200,))
    lines = text_lines([long], SIGNS, 80)
    assert lines[0] == "Link to the printer"
    assert lines[1].startswith("  ! word")
    assert [line for line in lines if len(line) > 80] == ["           " + "x" * 200]
    assert any(line.startswith("      why: why") for line in lines)
    assert any(line.startswith("      do:  do") for line in lines)


@pytest.mark.parametrize(
    ("encoding", "console", "signs"),
    [
        ("utf-8", False, SIGNS),
        ("utf-8", True, PLAIN_SIGNS),
        ("iso8859-1", False, PLAIN_SIGNS),
        ("x", False, PLAIN_SIGNS),
    ],
)
def test_signs_that_can_be_shown(encoding: str, console: bool, signs: dict[Grade, str]) -> None:
    assert signs_for(encoding, console=console) == signs


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        ([Grade.OK], "No problem found."),
        ([Grade.NOTE], "No problem, 1 note."),
        ([Grade.PROBLEM, Grade.NOTE, Grade.NOTE], "1 problem and 2 notes. Mend it,"),
        ([Grade.PROBLEM, Grade.PROBLEM], "2 problems. Mend the first,"),
    ],
)
def test_the_sentence_at_the_end(grades: list[Grade], words: str) -> None:
    assert closing([finding(grade) for grade in grades]).startswith(words)


def test_sentences_end_once() -> None:
    assert [sentence(text) for text in ("a", "a.", "did you?", "well!")] == ["a.", "a.", "did you?", "well!"]


def test_a_socket_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(tmp_path, "--printer", str(tmp_path / "none.sock")) == PROBLEMS
    out = capsys.readouterr().out
    assert f"✗ {tmp_path}/none.sock (--printer): there is no such socket." in " ".join(out.split())
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
    assert "there is no setting 'printr'; did you mean" in " ".join(out.split())
    for secret in ("topsecret", "othersecret", "hidden"):
        assert secret not in out
    assert "no-such-host" not in out.split(command.BEGIN)[1]


def test_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gather(patient: object) -> Facts:
        asked = seen.link(seen.tried())
        return Facts(seen.program(), seen.terminal(), seen.storage(), asked, seen.printer(), seen.here())

    monkeypatch.setattr(command, "gather", gather)
    monkeypatch.setattr(command, "judge", lambda facts: (finding(Grade.OK),))
    assert doctor(tmp_path) == WELL
    assert "No problem found." in capsys.readouterr().out


def test_what_is_to_be_typed_names_the_program_as_the_shell_finds_it() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    for called in ("zcal-tui", "/home/pi/zcal-tui/.venv/bin/zcal-tui"):
        facts = Facts(
            seen.program(called=called),
            seen.terminal(),
            seen.storage(interrupted=1),
            seen.link(nothing),
            None,
            seen.here(folder=None),
        )
        typed = [command for finding in judge(facts) for command in finding.commands]
        assert {f"{called} resume", f"{called} --demo", "systemctl status klipper"} <= set(typed)


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(tmp_path, "--nonsense") == USAGE
    assert doctor(tmp_path, "--data", "~nobody-of-that-name/x") == USAGE
    assert "zcal-tui doctor: ~nobody" in capsys.readouterr().err
    assert doctor(tmp_path, "--help") == WELL
