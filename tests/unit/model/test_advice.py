"""Which advice of a run is left to follow once its values are saved."""

from dataclasses import replace

from zcal_tui.model.advice import advice_left
from zcal_tui.model.record import Change, Record

SET = "Set z_offset to 1.251: the nozzle will be 6 µm closer to the bed."
MESH = "An existing bed mesh is no longer valid. Run BED_MESH_CALIBRATE again."
PROPOSED = Change("probe", "z_offset", "1.245", "1.251", saves=True)
RECORD = Record("1", "z-offset", {}, "2026-01-01T00:00:00Z", advice=(SET, MESH), changes=(PROPOSED,))


def test_an_advice_to_set_a_value_ends_when_that_value_is_saved() -> None:
    assert advice_left(RECORD) == [SET, MESH]
    assert advice_left(replace(RECORD, changes=(replace(PROPOSED, state="declined"),))) == [SET, MESH]
    assert advice_left(replace(RECORD, changes=(replace(PROPOSED, state="saved"),))) == [MESH]
    other = replace(PROPOSED, new="1.300", state="saved")
    assert advice_left(replace(RECORD, changes=(other,))) == [SET, MESH], "another value was saved"


def test_an_advice_to_set_a_value_that_save_is_for_is_not_given_twice() -> None:
    assert advice_left(RECORD, [PROPOSED]) == [MESH]


def test_an_advice_that_asks_for_more_stays() -> None:
    restart = "Set z_offset to 1.251. RESTART, then home."
    saved = replace(PROPOSED, state="saved")
    assert advice_left(replace(RECORD, advice=(restart,), changes=(saved,))) == [restart]


def test_an_advice_to_set_two_values_ends_when_both_are_saved() -> None:
    x = Change("probe", "x_offset", "-20", "-21.00", "saved", saves=True)
    y = Change("probe", "y_offset", "5", "4.50", "saved", saves=True)
    record = replace(RECORD, advice=("Set x_offset to -21.00 and y_offset to 4.50.",))
    assert advice_left(replace(record, changes=(x, replace(y, state="proposed")))) == list(record.advice)
    assert advice_left(replace(record, changes=(x, y))) == []
