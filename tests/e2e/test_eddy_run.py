"""The check `z-offset` on Klipper's eddy current probe: what it drives is Klipper's own, and stages by itself."""

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaigns import eddy
from tests.e2e import klippers
from tests.e2e.configured import pending, setting
from tests.e2e.finding import change, find, session
from tests.e2e.guidedrun import carry_out
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from zcal_tui.checks.z_offset.eddy_messages import slope, table
from zcal_tui.model.events import Asked, Event, Progress
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.model.record import Level, Outcome
from zcal_tui.session.session import Session
from zcal_tui.stats.quantiles import chi2_ppf

NOISE = 150.0

pytestmark = pytest.mark.usefixtures("eddy_probe")


def start(
    folder: Path, starter: Starter, *, name: str = "coil", calibrated: bool = True, current: bool = True
) -> PrinterSim:
    """A printer with a sensor of that name, homed by an endstop of its own."""
    folder.mkdir()
    eddy.write_profile(
        folder,
        klippers.root(),
        truth=f"[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = {NOISE}\n",
        more="[zcal]",
    )
    config = folder / "printer.cfg"
    text = config.read_text().replace("_current coil]", f"_current {name}]")
    if not calibrated:
        text = text.replace(f"calibrate: {eddy.calibration()}", "")
    if current:
        text = text.replace("sensor_type: ldc1612", "sensor_type: ldc1612\nreg_drive_current: 16")
    config.write_text(text)
    return starter(str(folder))


@pytest.fixture
def opened(printer: PrinterSim, tmp_path: Path) -> Iterator[Session]:
    with session(printer.klippy, tmp_path / "data") as one:
        yield one


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> PrinterSim:
    """One for all tests that leave it as it was."""
    return start(tmp_path_factory.mktemp("printer") / "eddy", module_printer_sim)


def calibration_of(printer: PrinterSim, section: str = "probe_eddy_current coil") -> str:
    """The table that klippy runs with; empty where there is none."""
    client = wait_for_state(printer, "ready")
    settings = client.status("configfile")["settings"][section]
    client.close()
    return str(settings.get("calibrate") or "")


def once_measuring(act: Callable[[], object]) -> Callable[[Event], None]:
    """Does something when Klipper's own measurement is under way."""
    acted = threading.Event()

    def see(event: Event) -> None:
        if isinstance(event, Progress) and event.done > 3 and not acted.is_set():
            acted.set()
            threading.Thread(target=act, daemon=True).start()

    return see


@pytest.mark.core
def test_it_is_calibrated_judged_and_saved(printer: PrinterSim, opened: Session) -> None:
    before = calibration_of(printer)
    done = carry_out(opened, printer, "z-offset")
    record = done.record
    assert record.outcome is Outcome.FINISHED, done.told
    assert done.keys == ["eddy-stages", "clean-nozzle", "paper", "save"]
    [change] = record.changes
    assert (change.section, change.option, change.state) == ("probe_eddy_current coil", "calibrate", "saved")
    after = calibration_of(printer)
    assert after.split() == change.new.split() != before.split()
    assert len(table(after)) == 101
    assert pending(printer) == {}
    assert record.verdict is not None and record.verdict.level is Level.PASS
    # The table that was there before counted from the bed, the new one counts from where the paper drags
    contact = record.estimates["contact"].value
    assert contact is not None
    assert record.estimates["reading_shift"].value == pytest.approx(-contact, abs=0.003)
    truth = NOISE / (slope(table(after), 0.5) or 0.0)
    sigma = record.estimates["reading_sigma"]
    assert sigma.value is not None and sigma.low is not None and sigma.high is not None
    error = sigma.components["random"]
    # The noise is another in each run: within four standard errors in all but one of 10,000
    assert sigma.value / (1 + 4 * error / sigma.value) <= truth <= sigma.value / (1 - 4 * error / sigma.value)
    dof = (sigma.value / error) ** 2 / 2.0
    low, high = (sigma.value * math.sqrt(dof / chi2_ppf(p, dof)) for p in (0.975, 0.025))
    assert sigma.high - sigma.low == pytest.approx(high - low, rel=0.05), "no wider than these readings allow"
    assert any(isinstance(event, Progress) and event.seconds_left for event in done.events)
    eventually(lambda: opened.snapshot.printer.ready and opened.snapshot.frame is not None)
    assert "z-offset" not in opened.snapshot.stale, opened.snapshot.stale
    question = next(q for q in done.questions if isinstance(q, Confirm) and q.key == "save")
    assert "more lines" in question.detail and len(question.detail.splitlines()) < 60


@pytest.mark.parametrize("how", ["no", "never"])
def test_what_is_not_saved_is_discarded(printer: PrinterSim, opened: Session, how: str) -> None:
    before = calibration_of(printer)
    if how == "no":
        done = carry_out(opened, printer, "z-offset", {"save": False})
    else:
        done = carry_out(opened, printer, "z-offset", save="never")
    assert done.record.outcome is Outcome.FINISHED, done.told
    assert [change.state for change in done.record.changes] == ["declined"]
    assert "Klipper was restarted to discard: [probe_eddy_current coil] calibrate: 34 lines" in done.told
    assert pending(printer) == {}
    assert calibration_of(printer) == before


def test_a_cancel_waits_for_klippers_measurement_and_discards_it(
    printer: PrinterSim, opened: Session
) -> None:
    before = calibration_of(printer)
    done = carry_out(opened, printer, "z-offset", on_event=once_measuring(opened.cancel))
    assert done.record.outcome is Outcome.CANCELLED
    assert "Only the emergency stop can end this measurement" in done.told
    assert "Klipper was restarted to discard" in done.told
    assert [change.state for change in done.record.changes] == ["declined"]
    assert pending(printer) == {}
    assert calibration_of(printer) == before


def test_a_program_that_is_ended_leaves_nothing_pending(printer: PrinterSim, opened: Session) -> None:
    before = calibration_of(printer)
    watcher = printer.connect()
    done = carry_out(opened, printer, "z-offset", on_event=once_measuring(lambda: opened.close(patience=0.1)))
    assert done.record.outcome is Outcome.CANCELLED
    assert "restarts when its current command ends" in done.told
    watcher.drain()  # klippy hangs up when it restarts
    watcher.close()
    assert pending(printer) == {}
    assert calibration_of(printer) == before


def test_an_emergency_stop_ends_it(printer: PrinterSim, opened: Session) -> None:
    before = calibration_of(printer)
    done = carry_out(opened, printer, "z-offset", on_event=once_measuring(opened.emergency_stop))
    assert done.record.outcome is Outcome.ERROR
    assert done.record.changes == ()
    opened.firmware_restart()
    eventually(lambda: opened.snapshot.printer.ready)
    assert pending(printer) == {}
    assert calibration_of(printer) == before


def test_somebody_elses_accept_is_not_kept(printer: PrinterSim, opened: Session) -> None:
    other = printer.connect()

    def accept(event: Event) -> None:
        if isinstance(event, Asked) and isinstance(event.question, PaperStep) and event.question.height < 5.0:
            other.send("ACCEPT")

    done = carry_out(opened, printer, "z-offset", on_event=accept)
    other.close()
    assert done.record.outcome is Outcome.ERROR
    assert "paper test" in done.told  # that somebody ended it, or that a step came too late
    assert "Klipper was restarted to discard" in done.told
    assert pending(printer) == {}


@pytest.mark.parametrize(
    ("key", "answer", "outcome"),
    [
        ("eddy-stages", False, Outcome.REFUSED),
        ("clean-nozzle", False, Outcome.REFUSED),
        ("paper", PaperMove("abort"), Outcome.CANCELLED),
    ],
)
def test_before_the_measurement_nothing_is_staged_and_nothing_restarts(
    printer: PrinterSim, opened: Session, key: str, answer: bool | PaperMove, outcome: Outcome
) -> None:
    starts = opened.snapshot.printer.starts
    done = carry_out(opened, printer, "z-offset", {key: answer})
    assert done.record.outcome is outcome, done.told
    assert done.record.changes == ()
    assert opened.snapshot.printer.starts == starts
    assert pending(printer) == {}


def test_it_does_not_begin_while_something_is_pending(printer: PrinterSim, opened: Session) -> None:
    client = printer.connect()
    client.gcode('ZCAL_STAGE SECTION="probe_eddy_current coil" OPTION=x_offset VALUE=1.5')
    done = carry_out(opened, printer, "z-offset")
    assert done.record.outcome is Outcome.REFUSED
    assert "unsaved pending values" in done.told
    assert pending(printer) == {"probe_eddy_current coil": {"x_offset": "1.500"}}
    client.send("RESTART")
    client.drain()
    client.close()
    wait_for_state(printer, "ready").close()


def test_a_sensor_that_sees_nothing_is_explained(printer: PrinterSim, opened: Session) -> None:
    printer.control.request("set", path="eddy.gain", value=0.0)
    done = carry_out(opened, printer, "z-offset")
    assert done.record.outcome is Outcome.ERROR
    printer.control.request("set", path="eddy.gain", value=0.12)
    assert "cannot be turned into heights" in done.told
    assert done.record.changes == ()
    assert pending(printer) == {}


def test_the_drive_current_comes_first_and_is_saved(printer_sim: Starter, tmp_path: Path) -> None:
    printer = start(tmp_path / "eddy", printer_sim, name="MyCoil", calibrated=False, current=False)
    with session(printer.klippy, tmp_path / "data") as opened:
        done = carry_out(opened, printer, "z-offset")
        assert done.record.outcome is Outcome.FINISHED, done.told
        assert done.keys == ["eddy-drive-current", "save"]
        [change] = done.record.changes
        assert (change.section, change.option) == ("probe_eddy_current MyCoil", "reg_drive_current")
        assert (change.old, change.new, change.state) == (None, "15", "saved")
        assert pending(printer) == {}
        heights = carry_out(opened, printer, "z-offset")
        assert heights.record.outcome is Outcome.FINISHED, heights.told
        assert "eddy-drive-current" not in heights.keys
        assert [change.state for change in heights.record.changes] == ["saved"]
        assert "reading_shift" not in heights.record.estimates
    assert "[probe_eddy_current MyCoil]" in printer.config.read_text().split("SAVE_CONFIG")[1]
    assert len(table(calibration_of(printer, "probe_eddy_current mycoil"))) == 101


def test_the_extra_stages_in_the_section_as_it_is_spelled(printer_sim: Starter, tmp_path: Path) -> None:
    printer = start(tmp_path / "eddy", printer_sim, name="MyCoil")
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, change("probe_eddy_current mycoil", "x_offset", "1.500", "0.000"))
    assert saved.states == ["saved"], saved.told
    assert saved.record.changes[0].section == "probe_eddy_current MyCoil"
    assert setting(printer, "probe_eddy_current mycoil", "x_offset") == 1.5
