"""How each check's record is put into words, numbers and pictures for the screen."""

from zcal_tui.tui.presenters.accuracy import AccuracyPresenter
from zcal_tui.tui.presenters.auto_z import AutoZPresenter
from zcal_tui.tui.presenters.limit import BIAS, TEMPERATURE
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.presenter import Presenter

FACES: dict[str, Presenter] = {
    "accuracy": AccuracyPresenter(),
    "auto-z": AutoZPresenter(),
    "bias": BIAS,
    "temperature": TEMPERATURE,
}

_PLAIN = PlainPresenter()


def face_of(check: str) -> Presenter:
    """The face of a check; one that lists the estimates by name where it has none of its own."""
    return FACES.get(check, _PLAIN)
