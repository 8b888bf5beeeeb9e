"""The campaign around the calibrations: what fails, what is kept, what is not done again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from campaigns import calibrated, calibrations
from campaigns.calibrated import CalibrationTruth
from campaigns.errors import CampaignError
from campaigns.near_limits import drawn_machine
from campaigns.options import CampaignOptions
from campaigns.random_truths import as_toml


class Calibrations:
    """Stands for the program: leaves a record of probe-xy that is right, or fails."""

    def __init__(self) -> None:
        self.failing: set[tuple[str, int]] = set()
        self.done: list[tuple[str, int]] = []

    def __call__(
        self, base: Path, profile: str, seed: int, checkout: Path | None, only: Sequence[str]
    ) -> CalibrationTruth:
        self.done.append((profile, seed))
        folder = calibrated.folder_of(base, profile, seed)
        folder.mkdir(parents=True, exist_ok=True)
        truth = drawn_machine(profile, seed)
        (folder / calibrated.TRUTH).write_text(as_toml(truth))
        if (profile, seed) in self.failing:
            raise CampaignError("The gantry fell off.")
        x = truth["probe"]["x_offset"]
        estimate = {"value": x + 0.1, "low": x - 0.1, "high": x + 0.3, "unit": "mm"}
        record = {
            "check": "probe-xy",
            "outcome": "finished",
            "verdict": {"level": "pass"},
            "samples": [],
            "estimates": {"x_offset": estimate},
        }
        (folder / calibrated.RECORDS).write_text(json.dumps(record) + "\n")
        (folder / calibrated.CONTACT).write_text("null")
        found = calibrated.load(base, profile, seed)
        assert found is not None
        return found


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Calibrations:
    stand_in = Calibrations()
    monkeypatch.setattr(calibrations, "calibrate", stand_in)
    return stand_in


def options(reported: list[str], **more: Any) -> CampaignOptions:
    return CampaignOptions(
        2, 1, None, lambda _text: None, reported.append, **{"profiles": ("voron", "delta"), **more}
    )


def test_every_profile_and_seed_is_counted(program: Calibrations, tmp_path: Path) -> None:
    reported: list[str] = []
    report = calibrations.run(options(reported, keep=str(tmp_path)))
    assert sorted(program.done) == [("delta", 1), ("delta", 2), ("voron", 1), ("voron", 2)]
    assert report.met
    assert report.rows[0][:6] == ("all", "x_offset", "4", "4", "100 %", "+100.0")
    assert reported == []


def test_a_run_that_fails_is_reported_and_the_others_continue(program: Calibrations, tmp_path: Path) -> None:
    program.failing.add(("voron", 2))
    reported: list[str] = []
    report = calibrations.run(options(reported, keep=str(tmp_path)))
    assert not report.met
    assert report.rows[0][2] == "3"
    assert reported == ["voron, seed 2, failed and is kept: The gantry fell off."]
    assert (tmp_path / "voron-2" / calibrated.TRUTH).is_file()
    assert "NOT MET: every calibration finishes (not voron 2)" in report.text()


def test_what_is_kept_is_not_done_again_but_what_failed_is(program: Calibrations, tmp_path: Path) -> None:
    calibrations.run(options([], keep=str(tmp_path)))
    program.done.clear()
    (tmp_path / "delta-1" / calibrated.CONTACT).unlink()
    report = calibrations.run(options([], keep=str(tmp_path)))
    assert report.rows[0][2] == "4"
    assert program.done == [("delta", 1)]


def test_with_nothing_to_show_it_says_so(program: Calibrations, tmp_path: Path) -> None:
    program.failing.update({("voron", 1), ("voron", 2)})
    with pytest.raises(CampaignError, match="No calibration finished"):
        calibrations.run(options([], profiles=("voron",), keep=str(tmp_path)))


def test_what_counts_from_the_last_homing_is_done_apart() -> None:
    assert calibrated.passes(["ready", "bias", "auto-z", "first-layer"]) == [
        ["ready", "bias"],
        ["ready", "auto-z", "first-layer"],
    ]
    assert calibrated.passes(["ready", "bias"]) == [["ready", "bias"]]
