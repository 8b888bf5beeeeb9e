"""The lease of a program that was killed."""

import socket

from tests.e2e.simulated import KlippyClient


def run_out(client: KlippyClient, pid: int) -> None:
    """Have it run out at once: it would by itself, in a minute of real time."""
    client.call("zcal/lease", holder=f"zcal-tui on {socket.gethostname()} ({pid})", seconds=1)
