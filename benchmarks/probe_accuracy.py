"""How long ZCAL_PROBE_ACCURACY takes, in the printer's own time, against PROBE_ACCURACY with as many samples.

Simulated time stands still while anybody computes: what is measured is the motion and the waits between, not the load
of this machine.
"""

from benchmarks.klippy_client import KlippyClient, connect
from benchmarks.options import BenchmarkOptions
from benchmarks.simulated import simulated_printer
from benchmarks.table import BenchmarkComparison, BenchmarkReport, seconds_text

PROFILE, SPEED = "corexy", 20.0
SAMPLES = (10, 20)
ROUNDS = 3


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Probe with both commands in turn. Raises BenchmarkError."""
    with simulated_printer(options, PROFILE, ("--sim-speed", f"{SPEED:g}")) as (_, ready):
        klippy = connect(ready["klippy"])
        for script in ("G28", "G90\nG1 Z10 F600\nG1 X125 Y130 F6000", "M400"):
            klippy.call("gcode/script", script=script)
        comparisons = [_compared(klippy, samples) for samples in SAMPLES]
        klippy.close()
    return BenchmarkReport(
        "probe_accuracy",
        f"Simulated printer `{PROFILE}` on the virtual clock; {ROUNDS} series of each command in turn.",
        comparisons,
    )


def _compared(klippy: KlippyClient, samples: int) -> BenchmarkComparison:
    pairs = [
        (_seconds(klippy, "ZCAL_PROBE_ACCURACY", samples), _seconds(klippy, "PROBE_ACCURACY", samples))
        for _ in range(ROUNDS)
    ]
    return BenchmarkComparison(
        f"{samples} samples by ZCAL_PROBE_ACCURACY", "PROBE_ACCURACY", pairs, seconds_text
    )


def _seconds(klippy: KlippyClient, command: str, samples: int) -> float:
    """How long a series takes from the same height, to the end of its moves."""
    klippy.call("gcode/script", script="G90\nG1 Z10 F600\nM400")
    began = _now(klippy)
    klippy.call("gcode/script", script=f"{command} SAMPLES={samples}\nM400")
    return _now(klippy) - began


def _now(klippy: KlippyClient) -> float:
    """Klippy's clock."""
    return float(klippy.call("objects/query", objects={"webhooks": ["state"]})["eventtime"])
