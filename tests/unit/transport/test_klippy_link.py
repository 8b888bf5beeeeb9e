import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.present import present
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.moonraker import FakeMoonraker
from tests.unit.fakes.waiting import until
from zcal_tui.transport import channel as channel_room
from zcal_tui.transport import reconnect
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.channel import Channel
from zcal_tui.transport.connection import Dialect
from zcal_tui.transport.failures import (
    GcodeError,
    NotReady,
    ReplyLost,
    Unauthorized,
    UnknownMethod,
    Unreachable,
)
from zcal_tui.transport.klippy_socket import open_socket
from zcal_tui.transport.opening import open_transport, speaks_moonraker
from zcal_tui.transport.port import GcodeOutput, LinkDown, LinkUp, Status
from zcal_tui.transport.reconnect import FIRST_PAUSE, LinkedTransport, pauses


@pytest.fixture
async def link(klippy: FakeKlippy) -> AsyncIterator[LinkedTransport]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    yield transport
    await transport.close()


async def test_calls_and_the_console_arrive_in_order(link: LinkedTransport, machine: Machine) -> None:
    heard: list[Any] = []
    link.listen(heard.append)
    await link.call("gcode/script", {"script": "QUERY_PROBE"})
    assert heard == [GcodeOutput("// probe: open")]
    assert machine.scripts == ["QUERY_PROBE"]


async def test_status_changes_are_told_with_klippys_time(link: LinkedTransport, machine: Machine) -> None:
    reply = await link.call("objects/subscribe", {"objects": {"extruder": ["temperature"]}})
    assert reply["status"] == {"extruder": {"temperature": 24.0}}
    heard: list[Any] = []
    link.listen(heard.append)
    machine.change("extruder", temperature=30.0, target=60.0)
    await until(lambda: heard)
    assert heard == [Status({"extruder": {"temperature": 30.0}}, machine.eventtime)]


async def test_klippers_own_words_come_with_a_refusal(link: LinkedTransport, machine: Machine) -> None:
    async def refuse(_: object) -> None:
        raise Refused("Move out of range: 250.000 100.000 10.000 [0.000]\nsecond line")

    machine.handlers["G1"] = refuse
    with pytest.raises(GcodeError) as refused:
        await link.call("gcode/script", {"script": "G1 X250"})
    assert refused.value.message == "Move out of range: 250.000 100.000 10.000 [0.000]\nsecond line"


async def test_an_endpoint_that_is_not_there_is_told_apart(link: LinkedTransport) -> None:
    with pytest.raises(UnknownMethod):
        await link.call("zcal/cancel")


async def test_a_halted_printer_is_not_ready(link: LinkedTransport, machine: Machine) -> None:
    machine.halt("MCU 'mcu' shutdown: Timer too close")
    with pytest.raises(NotReady, match="Timer too close"):
        await link.call("gcode/script", {"script": "G28"})


async def test_emergency_stop_does_not_wait_behind_a_script(link: LinkedTransport, machine: Machine) -> None:
    released = asyncio.Event()

    async def long_move(_: object) -> None:
        await released.wait()

    machine.handlers["G28"] = long_move
    homing = asyncio.create_task(link.call("gcode/script", {"script": "G28"}))
    waiting = asyncio.create_task(link.call("gcode/script", {"script": "QUERY_PROBE"}))
    await until(lambda: machine.scripts)
    await link.call("emergency_stop")
    assert machine.stopped
    assert not homing.done()
    released.set()
    await homing
    with pytest.raises(NotReady):
        await waiting


async def test_a_lost_reply_is_told_and_the_script_never_sent_again(
    link: LinkedTransport, klippy: FakeKlippy, machine: Machine
) -> None:
    started = asyncio.Event()

    async def long_move(_: object) -> None:
        started.set()
        await asyncio.sleep(0.2)

    machine.handlers["G28"] = long_move
    heard: list[Any] = []
    link.listen(heard.append)
    homing = asyncio.create_task(link.call("gcode/script", {"script": "G28"}))
    await started.wait()
    klippy.drop_clients()
    with pytest.raises(ReplyLost, match="may still be running"):
        await homing
    await until(lambda: LinkUp() in heard)
    assert isinstance(heard[0], LinkDown)
    assert not heard[0].final
    await link.call("gcode/script", {"script": "QUERY_PROBE"})
    assert machine.scripts == ["G28", "QUERY_PROBE"]


async def test_the_console_is_heard_again_after_a_reconnect(
    link: LinkedTransport, klippy: FakeKlippy, machine: Machine
) -> None:
    heard: list[Any] = []
    link.listen(heard.append)
    klippy.drop_clients()
    await until(lambda: LinkUp() in heard)
    machine.say("back")
    await until(lambda: GcodeOutput("// back") in heard)


async def test_while_the_link_is_down_nothing_is_sent(link: LinkedTransport, klippy: FakeKlippy) -> None:
    heard: list[Any] = []
    link.listen(heard.append)
    await klippy.stop()
    await until(lambda: heard)
    with pytest.raises(Unreachable, match="Nothing was sent"):
        await link.call("gcode/script", {"script": "G28"})
    await klippy.start()
    await until(lambda: link.connected)
    await link.call("info")
    assert "gcode/script" not in klippy.requests


async def test_closing_ends_what_is_pending(link: LinkedTransport, machine: Machine) -> None:
    async def forever(_: object) -> None:
        await asyncio.Event().wait()

    machine.handlers["G28"] = forever
    homing = asyncio.create_task(link.call("gcode/script", {"script": "G28"}))
    await until(lambda: machine.scripts)
    await link.close()
    with pytest.raises(ReplyLost):
        await homing
    with pytest.raises(Unreachable):
        await link.call("info")


async def test_garbage_between_messages_does_no_harm(link: LinkedTransport, klippy: FakeKlippy) -> None:
    klippy.send_raw(b'not json\x03[1,2]\x03{"id":99999,"result":{}}\x03\x03')
    assert (await link.call("info"))["hostname"] == "fakehost"


async def test_a_listener_that_has_stopped_hears_nothing(link: LinkedTransport, machine: Machine) -> None:
    heard: list[Any] = []
    stop = link.listen(heard.append)
    stop()
    await link.call("gcode/script", {"script": "QUERY_PROBE"})
    assert heard == []


async def test_no_socket_is_a_clear_message(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as missing:
        await open_transport(SocketAddress(tmp_path / "none.sock")).connect()
    assert "there is no such socket" in str(missing.value)
    assert missing.value.remedy


async def test_a_socket_nobody_listens_on_is_a_clear_message(klippy: FakeKlippy) -> None:
    server, klippy._server = present(klippy._server), None
    path = klippy.path
    server.close()
    path.touch()
    with pytest.raises(Unreachable):
        await open_transport(SocketAddress(path)).connect()


async def test_something_else_behind_the_socket_is_found_out(tmp_path: Path) -> None:
    async def talk(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n\x03")

    path = tmp_path / "other.sock"
    server = await asyncio.start_unix_server(talk, str(path))
    with pytest.raises(Unreachable, match="does not answer like klippy or Moonraker"):
        await open_transport(SocketAddress(path)).connect()
    server.close()


async def test_klippys_socket_is_told_from_moonrakers(klippy: FakeKlippy, moonraker: FakeMoonraker) -> None:
    assert await speaks_moonraker(klippy.path) is False
    assert await speaks_moonraker(moonraker.path) is True


async def test_a_refused_login_is_raised_by_connect() -> None:
    async def dial() -> tuple[Channel, Dialect]:
        raise Unauthorized("no")

    transport = LinkedTransport("somewhere", dial)
    with pytest.raises(Unauthorized):
        await transport.connect()
    assert not transport.connected


def test_pauses_start_small_and_stay_below_five_seconds() -> None:
    first = [pause for pause, _ in zip(pauses(), range(20), strict=False)]
    assert first[0] <= 0.1
    assert first == sorted(first)
    assert first[-1] == 5.0


async def test_a_server_that_accepts_and_drops_is_asked_less_and_less_often(
    link: LinkedTransport, klippy: FakeKlippy, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float, result: object = None) -> object:
        if seconds >= FIRST_PAUSE:
            waits.append(seconds)
            seconds = 0.0
        return await real(seconds, result)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def drop(notification: object) -> None:
        if isinstance(notification, LinkUp):
            asyncio.get_running_loop().call_soon(klippy.drop_clients)

    link.listen(drop)
    klippy.drop_clients()
    await until(lambda: len(waits) >= 9)
    assert waits[:9] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


async def test_after_a_connection_that_lasted_it_is_quick_again(
    link: LinkedTransport, klippy: FakeKlippy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "STABLE", 0.05)
    ups: list[object] = []
    link.listen(lambda news: ups.append(news) if isinstance(news, LinkUp) else None)
    for n in range(1, 4):
        await asyncio.sleep(0.06)
        klippy.drop_clients()
        await until(lambda: len(ups) >= n, 0.3)  # noqa: B023


async def test_a_reader_that_fails_ends_the_connection_which_is_made_again(
    link: LinkedTransport, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for an answer must hear that none comes, whatever it was."""
    heard: list[Any] = []
    link.listen(heard.append)
    connection = link._connection

    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(present(connection)._rpc, "receive", broken)
    with pytest.raises(ReplyLost, match="internal error"):
        await link.call("info")
    await until(lambda: link.connected and link._connection is not connection)
    assert [type(one) for one in heard if not isinstance(one, GcodeOutput)][:2] == [LinkDown, LinkUp]
    assert "reader failed" in caplog.text
    assert await link.call("info")


async def test_a_listener_that_fails_does_not_silence_the_link(
    link: LinkedTransport, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    heard: list[Any] = []
    link.listen(broken)
    link.listen(heard.append)
    machine.say("one")
    await until(lambda: heard)
    assert "a listener failed" in caplog.text


async def test_closing_ends_although_the_printer_no_longer_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_room, "CLOSE_LIMIT", 0.05)
    accepted = asyncio.Event()

    async def read_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await asyncio.sleep(30.0)

    server = await asyncio.start_unix_server(read_nothing, str(tmp_path / "deaf.sock"))
    channel = await channel_room.UnixChannel.open(tmp_path / "deaf.sock")
    await accepted.wait()
    sending = asyncio.create_task(channel.send(b"x" * 2**23))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5.0):
        await channel.close()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    server.close()


async def test_a_cancelled_close_leaves_the_next_one_to_close(klippy: FakeKlippy) -> None:
    """Cancelling the wait for the socket's end cancelled what the next `close` waited for too."""
    channel = await open_socket(klippy.path, str(klippy.path))
    first = asyncio.create_task(channel.close())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await channel.close()
