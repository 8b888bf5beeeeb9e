"""Virtual time: programs that wait in it, and a simulator that waits with them."""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest

from zcal_tui.sim.host.clocks import RealClock, VirtualClock, virtual_clock
from zcal_tui.sim.host.errors import SimulatorError

FAST = 200.0


class Simulator:
    """A thread that waits in virtual time for nothing, as a simulator without a printer would."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self._wake = os.eventfd(0)
        self._stopping = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.clock.join()
        while not self._stopping:
            self.clock.wait([self._wake], None)
        self.clock.leave()

    def stop(self) -> None:
        """End the thread and the clock."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self.clock.close()
        os.close(self._wake)

    def run(self, program: str, timeout: float = 30.0) -> str:
        """What a Python program prints that lives in this time."""
        process = self.start(program)
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            process.kill()
            process.wait()
            self.clock.forget(process.pid)
        assert process.returncode == 0
        return output.strip()

    def start(self, program: str) -> "subprocess.Popen[str]":
        """Start a Python program that lives in this time."""
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={**os.environ, **self.clock.environment()},
            pass_fds=self.clock.inherited(),
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Time at high speed."""
    running = Simulator(virtual_clock(FAST, lambda _: None))
    yield running
    running.stop()


def test_a_sleep_takes_its_time_in_virtual_seconds_only(simulator: Simulator) -> None:
    started, before = time.monotonic(), simulator.clock.now()
    slept = simulator.run("import time; t = time.monotonic(); time.sleep(100); print(time.monotonic() - t)")
    assert float(slept) == pytest.approx(100, abs=0.01)
    assert simulator.clock.now() - before >= 100
    assert time.monotonic() - started < 20


def test_computing_takes_no_time(simulator: Simulator) -> None:
    taken = simulator.run(
        """
        import time
        t = time.monotonic()
        sum(i * i for i in range(2_000_000))
        print(time.monotonic() - t)
        """
    )
    assert float(taken) < 0.001


def test_a_loop_that_waits_for_the_clock_ends(simulator: Simulator) -> None:
    simulator.run(
        """
        import time
        until = time.monotonic() + 0.01
        while time.monotonic() < until:
            pass
        """
    )


def test_threads_wake_in_the_order_of_their_deadlines(simulator: Simulator) -> None:
    order = simulator.run(
        """
        import threading, time
        woken = []
        def sleeper(n):
            time.sleep(n * 0.01)
            woken.append(n)
        threads = [threading.Thread(target=sleeper, args=(n,)) for n in (30, 10, 50, 20, 40)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(woken)
        """
    )
    assert order == "[10, 20, 30, 40, 50]"


def test_a_stopped_program_holds_time_for_itself(simulator: Simulator) -> None:
    process = simulator.start(
        """
        import time
        print("here", flush=True)
        for _ in range(1000): time.sleep(1)
        """
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(19)
        time.sleep(0.2)
        held = simulator.clock.now()
        time.sleep(0.3)
        assert simulator.clock.now() == held
        process.send_signal(18)
        until = time.monotonic() + 10
        while simulator.clock.now() < held + 10:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
        simulator.clock.forget(process.pid)
        assert process.stdout is not None
        process.stdout.close()


def test_a_killed_program_holds_time_no_longer(simulator: Simulator) -> None:
    process = simulator.start("print('busy', flush=True)\nwhile True: pass")
    assert process.stdout is not None
    process.stdout.readline()
    held = simulator.clock.now()
    time.sleep(0.1)
    assert simulator.clock.now() - held < 0.001
    process.kill()
    process.wait()
    process.stdout.close()
    simulator.clock.forget(process.pid)
    time.sleep(0.1)
    assert simulator.clock.now() - held > 1


@pytest.mark.parametrize(
    "wait",
    [
        "select.select([reader], [], [], 5)",
        "poll = select.poll(); poll.register(reader, select.POLLIN); poll.poll(5000)",
        "epoll = select.epoll(); epoll.register(reader, select.EPOLLIN); epoll.poll(5)",
        "threading.Event().wait(5)",
        "lock = threading.Lock(); lock.acquire(); lock.acquire(timeout=5)",
        "condition = threading.Condition(); condition.acquire(); condition.wait(5)",
    ],
)
def test_every_wait_with_a_timeout_is_virtual(simulator: Simulator, wait: str) -> None:
    taken = simulator.run(
        f"""
        import os, select, threading, time
        reader, writer = os.pipe()
        t = time.monotonic()
        {wait}
        print(time.monotonic() - t)
        """
    )
    assert float(taken) == pytest.approx(5, abs=0.05)


def test_a_message_between_threads_arrives_in_no_time(simulator: Simulator) -> None:
    """Messages over a pipe and back over a queue, while another thread's deadlines are always near."""
    taken = simulator.run(
        """
        import os, queue, select, threading, time
        reader, writer = os.pipe()
        replies = queue.Queue()
        done = threading.Event()
        def answer():
            poll = select.poll()
            poll.register(reader, select.POLLIN)
            while poll.poll(50):
                if os.read(reader, 1) == b"x":
                    return
                replies.put(time.monotonic())
        def tick():
            while not done.is_set():
                time.sleep(0.001)
        ticker = threading.Thread(target=tick)
        ticker.start()
        worst = 0
        thread = threading.Thread(target=answer)
        thread.start()
        for _ in range(5000):
            sent = time.monotonic()
            os.write(writer, b".")
            replies.get()
            worst = max(worst, time.monotonic() - sent)
        os.write(writer, b"x")
        thread.join()
        done.set()
        ticker.join()
        print(worst)
        """,
        timeout=60,
    )
    assert float(taken) < 0.001


def test_what_it_starts_lives_in_real_time(simulator: Simulator) -> None:
    said = simulator.run(
        """
        import subprocess, sys
        code = (
            "import os, time; t = time.monotonic(); time.sleep(.05);"
            "print(os.environ.get('LD_PRELOAD'), time.monotonic() - t < 1)"
        )
        print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
        """
    )
    assert said == "None True"


def test_a_forked_child_lives_in_real_time(simulator: Simulator) -> None:
    simulator.run(
        """
        import multiprocessing, time
        def compute(results):
            t = time.monotonic()
            time.sleep(0.05)
            results.send(time.monotonic() - t)
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=compute, args=(theirs,))
        process.start()
        while process.is_alive():
            time.sleep(0.1)
        assert ours.recv() < 1
        """
    )


@pytest.mark.slow
def test_the_wall_clock_stays_real(simulator: Simulator) -> None:
    said = simulator.run("import time; time.sleep(500); print(time.time())")
    assert abs(float(said) - time.time()) < 30


def test_the_speed_is_a_limit_and_can_be_changed() -> None:
    clock = virtual_clock(2.0, lambda _: None)
    running = Simulator(clock)
    try:
        for speed in (2.0, 50.0):
            clock.set_speed(speed)
            started, before = time.monotonic(), clock.now()
            running.run("import time; time.sleep(2)")
            assert (clock.now() - before) / (time.monotonic() - started) < speed * 1.3 + 0.5
        assert clock.speed == 50.0
    finally:
        running.stop()


def test_a_deadline_has_come_when_the_wait_for_it_ends() -> None:
    """Times are floats outside and nanoseconds inside; rounding must never leave a deadline ahead."""
    clock = virtual_clock(1000.0, lambda _: None)
    draws = random.Random(1)
    missed = []

    def wait() -> None:
        clock.join()
        for _ in range(5000):
            deadline = clock.now() + draws.randrange(1, 200) / 1000
            clock.wait([], deadline)
            if clock.now() < deadline:
                missed.append(deadline)
        clock.leave()

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    clock.close()
    assert not missed


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e6, float("nan")])
def test_an_impossible_speed_is_refused(speed: float) -> None:
    with pytest.raises(SimulatorError, match="speed"):
        virtual_clock(speed, lambda _: None)


def test_real_time_has_one_speed() -> None:
    clock = RealClock()
    clock.set_speed(1.0)
    with pytest.raises(SimulatorError, match="real-time"):
        clock.set_speed(2.0)


def test_real_time_waits_until_its_deadline() -> None:
    clock = RealClock()
    clock.wait([], clock.now() + 0.05)
    assert clock.now() >= 0.05
