"""Texts of lengths, durations and ages. Code and config use millimetres and seconds."""

import math

UM_PER_MM = 1000.0
MINUS = "\N{MINUS SIGN}"


def _signed(text: str, sign: bool) -> str:
    if not text.strip("-0."):
        return text.lstrip("-")  # what rounds to zero has no sign
    if text.startswith("-"):
        return MINUS + text[1:]
    return "+" + text if sign else text


def number(value: float, *, digits: int, sign: bool = False) -> str:
    """A bare number: `1.498`, `−0.6`; without a minus before zero."""
    return _signed(f"{value + 0.0:.{digits}f}", sign)


def micrometres(mm: float, *, digits: int | None = None, sign: bool = False) -> str:
    """A length in mm as µm text: `2.4 µm`, `−0.6 µm`; one decimal below 10 µm, none above."""
    um = mm * UM_PER_MM
    if digits is None:
        digits = 0 if abs(um) >= 9.95 else 1
    return f"{number(um, digits=digits, sign=sign)} µm"


def millimetres(mm: float, *, digits: int = 4, sign: bool = False) -> str:
    """A length in mm: `1.4981 mm`."""
    return f"{number(mm, digits=digits, sign=sign)} mm"


def length(mm: float, *, sign: bool = False) -> str:
    """A length in the unit that reads better: µm below 1 mm, mm from there on."""
    if not math.isfinite(mm):
        return "unknown"
    return micrometres(mm, sign=sign) if abs(mm) < 1.0 else millimetres(mm, sign=sign)


def closer_farther(delta_mm: float) -> str:
    """The effect of a change on the nozzle, in words.

    `delta_mm` is the change of the gap between nozzle and bed at the same commanded Z: negative is closer.
    """
    if abs(delta_mm) < 0.5e-6:
        return "the nozzle will be at the same height"
    word = "closer to" if delta_mm < 0 else "farther from"
    return f"the nozzle will be {length(abs(delta_mm))} {word} the bed"


def percent(probability: float) -> str:
    """A probability: never `0 %` or `100 %`, which no sample can show."""
    if probability < 0.001:
        return "< 0.1 %"
    if probability > 0.999:
        return "> 99.9 %"
    value = probability * 100
    return f"{value:.1f} %" if value < 10 or value > 90 else f"{value:.0f} %"


def duration(seconds: float) -> str:
    """A time span: `9 s`, `2 min 5 s`, `1 h 3 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def age(seconds: float) -> str:
    """How long ago: `now`, `2 min ago`, `3 h ago`, `12 d ago`."""
    if seconds < 60:
        return "now"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"
