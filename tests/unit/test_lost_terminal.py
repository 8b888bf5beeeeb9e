"""A terminal that is gone ends the terminal interface, also where nobody passes its SIGHUP on (su, runuser)."""

import os
import pty
import subprocess
import sys
import time

LEAVES = (
    "import sys, time\n"
    "clean_end, ready_end = map(int, sys.argv[1:])\n"
    "from zcal_tui.tui.signals import leave_on_signals\n"
    "leave_on_signals(lambda: print('cleaned up', file=open(clean_end, 'w'), flush=True))\n"
    "print('ready', file=open(ready_end, 'w'), flush=True)\n"
    "time.sleep(60)\n"
)


def test_a_lost_terminal_cleans_up_and_leaves_without_a_signal() -> None:
    """The terminal is not the process's controlling one, so the kernel sends it no SIGHUP."""
    person, terminal = pty.openpty()
    cleaned, clean_end = os.pipe()
    ready, ready_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVES, str(clean_end), str(ready_end)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        pass_fds=(clean_end, ready_end),
        start_new_session=True,
    )
    for descriptor in (terminal, clean_end, ready_end):
        os.close(descriptor)
    try:
        assert os.read(ready, 100) == b"ready\n"
        time.sleep(0.2)
        assert process.poll() is None
        os.close(person)
        assert process.wait(30) == 5
        assert os.read(cleaned, 100) == b"cleaned up\n"
    finally:
        process.kill()
        process.wait()
        os.close(cleaned)
        os.close(ready)
