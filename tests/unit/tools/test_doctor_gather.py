"""How the doctor looks: at processes, sockets, logs, folders and libraries. It writes nothing that stays."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import examined as seen
from fakes.klippy import FakeKlippy
from fakes.machine import Machine
from fakes.moonraker import FakeMoonraker
from zcal_tui.config import Settings
from zcal_tui.tools.doctor.facts import Tried
from zcal_tui.tools.doctor.gather.here import look_here
from zcal_tui.tools.doctor.gather.link import Candidate, ask, candidates_here, look_at_socket
from zcal_tui.tools.doctor.gather.printer import look_at_printer
from zcal_tui.tools.doctor.gather.processes import look_at_processes, parse_options
from zcal_tui.tools.doctor.gather.program import look_at_program
from zcal_tui.tools.doctor.gather.storage import look_at_storage
from zcal_tui.tools.doctor.log import recent_errors
from zcal_tui.tools.klipper_folder import source
from zcal_tui.transport.address import SocketAddress, parse_address
from zcal_tui.transport.moonraker import Credentials

NOBODY = Credentials()


async def asked(address: str, credentials: Credentials = NOBODY) -> Tried:
    """What came of asking one address."""
    [(tried, transport)] = await ask([Candidate(parse_address(address), "--printer")], credentials)
    if transport is not None:
        await transport.close()
    assert tried.reached is (transport is not None)
    return tried


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["/p.cfg", "-a", "/s", "-l", "/l"], {"config": "/p.cfg", "socket": "/s", "log": "/l"}),
        (["-I", "/tty", "-a/s", "/p.cfg"], {"config": "/p.cfg", "socket": "/s"}),
        (
            ["--api-server=/s", "--logfile", "/l", "-v", "/p.cfg"],
            {"config": "/p.cfg", "socket": "/s", "log": "/l"},
        ),
        (["/p.cfg"], {"config": "/p.cfg"}),
    ],
)
def test_klippys_command_line(words: list[str], found: dict[str, str]) -> None:
    assert parse_options(words) == found


def process_in(proc: Path, pid: int, *words: str) -> None:
    """A process as Linux shows it."""
    place = proc / str(pid)
    place.mkdir()
    (place / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    (place / "cwd").symlink_to("/home/pi")
    ticks = os.sysconf("SC_CLK_TCK") * 50
    (place / "stat").write_text(f"{pid} (python (x)) S " + "0 " * 18 + f"{ticks} 0 0")


def test_processes_are_known_by_their_command_lines(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu 1 2 3\nbtime 1000\n")
    process_in(tmp_path, 7, "python3", "/home/pi/klipper/klippy/klippy.py", "printer.cfg", "-a", "/tmp/none")
    process_in(
        tmp_path, 8, "python3", "/home/pi/moonraker/moonraker/moonraker.py", "-d", "/home/pi/printer_data"
    )
    process_in(tmp_path, 9, "nano", "klippy.log")
    process_in(tmp_path, 10, "grep", "-r", "x")
    klippys, moonrakers = look_at_processes(tmp_path)
    assert moonrakers == 1
    [klippy] = klippys
    assert (klippy.pid, klippy.root, klippy.started) == (7, Path("/home/pi/klipper"), 1050.0)
    assert (klippy.socket, klippy.socket_seen) == (Path("/tmp/none"), False)
    assert klippy.config == Path("/home/pi/printer.cfg")
    assert klippy.ours


def test_what_stands_at_a_sockets_path(tmp_path: Path) -> None:
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dead))
    assert look_at_socket(dead).kind == "socket"
    assert look_at_socket(tmp_path / "none").kind == "missing"
    assert look_at_socket(tmp_path).kind == "folder"
    assert look_at_socket(Path("/dev/null")).kind == "terminal"
    (tmp_path / "file").touch()
    assert look_at_socket(tmp_path / "file").kind == "other"


def test_other_sockets_of_this_machine_are_found_once(tmp_path: Path) -> None:
    comms = tmp_path / "printer_2_data" / "comms"
    comms.mkdir(parents=True)
    for name in ("klippy.sock", "moonraker.sock"):
        (comms / name).touch()
    found = candidates_here(tmp_path, (), [SocketAddress(comms / "klippy.sock")])
    paths = [found.address.path for found in found if isinstance(found.address, SocketAddress)]
    assert [path for path in paths if path.is_relative_to(tmp_path)] == [comms / "moonraker.sock"]
    assert not any(candidate.meant for candidate in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through another user's eyes")
def test_another_users_closed_home_stops_nothing(home: Path) -> None:
    comms = home / "printer_data" / "comms"
    comms.mkdir()
    (comms / "klippy.sock").touch()
    home.chmod(0o700)
    klippy = seen.process(root=home / "klipper", socket=comms / "klippy.sock", config=home / "printer.cfg")
    os.seteuid(65534)
    try:
        assert look_at_socket(comms / "klippy.sock").kind == "closed"
        here = look_here(None, (klippy,), None, {}, home)
        storage = look_at_storage(Settings(), None, home / "data", {"XDG_CONFIG_HOME": str(home)})
        found = candidates_here(home, (klippy,), ())
    finally:
        os.seteuid(0)
    assert here.folder is None
    assert not storage.folder_there
    assert storage.write_problem
    assert home not in [parent for one in found for parent in Path(str(one.address)).parents]


async def test_klippys_socket_answers(klippy: FakeKlippy) -> None:
    tried = await asked(str(klippy.path))
    assert (tried.answer, tried.moonraker) == ("klippy", None)
    assert tried.seconds is not None
    assert tried.seconds < 2.0


async def test_moonraker_says_who_it_is(moonraker: FakeMoonraker) -> None:
    for address in (moonraker.url, str(moonraker.path)):
        tried = await asked(address)
        assert tried.answer == "moonraker"
        assert tried.moonraker is not None
        assert tried.moonraker.klippy_connected


async def test_a_login_is_asked_for_and_taken(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    assert (await asked(moonraker.url)).answer == "login"
    wrong = await asked(moonraker.url, Credentials(api_key="wrong"))
    assert (wrong.answer, wrong.cause) == ("login", "it does not take the login that it was shown")
    assert (await asked(moonraker.url, Credentials(api_key=moonraker.api_key))).answer == "moonraker"


async def test_what_is_no_printer(tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server:
        tried = await asked(f"http://127.0.0.1:{port}")
    assert (tried.answer, tried.cause) == ("stranger", "the server answers HTTP 404")
    assert (await asked(f"http://127.0.0.1:{port}")).answer == "refused"  # it is gone now
    assert (await asked("http://no-such-host.invalid")).answer == "unnamed"


async def test_who_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zcal_tui.tools.doctor.gather.link.LONGEST", 0.2)
    async with await asyncio.start_unix_server(lambda reader, writer: None, str(tmp_path / "s.sock")):
        tried = await asked(str(tmp_path / "s.sock"))
    assert tried.answer == "silent"


async def test_the_printer_is_looked_at_and_nothing_is_sent(klippy: FakeKlippy, machine: Machine) -> None:
    [(_, transport)] = await ask([Candidate(SocketAddress(klippy.path), "x")], NOBODY)
    assert transport is not None
    facts = await look_at_printer(transport, NOBODY)
    await transport.close()
    assert facts.state.ready
    assert facts.extra is not None
    assert not facts.extra_there
    assert machine.scripts == []
    assert {"gcode/script", "gcode/restart", "emergency_stop"}.isdisjoint(klippy.requests)


async def test_a_printer_on_another_machine_leaves_this_one_alone(klippy: FakeKlippy, tmp_path: Path) -> None:
    [(_, transport)] = await ask([Candidate(SocketAddress(klippy.path), "x")], NOBODY)
    assert transport is not None
    facts = await look_at_printer(transport, NOBODY)
    await transport.close()
    assert facts.info
    assert look_here(facts, (), None, {}, tmp_path).folder is None


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
    here = look_here(None, (), None, {}, home)
    assert here.folder is not None
    assert here.folder.entries["zcal"] == "ours"
    assert here.elsewhere == (home / "kalico",)
    assert {"zcal", "probe"} <= here.sections
    assert here.log_errors == (("Timer too close", 1),)
    assert here.twins == ()


def test_a_plugin_beside_our_link_is_seen(home: Path) -> None:
    extras = home / "klipper" / "klippy" / "extras"
    (extras / "z_calibration.py").touch()
    (extras / "z_calibration").symlink_to(source() / "z_calibration")
    assert look_here(None, (), None, {}, home).twins == (
        extras / "z_calibration.py",
        extras / "z_calibration",
    )


def test_kalicos_own_z_calibration_beside_ours_is_seen(home: Path) -> None:
    klippy = home / "klipper" / "klippy"
    (klippy / "extras" / "danger_options.py").touch()
    (klippy / "extras" / "z_calibration.py").touch()
    (klippy / "plugins").mkdir()
    for name in ("zcal", "z_calibration"):
        (klippy / "plugins" / name).symlink_to(source() / name)
    assert look_here(None, (), None, {}, home).surplus == klippy / "plugins" / "z_calibration"
    config = home / "printer_data" / "config" / "printer.cfg"
    config.write_text("[zcal]\n[danger_options]\nallow_plugin_override: True\n")
    assert look_here(None, (), None, {}, home).surplus is None


LOG = """\
Transition to shutdown state: of long ago
Start printer at Mon Nov 24 09:00:00 2025 (1000.0 5.0)
configparser.Error: Section 'zcal' is not a valid config section
Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)
Stats 20.0: gcodein=0
Lost communication with MCU 'mcu'
Transition to shutdown state: Lost communication with MCU 'mcu'
Internal error on command:"PROBE"
Transition to shutdown state: Lost communication with MCU 'mcu'
"""


def test_errors_in_klippys_log() -> None:
    lately = recent_errors(LOG, now=2500.0)
    assert [text for text, _ in lately] == [
        "Section 'zcal' is not a valid config section",
        'Internal error on command:"PROBE"',
        "Lost communication with MCU 'mcu'",
    ]
    assert dict(lately)["Lost communication with MCU 'mcu'"] == 3
    assert "of long ago" not in dict(lately)


def test_of_old_starts_only_the_last_counts() -> None:
    assert len(recent_errors(LOG, now=1e9)) == 2
    assert recent_errors("", now=0.0) == ()


def test_the_data_folder_is_left_as_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    facts = look_at_storage(Settings(), None, data, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert (facts.write_problem, facts.folder_there, facts.settings_there) == ("", True, False)
    assert facts.sync_seconds is not None
    assert list(tmp_path.rglob("*")) == [data]


def test_a_data_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    facts = look_at_storage(Settings(), None, tmp_path / "a" / "b", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert (facts.write_problem, facts.folder_there) == ("", False)
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    facts = look_at_storage(Settings(), None, tmp_path / "data", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert "is a file" in facts.write_problem


def test_the_settings_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "zcal-tui" / "config.toml"
    file.parent.mkdir()
    file.write_text('printr = "x"\napi_key = "k"\n')
    file.chmod(0o644)
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "ZCAL_APIKEY": "k", "ZCAL_DATA": "d", "ZCAL_SIM_CACHE": "c"}
    facts = look_at_storage(Settings(), None, tmp_path, environ)
    assert "printr" in facts.settings_problem
    assert facts.login_readable
    assert facts.unknown_environment == (("ZCAL_APIKEY", "ZCAL_API_KEY"),)
    file.chmod(0o600)
    assert not look_at_storage(Settings(), None, tmp_path, environ).login_readable


def test_runs_that_cannot_be_read_and_errors_of_our_own(tmp_path: Path) -> None:
    runs = tmp_path / "printers" / "voron"
    runs.mkdir(parents=True)
    (runs / "20301231T000000-000001-accuracy.jsonl").write_text("rubbish\n")
    (tmp_path / "zcal-tui.log").write_text(
        "2001-01-01 00:00:00,000 ERROR zcal_tui: old\n2999-01-01 00:00:00,000 ERROR zcal_tui.x: boom\nTraceback\n"
    )
    facts = look_at_storage(Settings(), None, tmp_path, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert facts.broken_runs == ("20301231T000000-000001-accuracy.jsonl",)
    assert facts.newest_run is not None
    assert facts.newest_run == 1924905600.0
    assert (facts.own_errors, facts.last_own_error) == (1, "boom")


async def test_the_libraries_are_tried_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"platformdirs": "platformdirs", "no-such": "zcal_no_such_module"}
    monkeypatch.setattr("zcal_tui.tools.doctor.gather.program.MODULES", modules)
    facts = await look_at_program()
    whole, missing = facts.libraries
    assert (whole.error, whole.wanted) == ("", ">=4.2")
    assert whole.found is not None
    assert "ModuleNotFoundError" in missing.error
    assert missing.found is None
    assert (facts.crashed, facts.arithmetic) == ("", None)


async def test_a_library_that_kills_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "illegal.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("zcal_tui.tools.doctor.gather.program.MODULES", {"illegal": "illegal"})
    assert (await look_at_program()).crashed == "illegal ended it with SIGILL"


async def test_a_library_that_never_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("zcal_tui.tools.doctor.gather.program.MODULES", {"endless": "endless"})
    monkeypatch.setattr("zcal_tui.tools.doctor.gather.program.LONGEST", 0.5)
    assert "endless took longer" in (await look_at_program()).crashed
