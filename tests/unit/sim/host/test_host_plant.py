"""The thread the printer lives in, and its cable."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zcal_tui.sim.host.clocks import RealClock
from zcal_tui.sim.host.plant import Plant, PlantStoppedError
from zcal_tui.sim.host.port import McuPort


class Echo:
    """A micro-controller (`ports.Mcu`) that sends back what it gets, and a tick every 50 ms."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.tick = 0.05
        self.fault: Exception | None = None

    def feed(self, data: bytes, now: float) -> None:
        if self.fault:
            raise self.fault
        self.out += data

    def run(self, now: float) -> bytes:
        while now >= self.tick:
            self.out += b"t"
            self.tick += 0.05
        out = bytes(self.out)
        self.out.clear()
        return out

    def next_wakeup(self) -> float | None:
        return self.tick

    def silent_until(self) -> float | None:
        return None


class Rig:
    """A plant with an echoing micro-controller."""

    def __init__(self, folder: Path) -> None:
        self.link = folder / "mcu"
        self.mcu = Echo()
        self.port = McuPort(self.link)
        self.failures: list[BaseException] = []
        self.plant = Plant([(self.mcu, self.port)], RealClock(), self.failures.append)

    def open(self) -> int:
        return os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def read_until(fd: int, condition: Callable[[bytes], bool], timeout: float = 5.0) -> bytes:
    """What can be read until a condition is met."""
    until = time.monotonic() + timeout
    data = b""
    while not condition(data):
        assert time.monotonic() < until, data
        try:
            data += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.005)
    return data


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A running one."""
    made = Rig(tmp_path)
    made.plant.start()
    yield made
    made.plant.stop()
    made.port.close()


def test_bytes_go_there_and_back(rig: Rig) -> None:
    fd = rig.open()
    os.write(fd, b"\x00\x7e\x03\n\r\xff")
    answer = read_until(fd, lambda data: len(data.replace(b"t", b"")) >= 6)
    assert answer.replace(b"t", b"") == b"\x00\x7e\x03\n\r\xff"
    os.close(fd)


def test_what_was_sent_while_the_port_was_closed_is_gone(rig: Rig) -> None:
    time.sleep(0.3)
    fd = rig.open()
    first = read_until(fd, lambda data: b"t" in data)
    assert len(first) <= 2
    os.close(fd)


def test_the_port_can_be_closed_and_opened_again(rig: Rig) -> None:
    for _ in range(5):
        fd = rig.open()
        os.write(fd, b"x")
        read_until(fd, lambda data: b"x" in data)
        os.close(fd)


def test_a_closed_port_costs_no_time(rig: Rig) -> None:
    fd = rig.open()
    read_until(fd, lambda data: b"t" in data)
    os.close(fd)
    time.sleep(0.1)
    started, ticks = time.process_time(), rig.mcu.tick
    time.sleep(0.5)
    assert rig.mcu.tick > ticks + 0.3
    assert time.process_time() - started < 0.25


def test_a_reader_that_is_slow_loses_nothing(rig: Rig) -> None:
    fd = rig.open()
    sent = bytes(range(1, 100)) * 200
    answer = bytearray()
    rest = memoryview(sent)
    until = time.monotonic() + 10
    while len(answer) < len(sent) and time.monotonic() < until:
        if rest:
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(fd, rest[:512]) :]
        time.sleep(0.001)
        if not rest:
            answer += read_until(fd, lambda data: bool(data))
    ticks = answer.count(b"t") - sent.count(b"t")
    assert len(answer) - ticks == len(sent)
    os.close(fd)


def test_an_unplugged_port_vanishes_and_comes_back(rig: Rig) -> None:
    fd = rig.open()
    rig.plant.call(lambda _: rig.plant.unplug()).result(5)
    assert not rig.link.exists()
    with pytest.raises(OSError, match="Input/output"):
        os.write(fd, b"x")
    os.close(fd)
    rig.plant.call(lambda _: rig.plant.plug()).result(5)
    fd = rig.open()
    os.write(fd, b"y")
    read_until(fd, lambda data: b"y" in data)
    os.close(fd)


def test_a_call_runs_in_the_plant_and_its_error_comes_back(rig: Rig) -> None:
    assert rig.plant.call(lambda now: now).result(5) > 0
    with pytest.raises(ZeroDivisionError):
        rig.plant.call(lambda _: 1 / 0).result(5)
    assert rig.plant.call(lambda _: 1).result(5) == 1


def test_a_stopped_plant_refuses(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.plant.start()
    rig.plant.stop()
    with pytest.raises(PlantStoppedError):
        rig.plant.call(lambda _: 1).result(5)
    rig.port.close()


def test_a_fault_of_the_printer_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    rig.plant.start()
    rig.mcu.fault = RuntimeError("smoke")
    fd = rig.open()
    os.write(fd, b"x")
    until = time.monotonic() + 5
    while not rig.failures:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert str(rig.failures[0]) == "smoke"
    with pytest.raises(PlantStoppedError):
        rig.plant.call(lambda _: 1).result(5)
    assert "the simulated printer failed" in caplog.text
    os.close(fd)
    rig.plant.stop()
    rig.port.close()
