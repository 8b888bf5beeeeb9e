"""Everything that a simulator starts ends with it, on every way out."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.simulated import PrinterSim, SimulatorStartError, Starter, eventually


def processes_of(printer: PrinterSim) -> list[int]:
    """The simulator and everything it started."""
    return [printer.process.pid, *(pid for pid in printer.ready["pids"].values() if pid)]


def is_gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def assert_nothing_is_left(pids: list[int]) -> None:
    eventually(lambda: all(is_gone(pid) for pid in pids))


@pytest.mark.parametrize("way", ["stdin", "SIGINT", "SIGTERM", "SIGHUP", "stop"])
def test_a_clean_end_leaves_nothing(printer_sim: Starter, way: str) -> None:
    printer = printer_sim("voron", speed=20)
    pids = processes_of(printer)
    folder = printer.config.parent.parent
    if way == "stdin":
        assert printer.stop() == 0
    else:
        if way == "stop":
            printer.control.request("stop")
        else:
            printer.process.send_signal(getattr(signal, way))
        assert printer.next_event()["event"] == "stopped"
        assert printer.process.wait(60) == 0
    assert_nothing_is_left(pids)
    assert not folder.exists()


def test_a_killed_simulator_leaves_no_process(printer_sim: Starter) -> None:
    printer = printer_sim("voron", speed=20, moonraker=True)
    pids = processes_of(printer)
    assert len(pids) == 3
    folder = printer.config.parent.parent
    printer.process.kill()
    assert_nothing_is_left(pids)
    # Its folder is removed by the next simulator to start.
    assert folder.exists()
    printer_sim("voron", speed=20)
    assert not folder.exists()


STARTER = """
import subprocess, sys
process = subprocess.Popen([sys.executable, "-m", "zcal_tui.sim", "--json", "--die-with-stdin"],
                           stdin=subprocess.PIPE, stdout=sys.stdout)
process.wait()
"""


def test_a_killed_starter_takes_everything_with_it() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    line = ""
    while '"ready"' not in line:
        line = starter.stdout.readline()
        assert line, "the simulator ended"
    running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    group = [pid for pid in running if descends_from(pid, starter.pid)]
    assert len(group) >= 3
    starter.kill()
    assert_nothing_is_left(group)
    starter.stdout.close()
    starter.wait()


def descends_from(pid: int, ancestor: int) -> bool:
    """Whether a process is the other one, or a child of it, or a child's child …"""
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            return False
    return False


def test_two_printers_at_the_same_time_do_not_meet(printer_sim: Starter) -> None:
    first, second = printer_sim("voron", speed=20), printer_sim("delta", speed=20)
    assert first.klippy != second.klippy
    klippy = first.connect()
    klippy.gcode("G28")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    klippy.close()
    second.stop()
    assert first.report()["motors_hold"]


def test_a_named_folder_is_kept_and_not_shared(printer_sim: Starter, tmp_path: Path) -> None:
    folder = Path("/tmp") / f"zcal-test-{os.getpid()}"
    options = ("--run-dir", str(folder))
    printer = printer_sim("voron", speed=20, options=options)
    with pytest.raises(SimulatorStartError) as refused:
        printer_sim("voron", options=options)
    assert "in use" in refused.value.event["what"]
    printer.stop()
    assert (folder / "logs" / "klippy.log").is_file()
    subprocess.run(["rm", "-r", str(folder)], check=True)


@pytest.mark.parametrize(
    ("profile", "options", "reason"),
    [
        ("vorn", (), "voron"),
        ("voron", ("--truth", "/nonexistent.toml"), "nonexistent"),
        ("voron", ("--klipper", "/nonexistent"), "klippy.py"),
        ("voron", ("--sim-speed", "-3"), "speed"),
    ],
)
def test_a_printer_that_cannot_be_is_explained_without_a_traceback(
    printer_sim: Starter, profile: str, options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SimulatorStartError) as refused:
        printer_sim(profile, speed=1.0, options=options)
    event = refused.value.event
    assert event["event"] == "error"
    assert reason in " ".join((event["what"], event["cause"], event["remedy"]))
    assert "Traceback" not in str(refused.value)


def test_a_configuration_that_klippy_refuses_is_reported(printer_sim: Starter, tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "zcal_tui" / "sim" / "profiles" / "voron" / "printer.cfg"
    (tmp_path / "printer.cfg").write_text(
        source.read_text() + "\n[gcode_macro G28]\nrename_existing: BROKEN\ngcode: BROKEN\n"
    )
    printer = printer_sim(str(tmp_path), speed=20)
    assert printer.ready["state"] == "error"
    assert "BROKEN" in printer.ready["message"].upper()


def test_plain_real_time_works_too(printer_sim: Starter) -> None:
    printer = printer_sim("voron", speed=1.0, options=("--real-time",))
    klippy = printer.connect()

    def reading() -> tuple[float, float, float]:
        """The printer's time, and real time before and after it was read."""
        before = time.monotonic()
        return printer.control.request("time")["time"], before, time.monotonic()

    began, before_began, after_began = reading()
    klippy.gcode("G28 X")
    ended, before_ended, after_ended = reading()
    assert before_ended - after_began - 0.01 <= ended - began <= after_ended - before_began + 0.01
    assert klippy.status("toolhead")["homed_axes"] == "x"
    klippy.close()
