"""CPU time of the simulated micro-controller while a real klippy probes with it in real time."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.cpu import cpu_shares
from benchmarks.errors import BenchmarkError
from benchmarks.klippy_client import KlippyClient, connect
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, percent
from benchmarks.terminal import ROOT

START_PATIENCE = 600.0
"""Seconds that the start may take: the first one ever installs klippy."""
END_PATIENCE = 30.0
SECONDS_A_TOUCH = 0.5
"""s. No sample of the profile is quicker, so a series planned by this lasts through all windows."""
SETTLING = 3.0


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Probe with klippy's clock virtual and plain. Raises BenchmarkError."""
    return BenchmarkReport(
        "sim_mcu",
        f"Simulated printer `voron` at 1× during PROBE_ACCURACY; {options.windows} windows of {options.seconds:g} s.",
        [
            _measure(options, "simulated MCU, virtual clock", ()),
            _measure(options, "simulated MCU, --real-time", ("--real-time",)),
        ],
    )


def _measure(options: BenchmarkOptions, figure: str, arguments: tuple[str, ...]) -> BenchmarkComparison:
    pairs = []
    with _simulator(options, arguments) as (process, ready):
        klippy = connect(ready["klippy"])
        for script in ("G28", "ATTACH_PROBE", "G90\nG1 Z15 F600\nG1 X125 Y130 F6000", "M400"):
            klippy.call("gcode/script", script=script)
        samples = int((options.windows * options.seconds + SETTLING) / SECONDS_A_TOUCH) + 1
        klippy.send("gcode/script", script=f"PROBE_ACCURACY SAMPLES={samples}")
        time.sleep(SETTLING)
        for _ in range(options.windows):
            share = cpu_shares({"mcu": process.pid, "klippy": ready["pids"]["klippy"]}, options.seconds)
            pairs.append((share["mcu"], share["klippy"]))
        _still_probing(ready["klippy"])
        klippy.close()
    return BenchmarkComparison(f"{figure}, share of a core", "klippy, same windows", pairs, percent)


def _still_probing(path: str) -> None:
    """Raises BenchmarkError where the series was over before the last window was."""
    client = KlippyClient(path)
    status = client.call("objects/query", objects={"idle_timeout": ["state"], "webhooks": ["state_message"]})
    client.close()
    if status["status"]["idle_timeout"]["state"] != "Printing":
        message = status["status"]["webhooks"]["state_message"]
        raise BenchmarkError(f"PROBE_ACCURACY ended too soon. Klippy reports: {message.strip()}")


@contextlib.contextmanager
def _simulator(
    options: BenchmarkOptions, arguments: tuple[str, ...]
) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """A simulated printer until the block ends: its process, and its ready message."""
    command = [sys.executable, "-m", "zcal_tui.sim", "voron", "--json", "--die-with-stdin", *arguments]
    command += ["--klipper", options.klipper] if options.klipper else []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        try:
            yield process, _until_ready(process)
        finally:
            process.stdin.close()
            try:
                process.wait(END_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_ready(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    for line in _lines(process):
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "ready":
            if event["state"] != "ready":
                raise BenchmarkError(f"Klippy did not become ready: {event['message']}")
            return event
        if event["event"] == "error":
            parts = [event[key] for key in ("what", "cause", "remedy") if event[key]]
            raise BenchmarkError("The simulated printer did not start. " + " ".join(parts))
    assert process.stderr is not None
    raise BenchmarkError(
        f"The simulated printer ended. {process.stderr.read().decode(errors='replace').strip()}"
    )


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """The simulator's output, until it ends or is silent for too long."""
    assert process.stdout is not None
    rest = b""
    while select.select([process.stdout], [], [], START_PATIENCE)[0]:
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            return
        *complete, rest = (rest + data).split(b"\n")
        yield from (line.decode() for line in complete)
    raise BenchmarkError(f"The simulated printer was not ready within {START_PATIENCE:g} s.")
