"""A busy machine that stops klippy and the simulator for a while must not be felt by either."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tests.e2e.simulated import PrinterSim, Starter


@contextlib.contextmanager
def stalling(printer: PrinterSim, pause: float) -> Iterator[list[float]]:
    """Stop the one or the other every now and then for up to 0.4 s; gives the list of the stalls."""
    stalls: list[float] = []
    draws = random.Random(7)
    pids = [printer.process.pid, printer.ready["pids"]["klippy"]]
    ended = threading.Event()

    def stall() -> None:
        while not ended.wait(draws.uniform(0.2, 1.0) * pause):
            pid = draws.choice(pids)
            length = draws.uniform(0.05, 0.4)
            os.kill(pid, signal.SIGSTOP)
            time.sleep(length)
            os.kill(pid, signal.SIGCONT)
            stalls.append(length)

    thread = threading.Thread(target=stall)
    thread.start()
    try:
        yield stalls
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize(("speed", "times"), [(20.0, 6), (1.0, 1)])
def test_homing_survives_stalls(printer_sim: Starter, speed: float, times: int) -> None:
    printer = printer_sim("corexy", speed=speed)
    klippy = printer.connect()
    with stalling(printer, pause=0.3 if speed > 1 else 1.0) as stalls:
        for _ in range(times):
            klippy.gcode("G28" if speed > 1 else "G28 X Y")
    assert len(stalls) >= 3
    klippy.close()


def test_twenty_homings_at_twenty_times_real_time(printer_sim: Starter) -> None:
    printer = printer_sim("voron", speed=20)
    klippy = printer.connect()
    for _ in range(20):
        klippy.gcode("G28")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    klippy.close()


def test_a_client_that_does_not_read_for_a_second_stays_connected(printer_sim: Starter) -> None:
    """At 40 times real time that is 40 of klippy's seconds, and klippy drops a client after five."""
    printer = printer_sim("corexy", speed=40)
    klippy = printer.connect()
    for number in range(1000, 1060):  # more answers than a socket holds
        klippy.ask(number, "objects/query", objects={"configfile": None})
    time.sleep(1.0)
    assert klippy.call("info")["state"] == "ready"
    klippy.close()
