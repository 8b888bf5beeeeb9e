"""Every way out at every stage of every check: whatever ends a run, the printer is left safe and the record is kept.

Ctrl-C, kill −9, a cut link and a klippy shutdown; no paper test of ours stays open, no heater on, the mesh and the live
offset are as they were, nothing more waits for SAVE_CONFIG, and what was measured is on disk.
"""

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lease, program
from tests.e2e.cutting import CuttingProxy
from tests.e2e.simulated import KlippyClient, PrinterSim, eventually, printers, wait_for_state
from zcal_tui.results.store import read_run

OFFSET = 0.042
"""mm: a live Z offset that somebody had set before."""

Event = dict[str, Any]
When = Callable[[Event], bool]


def stage(key: str) -> When:
    return lambda event: event["event"] == "stage" and event["key"] == key


def sample(n: int, kind: str = "touch") -> When:
    return lambda event: event["event"] == "sample" and event["n"] >= n and event["kind"] == kind


def paper(steps: int) -> When:
    return lambda event: (
        event["event"] == "question" and event["kind"] == "paper" and len(event["tried"]) >= steps
    )


def question(kind: str) -> When:
    return lambda event: event["event"] == "question" and event["kind"] == kind


def stepping_to(z: float) -> When:
    return lambda event: event["event"] == "stage" and event["text"].endswith(f"nozzle to Z {z:g}")


@dataclass(frozen=True)
class Case:
    """A check on a machine, and the moment at which it is ended."""

    profile: str
    arguments: tuple[str, ...]
    moment: str
    when: When
    lifted: bool = True
    """Whether the nozzle is lifted even by the extra alone, once this program is gone."""

    @property
    def id(self) -> str:
        return f"{self.arguments[0]}:{self.moment}"


CASES = (
    Case("voron", ("ready", "--offer", "no"), "fetching the probe", stage("attach")),
    Case("voron", ("probe-xy",), "touching", sample(1)),
    Case("voron", ("probe-xy",), "jogging", question("jog")),
    Case("corexy", ("z-offset",), "touching", sample(2)),
    Case("corexy", ("z-offset",), "in the paper test", paper(3)),
    Case("corexy", ("accuracy", "--samples", "100"), "touching", sample(3)),
    Case("corexy", ("bias",), "touching", sample(3)),
    Case("corexy", ("bias",), "in the paper test", paper(3)),
    Case("corexy", ("temperature", "--bed", "45", "--nozzle", "80"), "at the baseline", sample(1)),
    Case("corexy", ("temperature", "--bed", "45", "--nozzle", "80"), "warming up", stage("bed")),
    Case("corexy", ("backlash",), "measuring", stage("measure")),
    Case("voron", ("auto-z",), "in CALIBRATE_Z", stage("calibrate")),
    Case("corexy", ("first-layer",), "stepping down", stepping_to(0.5)),
    Case("corexy", ("first-layer",), "over the paper", paper(3), lifted=False),
)
WAYS = ("interrupt", "kill", "cut", "shutdown")
CORE = ("accuracy", "z-offset")
"""The checks whose ways out are tested on each Klipper."""


@dataclass
class Bench:
    """A printer that outlives the cases, with somebody's mesh and live offset on it."""

    printer: PrinterSim
    client: KlippyClient

    def prepare(self) -> None:
        """Home it, and put the mesh and the offset on it."""
        if self.client.state() != "ready":
            self.client.send("FIRMWARE_RESTART")
            self.client.close()
            self.client = wait_for_state(self.printer, "ready")
        eventually(lambda: self.client.status("heater_bed")["temperature"] < 26.0, timeout=60.0)
        if self.client.status("toolhead")["homed_axes"] != "xyz":
            self.client.gcode("G28")
        if not self.client.status("bed_mesh")["profile_name"]:
            self.client.gcode("BED_MESH_PROFILE LOAD=test")
        self.client.gcode(f"G90\nG1 Z20 F900\nSET_GCODE_OFFSET Z={OFFSET}")

    def status(self) -> dict[str, Any]:
        """What has to be the same afterwards."""
        return {
            "mesh": self.client.status("bed_mesh")["profile_name"],
            "offset": round(self.client.status("gcode_move")["homing_origin"][2], 6),
            "pending": self.client.status("configfile")["save_config_pending_items"],
            "targets": [self.client.status(name)["target"] for name in ("extruder", "heater_bed")],
            "idle_timeout": self.client.status("configfile")["settings"]["idle_timeout"]["timeout"],
            "paper test": self.client.status("manual_probe")["is_active"],
        }


MESH = """
#*# <---------------------- SAVE_CONFIG ---------------------->
#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.
#*#
#*# [bed_mesh test]
#*# version = 1
#*# points =
#*# 	  0.010000, 0.020000, 0.010000
#*# 	  0.000000, 0.010000, 0.020000
#*# 	  0.010000, 0.000000, 0.010000
#*# x_count = 3
#*# y_count = 3
#*# mesh_x_pps = 2
#*# mesh_y_pps = 2
#*# algo = lagrange
#*# tension = 0.2
#*# min_x = 40.0
#*# max_x = 200.0
#*# min_y = 40.0
#*# max_y = 200.0
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bench]]:
    profiles = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles"
    made: dict[str, Bench] = {}
    with printers() as start:

        def get(profile: str) -> Bench:
            if profile not in made:
                folder = tmp_path_factory.mktemp(profile)
                config = (profiles / profile / "printer.cfg").read_text()
                (folder / "printer.cfg").write_text(config + MESH)
                truth = (profiles / profile / "truth.toml").read_text()
                # A light bed, so that one case need not wait for the bed that another has heated
                truth = truth.replace("capacity = 1100.0", "capacity = 100.0")
                (folder / "truth.toml").write_text(truth)
                printer = start(str(folder))
                made[profile] = Bench(printer, printer.connect())
            return made[profile]

        yield get
        for one in made.values():
            one.client.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.id, marks=[pytest.mark.core] if case.arguments[0] in CORE else [])
        for case in CASES
    ],
)
def test_whatever_ends_a_run_the_printer_is_left_safe(
    case: Case,
    way: str,
    bench: Callable[[str], Bench],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    machine = bench(case.profile)
    machine.prepare()
    before = machine.status()
    proxy = CuttingProxy(tmp_path_factory.mktemp("p") / "s", machine.printer.klippy)
    running = program.start(
        tmp_path,
        *case.arguments,
        *("--printer", str(proxy.path), "--autopilot", "--control", machine.printer.ready["control"]),
        *("--save", "never"),
    )
    running.until(case.when)
    seen = len([event for event in running.events if event["event"] == "sample"])
    _end(way, running, proxy, machine)
    (path,) = tmp_path.rglob("*.jsonl")
    kept = read_run(path)
    assert len(kept.record.samples) >= seen
    if way == "shutdown":
        machine.client.send("FIRMWARE_RESTART")
        machine.client.close()
        machine.client = wait_for_state(machine.printer, "ready")
        before = {**before, "mesh": "", "offset": 0.0}
    _left_alone(machine)
    assert machine.status() == before
    if way == "interrupt" or (case.lifted and way in ("kill", "cut")):
        _off_the_bed(machine)
    assert "Internal error" not in machine.printer.log


TWICE = (
    Case("corexy", ("temperature", "--bed", "45", "--nozzle", "80"), "warming up", stage("bed")),
    Case("corexy", ("z-offset",), "in the paper test", paper(3)),
)


@pytest.mark.parametrize("case", TWICE, ids=lambda case: case.id)
def test_a_second_signal_leaves_within_two_seconds_and_the_printer_safe(
    case: Case, bench: Callable[[str], Bench], tmp_path: Path
) -> None:
    machine = bench(case.profile)
    machine.prepare()
    before = machine.status()
    running = program.start(
        tmp_path,
        *case.arguments,
        *("--printer", machine.printer.klippy, "--autopilot", "--control", machine.printer.ready["control"]),
        *("--save", "never"),
    )
    running.until(case.when)
    began = time.monotonic()
    running.signal(signal.SIGINT)
    running.signal(signal.SIGTERM)  # another one: two of the same kind may arrive as one
    assert running.process.wait(30) == 5
    assert time.monotonic() - began < 2.5
    _close(running)
    _left_alone(machine)
    assert machine.status() == before


def _end(way: str, running: program.Program, proxy: CuttingProxy, machine: Bench) -> None:
    match way:
        case "interrupt":
            running.signal(signal.SIGINT)
            ended = running.end()
            assert (ended.code, ended.record["outcome"]) == (5, "cancelled"), ended.errors
        case "kill":
            running.signal(signal.SIGKILL)
            running.process.wait(30)
            _close(running)
            lease.run_out(machine.client, running.process.pid)
        case "cut":
            proxy.close()
            ended = running.end()
            assert (ended.code, ended.record["outcome"]) == (6, "lost"), ended.record
            lease.run_out(machine.client, running.process.pid)
        case "shutdown":
            machine.printer.control.request("crash", reason="Timer too close")
            ended = running.end()
            assert (ended.code, ended.record["outcome"]) == (6, "error"), ended.record
            assert ended.record["problem"]["remedy"]


def _close(running: program.Program) -> None:
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()


def _off_the_bed(machine: Bench) -> None:
    """The nozzle is over the bed by a margin, or stands beside it, as at a dock or an endstop's pin."""
    report = machine.printer.report()
    assert report["gap"] is None or report["gap"] > 1.0, report
    assert report["toolhead"][2] > 1.0, report


def _left_alone(machine: Bench) -> None:
    """Wait until whatever still ran has ended, and see that the next command runs."""
    eventually(lambda: machine.client.status("zcal")["lease"] is None, timeout=60.0)
    machine.client.gcode("M400")
    eventually(lambda: machine.client.status("zcal")["state"] not in ("running", "waiting"), timeout=60.0)
    machine.client.gcode("M400")
