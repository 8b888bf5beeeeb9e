"""How the doctor examines Klipper on this machine, and what it makes of the [zcal] module there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from tests.unit.fakes.klippy import FakeKlippy
from zcal_tui.checks.ready.finding import fine, warn
from zcal_tui.config import Settings
from zcal_tui.printer.klippy_log import LogError, LogSubject
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.klipper import KlipperFacts, gather_klipper, judge_klipper
from zcal_tui.tools.doctor.link import gather_link, local_sockets
from zcal_tui.tools.doctor.printer import NOT_REACHED, PrinterFacts, gather_printer
from zcal_tui.tools.doctor.storage import gather_storage
from zcal_tui.tools.klipper_folder import source
from zcal_tui.tools.system import socket_file
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.moonraker import Credentials

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
NOBODY = Credentials()
READY = seen.printer(module=fine("extra", "The [zcal] module is installed."), module_loaded=True)
NOTHING_HERE = KlipperFacts()


NOT_THERE = seen.printer(
    module=warn("extra", "The [zcal] module is not installed.", "w", "Install it."), module_loaded=False
)
WITHOUT = seen.config("printer")
EXTRA = [
    (NOT_THERE, NOTHING_HERE, NOTE, "is not installed."),
    (NOT_THERE, seen.klipper(folder=seen.folder("foreign")), PROBLEM, "is not part of zcal-tui"),
    (NOT_THERE, seen.klipper(folder=seen.folder("none"), config=WITHOUT), NOTE, "not installed in /home/pi"),
    (NOT_REACHED, seen.klipper(folder=seen.folder("none")), PROBLEM, "is not linked into /home/pi/klipper"),
    (NOT_REACHED, seen.klipper(folder=seen.folder("stale")), PROBLEM, "points into another installation"),
    (NOT_THERE, seen.klipper(config=WITHOUT), NOTE, "printer.cfg has no section [zcal]"),
    (NOT_THERE, seen.klipper(), PROBLEM, "the running Klipper has not loaded it"),
    (NOT_REACHED, seen.klipper(), OK, "is linked into"),
    (NOT_REACHED, NOTHING_HERE, OK, "No Klipper was found in the usual folders"),
    (READY, seen.klipper(folder=seen.folder("stale")), OK, "is installed"),
]


@pytest.mark.parametrize(("printer", "here", "grade", "words"), EXTRA)
def test_the_extra(printer: PrinterFacts, here: KlipperFacts, grade: Grade, words: str) -> None:
    found = seen.of(judge_klipper(printer, here, ()), "extra")
    assert found.grade is grade
    assert words in found.what


def test_the_extra_in_another_klipper_is_named() -> None:
    facts = seen.klipper(folder=seen.folder("none"), config=WITHOUT, elsewhere=(Path("/home/pi/kalico"),))
    found = seen.of(judge_klipper(NOT_THERE, facts, ()), "extra")
    assert "/home/pi/kalico" in found.why
    assert found.commands == ("zcal-tui install --klipper /home/pi/klipper",)


def test_several_klippys() -> None:
    findings = judge_klipper(READY, NOTHING_HERE, (seen.process(), seen.process(pid=701)))
    assert "2 klippys" in seen.of(findings, "several").what


HERE = [
    ({"module_changed": seen.NOW}, "extra-old", NOTE, "newer than the running Klipper"),
    ({"folder": seen.folder(excluded=frozenset())}, "dirty", NOTE, "Git"),
    (
        {"shadowed": Path("/x/z_calibration.py")},
        "z-calibration-twice",
        PROBLEM,
        "/x",
    ),
    ({"override_missing": True}, "z-calibration-override", PROBLEM, "Kalico has its own z_calibration"),
    ({"python": "python2.7"}, "klippy-python", PROBLEM, "python2.7"),
    ({"log_errors": (LogError("Timer too close", count=2),)}, "log", NOTE, "2 times: Timer too close"),
    ({"log_errors": (LogError("Timer too close"),)}, "log", NOTE, "has once: Timer too close"),
    (
        {"log_errors": (LogError("Timer too close", LogSubject.HALT, 3, seen.NOW - 3600, seen.NOW),)},
        "log",
        NOTE,
        "has 3 times, from 20",
    ),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), HERE)
def test_klipper_on_this_machine(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_klipper(READY, seen.klipper(**facts), ()), key)
    assert found.grade is grade
    assert words in found.what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through another user's eyes")
def test_another_users_closed_home_stops_nothing(home: Path) -> None:
    comms = home / "printer_data" / "comms"
    comms.mkdir()
    (comms / "klippy.sock").touch()
    home.chmod(0o700)
    klippy = seen.process(root=home / "klipper", socket=comms / "klippy.sock", config=home / "printer.cfg")
    os.seteuid(65534)
    try:
        assert socket_file(comms / "klippy.sock").kind == "closed"
        here = gather_klipper(NOT_REACHED, (klippy,), None, {}, home)
        storage = gather_storage(Settings(), None, home / "data", {"XDG_CONFIG_HOME": str(home)})
        found = local_sockets(home, (klippy,))
    finally:
        os.seteuid(0)
    assert here.folder is None
    assert not storage.folder_exists
    assert storage.write_problem
    assert home not in [parent for one in found for parent in Path(str(one)).parents]


async def test_a_printer_on_another_machine_leaves_this_one_alone(klippy: FakeKlippy, tmp_path: Path) -> None:
    [(_, transport)] = await gather_link({SocketAddress(klippy.path): "x"}, NOBODY)
    assert transport is not None
    facts = await gather_printer(transport, NOBODY)
    await transport.close()
    assert facts.info
    assert gather_klipper(facts, (), None, {}, tmp_path).folder is None


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home with a Klipper, into which the extra is linked, and another into which it is as well."""
    for name in ("klipper", "kalico"):
        extras = tmp_path / name / "klippy" / "extras"
        extras.mkdir(parents=True)
        (extras.parent / "klippy.py").touch()
        (extras / "zcal").symlink_to(source() / "zcal")
    config = tmp_path / "printer_data" / "config"
    config.mkdir(parents=True)
    (config / "printer.cfg").write_text("[include more/*.cfg]\n[zcal]\n")
    (config / "more").mkdir()
    (config / "more" / "a.cfg").write_text("[probe]\n")
    logs = tmp_path / "printer_data" / "logs"
    logs.mkdir()
    (logs / "klippy.log").write_text("Transition to shutdown state: Timer too close\n")
    yield tmp_path


def test_klipper_in_its_usual_place(home: Path) -> None:
    here = gather_klipper(NOT_REACHED, (), None, {}, home)
    assert here.folder is not None
    assert here.folder.entries["zcal"] == "ours"
    assert here.elsewhere == (home / "kalico",)
    assert here.config is not None
    assert here.config.where("zcal") == home / "printer_data" / "config" / "printer.cfg"
    assert here.config.where("probe") == home / "printer_data" / "config" / "more" / "a.cfg"
    assert [(error.text, error.count) for error in here.log_errors] == [("Timer too close", 1)]
    assert here.shadowed is None


def test_a_plugin_beside_our_link_is_seen(home: Path) -> None:
    extras = home / "klipper" / "klippy" / "extras"
    (extras / "z_calibration.py").touch()
    (extras / "z_calibration").symlink_to(source() / "z_calibration")
    assert gather_klipper(NOT_REACHED, (), None, {}, home).shadowed == extras / "z_calibration.py"


def test_kalicos_own_z_calibration_beside_ours_is_seen(home: Path) -> None:
    klippy = home / "klipper" / "klippy"
    (klippy / "extras" / "danger_options.py").touch()
    (klippy / "extras" / "z_calibration.py").touch()
    (klippy / "plugins").mkdir()
    for name in ("zcal", "z_calibration"):
        (klippy / "plugins" / name).symlink_to(source() / name)
    assert gather_klipper(NOT_REACHED, (), None, {}, home).override_missing
    config = home / "printer_data" / "config" / "printer.cfg"
    config.write_text("[zcal]\n[danger_options]\nallow_plugin_override: True\n")
    assert gather_klipper(NOT_REACHED, (), None, {}, home).override_missing is False
