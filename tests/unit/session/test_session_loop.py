"""Many sessions on one loop: none waits for another, and each closes alone."""

import asyncio
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.waiting import until
from zcal_tui.results.store import Store
from zcal_tui.session.loop import SessionLoop
from zcal_tui.session.session import Session
from zcal_tui.session.snapshot import LinkState
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress


@pytest.fixture
def shared() -> Any:
    made = SessionLoop()
    yield made
    made.stop()
    assert made.wait_stopped(5.0)


async def test_sessions_share_a_loop_and_close_one_by_one(
    klippy: FakeKlippy, store: Store, shared: SessionLoop
) -> None:
    one, other = (
        Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store, shared) for _ in range(2)
    )
    for session in (one, other):
        session.start()
    await until(lambda: one.snapshot.printer.ready and other.snapshot.printer.ready)
    await asyncio.to_thread(one.close)
    assert one.closed and not other.closed
    assert (one.snapshot.link.state, other.snapshot.link.state) == (LinkState.CLOSED, LinkState.UP)
    other.begin_close()
    await until(lambda: other.closed)


async def test_a_session_that_never_started_closes_at_once(store: Store, tmp_path: Path) -> None:
    session = Session(PrinterTarget(addresses=(SocketAddress(tmp_path / "x"),)), store)
    session.close()
    assert session.closed


async def test_a_printer_is_called_what_the_person_calls_it(
    klippy: FakeKlippy, store: Store, shared: SessionLoop
) -> None:
    target = PrinterTarget(addresses=(SocketAddress(klippy.path),), name="bay-1")
    session = Session(target, store, shared)
    session.start()
    try:
        await until(lambda: session.snapshot.printer.ready)
        assert session.snapshot.printer.hostname == "fakehost"
        assert session.snapshot.filed_under == "bay-1"
    finally:
        await asyncio.to_thread(session.close)


def test_a_name_server_that_hangs_holds_up_nothing_else(
    shared: SessionLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        if host == "hangs.local":
            released.wait(10.0)
            raise OSError("no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    shared.start()

    async def work() -> float:
        loop = asyncio.get_running_loop()
        hanging = [asyncio.create_task(loop.getaddrinfo("hangs.local", 1)) for _ in range(20)]
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.0) for _ in range(50)))
        assert (await loop.getaddrinfo("answers.local", 7125))[0][4] == ("10.0.0.1", 7125)
        took = time.monotonic() - begin
        released.set()
        for task in hanging:
            with pytest.raises(OSError, match="no answer"):
                await task
        return took

    took = asyncio.run_coroutine_threadsafe(work(), shared.loop).result(20.0)
    assert took < 5.0
