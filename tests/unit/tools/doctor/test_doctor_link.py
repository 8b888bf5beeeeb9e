"""How the doctor asks addresses, and what it makes of the answers."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.moonraker import FakeMoonraker
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.link import (
    DEFAULT,
    AskedAddress,
    gather_link,
    judge_link,
    local_sockets,
)
from zcal_tui.tools.system import SocketFile
from zcal_tui.transport.address import parse_address
from zcal_tui.transport.moonraker import Credentials

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
NOBODY = Credentials()


async def asked(address: str, credentials: Credentials = NOBODY) -> AskedAddress:
    """What came of asking one address."""
    [(tried, transport)] = await gather_link({parse_address(address): "--printer"}, credentials)
    if transport is not None:
        await transport.close()
    assert tried.reached is (transport is not None)
    return tried


def test_other_sockets_of_this_machine_are_found_once(tmp_path: Path) -> None:
    comms = tmp_path / "printer_2_data" / "comms"
    comms.mkdir(parents=True)
    for name in ("klippy.sock", "moonraker.sock"):
        (comms / name).touch()
    (comms / "other.sock").touch()
    running = seen.process(socket=comms / "klippy.sock")
    found = local_sockets(tmp_path, (running, seen.process(socket=tmp_path / "gone.sock")))
    assert {str(address): origin for address, origin in found.items() if str(tmp_path) in str(address)} == {
        str(comms / "klippy.sock"): "socket of a running klippy",
        str(comms / "moonraker.sock"): "home folder",
    }


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
        assert tried.moonraker["klippy_connected"]


async def test_a_login_is_asked_for_and_taken(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    assert (await asked(moonraker.url)).answer == "login"
    wrong = await asked(moonraker.url, Credentials(api_key="wrong"))
    assert (wrong.answer, wrong.cause) == ("login", "the login was rejected")
    assert (await asked(moonraker.url, Credentials(api_key=moonraker.api_key))).answer == "moonraker"


@pytest.mark.parametrize(
    ("answer", "cause", "why"),
    [
        (
            b"401 Unauthorized\r\nWWW-Authenticate: Basic realm=x",
            "web server before Moonraker",
            "A proxy such as nginx",
        ),
        (
            b"301 Moved\r\nLocation: https://pi.local/websocket",
            "redirects to https://pi.local",
            "not sent to another",
        ),
        (b"404 Not Found", "HTTP 404", "not Moonraker"),
    ],
)
async def test_what_is_before_moonraker_is_named(answer: bytes, cause: str, why: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server:
        tried = await asked(f"http://127.0.0.1:{port}", Credentials(api_key="hidden"))
    (found, *_) = judge_link(seen.link(tried))
    assert cause in found.what
    assert why in found.why
    assert "hidden" not in f"{found.what}{found.why}{found.fix}{found.commands}"


async def test_a_wrong_key_is_not_a_missing_one(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    for credentials, words in (
        (Credentials(), "Add this machine there"),
        (Credentials(api_key="x"), "this Moonraker's key"),
    ):
        tried = await asked(moonraker.url, credentials)
        (found, *_) = judge_link(seen.link(tried))
        assert found.key == "login"
        assert words in found.fix


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
    monkeypatch.setattr("zcal_tui.tools.doctor.link.LONGEST", 0.2)
    kept: list[asyncio.StreamWriter] = []  # Python 3.13 closes a writer that nobody refers to

    def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.append(writer)

    async with await asyncio.start_unix_server(say_nothing, str(tmp_path / "s.sock")):
        tried = await asked(str(tmp_path / "s.sock"))
        for writer in kept:
            writer.close()
    assert tried.answer == "silent"


FAILED = [
    (seen.tried(answer="refused", file=SocketFile("missing"), origin="--printer"), "with -a"),
    (seen.tried(answer="refused"), "left over when klippy was killed"),
    (seen.tried(answer="silent"), "is running but does not answer"),
    (seen.tried(answer="refused", file=SocketFile("socket", "pi", False)), "belongs to pi"),
    (seen.tried(answer="refused", file=SocketFile("closed")), "cannot access the folder"),
    (seen.tried(answer="refused", file=SocketFile("terminal")), "pseudo-terminal"),
    (seen.tried(answer="refused", file=SocketFile("folder")), "a folder, not a socket"),
    (seen.tried(answer="refused", file=SocketFile("other")), "a file, not a socket"),
    (seen.url(answer="refused"), "another network"),
    (seen.url(answer="refused", address="http://localhost:7125"), "No Moonraker was found on this machine"),
    (seen.url(answer="stranger"), "not Moonraker"),
    (seen.url(answer="unnamed"), "mDNS"),
    (seen.url(answer="silent"), "firewall"),
]


@pytest.mark.parametrize(("asked", "why"), FAILED)
def test_an_address_that_does_not_answer(asked: AskedAddress, why: str) -> None:
    found = seen.of(judge_link(seen.link(asked)), "no-answer")
    assert found.grade is PROBLEM
    assert asked.address in found.what
    assert why in found.why
    assert found.fix


def test_a_required_login_says_where_the_key_is() -> None:
    found = seen.of(judge_link(seen.link(seen.url(answer="login", cause="a login is required"))), "login")
    assert found.grade is PROBLEM
    assert "trusted_clients" in found.why
    assert found.commands[0].endswith("fetch-apikey.sh")


def test_what_is_not_needed_is_no_problem() -> None:
    asked = seen.link(seen.tried(), seen.url(answer="refused", cause="connection refused"))
    assert seen.of(judge_link(asked), "no-answer").grade is OK


def test_nothing_at_the_usual_places_is_one_problem() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    asked = seen.link(nothing, seen.url(answer="refused", origin=DEFAULT))
    findings = list(judge_link(asked))
    assert [finding.key for finding in findings if finding.grade is PROBLEM] == ["no-printer"]
    assert "zcal-tui --demo" in seen.of(findings, "no-printer").commands


def test_a_printer_elsewhere_on_this_machine_is_reported_with_the_command() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    other = seen.tried(address="/tmp/klippy_uds", origin="found", configured=False)
    found = seen.of(judge_link(seen.link(nothing, other, processes=(seen.process(),))), "elsewhere")
    assert found.grade is PROBLEM
    assert found.commands == ("zcal-tui --printer /tmp/klippy_uds",)


def test_an_address_that_is_none() -> None:
    assert (
        seen.of(judge_link(seen.link(bad_address="'x y' is no printer address.")), "address").grade is PROBLEM
    )


def test_a_klippy_that_runs_and_does_not_listen_is_not_called_dead() -> None:
    other = seen.tried(answer="refused", origin="found", configured=False)
    found = seen.of(judge_link(seen.link(other, processes=(seen.process(),))), "no-answer")
    assert (found.grade, found.commands) == (PROBLEM, ("sudo systemctl restart klipper",))
    assert "is running but does not answer" in found.why


def test_a_klippy_without_an_api_socket() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket=None),))
    assert "-a" in seen.of(judge_link(facts), "no-api-socket").fix


def test_a_klippy_whose_socket_cannot_be_seen() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    facts = seen.link(nothing, processes=(seen.process(socket_seen=False),))
    assert "container" in seen.of(judge_link(facts), "socket-gone").why


def test_a_slow_link() -> None:
    assert seen.of(judge_link(seen.link(seen.url(seconds=0.8))), "slow").grade is NOTE


MOONRAKER = [
    ({"klippy_connected": False}, "moonraker-alone", PROBLEM, "not connected to klippy"),
    ({"moonraker_version": "v0.7.1-253-g3e70e4b"}, "moonraker-old", NOTE, "v0.7.1"),
    (
        {"failed_components": ["update_manager"], "warnings": ["a", "b"]},
        "moonraker-warnings",
        NOTE,
        "update_manager",
    ),
    ({"missing_klippy_requirements": ["virtual_sdcard"]}, "moonraker-missing", NOTE, "virtual_sdcard"),
]


def test_a_server_that_reports_nonsense_stops_nothing() -> None:
    nonsense = {
        "moonraker_version": 7,
        "klippy_connected": True,
        "warnings": 3,
        "failed_components": {"a": 1},
    }
    findings = list(judge_link(seen.link(seen.url(moonraker=nonsense))))
    assert [(finding.key, finding.grade) for finding in findings] == [("answer", OK)]
    assert "(no version)" in findings[0].what


@pytest.mark.parametrize(("facts", "key", "grade", "words"), MOONRAKER)
def test_moonraker(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_link(seen.link(seen.url(moonraker=seen.moonraker(**facts)))), key)
    assert found.grade is grade
    assert words in found.what
