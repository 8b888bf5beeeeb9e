"""What Klipper says and stages when it calibrates an eddy current sensor (klippy/extras/probe_eddy_current.py).

Until 2025 (and Kalico) it reports the standard deviation of all readings, since then the median absolute deviation
(MAD) from the mean of each height, in Hz and in mm.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from zcal_tui.model.lazy_dataclass import dataclass

Table = tuple[tuple[float, float], ...]
"""(height in mm over the paper test's, frequency in Hz), from the bed upwards."""

_OLD = re.compile(r"probe_eddy_current: stddev=([\d.]+) in (\d+) queries")
_NEW = re.compile(r"probe_eddy_current: noise ([\d.]+)mm, MAD_Hz=([\d.]+) in (\d+) queries")
_AT = re.compile(r"^z: (-?[\d.]+) # noise ([\d.]+)mm, MAD_Hz=([\d.]+)", re.MULTILINE)
_SHORT = re.compile(r"Frequency (?:stops decreasing|too noisy) at step .*")


@dataclass(frozen=True)
class HeightNoise:
    """How readings scatter at a height: the median absolute deviation of single readings, in mm and in Hz."""

    z: float
    mad: float
    mad_hz: float


@dataclass(frozen=True)
class CalibrationOutput:
    """The lines of one calibration. Either `stddev_hz` or `mad_hz`, both None where neither was reported."""

    queries: int = 0
    """How many readings were taken at all heights together."""
    stddev_hz: float | None = None
    mad_hz: float | None = None
    at: tuple[HeightNoise, ...] = ()
    short: str = ""
    """Why the table ends below the highest height that was measured, as Klipper reports it."""


def read(texts: Iterable[str]) -> CalibrationOutput:
    """Out of console messages, in whatever order and among whatever else."""
    text = "\n".join(texts)
    at = tuple(HeightNoise(float(z), float(mad), float(hz)) for z, mad, hz in _AT.findall(text))
    short = found[0] if (found := _SHORT.search(text)) else ""
    if (new := _NEW.search(text)) is not None:
        return CalibrationOutput(int(new[3]), None, float(new[2]), at, short)
    if (old := _OLD.search(text)) is not None:
        return CalibrationOutput(int(old[2]), float(old[1]), None, at, short)
    return CalibrationOutput(at=at, short=short)


def table(text: str) -> Table:
    """The option `calibrate`. Raises ValueError where it is something else."""
    pairs = [pair.split(":") for pair in text.split(",") if pair.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{text!r} is no list of height:frequency")
    return tuple(sorted((float(height), float(frequency)) for height, frequency in pairs))


def frequency(entries: Table, height: float) -> float | None:
    """The frequency at a height, None outside of the table."""
    return _between([z for z, _ in entries], [hz for _, hz in entries], height)


def height(entries: Table, hz: float) -> float | None:
    """The height that a frequency is read as, None outside of the table. Frequencies fall with the height."""
    rising = entries[::-1]
    return _between([f for _, f in rising], [z for z, _ in rising], hz)


def slope(entries: Table, at: float) -> float | None:
    """How much the frequency falls per mm there, in Hz/mm as a positive number; None outside of the table."""
    index = bisect_left([z for z, _ in entries], at)
    if not 0 < index < len(entries):
        return None
    low, high = entries[max(0, index - 2)], entries[min(len(entries) - 1, index + 1)]
    fall = (low[1] - high[1]) / (high[0] - low[0])
    return fall if fall > 0 else None


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float | None:
    index = bisect_left(xs, x)
    if index < len(xs) and xs[index] == x:
        return ys[index]
    if not 0 < index < len(xs):
        return None
    share = (x - xs[index - 1]) / (xs[index] - xs[index - 1])
    return ys[index - 1] + share * (ys[index] - ys[index - 1])
