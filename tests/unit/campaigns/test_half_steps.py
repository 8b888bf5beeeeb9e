"""The campaign about half a step: what the program corrects has no error, and the other way has one."""

import pytest

from campaigns import half_steps
from campaigns.half_steps import CASES
from campaigns.options import CampaignOptions


def options(runs: int) -> CampaignOptions:
    return CampaignOptions(runs, 7, None, lambda _text: None, lambda _text: None)


MACHINES = 800
"""One machine's error scatters by 1.6 steps where the probe homes Z (0.8 elsewhere). So a mean of 0.52 steps is three
standard errors from 0.35: 9 · (1.6 / 0.17)² = 797."""
OTHER_WAY = -0.35


@pytest.mark.slow
def test_what_the_program_does_is_right_on_average_and_the_other_way_is_half_a_step_off() -> None:
    report = half_steps.run(options(MACHINES))
    print(report.text())
    assert report.met, report.text()
    other = [row for row, case in zip(report.rows, CASES, strict=True) if not case.claimed]
    assert len(other) == 3
    assert all(float(row[3].split(" ")[0]) < OTHER_WAY for row in other), other


def test_a_wrong_correction_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_steps, "MOST", -1.0)
    report = half_steps.run(options(5))
    assert not report.met
    assert "z-offset" in report.criteria[0].text
