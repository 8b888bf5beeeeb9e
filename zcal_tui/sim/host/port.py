"""The serial port between klippy and the simulated micro-controller: a pty and a link to it."""

import contextlib
import ctypes
import errno
import os
import tty
from collections.abc import Callable
from pathlib import Path

_IN_OPEN = 0x20
_IN_NONBLOCK = os.O_NONBLOCK
_IN_CLOEXEC = os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class McuPort:
    """One end of the cable. Klippy opens the other one through the link."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master: int | None = None
        self._unsent = bytearray()
        self._opened = False
        # A master whose other end is closed is readable all the time, so its opening is watched for elsewhere.
        self._watch: int = _libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC)
        self._watched: int | None = None
        if self._watch < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "inotify")

    @property
    def is_plugged(self) -> bool:
        """Whether there is a cable."""
        return self._master is not None

    def plug(self) -> Path:
        """Make the pty and the link to it, and return the pty's path. Raises ValueError if there is one."""
        if self._master is not None:
            raise ValueError("the port is plugged already")
        self._master, slave = os.openpty()
        name = os.ttyname(slave)
        tty.setraw(slave)
        self._watched = _libc.inotify_add_watch(self._watch, os.fsencode(name), _IN_OPEN)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(name)
        return Path(name)

    def unplug(self) -> None:
        """Pull the cable: klippy's end hangs up and the device vanishes."""
        if self._master is None:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        self._master = None
        self._opened = False
        self._unsent.clear()

    def descriptor(self) -> int:
        """What to wait on for something to read, or for klippy to open the port."""
        if self._master is not None and self._opened:
            return self._master
        return self._watch

    def read(self) -> bytes | None:
        """What klippy wrote, b"" if nothing, None if nobody has the port open."""
        if not self._opened:
            with contextlib.suppress(BlockingIOError):
                os.read(self._watch, 65536)
        if self._master is None:
            return None
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            data = b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._opened = False
            self._unsent.clear()
            return None
        self._opened = True
        return data

    def write(self, data: bytes, announce: Callable[[int], None]) -> None:
        """Send to klippy, what was held back earlier first. While nobody has the port open everything is lost.

        `announce` is called before with how many bytes will go, and after, as a negative number, with how many did not:
        these go out with later calls.
        """
        if self._master is None or not self._opened:
            return
        self._unsent += data
        if not self._unsent:
            return
        wanted = len(self._unsent)
        announce(wanted)
        try:
            count = os.write(self._master, self._unsent)
        except BlockingIOError:
            count = 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            count = 0
        if count < wanted:
            announce(count - wanted)
        del self._unsent[:count]

    @property
    def is_congested(self) -> bool:
        """Whether something waits for klippy to make room."""
        return bool(self._unsent)

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()
        os.close(self._watch)
