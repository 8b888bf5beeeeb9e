"""What the doctor makes of facts: each finding appears where it should, and is silent on a machine that is well."""

from pathlib import Path

import pytest

from fakes import examined as seen
from zcal_tui.checks.ready.builds import WRONG_SIGN
from zcal_tui.checks.ready.finding import fine, warn
from zcal_tui.printer.config_files import ConfigText
from zcal_tui.printer.state import Heater, PrinterState
from zcal_tui.tools.doctor.facts import SocketFile
from zcal_tui.tools.doctor.finding import Finding, Grade, Group
from zcal_tui.tools.doctor.judge.configuration import judge_configuration
from zcal_tui.tools.doctor.judge.klipper import judge_klipper
from zcal_tui.tools.doctor.judge.link import judge_link
from zcal_tui.tools.doctor.judge.program import judge_program, satisfies
from zcal_tui.tools.doctor.judge.storage import judge_storage
from zcal_tui.tools.doctor.judge.terminal import judge_terminal

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
READY = seen.printer(extra=fine("extra", "The companion extra is there."), extra_there=True)
SILENT_HERE = seen.here(folder=None, config=None, sections=frozenset(), log=None)


def of(findings: tuple[Finding, ...], key: str) -> Finding:
    """The finding of that key, which is there once."""
    found = [finding for finding in findings if finding.key == key]
    assert len(found) == 1, [finding.key for finding in findings]
    return found[0]


def klippy_in(state: str, message: str = "") -> PrinterState:
    return PrinterState(connected=True, klippy=state, message=message, link="")  # type: ignore[arg-type]


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
    found = of(judge_program(seen.program(**facts)), key)
    assert (found.group, found.grade) == (Group.PROGRAM, grade)
    assert words in found.what
    assert found.why
    assert found.mend


def test_a_missing_openblas_is_mended_by_its_package() -> None:
    broken = seen.library("numpy", error="ImportError: libopenblas.so.0: cannot open shared object file")
    assert of(judge_program(seen.program(libraries=(broken,))), "library-numpy").commands == (
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
    found = of(judge_terminal(seen.terminal(**facts)), key)
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
    found = of(judge_storage(seen.storage(**facts)), key)
    assert (found.group, found.grade) == (Group.STORAGE, grade)
    assert words in found.what


def test_a_folder_of_another_user_is_handed_back() -> None:
    found = of(judge_storage(seen.storage(write_problem="/x: Permission denied", foreign_owner=True)), "data")
    assert found.commands == ("sudo chown -R $USER: /home/pi/.local/share/zcal-tui",)
    assert "sudo" in found.why


def test_a_card_that_went_read_only_is_called_that() -> None:
    found = of(judge_storage(seen.storage(write_problem="/x: Read-only file system")), "data")
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
    found = of(judge_link(seen.link(asked)), "no-answer")
    assert found.grade is PROBLEM
    assert asked.address in found.what
    assert why in found.why
    assert found.mend


def test_the_demand_for_a_login_tells_where_the_key_is() -> None:
    found = of(judge_link(seen.link(seen.url(answer="login", cause="it wants a login"))), "login")
    assert found.grade is PROBLEM
    assert "trusted_clients" in found.why
    assert found.commands[0].endswith("fetch-apikey.sh")


def test_what_is_not_needed_is_no_problem() -> None:
    asked = seen.link(seen.tried(), seen.url(answer="refused", cause="nobody listens there"))
    assert of(judge_link(asked), "no-answer").grade is OK


def test_nothing_at_the_usual_places_is_one_problem() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    asked = seen.link(nothing, seen.url(answer="refused", origin="the usual place"))
    findings = judge_link(asked)
    assert [finding.key for finding in findings if finding.grade is PROBLEM] == ["no-printer"]
    assert "zcal-tui --demo" in of(findings, "no-printer").commands


def test_a_printer_elsewhere_on_this_machine_is_told_with_the_command() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    other = seen.tried(address="/tmp/klippy_uds", origin="found", meant=False)
    found = of(judge_link(seen.link(nothing, other, processes=(seen.process(),))), "elsewhere")
    assert found.grade is PROBLEM
    assert found.commands == ("zcal-tui --printer /tmp/klippy_uds",)


def test_an_address_that_is_none() -> None:
    assert of(judge_link(seen.link(bad_address="'x y' is no printer address.")), "address").grade is PROBLEM


def test_a_klippy_that_runs_and_does_not_listen_is_not_called_dead() -> None:
    other = seen.tried(answer="refused", origin="found", meant=False)
    found = of(judge_link(seen.link(other, processes=(seen.process(),))), "no-answer")
    assert (found.grade, found.commands) == (PROBLEM, ("sudo systemctl restart klipper",))
    assert "runs and does not answer" in found.why


def test_a_klippy_without_an_api_socket() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket=None),))
    assert "-a" in of(judge_link(facts), "no-api-socket").mend


def test_a_klippy_whose_socket_cannot_be_seen() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket_seen=False),))
    assert "container" in of(judge_link(facts), "socket-gone").why


def test_a_slow_link() -> None:
    assert of(judge_link(seen.link(seen.url(seconds=0.8))), "slow").grade is NOTE


MOONRAKER = [
    ({"klippy_connected": False}, "moonraker-alone", PROBLEM, "no klippy"),
    ({"version": "v0.7.1-253-g3e70e4b"}, "moonraker-old", NOTE, "v0.7.1"),
    ({"failed": ("update_manager",), "warnings": 2}, "moonraker-warnings", NOTE, "update_manager"),
    ({"missing": ("virtual_sdcard",)}, "moonraker-missing", NOTE, "virtual_sdcard"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), MOONRAKER)
def test_moonraker(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = of(judge_link(seen.link(seen.url(moonraker=seen.moonraker(**facts)))), key)
    assert found.grade is grade
    assert words in found.what


def test_a_fault_of_a_build_is_told_as_ready_tells_it() -> None:
    state = PrinterState(connected=True, klippy="ready", software_version="v0.13.0-490-gabc")
    found = of(judge_klipper(seen.printer(state), SILENT_HERE, ()), "build")
    assert (found.group, found.grade) == (Group.KLIPPER, NOTE)
    assert WRONG_SIGN.what in found.what
    assert WRONG_SIGN.source in found.why


@pytest.mark.parametrize(
    ("state", "grade", "words"),
    [
        (klippy_in("error", "Option 'pin' in section 'probe' must be specified"), PROBLEM, "'pin'"),
        (
            klippy_in("shutdown", "MCU 'mcu' shutdown: Timer too close\nPrinter is shutdown"),
            PROBLEM,
            "Timer too close",
        ),
        (klippy_in("startup"), NOTE, "starting"),
        (PrinterState(link="gone"), PROBLEM, "gone"),
    ],
)
def test_the_state_of_klippy(state: PrinterState, grade: Grade, words: str) -> None:
    found = of(judge_klipper(seen.printer(state), SILENT_HERE, ()), "state")
    assert found.grade is grade
    assert words in found.what
    assert found.mend


NOT_THERE = seen.printer(
    extra=warn("extra", "The companion extra is not installed.", "w", "Install it."), extra_there=False
)
WITHOUT = frozenset(("printer",))
EXTRA = [
    (NOT_THERE, SILENT_HERE, NOTE, "is not installed."),
    (NOT_THERE, seen.here(folder=seen.folder("foreign")), PROBLEM, "is not ours"),
    (NOT_THERE, seen.here(folder=seen.folder("none"), sections=WITHOUT), NOTE, "not installed in /home/pi"),
    (None, seen.here(folder=seen.folder("none")), PROBLEM, "is not linked into this Klipper"),
    (None, seen.here(folder=seen.folder("stale")), PROBLEM, "points into another installation"),
    (NOT_THERE, seen.here(sections=WITHOUT), NOTE, "printer.cfg has no [zcal]"),
    (NOT_THERE, seen.here(), PROBLEM, "the running Klipper does not know it"),
    (None, seen.here(), OK, "is linked into"),
    (None, SILENT_HERE, OK, "no Klipper in the usual folders"),
    (READY, seen.here(folder=seen.folder("stale")), OK, "is there"),
]


@pytest.mark.parametrize(("printer", "here", "grade", "words"), EXTRA)
def test_the_extra(printer: seen.PrinterFacts | None, here: seen.HereFacts, grade: Grade, words: str) -> None:
    found = of(judge_klipper(printer, here, ()), "extra")
    assert found.grade is grade
    assert words in found.what


def test_the_extra_in_another_klipper_is_named() -> None:
    facts = seen.here(folder=seen.folder("none"), sections=WITHOUT, elsewhere=(Path("/home/pi/kalico"),))
    found = of(judge_klipper(NOT_THERE, facts, ()), "extra")
    assert "/home/pi/kalico" in found.why
    assert found.commands == ("zcal-tui install --klipper /home/pi/klipper",)


HERE = [
    ({"extra_changed": seen.NOW}, "extra-old", NOTE, "newer than the running Klipper"),
    ({"folder": seen.folder(excluded=frozenset())}, "dirty", NOTE, "Git"),
    (
        {"twins": (Path("/x/z_calibration.py"), Path("/x/z_calibration"))},
        "z-calibration-twice",
        PROBLEM,
        "/x",
    ),
    ({"surplus": Path("/x")}, "z-calibration-override", PROBLEM, "Kalico has a z_calibration of its own"),
    ({"python": "python2.7"}, "klippy-python", PROBLEM, "python2.7"),
    ({"log_errors": (("Timer too close", 2),)}, "log", NOTE, "Timer too close (×2)"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), HERE)
def test_klipper_on_this_machine(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = of(judge_klipper(READY, seen.here(**facts), ()), key)
    assert found.grade is grade
    assert words in found.what


def test_a_section_of_ours_without_its_module_is_mended_by_the_link() -> None:
    state = klippy_in("error", "Section 'z_calibration' is not a valid config section\n\nOnce the …")
    facts = seen.printer(state, info={"klipper_path": "/home/pi/klipper"})
    here = seen.here(log_errors=(("Section 'z_calibration' is not a valid config section", 2),))
    findings = judge_klipper(facts, here, ())
    found = of(findings, "state")
    assert "[z_calibration]" in found.what
    assert found.commands[0] == "zcal-tui install --klipper /home/pi/klipper"
    assert "log" not in [finding.key for finding in findings]  # it is told already


def test_another_programs_lease_and_several_klippys() -> None:
    facts = seen.printer(other_program=True)
    findings = judge_klipper(facts, SILENT_HERE, (seen.process(), seen.process(pid=701)))
    assert of(findings, "lease").grade is NOTE
    assert "2 klippys" in of(findings, "several").what


SHORT_BELOW = PrinterState(
    connected=True,
    klippy="ready",
    axis_minimum=(0.0, 0.0, 0.0),
    axis_maximum=(200.0, 200.0, 180.0),
    heaters={"extruder": Heater(20.0, 0.0)},
    settings={
        "printer": {"kinematics": "cartesian"},
        "probe": {"z_offset": 0.0, "x_offset": 0.0, "y_offset": 0.0, "speed": 5.0},
        "stepper_z": {"position_min": 0.0, "position_max": 180.0, "endstop_pin": "x"},
        "idle_timeout": {"timeout": 60.0},
    },
)


def test_what_ready_knows_of_the_configuration() -> None:
    findings = judge_configuration(seen.printer(SHORT_BELOW), SILENT_HERE)
    assert of(findings, "room-below").grade is NOTE
    assert of(findings, "probe-numbers").grade is NOTE
    assert of(findings, "idle").grade is NOTE


CONFIGURATION = [
    (seen.printer(), SILENT_HERE, "probe", NOTE, "no probe"),
    (
        seen.printer(save_conflict="z_offset of [probe]: it is included"),
        SILENT_HERE,
        "save-conflict",
        NOTE,
        "[probe]",
    ),
    (seen.printer(edited=("[probe] is new",)), SILENT_HERE, "edited", NOTE, "[probe] is new"),
    (seen.printer(config_problem="Permission denied"), SILENT_HERE, "printer-cfg", NOTE, "Permission denied"),
    (seen.printer(config=ConfigText("/p.cfg", {"/p.cfg": ""}, {})), SILENT_HERE, "printer-cfg", OK, "/p.cfg"),
    (None, seen.here(), "printer-cfg", OK, "printer.cfg can be read"),
    (
        None,
        seen.here(folder=seen.folder(z_calibration="none"), sections=frozenset(("z_calibration",))),
        "z-calibration-missing",
        PROBLEM,
        "[z_calibration]",
    ),
]


@pytest.mark.parametrize(("printer", "here", "key", "grade", "words"), CONFIGURATION)
def test_configuration(
    printer: seen.PrinterFacts | None, here: seen.HereFacts, key: str, grade: Grade, words: str
) -> None:
    found = of(judge_configuration(printer, here), key)
    assert (found.group, found.grade) == (Group.CONFIGURATION, grade)
    assert words in found.what


def test_kalicos_own_z_calibration_needs_no_link() -> None:
    own = seen.folder(z_calibration="none", has_own=frozenset(("z_calibration",)))
    findings = judge_configuration(None, seen.here(folder=own, sections=frozenset(("z_calibration",))))
    assert all(finding.grade is OK for finding in findings)
