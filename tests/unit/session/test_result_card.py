"""The result card of a full calibration: what it offers, and what Enter does."""

from dataclasses import replace

import pytest

from zcal_tui.model.record import SAVE, Change, Level, Outcome, Record, Verdict
from zcal_tui.session.result_card import result_card

PASSED = Record(
    "1",
    "z-offset",
    {},
    "2026-01-01T00:00:00Z",
    outcome=Outcome.FINISHED,
    verdict=Verdict(Level.PASS, "z_offset is 1.251 mm."),
    advice=("Set z_offset to 1.251: closer.", "Run BED_MESH_CALIBRATE again."),
    changes=(Change("probe", "z_offset", "1.245", "1.251", saves=True),),
)
CANCELLED = replace(PASSED, outcome=Outcome.CANCELLED, verdict=None, advice=(), changes=())


@pytest.mark.parametrize(
    ("record", "labels"),
    [
        (PASSED, ["Continue", "Repeat", "Discard this result", "Stop the plan"]),
        (CANCELLED, ["Repeat", "Continue", "Stop the plan"]),
        (replace(CANCELLED, outcome=Outcome.ERROR), ["Continue", "Repeat", "Stop the plan"]),
        (replace(CANCELLED, check=SAVE), ["Continue", "Stop the plan"]),
    ],
)
def test_the_first_option_is_what_most_people_want(record: Record, labels: list[str]) -> None:
    """It is in focus: Enter repeats a check that was cancelled, and continues after any other."""
    assert [option.label for option in result_card(record).options] == labels


def test_a_value_that_is_saved_is_not_asked_for() -> None:
    assert "Set z_offset" in result_card(PASSED).detail
    saved = replace(PASSED, changes=tuple(replace(change, state="saved") for change in PASSED.changes))
    detail = result_card(saved).detail
    assert "Set z_offset" not in detail
    assert "Run BED_MESH_CALIBRATE again." in detail
