"""What others do, and what happens to this program, while a person thinks: nothing moves on what is no longer so."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.simulated import KlippyClient, PrinterSim, Starter, eventually


def start(printer: PrinterSim, data: Path, *arguments: str, stop_at: str | None = None) -> program.Program:
    person = ("--autopilot", "--control", str(printer.ready["control"]))
    options = ("--printer", printer.klippy, "--save", "never", *person)
    return program.start(data, *arguments, *options, stop_at=stop_at)


def height(client: KlippyClient) -> float:
    return float(client.status("toolhead")["position"][2])


def run_out(client: KlippyClient) -> None:
    """End the lease as the extra does when it has run out: what was held is put back."""
    client.call("zcal/lease", holder=client.status("zcal")["lease"]["holder"], action="restore")
    eventually(lambda: client.status("zcal")["lease"] is None)
    client.gcode("M400")


@pytest.mark.parametrize("check", ["z-offset", "probe-xy"])
def test_a_probe_that_hung_on_the_toolhead_is_not_pressed_into_the_bed(
    check: str, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("voron")
    client = printer.connect()
    client.gcode("G28\nATTACH_PROBE")
    running = start(printer, tmp_path, check)
    running.until(lambda event: event["event"] == "question" and event["kind"] in ("paper", "jog"))
    assert printer.report()["probe"]["state"] == "docked"
    ended = running.end()
    assert ended.record["outcome"] == "finished", ended.record["problem"]
    assert printer.report()["probe"]["state"] == "attached", "it hangs there again, as it did before"
    assert printer.report()["events"] == []
    client.close()


def begin_print(client: KlippyClient) -> None:
    """A file that takes its time and moves nothing."""
    folder = Path(client.status("configfile")["settings"]["virtual_sdcard"]["path"])
    folder.mkdir(exist_ok=True)
    (folder / "waiting.gcode").write_text("G4 P200\n" * 20000)
    client.gcode("SDCARD_PRINT_FILE FILENAME=waiting.gcode")


def pause(client: KlippyClient) -> None:
    """As a filament sensor does, with no print."""
    client.gcode("PAUSE")


@pytest.mark.parametrize(
    ("begins", "words"), [(begin_print, "A print was started"), (pause, "paused (PAUSE)")]
)
@pytest.mark.parametrize(
    ("check", "moment"),
    [("z-offset", "nozzle-over-point"), ("probe-xy", "tape"), ("first-layer", "first-layer-step")],
)
def test_nothing_moves_into_a_print_that_began_while_a_question_was_open(
    check: str,
    moment: str,
    begins: Callable[[KlippyClient], None],
    words: str,
    printer_sim: Starter,
    tmp_path: Path,
) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.gcode("G28\nG90\nG1 Z20 F900")
    running = start(printer, tmp_path, check, stop_at=moment)
    running.until_stopped()
    begins(client)
    before = client.status("toolhead")["position"]
    running.signal(signal.SIGCONT)
    ended = running.end()
    assert (ended.code, ended.record["outcome"]) == (6, "error"), ended.record
    assert words in ended.record["problem"]["what"]
    assert client.status("toolhead")["position"] == before
    assert client.status("manual_probe")["is_active"] is False
    client.close()


def test_an_offset_that_was_changed_between_two_steps_ends_the_first_layer(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    running = start(printer, tmp_path, "first-layer", stop_at="first-layer-step")
    running.until_stopped()
    client.gcode("SET_GCODE_OFFSET Z=-4 MOVE=0")
    running.signal(signal.SIGCONT)
    ended = running.end()
    assert ended.record["outcome"] == "error", ended.record
    assert "no longer" in ended.record["problem"]["what"]
    assert height(client) >= 9.9
    assert printer.report()["events"] == []
    client.close()


def test_the_first_layer_steps_no_further_down_once_its_lease_has_run_out(
    printer_sim: Starter, tmp_path: Path
) -> None:
    """The offset that CALIBRATE_Z had applied was put back meanwhile: Z 0.1 would be another height."""
    printer = printer_sim("voron")
    client = printer.connect()
    client.gcode("G28")
    running = start(printer, tmp_path, "first-layer", stop_at="first-layer-step")
    running.until_stopped()
    run_out(client)
    before = height(client)
    running.signal(signal.SIGCONT)
    ended = running.end()
    assert ended.record["outcome"] == "error", ended.record
    assert "lease of the printer expired" in ended.record["problem"]["what"]
    assert "no longer" in ended.record["problem"]["cause"]
    assert min(before, height(client)) == before, "it only went up"
    assert printer.report()["events"] == []
    client.close()


def test_a_printer_that_another_program_has_taken_over_meanwhile_is_left_to_it(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.gcode("G28\nG90\nG1 Z20 F900")
    running = start(printer, tmp_path, "z-offset", stop_at="nozzle-over-point")
    running.until_stopped()
    run_out(client)
    client.call("zcal/lease", holder="another program", seconds=3000.0)
    before = client.status("toolhead")["position"]
    running.signal(signal.SIGCONT)
    ended = running.end()
    assert ended.record["outcome"] == "error", ended.record
    assert "Another program took over" in ended.record["problem"]["what"]
    assert client.status("toolhead")["position"] == before
    assert client.status("zcal")["lease"]["holder"] == "another program"
    client.close()


HEATING = ("--heat", "nozzle", "--nozzle", "150", "--baseline", "1")


@pytest.mark.parametrize(("begins", "left"), [(pause, 0.0), (begin_print, 150.0)], ids=["pause", "print"])
def test_heaters_go_off_at_a_pause_without_a_print_and_are_left_to_a_print(
    begins: Callable[[KlippyClient], None], left: float, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    running = start(printer, tmp_path, "temperature", *HEATING)
    eventually(lambda: client.status("extruder")["target"] == 150.0, 120.0)
    begins(client)
    ended = running.end()
    assert ended.record["outcome"] == "error", ended.record
    # Seen by the program in its status, or told by the [zcal] module whose next sample was on its way already
    words = ("PAUSE",) if begins is pause else ("A print was started during the check", "A print is running.")
    problem = ended.record["problem"]
    assert any(word in f"{problem['what']} {problem['cause']}" for word in words), problem
    assert client.status("extruder")["target"] == left
    assert client.status("zcal")["lease"] is None
    client.close()
