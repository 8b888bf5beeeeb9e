import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.moonraker import FakeMoonraker
from tests.unit.fakes.waiting import until
from zcal_tui.transport.address import SocketAddress, UrlAddress, parse_address
from zcal_tui.transport.failures import (
    GcodeError,
    HandshakeRefused,
    NotReady,
    ReplyLost,
    Unauthorized,
    UnknownMethod,
    Unreachable,
)
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import connect_first, open_transport
from zcal_tui.transport.port import GcodeOutput, KlippyState, LinkDown, LinkUp, Status
from zcal_tui.transport.reconnect import LinkedTransport


@pytest.fixture(params=["websocket", "unix"])
async def link(request: pytest.FixtureRequest, moonraker: FakeMoonraker) -> AsyncIterator[LinkedTransport]:
    address = parse_address(moonraker.url) if request.param == "websocket" else SocketAddress(moonraker.path)
    transport = open_transport(address)
    await transport.connect()
    yield transport
    await transport.close()


@pytest.fixture
async def web(moonraker: FakeMoonraker) -> AsyncIterator[LinkedTransport]:
    transport = open_transport(parse_address(moonraker.url))
    await transport.connect()
    yield transport
    await transport.close()


async def test_klippys_names_are_mapped(
    link: LinkedTransport, machine: Machine, moonraker: FakeMoonraker
) -> None:
    assert (await link.call("info"))["hostname"] == "fakehost"
    assert "toolhead" in (await link.call("objects/list"))["objects"]
    await link.call("gcode/script", {"script": "QUERY_PROBE"})
    assert machine.scripts == ["QUERY_PROBE"]
    assert "printer.gcode.script" in moonraker.requests


async def test_console_and_status_are_told(link: LinkedTransport, machine: Machine) -> None:
    heard: list[Any] = []
    link.listen(heard.append)
    await link.call("objects/subscribe", {"objects": {"extruder": ["temperature"]}})
    machine.change("extruder", temperature=31.0)
    machine.say("hello")
    await until(lambda: len(heard) == 2)
    assert heard == [
        Status({"extruder": {"temperature": 31.0}}, machine.eventtime),
        GcodeOutput("// hello"),
    ]


async def test_a_refusal_carries_klippers_words(link: LinkedTransport, machine: Machine) -> None:
    async def refuse(_: object) -> None:
        raise Refused("Must home before probe")

    machine.handlers["PROBE"] = refuse
    with pytest.raises(GcodeError, match=r"^Must home before probe$"):
        await link.call("gcode/script", {"script": "PROBE"})


async def test_an_endpoint_that_is_not_there_is_told_apart(link: LinkedTransport) -> None:
    with pytest.raises(UnknownMethod):
        await link.call("zcal/cancel")


async def test_klippy_leaving_loses_the_reply_and_is_told(link: LinkedTransport, machine: Machine) -> None:
    heard: list[Any] = []
    link.listen(heard.append)
    started = asyncio.Event()

    async def long_move(_: object) -> None:
        started.set()
        await asyncio.sleep(5)

    machine.handlers["G28"] = long_move
    homing = asyncio.create_task(link.call("gcode/script", {"script": "G28"}))
    await started.wait()
    machine.leave()
    with pytest.raises(ReplyLost):
        await homing
    with pytest.raises(NotReady, match="not connected"):
        await link.call("gcode/script", {"script": "G28"})
    machine.come_back()
    await until(lambda: KlippyState("ready") in heard)
    assert heard == [KlippyState("disconnected"), KlippyState("ready")]
    assert machine.scripts == ["G28"]


async def test_moonraker_that_never_met_klippy_is_not_ready(
    link: LinkedTransport, moonraker: FakeMoonraker
) -> None:
    moonraker.met_klippy = False
    with pytest.raises(NotReady, match="not connected to Moonraker"):
        await link.call("info")


async def test_emergency_stop_does_not_wait_behind_a_script(link: LinkedTransport, machine: Machine) -> None:
    released = asyncio.Event()

    async def long_move(_: object) -> None:
        await released.wait()

    machine.handlers["G28"] = long_move
    homing = asyncio.create_task(link.call("gcode/script", {"script": "G28"}))
    await until(lambda: machine.scripts)
    await link.call("emergency_stop")
    assert machine.stopped
    assert not homing.done()
    released.set()
    await homing


async def test_a_restarted_moonraker_is_found_again(
    web: LinkedTransport, moonraker: FakeMoonraker, machine: Machine
) -> None:
    heard: list[Any] = []
    web.listen(heard.append)
    await moonraker.stop()
    await until(lambda: heard)
    assert isinstance(heard[0], LinkDown)
    await moonraker.start()
    await until(lambda: LinkUp() in heard)
    assert (await web.call("info"))["state"] == "ready"


async def test_without_a_login_it_is_told_what_to_do(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    with pytest.raises(Unauthorized, match="ZCAL_API_KEY"):
        await open_transport(parse_address(moonraker.url)).connect()


@pytest.mark.parametrize(
    "credentials", [Credentials(api_key="the-key"), Credentials(token="the-token")], ids=["key", "token"]
)
async def test_a_login_opens_the_door(moonraker: FakeMoonraker, credentials: Credentials) -> None:
    moonraker.trusting = False
    transport = open_transport(parse_address(moonraker.url), credentials)
    await transport.connect()
    assert (await transport.call("info"))["state"] == "ready"
    await transport.close()


async def test_a_wrong_key_is_refused(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    with pytest.raises(Unauthorized, match="Invalid API Key"):
        await open_transport(parse_address(moonraker.url), Credentials(api_key="guess")).connect()


async def test_a_one_shot_token_in_the_address_works_once(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    moonraker.one_shot.add("abc")
    transport = open_transport(parse_address(f"{moonraker.url}?token=abc"))
    heard: list[Any] = []
    transport.listen(heard.append)
    await transport.connect()
    assert "abc" not in transport.address
    assert moonraker.paths == ["/websocket?token=abc"]
    await moonraker.stop()
    await moonraker.start()
    await until(lambda: any(isinstance(told, LinkDown) and told.final for told in heard))
    assert "requires a login" in heard[-1].reason
    await transport.close()


async def test_a_wrong_prefix_is_final_and_named(moonraker: FakeMoonraker) -> None:
    with pytest.raises(HandshakeRefused, match="HTTP 404"):
        await open_transport(parse_address(f"{moonraker.url}/moon")).connect()


async def test_a_gateway_error_is_worth_another_try(moonraker: FakeMoonraker) -> None:
    moonraker.refuse_status = 502
    with pytest.raises(Unreachable, match="HTTP 502") as failed:
        await open_transport(parse_address(moonraker.url)).connect()
    assert not isinstance(failed.value, HandshakeRefused)


async def test_something_that_speaks_no_websocket_is_found_out() -> None:
    async def talk(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable):
        await open_transport(UrlAddress(f"ws://127.0.0.1:{port}/websocket")).connect()
    server.close()


async def test_nobody_at_the_port_is_a_clear_message() -> None:
    with pytest.raises(Unreachable, match="connection refused"):
        await open_transport(UrlAddress("ws://127.0.0.1:1/websocket")).connect()


async def test_the_first_that_answers_is_taken(moonraker: FakeMoonraker, tmp_path: Path) -> None:
    places: list[SocketAddress | UrlAddress] = [
        SocketAddress(tmp_path / "none.sock"),
        parse_address(moonraker.url),
    ]
    transport = await connect_first(places)
    assert transport.address == moonraker.url
    await transport.close()


async def test_when_nobody_answers_every_place_is_named(tmp_path: Path) -> None:
    places: list[SocketAddress | UrlAddress] = [
        SocketAddress(tmp_path / "none.sock"),
        UrlAddress("ws://127.0.0.1:1/websocket"),
    ]
    with pytest.raises(Unreachable) as failed:
        await connect_first(places)
    assert "none.sock" in str(failed.value)
    assert "127.0.0.1:1" in str(failed.value)


def test_secrets_stay_out_of_representations() -> None:
    assert "hunter2" not in repr(Credentials(api_key="hunter2", token="hunter2"))
