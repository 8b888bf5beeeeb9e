"""How each check's record is put into words, numbers and pictures for the screen."""

from zcal_tui.tui.faces.accuracy import AccuracyFace
from zcal_tui.tui.faces.auto_z import AutoZFace
from zcal_tui.tui.faces.face import Face
from zcal_tui.tui.faces.limits import BIAS, TEMPERATURE
from zcal_tui.tui.faces.plain import PlainFace

FACES: dict[str, Face] = {
    "accuracy": AccuracyFace(),
    "auto-z": AutoZFace(),
    "bias": BIAS,
    "temperature": TEMPERATURE,
}

_PLAIN = PlainFace()


def face_of(check: str) -> Face:
    """The face of a check; one that lists the estimates by name where it has none of its own."""
    return FACES.get(check, _PLAIN)
