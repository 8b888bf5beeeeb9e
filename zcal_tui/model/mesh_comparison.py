"""A new bed mesh beside the old one: what changed, in numbers and as a map of text. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from zcal_tui.model.units import UM_PER_MM, length

Matrix = tuple[tuple[float, ...], ...]
"""Heights (mm), a row for each Y from the front to the back."""


@dataclass(frozen=True, slots=True)
class MeshComparison:
    """Lengths in mm. `shift` is by how much the new mesh is higher, `rms` how much the rest differs; both None where
    the two have other points."""

    new_range: float
    old_range: float | None
    shift: float | None
    rms: float | None

    def __str__(self) -> str:
        if self.old_range is None:
            return f"range {length(self.new_range)}; there is no old mesh to compare it with"
        ranges = f"range {length(self.new_range)} (was {length(self.old_range)})"
        if self.shift is None or self.rms is None:
            return f"{ranges}; its points differ from those of the old mesh"
        return (
            f"{ranges}, shifted by {length(self.shift, sign=True)}; without the shift the points differ by "
            f"{length(self.rms)} rms"
        )


def parse_points(text: str) -> Matrix | None:
    """The heights in `points` of a mesh's section; None where it is not a table of numbers."""
    try:
        rows = tuple(
            tuple(float(part) for part in line.split(","))
            for line in text.strip().split("\n")
            if line.strip()
        )
    except ValueError:
        return None
    whole = rows and all(len(row) == len(rows[0]) for row in rows)
    return rows if whole and all(math.isfinite(value) for row in rows for value in row) else None


def compare(new: Matrix, old: Matrix | None, *, same_points: bool) -> MeshComparison:
    """Compare two meshes; `same_points` is whether they span the same area."""
    if old is None:
        return MeshComparison(_range(new), None, None, None)
    if not same_points or (len(new), len(new[0])) != (len(old), len(old[0])):
        return MeshComparison(_range(new), _range(old), None, None)
    shift = fmean(value for row in differences(new, old) for value in row)
    rms = math.sqrt(fmean(value**2 for row in differences(new, old, shift) for value in row))
    return MeshComparison(_range(new), _range(old), shift, rms)


def differences(new: Matrix, old: Matrix, shift: float = 0.0) -> Matrix:
    """By how much (mm) each point of a mesh is higher than that of another with the same points, less a shift."""
    return tuple(
        tuple(after - before - shift for after, before in zip(*rows, strict=True))
        for rows in zip(new, old, strict=True)
    )


def text_map(mesh: Matrix) -> str:
    """The heights in µm, the back of the bed on top."""
    return "\n".join(" ".join(f"{value * UM_PER_MM:+5.0f}" for value in row) for row in reversed(mesh))


def _range(mesh: Sequence[Sequence[float]]) -> float:
    values = [value for row in mesh for value in row]
    return max(values) - min(values)
