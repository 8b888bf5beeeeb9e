"""A session that runs one check after the other until its standard input closes:
`python -m benchmarks.checking_session SOCKET DATA`. It prints a line for each finished check."""

import os
import queue
import sys
import threading
import time
from pathlib import Path

from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import parse_address

PAUSE = 1.0
"""Seconds between two checks."""
LIMIT = 60.0


def main(socket: str, data: str) -> None:
    """Run checks until nobody wants more."""
    session = Session(PrinterTarget(addresses=(parse_address(socket),)), Store(Path(data)))
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    session.listen(events.put)
    session.start()
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    while not session.snapshot.printer.ready and not ended.wait(0.1):
        pass
    while not ended.wait(PAUSE):
        begin = time.monotonic()
        session.start_check("accuracy", AccuracyParameters(samples=10))
        try:
            while not isinstance(event := events.get(timeout=LIMIT), RunEnded):
                pass
        except queue.Empty:
            print(f"A check has shown nothing for {LIMIT:.0f} s.", file=sys.stderr)
            os._exit(1)
        assert event.record.verdict is not None, event.record.problem
        print(f"{time.monotonic() - begin:.2f}", flush=True)
    session.close()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
