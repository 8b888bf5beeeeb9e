"""Estimates as text: the value, its interval and its confidence."""

from collections.abc import Callable
from functools import partial

from zcal_tui.model.labels import is_position
from zcal_tui.model.record import Estimate
from zcal_tui.model.units import MINUS, UM_PER_MM, duration, length, millimetres, percent


def estimate_text(estimate: Estimate) -> str:
    """An estimate with its interval: `2.4 µm (1.8 µm … 3.6 µm, 95 %)`."""
    show = value_text(estimate.name, estimate.unit)
    level = f"{estimate.confidence * 100:g} %"
    match estimate.value, estimate.low, estimate.high:
        case None, None, None:
            return "unknown"
        case None, None, float() | int() as high:
            return f"at most {show(high)} ({level})"
        case None, float() | int() as low, None:
            return f"at least {show(low)} ({level})"
        case float() | int() as value, None, None:
            return show(value)
        case float() | int() as value, None, float() | int() as high:
            return f"{show(value)} (at most {show(high)}, {level})"
        case float() | int() as value, float() | int() as low, None:
            return f"{show(value)} (at least {show(low)}, {level})"
        case None, low, high:
            return f"{show(low or 0.0)} … {show(high or 0.0)} ({level})"
        case value, low, high:
            return f"{show(value or 0.0)} ({show(low or 0.0)} … {show(high or 0.0)}, {level})"


def value_text(name: str, unit: str) -> Callable[[float], str]:
    """The formatter of values of the estimate of that name and unit."""
    if unit == "mm":
        return millimetres if is_position(name) else length
    if unit == "":
        return percent
    if unit == "s":
        return duration
    factor, unit = (UM_PER_MM, f"µm{unit[2:]}") if unit.startswith("mm/") else (1.0, unit)
    return lambda value: f"{factor * value:.3g} {unit}".replace("-", MINUS)


def change_text(unit: str) -> Callable[[float], str]:
    """The formatter of differences in that unit, with their sign."""
    if unit == "mm":
        return partial(length, sign=True)
    if unit == "":
        return lambda value: f"{_signed(f'{100 * value:.1f}')} %"
    factor, unit = (UM_PER_MM, f"µm{unit[2:]}") if unit.startswith("mm/") else (1.0, unit)
    return lambda value: f"{_signed(f'{factor * value:.3g}')} {unit}"


def _signed(text: str) -> str:
    """A number's text with its sign; zero has none."""
    if float(text) == 0.0:
        return text.lstrip("-")
    return MINUS + text[1:] if text.startswith("-") else f"+{text}"
