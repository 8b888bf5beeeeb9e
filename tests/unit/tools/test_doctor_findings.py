"""What the doctor makes of facts: each finding appears where it should, and is silent on a machine that is well."""

from pathlib import Path

import pytest

from fakes import examined as seen
from zcal_tui.checks.ready.builds import WRONG_SIGN
from zcal_tui.checks.ready.finding import fine
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.facts import SocketFile
from zcal_tui.tools.doctor.finding import Grade, Group
from zcal_tui.tools.doctor.judge.klipper import judge_klipper
from zcal_tui.tools.doctor.judge.link import judge_link
from zcal_tui.tools.doctor.judge.program import judge_program, satisfies
from zcal_tui.tools.doctor.judge.storage import judge_storage
from zcal_tui.tools.doctor.judge.terminal import judge_terminal

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
READY = seen.printer(extra=fine("extra", "The companion extra is there."), extra_there=True)
SILENT_HERE = seen.here(folder=None, config=None, sections=frozenset(), log=None)


def test_a_machine_that_is_well_has_only_good_findings() -> None:
    findings = (
        *judge_program(seen.program()),
        *judge_terminal(seen.terminal()),
        *judge_storage(seen.storage()),
        *judge_link(seen.link(seen.tried(), seen.url(origin="the usual place"))),
        *judge_klipper(READY, seen.here(), ()),
    )
    assert {finding.grade for finding in findings} == {OK}
    assert {finding.group for finding in findings} == set(Group) - {Group.CONFIGURATION}
    assert not any(finding.mend or finding.commands for finding in findings)


PROGRAM = [
    ({"installed_as": "0.0.9"}, "version-mixed", NOTE, "installed as 0.0.9"),
    ({"other": Path("/usr/bin/zcal-tui")}, "other-copy", NOTE, "/usr/bin/zcal-tui"),
    ({"sudo": True}, "sudo", NOTE, "by sudo"),
    ({"libraries": (seen.library(found=None),)}, "library-textual", PROBLEM, "not installed"),
    (
        {"libraries": (seen.library(found="7.9"),)},
        "library-textual",
        PROBLEM,
        "is 7.9, and >=8.2,<9 is needed",
    ),
    ({"libraries": (seen.library(error="ImportError: x"),)}, "library-textual", PROBLEM, "ImportError: x"),
    (
        {"libraries": (seen.library("numpy", error="ImportError: libopenblas.so.0: cannot open"),)},
        "library-numpy",
        PROBLEM,
        "libopenblas.so.0",
    ),
    ({"crashed": "numpy ended it with SIGILL"}, "libraries-crash", PROBLEM, "SIGILL"),
    ({"libraries": (seen.library(seconds=9.0),)}, "slow-import", NOTE, "9 s"),
    ({"arithmetic": 3.0}, "slow-numpy", NOTE, "3.0 s"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), PROGRAM)
def test_program(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_program(seen.program(**facts)), key)
    assert (found.group, found.grade) == (Group.PROGRAM, grade)
    assert words in found.what
    assert found.why
    assert found.mend


def test_a_missing_openblas_is_mended_by_its_package() -> None:
    broken = seen.library("numpy", error="ImportError: libopenblas.so.0: cannot open shared object file")
    assert seen.of(judge_program(seen.program(libraries=(broken,))), "library-numpy").commands == (
        "sudo apt install libopenblas0",
    )


@pytest.mark.parametrize(
    ("version", "wanted", "met"),
    [
        ("8.2", ">=8.2,<9", True),
        ("8.2.0", ">=8.2,<9", True),
        ("9.0.0", ">=8.2,<9", False),
        ("8.1.9", "<9,>=8.2", False),
        ("10.1", ">=9", True),
        ("2.2.1rc1", ">=2.2.1", True),
        ("0.10.3", "~=0.10.1", True),
        ("0.11", "~=0.10.1", False),
        ("1.0", "", True),
    ],
)
def test_conditions_of_versions(version: str, wanted: str, met: bool) -> None:
    assert satisfies(version, wanted) is met


TERMINAL = [
    ({"problem": "TERM is dumb"}, "term", PROBLEM, "TERM is dumb."),
    ({"problem": "TERM is not set", "is_terminal": False}, "term", NOTE, "TERM is not set."),
    ({"is_terminal": False}, "term", OK, "redirected"),
    ({"columns": 50}, "size", NOTE, "50 columns and 24 rows"),
    ({"rows": 10}, "size", NOTE, "80 columns and 10 rows"),
    ({"console": True, "term": "linux"}, "console", NOTE, "text console"),
    ({"encoding": "iso8859-1"}, "encoding", PROBLEM, "iso8859-1"),
    ({"wide_characters": False}, "encoding", PROBLEM, "does not read UTF-8"),
    ({"locale": "de_DE.UTF-8", "locale_known": False}, "locale", NOTE, "de_DE.UTF-8"),
    ({"multiplexer": "tmux"}, "term", OK, "over SSH in tmux, 80 columns and 24 rows"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), TERMINAL)
def test_terminal(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_terminal(seen.terminal(**facts)), key)
    assert (found.group, found.grade) == (Group.TERMINAL, grade)
    assert words in found.what


STORAGE = [
    ({"settings_problem": "f: there is no setting 'x'"}, "settings", PROBLEM, "no setting 'x'."),
    ({"settings_there": False}, "settings", OK, "none is needed"),
    ({"login_readable": True}, "settings-open", NOTE, "can read the login"),
    ({"unknown_environment": (("ZCAL_KEY", "ZCAL_API_KEY"),)}, "environment", NOTE, "ZCAL_KEY"),
    ({"write_problem": "/x: Permission denied"}, "data", PROBLEM, "Permission denied"),
    ({"folder_there": False}, "data", OK, "which the first one makes"),
    ({"free": 5_000_000}, "disk", PROBLEM, "5 MB"),
    ({"free": 100_000_000}, "disk", NOTE, "100 MB"),
    ({"sync_seconds": 2.0}, "disk-slow", NOTE, "2.0 s"),
    ({"broken_runs": ("a.jsonl", "b.jsonl")}, "runs-broken", NOTE, "2 of the newest runs"),
    ({"interrupted": 1}, "runs-interrupted", NOTE, "A run was cut off."),
    ({"interrupted": 3}, "runs-interrupted", NOTE, "3 runs were cut off."),
    ({"own_errors": 2, "last_own_error": "boom"}, "own-log", NOTE, "boom"),
    ({"newest_run": seen.NOW + 2 * 86400}, "clock", NOTE, "2.0 days ahead"),
    ({"built": seen.NOW + 10 * 86400}, "clock", NOTE, "behind"),
    ({"synchronised": False}, "clock", NOTE, "No time server"),
    ({"synchronised": None}, "clock", OK, "plausible"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), STORAGE)
def test_storage(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_storage(seen.storage(**facts)), key)
    assert (found.group, found.grade) == (Group.STORAGE, grade)
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


FAILED = [
    (seen.tried(answer="refused", file=SocketFile("missing"), origin="--printer"), "with -a"),
    (seen.tried(answer="refused"), "left over from a klippy that was killed"),
    (seen.tried(answer="silent"), "runs and does not answer"),
    (seen.tried(answer="refused", file=SocketFile("socket", "pi", False)), "belongs to pi"),
    (seen.tried(answer="refused", file=SocketFile("closed")), "may not look into"),
    (seen.tried(answer="refused", file=SocketFile("terminal")), "pseudo-terminal"),
    (seen.tried(answer="refused", file=SocketFile("folder")), "a folder, not a socket"),
    (seen.tried(answer="refused", file=SocketFile("other")), "a file, not a socket"),
    (seen.url(answer="refused"), "another network"),
    (seen.url(answer="refused", address="http://localhost:7125"), "No Moonraker runs on this machine"),
    (seen.url(answer="stranger"), "no Moonraker"),
    (seen.url(answer="unnamed"), "mDNS"),
    (seen.url(answer="silent"), "firewall"),
]


@pytest.mark.parametrize(("asked", "why"), FAILED)
def test_an_address_that_does_not_answer(asked: seen.Tried, why: str) -> None:
    found = seen.of(judge_link(seen.link(asked)), "no-answer")
    assert found.grade is PROBLEM
    assert asked.address in found.what
    assert why in found.why
    assert found.mend


def test_the_demand_for_a_login_tells_where_the_key_is() -> None:
    found = seen.of(judge_link(seen.link(seen.url(answer="login", cause="it wants a login"))), "login")
    assert found.grade is PROBLEM
    assert "trusted_clients" in found.why
    assert found.commands[0].endswith("fetch-apikey.sh")


def test_what_is_not_needed_is_no_problem() -> None:
    asked = seen.link(seen.tried(), seen.url(answer="refused", cause="nobody listens there"))
    assert seen.of(judge_link(asked), "no-answer").grade is OK


def test_nothing_at_the_usual_places_is_one_problem() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    asked = seen.link(nothing, seen.url(answer="refused", origin="the usual place"))
    findings = judge_link(asked)
    assert [finding.key for finding in findings if finding.grade is PROBLEM] == ["no-printer"]
    assert "zcal-tui --demo" in seen.of(findings, "no-printer").commands


def test_a_printer_elsewhere_on_this_machine_is_told_with_the_command() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    other = seen.tried(address="/tmp/klippy_uds", origin="found", meant=False)
    found = seen.of(judge_link(seen.link(nothing, other, processes=(seen.process(),))), "elsewhere")
    assert found.grade is PROBLEM
    assert found.commands == ("zcal-tui --printer /tmp/klippy_uds",)


def test_an_address_that_is_none() -> None:
    assert (
        seen.of(judge_link(seen.link(bad_address="'x y' is no printer address.")), "address").grade is PROBLEM
    )


def test_a_klippy_that_runs_and_does_not_listen_is_not_called_dead() -> None:
    other = seen.tried(answer="refused", origin="found", meant=False)
    found = seen.of(judge_link(seen.link(other, processes=(seen.process(),))), "no-answer")
    assert (found.grade, found.commands) == (PROBLEM, ("sudo systemctl restart klipper",))
    assert "runs and does not answer" in found.why


def test_a_klippy_without_an_api_socket() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket=None),))
    assert "-a" in seen.of(judge_link(facts), "no-api-socket").mend


def test_a_klippy_whose_socket_cannot_be_seen() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket_seen=False),))
    assert "container" in seen.of(judge_link(facts), "socket-gone").why


def test_a_slow_link() -> None:
    assert seen.of(judge_link(seen.link(seen.url(seconds=0.8))), "slow").grade is NOTE


MOONRAKER = [
    ({"klippy_connected": False}, "moonraker-alone", PROBLEM, "no klippy"),
    ({"version": "v0.7.1-253-g3e70e4b"}, "moonraker-old", NOTE, "v0.7.1"),
    ({"failed": ("update_manager",), "warnings": 2}, "moonraker-warnings", NOTE, "update_manager"),
    ({"missing": ("virtual_sdcard",)}, "moonraker-missing", NOTE, "virtual_sdcard"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), MOONRAKER)
def test_moonraker(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_link(seen.link(seen.url(moonraker=seen.moonraker(**facts)))), key)
    assert found.grade is grade
    assert words in found.what


def test_a_fault_of_a_build_is_told_as_ready_tells_it() -> None:
    state = PrinterState(connected=True, klippy="ready", software_version="v0.13.0-490-gabc")
    found = seen.of(judge_klipper(seen.printer(state), SILENT_HERE, ()), "build")
    assert (found.group, found.grade) == (Group.KLIPPER, NOTE)
    assert WRONG_SIGN.what in found.what
    assert WRONG_SIGN.source in found.why


@pytest.mark.parametrize(
    ("state", "grade", "words"),
    [
        (seen.klippy_in("error", "Option 'pin' in section 'probe' must be specified"), PROBLEM, "'pin'"),
        (
            seen.klippy_in("shutdown", "MCU 'mcu' shutdown: Timer too close\nPrinter is shutdown"),
            PROBLEM,
            "Timer too close",
        ),
        (seen.klippy_in("startup"), NOTE, "starting"),
        (PrinterState(link="gone"), PROBLEM, "gone"),
    ],
)
def test_the_state_of_klippy(state: PrinterState, grade: Grade, words: str) -> None:
    found = seen.of(judge_klipper(seen.printer(state), SILENT_HERE, ()), "state")
    assert found.grade is grade
    assert words in found.what
    assert found.mend
