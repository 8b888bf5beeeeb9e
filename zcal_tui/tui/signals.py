"""Leaving on SIGHUP, SIGTERM and SIGINT: cleaned up in any case, even where the terminal no longer takes output.

Textual writes to the terminal through a bounded queue that blocks its event loop once nobody reads (a closed laptop,
a hung SSH link). So nothing here goes through that loop: the handler only writes a byte to a pipe; a thread that
waits on the pipe cleans up through the session, which has a thread of its own, and then ends the process.
"""

import logging
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from zcal_tui.model.outside_text import one_line
from zcal_tui.tui.terminal import LEAVE_SEQUENCES

EXIT_CODE = 5
"""The run, if any, was cancelled."""
DRAWN_ON = 2
"""The file descriptor that Textual draws on: standard error."""
GRACE = 60.0
"""Seconds that cleaning up may take before the process leaves without it."""
LEAVE_LIMIT = 2.0
"""Seconds that leaving takes at most after a second signal."""
HANGUP_WAIT = 1.0
"""Seconds for which the SIGHUP of a terminal that is gone is waited for."""
READ_LIMIT = 0.5
"""Seconds for which a terminal may leave unread what is written to it last."""
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)

TerminalMode = list[Any]


def _terminal_mode() -> TerminalMode | None:
    try:
        return termios.tcgetattr(sys.__stdin__) if sys.__stdin__ else None
    except (termios.error, OSError, ValueError):
        return None


def _print(text: str) -> None:
    """Print on the terminal, which may be busy drawing: wait for it at most READ_LIMIT. OSError where it is gone."""
    left = text.encode(errors="replace")
    os.set_blocking(DRAWN_ON, False)
    until = time.monotonic() + READ_LIMIT
    while left:
        if (rest := until - time.monotonic()) <= 0.0:
            raise TimeoutError("the terminal does not read")
        try:
            select.select([], [DRAWN_ON], [], rest)
            left = left[os.write(DRAWN_ON, left) :]
        except BlockingIOError:  # less room than select takes for writable
            time.sleep(0.01)


def _restore_terminal(mode: TerminalMode | None) -> None:
    """Best effort: the terminal may be gone or not reading."""
    if mode is None:
        return
    try:
        _print(LEAVE_SEQUENCES)
        termios.tcsetattr(0, termios.TCSANOW, mode)
    except (OSError, termios.error):
        logger.info("the terminal could not be restored")


def _first_signal(reader: int, terminal: int | None) -> int:
    """Wait for the number of a signal in the pipe. A terminal that is gone counts as SIGHUP: programs such as su and
    runuser do not pass that on."""
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    if terminal is not None:
        waiting.register(terminal, 0)  # its end is always reported
    ready = {descriptor for descriptor, _ in waiting.poll()}
    if reader not in ready and not select.select([reader], [], [], HANGUP_WAIT)[0]:
        return signal.SIGHUP
    return os.read(reader, 1)[0]


def _leave(leave_now: Callable[[], Sequence[str]], left: list[str]) -> None:
    try:
        left.extend(leave_now())
    except Exception:  # as below
        logger.exception("leaving at once failed")


def _close(close: Callable[[], None]) -> None:
    try:
        close()
    except Exception:  # the process ends right after; what went wrong belongs in the log
        logger.exception("cleaning up failed")


def leave_on_signals(close: Callable[[], None], leave_now: Callable[[], Sequence[str]] = lambda: ()) -> None:
    """From now on SIGHUP, SIGTERM and SIGINT run `close` on a thread of its own and end the process with 5.

    A second signal runs `leave_now`, which returns at once or after LEAVE_LIMIT, and what it returns is printed: what
    may be left on. A third one ends the process at once. Must be called on the main thread, before the terminal is put
    in raw mode.
    """
    mode = _terminal_mode()
    reader, writer = os.pipe()

    def taken(number: int, _frame: object) -> None:
        os.write(writer, bytes([number]))

    left: list[str] = []
    leavers: list[threading.Thread] = []

    def end() -> None:
        _restore_terminal(mode)
        if left:
            named = one_line(", ".join(left))
            try:
                _print(f"May be left on or changed: {named}.\r\n")
            except OSError:
                logger.info("not printed: may be left on or changed: %s", named)
        os._exit(EXIT_CODE)

    def wait_for_second() -> None:
        os.read(reader, 1)
        leaver = threading.Thread(target=_leave, args=(leave_now, left), daemon=True, name="leave-now")
        leavers.append(leaver)
        leaver.start()
        threading.Thread(target=wait_for_third, daemon=True, name="third-signal").start()
        leaver.join(LEAVE_LIMIT)
        end()

    def wait_for_third() -> None:
        os.read(reader, 1)
        end()

    def leave() -> None:
        number = _first_signal(reader, 0 if mode is not None else None)
        logger.info("leaving on %s", signal.Signals(number).name)
        threading.Thread(target=wait_for_second, daemon=True, name="second-signal").start()
        closer = threading.Thread(target=_close, args=(close,), daemon=True, name="cleanup")
        closer.start()
        closer.join(GRACE)
        for leaver in leavers:  # what it names is printed, although the session has closed
            leaver.join(LEAVE_LIMIT)
        end()

    threading.Thread(target=leave, daemon=True, name="leave-on-signals").start()
    for number in SIGNALS:
        signal.signal(number, taken)
