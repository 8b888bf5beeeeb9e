"""The thread in which the printer lives: its micro-controllers, the machine behind them, their ends of the cables."""

import logging
import os
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from zcal_tui.sim.host.clocks import HostClock
from zcal_tui.sim.host.port import McuPort
from zcal_tui.sim.ports import Mcu

T = TypeVar("T")
logger = logging.getLogger(__name__)

_CONGESTION_RETRY = 0.001


class PlantStoppedError(Exception):
    """The printer is no longer running, so nothing can be asked of it."""


@dataclass
class Line:
    """A micro-controller and its end of the cable."""

    mcu: Mcu
    port: McuPort
    number: int
    was_open: bool = False
    out: bytes = b""
    waited_on: int = -1
    """The descriptor that tells when there is something to read."""


class Plant:
    """Runs micro-controllers, each on its port, in the simulator's time, on its own thread.

    Everything that touches a micro-controller or the machine goes through `call`, which runs it between two
    of their instants.
    """

    def __init__(
        self,
        lines: Sequence[tuple[Mcu, McuPort]],
        clock: HostClock,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._lines = [Line(mcu, port, number) for number, (mcu, port) in enumerate(lines)]
        self._clock = clock
        self._on_failure = on_failure
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._calls: queue.SimpleQueue[tuple[Callable[[float], Any], Future[Any]]] = queue.SimpleQueue()
        self._stopping = False
        self._ready: Collection[int] | None = None
        """The descriptors with something to read; None where all have to be looked at."""
        self._thread = threading.Thread(target=self._run, name="plant", daemon=True)

    def start(self) -> None:
        """Plug the cables in and let time begin."""
        self.plug()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; calls that are waiting fail with PlantStoppedError."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join()
        self._fail_calls()
        os.close(self._wake)

    def call(self, function: Callable[[float], T]) -> "Future[T]":
        """Have `function(now)` run in the plant's thread."""
        future: Future[T] = Future()
        if self._stopping:
            future.set_exception(PlantStoppedError())
            return future
        self._calls.put((function, future))
        os.eventfd_write(self._wake, 1)
        return future

    def plug(self, number: int | None = None) -> None:
        """Connect the port of that number, or all ports, if they are not; in the plant's thread once it runs."""
        for line in self._lines if number is None else [self._lines[number]]:
            if not line.port.is_plugged:
                self._clock.port_opened(line.port.plug(), line.number)

    def unplug(self, number: int = 0) -> None:
        """Disconnect the port of that number; in the plant's thread."""
        line = self._lines[number]
        line.port.unplug()
        self._clock.port_closed(line.number)
        line.was_open = False

    def _run(self) -> None:
        try:
            self._clock.join()
            while not self._stopping:
                self._step()
        except Exception as error:  # the thread's boundary: without it the printer would only fall silent
            logger.exception("the simulated printer failed")
            self._stopping = True
            self._on_failure(error)
        finally:
            self._clock.leave()
            self._fail_calls()

    def _step(self) -> None:
        now = self._clock.now()
        ready, self._ready = self._ready, None
        for line in self._lines:
            if ready is not None and line.waited_on not in ready:
                continue
            data = line.port.read()
            if data is None:
                if line.was_open:
                    self._clock.port_closed(line.number)
            elif data:
                self._clock.received(len(data), line.number)
                line.mcu.feed(data, now)
            line.was_open = data is not None
        # Time first, for all: what one does in it may be something for another to send.
        for line in self._lines:
            line.out += line.mcu.run(now)
        congested = False
        for line in self._lines:
            out = line.out + line.mcu.run(now)
            if out or line.port.is_congested:
                line.port.write(out, partial(self._clock.sent, number=line.number))
                line.out = b""
                congested = congested or line.port.is_congested
        # After the micro-controller, so that a call finds it at this very instant; then once more, because what a
        # call changed may have to be sent.
        if (ready is None or self._wake in ready) and self._run_calls(now):
            return
        deadlines = [deadline for line in self._lines if (deadline := line.mcu.next_wakeup()) is not None]
        if congested:
            deadlines.append(now + _CONGESTION_RETRY)
        descriptors = [self._wake]
        for line in self._lines:
            line.waited_on = line.port.descriptor()
            descriptors.append(line.waited_on)
        self._ready = self._clock.wait(descriptors, min(deadlines, default=None))

    def _run_calls(self, now: float) -> bool:
        """Run what waits; whether there was a wake-up, be it only to stop."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return False
        while not self._calls.empty():
            function, future = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function(now)
            except Exception as error:  # the caller's, handed back to it  # noqa: BLE001
                future.set_exception(error)
            else:
                future.set_result(result)
        return True

    def _fail_calls(self) -> None:
        while not self._calls.empty():
            _, future = self._calls.get()
            future.set_exception(PlantStoppedError())
