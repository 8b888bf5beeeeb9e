"""Manual probes that another client has opened, on real klippys: taken over, at one point and at several."""

from pathlib import Path

import pytest

from tests.e2e import finding
from tests.e2e.configured import pending
from tests.e2e.guidedrun import Done, carry_out
from tests.e2e.noise import with_little_noise
from tests.e2e.simulated import PrinterSim, Starter, eventually
from zcal_tui.model.questions import PaperMove, PaperStep, Question
from zcal_tui.model.record import MANUAL_PROBE, Level, Outcome

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def bedslinger(module_printer_sim: Starter) -> PrinterSim:
    return with_little_noise(module_printer_sim("bedslinger", speed=40))


def opened(printer: PrinterSim, script: str) -> None:
    """Another client opens a manual probe, and leaves."""
    client = printer.connect()
    client.gcode(script)
    eventually(lambda: client.status("manual_probe")["is_active"])
    client.close()


def low(question: Question) -> PaperMove:
    """One step down to 1 mm above the plane of Z 0, then accept: what the heights are does not matter."""
    assert isinstance(question, PaperStep)
    if len(question.tried) < 2:
        return PaperMove("step", f"{1.0 - question.height:.3f}")
    return PaperMove("accept")


def take_over(printer: PrinterSim, data: Path, **answers: object) -> Done:
    with finding.session(printer.klippy, data) as session:
        said = {key.replace("_", "-"): answer for key, answer in answers.items()}
        return carry_out(session, printer, MANUAL_PROBE, said)  # type: ignore[arg-type]


def test_probe_calibrate_is_accepted_and_its_value_is_the_true_one(
    bedslinger: PrinterSim, tmp_path: Path
) -> None:
    opened(bedslinger, "G28\nPROBE_CALIBRATE")
    done = take_over(bedslinger, tmp_path, staged_by_manual_probe="leave")
    assert done.record.outcome is Outcome.FINISHED, done.told
    assert done.record.verdict is not None
    assert done.record.verdict.level is Level.PASS, done.record.verdict
    assert "PROBE_CALIBRATE" in done.questions[0].text
    paper = [question for question in done.questions if isinstance(question, PaperStep)]
    assert paper[0].name == "z_offset"
    assert "z_offset" in paper[0].accept
    assert not paper[0].tried[1:]
    staged = pending(bedslinger)["bltouch"]["z_offset"]
    (sample,) = done.record.samples
    assert sample.trigger_z is not None
    assert float(staged) == pytest.approx(paper[-1].value, abs=0.0015)
    true = bedslinger.control.request("truth", path="probe.z_offset")["value"]
    assert float(staged) == pytest.approx(true, abs=0.12), "as far as the paper is thick"
    client = bedslinger.connect()
    assert client.status("toolhead")["position"][2] >= 5.0, "raised by consent"
    assert client.status("zcal")["lease"] is None
    client.close()


def test_a_manual_mesh_is_taken_over_point_by_point(bedslinger: PrinterSim, tmp_path: Path) -> None:
    opened(bedslinger, "G28\nBED_MESH_CALIBRATE METHOD=manual PROBE_COUNT=3,3")
    done = take_over(bedslinger, tmp_path, paper=low, risky_step=True, staged_by_manual_probe="discard")
    assert done.record.outcome is Outcome.FINISHED, done.told
    paper = [question for question in done.questions if isinstance(question, PaperStep)]
    assert [step.test for step in paper if len(step.tried) == 1] == list(range(1, 10))
    assert {step.tests for step in paper} == {9}
    assert len({(sample.x, sample.y) for sample in done.record.samples}) == 9
    assert all("bed_mesh" in step.accept for step in paper)
    (staged,) = (question for question in done.questions if question.key == "staged-by-manual-probe")
    assert "bed_mesh default" in staged.text
    assert pending(bedslinger) == {}, "discarded by a restart"


def test_a_delta_calibration_is_taken_over_point_by_point(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("delta", speed=40)
    opened(printer, "G28\nDELTA_CALIBRATE METHOD=manual")
    done = take_over(printer, tmp_path, paper=low, risky_step=True, staged_by_manual_probe="leave")
    assert done.record.outcome is Outcome.FINISHED, done.told
    assert "DELTA_CALIBRATE" in done.questions[0].text
    points = {(sample.x, sample.y) for sample in done.record.samples}
    assert len(points) == len(done.record.samples) >= 6
    assert {"printer", "stepper_a"} <= pending(printer).keys()
