"""What further micro-controllers cost: the same printer on one board and on three, probing at ten times real time."""

import contextlib
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cpu import cpu_shares
from benchmarks.klippy_client import connect
from benchmarks.options import BenchmarkOptions
from benchmarks.sim_mcu import SETTLING, still_probing
from benchmarks.simulated import simulated_printer
from benchmarks.table import BenchmarkComparison, BenchmarkReport, milliseconds, percent, plain_ratio
from zcal_tui.profile_names import PROFILE_FOLDER
from zcal_tui.sim.host.control_client import ControlClient

PROFILE = "toolboard"
SPEED = 10.0
SECONDS_A_SAMPLE = 0.5
"""Simulated seconds. No sample of the profile is quicker, so a series planned by this lasts through all windows."""


@dataclass(frozen=True, slots=True)
class Window:
    """One span: the share of a core that the boards and klippy used, and how fast simulated time went."""

    boards: float
    klippy: float
    speed: float


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Probe on one board and on three. Raises BenchmarkError."""
    text = (PROFILE_FOLDER / PROFILE / "printer.cfg").read_text(encoding="utf-8")
    one, three = _measure(options, on_one_board(text)), _measure(options, on_three_boards(text))
    pairs = list(zip(three, one, strict=True))
    reference = "one micro-controller"
    return BenchmarkReport(
        "sim_boards",
        f"Simulated printer `{PROFILE}` at {SPEED:g}× during PROBE_ACCURACY; {options.windows} windows of "
        f"{options.seconds:g} s.",
        [
            BenchmarkComparison(
                "three micro-controllers, share of a core",
                reference,
                [(a.boards, b.boards) for a, b in pairs],
                percent,
            ),
            BenchmarkComparison(
                "klippy with three, share of a core",
                reference,
                [(a.klippy, b.klippy) for a, b in pairs],
                percent,
            ),
            BenchmarkComparison(
                "CPU time of three for a simulated second",
                reference,
                [(a.boards / a.speed, b.boards / b.speed) for a, b in pairs],
                milliseconds,
            ),
            BenchmarkComparison(
                "speed reached with three", reference, [(a.speed, b.speed) for a, b in pairs], plain_ratio
            ),
        ],
    )


def on_one_board(printer_cfg: str) -> str:
    """The profile with everything on the main micro-controller."""
    for section in ("mcu toolboard", "board_pins toolboard", "temperature_sensor toolboard"):
        printer_cfg = re.sub(rf"\[{section}\]\n(?:[^\[\n].*\n|\n)*", "", printer_cfg)
    return printer_cfg.replace("toolboard:", "TOOLBOARD_")


def on_three_boards(printer_cfg: str) -> str:
    """The profile with its Z drives on a third micro-controller: a trigger on the second has to stop them there."""
    head, drives, rest = re.split(r"(?=\[stepper_z\])|(?=\[extruder\])", printer_cfg)
    drives = re.sub(r"(_pin: !?)(?=P[A-Z]\d)", r"\1drives:", drives)
    return f"{head}[mcu drives]\ncanbus_uuid: 1e0d81e4210c\n\n{drives}{rest}"


def _measure(options: BenchmarkOptions, printer_cfg: str) -> list[Window]:
    windows = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zcal-bench-")))
        (folder / "printer.cfg").write_text(printer_cfg, encoding="utf-8")
        truth = (PROFILE_FOLDER / PROFILE / "truth.toml").read_text(encoding="utf-8")
        (folder / "truth.toml").write_text(truth, encoding="utf-8")
        arguments = ("--sim-speed", f"{SPEED:g}")
        process, ready = stack.enter_context(simulated_printer(options, folder, arguments))
        control = stack.enter_context(ControlClient(ready["control"]))
        klippy = connect(ready["klippy"])
        for script in ("G28", "G90\nG1 Z10 F600", "M400"):
            klippy.call("gcode/script", script=script)
        seconds = options.windows * options.seconds + SETTLING
        samples = int(seconds * SPEED / SECONDS_A_SAMPLE) + 1
        klippy.send("gcode/script", script=f"PROBE_ACCURACY SAMPLES={samples}")
        time.sleep(SETTLING)
        for _ in range(options.windows):
            before, begin = control.request("time")["time"], time.perf_counter()
            share = cpu_shares({"mcu": process.pid, "klippy": ready["pids"]["klippy"]}, options.seconds)
            passed, real = control.request("time")["time"] - before, time.perf_counter() - begin
            windows.append(Window(share["mcu"], share["klippy"], passed / real))
        still_probing(ready["klippy"])
        klippy.close()
    return windows
