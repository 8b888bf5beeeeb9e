"""The simulator's time: real time, or virtual time that klippy shares.

Both give simulator seconds (0 when made) and wait for descriptors until a time. In virtual time a busy machine
cannot make klippy or the micro-controller late, and time can run faster than real time: see clock/flow.c.
"""

import contextlib
import ctypes
import math
import os
import select
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from zcal_tui.sim.host import environments
from zcal_tui.sim.host.environments import Progress
from zcal_tui.sim.host.errors import SimulatorError

NANO = 1_000_000_000
_C_FOLDER = Path(__file__).with_name("clock")
_WAKERS = 32
_DESCRIPTION = 16384
_NEVER = (1 << 63) - 1


class HostClock(Protocol):
    """A `ports.Clock` that one thread, the plant's, can also wait on."""

    def now(self) -> float:
        """Simulator seconds. Any thread may ask."""

    def join(self) -> None:
        """The calling thread is the one that waits from now on."""

    def leave(self) -> None:
        """It no longer is."""

    def wait(self, descriptors: Sequence[int], deadline: float | None) -> Collection[int]:
        """Wait until one of the descriptors is readable or hung up, at the latest until the deadline.

        Returns those that are.
        """

    def sent(self, count: int, number: int = 0) -> None:
        """So many bytes are about to be written to the port for klippy; a negative number takes some back."""

    def received(self, count: int, number: int = 0) -> None:
        """So many bytes of klippy's were read from the port."""

    def port_opened(self, path: Path, number: int = 0) -> None:
        """The port's device, as klippy opens it."""

    def port_closed(self, number: int = 0) -> None:
        """Klippy closed the port: what was on its way is lost."""

    def forget(self, pid: int) -> None:
        """The klippy with this process id has ended."""

    @property
    def speed(self) -> float:
        """The most simulator seconds that pass in a real second."""

    def set_speed(self, speed: float) -> None:
        """Change it. Raises SimulatorError if the clock has only one speed."""

    def environment(self) -> Mapping[str, str]:
        """The variables that klippy must be started with."""

    def inherited(self) -> Sequence[int]:
        """The descriptors that klippy must inherit."""

    def describe(self) -> str:
        """What every thread is doing, for people who look for what holds time."""

    def close(self) -> None:
        """Release the clock's resources; it cannot be used afterwards."""


class RealClock:
    """Time as it passes: klippy runs as it always does, and a stalled machine makes it late."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        """See HostClock."""
        return time.monotonic() - self._start

    def wait(self, descriptors: Sequence[int], deadline: float | None) -> Collection[int]:
        """See HostClock."""
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        timeout = None if deadline is None else max(0.0, deadline - self.now()) * 1000
        return [ready for ready, _ in poll.poll(timeout if timeout is None else math.ceil(timeout))]

    @property
    def speed(self) -> float:
        """See HostClock."""
        return 1.0

    def set_speed(self, speed: float) -> None:
        """See HostClock."""
        if speed != 1.0:
            raise SimulatorError(
                "In real time the speed is 1.", remedy="Start the printer without --real-time to change it."
            )

    def environment(self) -> Mapping[str, str]:
        """See HostClock."""
        return {}

    def inherited(self) -> Sequence[int]:
        """See HostClock."""
        return ()

    def describe(self) -> str:
        """See HostClock."""
        return f"{self.now():.6f} s of real time"

    # Klippy lives in the same time by itself.

    def join(self) -> None:
        """See HostClock."""

    def leave(self) -> None:
        """See HostClock."""

    def sent(self, count: int, number: int = 0) -> None:
        """See HostClock."""

    def received(self, count: int, number: int = 0) -> None:
        """See HostClock."""

    def port_opened(self, path: Path, number: int = 0) -> None:
        """See HostClock."""

    def port_closed(self, number: int = 0) -> None:
        """See HostClock."""

    def forget(self, pid: int) -> None:
        """See HostClock."""

    def close(self) -> None:
        """See HostClock."""


class _PollDescriptor(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


class VirtualClock:
    """Time that flows only while klippy and the simulator wait, at most `speed` times as fast as real time.

    A process can have one at a time.
    """

    def __init__(self, library: Path, speed: float) -> None:
        _check_speed(speed)
        self._library = library
        self._c = ctypes.CDLL(str(library))
        self._c.zc_create.argtypes = (
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_int),
            ctypes.c_int,
            ctypes.c_double,
            ctypes.c_int64,
        )
        self._c.zc_wait.argtypes = (ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int64, ctypes.c_void_p)
        self._c.zc_peek.restype = ctypes.c_int64
        self._c.zc_rate.argtypes = (ctypes.c_double,)
        self._c.zc_mcu_sent.argtypes = (ctypes.c_int, ctypes.c_int64)
        self._c.zc_mcu_read.argtypes = (ctypes.c_int, ctypes.c_int64)
        self._c.zc_port_closed.argtypes = (ctypes.c_int,)
        self._c.zc_port_is.argtypes = (ctypes.c_int, ctypes.c_uint64, ctypes.c_char_p)
        self._speed = speed
        self._waited_on: tuple[int, ...] = ()
        self._polled = (_PollDescriptor * 0)()
        self._page = os.memfd_create("zcal-clock")
        self._wakers = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(_WAKERS)]
        # Klippy's clock goes on from the machine's, as it would without us.
        self._start = time.monotonic_ns()
        wakers = (ctypes.c_int * _WAKERS)(*self._wakers)
        if self._c.zc_create(self._page, wakers, _WAKERS, speed, self._start):
            raise SimulatorError(
                "The virtual clock's memory cannot be made.", "Perhaps the machine is out of memory."
            )

    def now(self) -> float:
        """See HostClock."""
        return (int(self._c.zc_peek()) - self._start) / NANO

    def join(self) -> None:
        """See HostClock."""
        self._c.zc_join()

    def leave(self) -> None:
        """See HostClock."""
        self._c.zc_leave()

    def wait(self, descriptors: Sequence[int], deadline: float | None) -> Collection[int]:
        """See HostClock."""
        if tuple(descriptors) != self._waited_on:
            self._waited_on = tuple(descriptors)
            self._polled = (_PollDescriptor * len(descriptors))(
                *(_PollDescriptor(descriptor, select.POLLIN, 0) for descriptor in descriptors)
            )
        # A nanosecond more, or rounding may leave `now` a hair before the deadline, for ever.
        until = _NEVER if deadline is None else self._start + math.ceil(deadline * NANO) + 1
        if self._c.zc_wait(self._polled, len(descriptors), until, None) <= 0:
            return ()
        return [polled.fd for polled in self._polled if polled.revents]

    def sent(self, count: int, number: int = 0) -> None:
        """See HostClock."""
        self._c.zc_mcu_sent(number, count)

    def received(self, count: int, number: int = 0) -> None:
        """See HostClock."""
        self._c.zc_mcu_read(number, count)

    def port_opened(self, path: Path, number: int = 0) -> None:
        """See HostClock."""
        self._c.zc_port_is(number, path.stat().st_rdev, os.fsencode(path))

    def port_closed(self, number: int = 0) -> None:
        """See HostClock."""
        self._c.zc_port_closed(number)

    def forget(self, pid: int) -> None:
        """See HostClock."""
        self._c.zc_forget(pid)

    @property
    def speed(self) -> float:
        """See HostClock."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """See HostClock."""
        _check_speed(speed)
        self._speed = speed
        self._c.zc_rate(speed)

    def environment(self) -> Mapping[str, str]:
        """See HostClock."""
        return {"LD_PRELOAD": str(self._library), "ZCAL_SIM_CLOCK": str(self._page)}

    def inherited(self) -> Sequence[int]:
        """See HostClock."""
        return (self._page, *self._wakers)

    def describe(self) -> str:
        """See HostClock."""
        text = ctypes.create_string_buffer(_DESCRIPTION)
        self._c.zc_describe(text, _DESCRIPTION)
        return text.value.decode()

    def close(self) -> None:
        """See HostClock."""
        self._c.zc_destroy()
        for descriptor in self.inherited():
            with contextlib.suppress(OSError):
                os.close(descriptor)


def virtual_clock(speed: float, progress: Progress) -> VirtualClock:
    """A virtual clock, its library compiled if need be. Raises SimulatorError."""
    if sys.platform != "linux" or sys.maxsize < 1 << 32:
        raise SimulatorError(
            "The virtual clock needs a 64-bit Linux.", remedy="Start the printer with --real-time."
        )
    sources, headers = sorted(_C_FOLDER.glob("*.c")), sorted(_C_FOLDER.glob("*.h"))
    return VirtualClock(environments.compile_library("clock", sources, headers, progress), speed)


def _check_speed(speed: float) -> None:
    if not 0.01 <= speed <= 1000:
        raise SimulatorError(
            f"A speed of {speed:g} cannot be had.", remedy="Choose one from 0.01 to 1000; 20 is fast."
        )
