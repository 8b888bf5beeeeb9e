"""What is agreed to once for a whole calibration, and when it is asked again."""

from zcal_tui.model.questions import HEAT, Confirm
from zcal_tui.session.consents import CLEAN, Consents


def heat(bed: float, nozzle: float, minutes: float) -> Confirm:
    return Confirm(HEAT, "Heat?", facts={"bed": bed, "nozzle": nozzle, "minutes": minutes})


def test_a_consent_covers_no_more_than_it_named() -> None:
    consents = Consents()
    assert consents.answer(heat(60, 200, 50)) is None
    consents.agree(HEAT, {"bed": 60.0, "nozzle": 200.0, "minutes": 50.0})
    assert consents.answer(heat(60, 200, 50)) is True
    assert consents.answer(heat(50, 200, 40)) is True
    assert consents.answer(heat(61, 200, 50)) is None, "hotter"
    assert consents.answer(heat(60, 200, 60)) is None, "longer"
    assert consents.answer(Confirm(HEAT, "Heat?", facts={"chamber": 50.0})) is None, "something else"


def test_a_danger_is_always_asked_about() -> None:
    consents = Consents()
    consents.agree("risky-step")
    assert consents.answer(Confirm("risky-step", "Go down?", danger=True)) is None


def test_a_no_holds() -> None:
    consents = Consents()
    consents.refuse("offer-homed")
    assert consents.answer(Confirm("offer-homed", "Home?")) is False


def test_a_clean_nozzle_is_remembered_until_its_ground_changes() -> None:
    consents, question = Consents(), Confirm(CLEAN, "Is the nozzle clean?")
    consents.heard(question, yes=False)
    assert consents.answer(question) is None
    consents.heard(question, yes=True)
    assert consents.answer(question) is True
    consents.forget(CLEAN)
    assert consents.answer(question) is None


def test_other_answers_are_not_remembered() -> None:
    consents, question = Consents(), Confirm("nozzle-over-point", "Is it above?")
    consents.heard(question, yes=True)
    assert consents.answer(question) is None
