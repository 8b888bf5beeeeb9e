"""CPU time of the simulated micro-controller while a real klippy probes with it in real time."""

import time

from benchmarks.cpu import cpu_shares
from benchmarks.errors import BenchmarkError
from benchmarks.klippy_client import KlippyClient, connect
from benchmarks.options import BenchmarkOptions
from benchmarks.simulated import simulated_printer
from benchmarks.table import BenchmarkComparison, BenchmarkReport, percent

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
    with simulated_printer(options, "voron", arguments) as (process, ready):
        klippy = connect(ready["klippy"])
        for script in ("G28", "ATTACH_PROBE", "G90\nG1 Z15 F600\nG1 X125 Y130 F6000", "M400"):
            klippy.call("gcode/script", script=script)
        samples = int((options.windows * options.seconds + SETTLING) / SECONDS_A_TOUCH) + 1
        klippy.send("gcode/script", script=f"PROBE_ACCURACY SAMPLES={samples}")
        time.sleep(SETTLING)
        for _ in range(options.windows):
            share = cpu_shares({"mcu": process.pid, "klippy": ready["pids"]["klippy"]}, options.seconds)
            pairs.append((share["mcu"], share["klippy"]))
        still_probing(ready["klippy"])
        klippy.close()
    return BenchmarkComparison(f"{figure}, share of a core", "klippy, same windows", pairs, percent)


def still_probing(path: str) -> None:
    """Raises BenchmarkError where the series was over before the last window was."""
    client = KlippyClient(path)
    status = client.call("objects/query", objects={"idle_timeout": ["state"], "webhooks": ["state_message"]})
    client.close()
    if status["status"]["idle_timeout"]["state"] != "Printing":
        message = status["status"]["webhooks"]["state_message"]
        raise BenchmarkError(f"PROBE_ACCURACY ended too soon. Klippy reports: {message.strip()}")
