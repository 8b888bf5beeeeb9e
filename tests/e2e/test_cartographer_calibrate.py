"""`backlash --calibrate` on the unmodified Cartographer plugin: what is measured, asked, staged, compared and saved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import finding, klippers
from tests.e2e.configured import pending
from tests.e2e.finding import Saved
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.backlash.plugin_calibration import AGREEMENT
from zcal_tui.model.questions import Answer, Confirm
from zcal_tui.session.session import Session

pytestmark = pytest.mark.core

DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")
DEFAULT = 0.05
"""mm: the plugin's z_backlash where none was ever saved."""
CALIBRATE, SAVE = "plugin-stages", "save"


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter) -> PrinterSim:
    """One for all tests; the one that saves is the last."""
    klippers.skip_without_cartographer()
    return module_printer_sim("cartographer", speed=40)


@pytest.fixture(autouse=True)
def nothing_saved(printer: PrinterSim, request: pytest.FixtureRequest) -> Iterator[None]:
    """What no test but the last may have changed."""
    before = models(printer)
    yield
    assert pending(printer) == {}
    assert models(printer) == before
    if "read_back" not in request.node.name:
        assert in_force(printer) == DEFAULT


def models(printer: PrinterSim) -> dict[str, dict[str, Any]]:
    """The scan and the touch models that klippy runs with."""
    client = wait_for_state(printer, "ready")
    settings: dict[str, dict[str, Any]] = client.status("configfile")["settings"]
    client.close()
    found = {name: options for name, options in settings.items() if "_model " in name}
    assert set(found) == {"cartographer scan_model default", "cartographer touch_model default"}
    assert "probe" not in settings
    return found


def in_force(printer: PrinterSim) -> float:
    """The z_backlash that the plugin runs with."""
    client = wait_for_state(printer, "ready")
    value = client.status("configfile")["settings"]["cartographer"]["z_backlash"]
    client.close()
    return float(value)


def set_backlash(printer: PrinterSim, backlash: float) -> None:
    """The same lost motion in each drive, so that the toolhead has it everywhere."""
    for drive in DRIVES:
        printer.control.request("set", path=f"drive.{drive}.backlash", value=backlash)


def calibrate(
    printer: PrinterSim,
    folder: Path,
    answers: finding.Answers = lambda _, question: True,
    parameters: BacklashParameters = BacklashParameters(calibrate=True),  # noqa: B008  frozen
) -> Saved:
    """Run the check with somebody who answers."""
    with finding.session(printer.klippy, folder) as opened:
        return finding.run(opened, "backlash", parameters, answers)


def keys(saved: Saved) -> list[str]:
    """What was asked."""
    return [question.key for question in saved.questions]


@pytest.mark.parametrize("truth", [0.0, DEFAULT, -0.02])
def test_nothing_is_offered_without_a_significant_difference(
    printer: PrinterSim, tmp_path: Path, truth: float
) -> None:
    """Neither where none is found, nor where the value in force is right, nor where the estimate is negative."""
    set_backlash(printer, truth)
    saved = calibrate(printer, tmp_path)
    assert saved.record.outcome == "finished"
    assert CALIBRATE not in keys(saved)
    assert saved.states == []
    assert ("the estimate is negative" in " ".join(saved.record.advice)) is (truth < 0.0)


def test_too_few_iterations_are_refused_before_anything_moves(printer: PrinterSim, tmp_path: Path) -> None:
    before = printer.report()["toolhead"]
    saved = calibrate(printer, tmp_path, parameters=BacklashParameters(calibrate=True, iterations=4))
    assert saved.record.outcome == "refused"
    assert "--iterations 5" in saved.told
    assert printer.report()["toolhead"] == before


def test_nothing_is_staged_before_consent_and_without_it(printer: PrinterSim, tmp_path: Path) -> None:
    set_backlash(printer, 0.03)
    places: list[list[float]] = []

    def decline(_: Session, question: Confirm) -> Answer:
        if question.key == CALIBRATE:
            assert pending(printer) == {}
            assert "30 µm" in question.detail
            assert "0.05" in question.detail
            places.append(printer.report()["toolhead"][:2])
        return question.key != CALIBRATE

    saved = calibrate(printer, tmp_path, decline)
    assert keys(saved).count(CALIBRATE) == 1
    assert saved.states == ["proposed"]
    # with the nozzle at the zero reference position, as the plugin calibrates
    assert places == [pytest.approx([125.0, 125.0], abs=0.5)]


def test_what_disagrees_with_our_own_value_is_not_saved(printer: PrinterSim, tmp_path: Path) -> None:
    set_backlash(printer, 0.03)

    def loosen(_: Session, question: Confirm) -> Answer:
        if question.key == CALIBRATE:
            set_backlash(printer, 0.03 + 2 * AGREEMENT)
        return True

    saved = calibrate(printer, tmp_path, loosen)
    assert CALIBRATE in keys(saved)
    assert SAVE not in keys(saved)
    assert saved.states == ["declined"]
    assert "discard" in saved.told


def test_what_agrees_is_saved_and_read_back(printer: PrinterSim, tmp_path: Path) -> None:
    set_backlash(printer, 0.03)
    staged: list[dict[str, dict[str, str]]] = []

    def watch(_: Session, question: Confirm) -> Answer:
        if question.key == SAVE:
            staged.append(pending(printer))
        return True

    saved = calibrate(printer, tmp_path, watch)
    assert saved.states == ["saved"]
    [change] = saved.record.changes
    assert (change.section, change.option, change.old) == ("cartographer", "z_backlash", f"{DEFAULT:g}")
    assert staged == [{"cartographer": {"z_backlash": change.new}}]
    assert float(change.new) == pytest.approx(0.03, abs=0.002)
    assert in_force(printer) == pytest.approx(float(change.new), abs=1e-6)
