"""How each check's record is put into words, numbers and points for the screen."""

from zcal_tui.tui.faces.accuracy import AccuracyFace
from zcal_tui.tui.faces.face import Face, PlainFace

FACES: dict[str, Face] = {"accuracy": AccuracyFace()}

_PLAIN = PlainFace()


def face_of(check: str) -> Face:
    """The face of a check; one that lists the estimates by name where it has none of its own."""
    return FACES.get(check, _PLAIN)
