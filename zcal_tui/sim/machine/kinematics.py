"""Where the toolhead is: the pose, the surface that several Z drives span, and a delta's arms.

Source: Klipper docs, Kinematics, "Delta Kinematics".
"""

import math
from collections.abc import Sequence

import numpy as np


class Pose:
    """Where the toolhead is, and the surface its Z drives span: heights in mm, before thermal growth."""

    __slots__ = ("_x0", "_y0", "carriages", "level", "slope_x", "slope_y", "twist", "x", "y")

    def __init__(
        self,
        x: float,
        y: float,
        surface: tuple[float, float, float, float],
        origin: tuple[float, float] = (0.0, 0.0),
        carriages: tuple[float, ...] = (),
    ) -> None:
        self.x = x
        self.y = y
        self.level, self.slope_x, self.slope_y, self.twist = surface
        self._x0, self._y0 = origin
        self.carriages = carriages

    def height(self, x: float, y: float) -> float:
        """Height of the toolhead's plane over the point (x, y)."""
        dx = x - self._x0
        dy = y - self._y0
        return self.level + self.slope_x * dx + self.slope_y * dy + self.twist * dx * dy

    @property
    def z(self) -> float:
        """Height at the nozzle's own place."""
        return self.height(self.x, self.y)


class Gantry:
    """The surface that the Z drives span: level with one drive, a ridge with two, a plane with three, twisted
    with four or more."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        count = len(places)
        self.origin = (sum(x for x, _ in places) / count, sum(y for _, y in places) / count)
        rows = []
        for x, y in places:
            dx, dy = x - self.origin[0], y - self.origin[1]
            rows.append(
                (1.0, dx, dy, dx * dy)
                if count > 3
                else (1.0, dx, dy, 0.0)
                if count > 1
                else (1.0, 0.0, 0.0, 0.0)
            )
        self._shares: list[tuple[float, float, float, float]] = [
            tuple(column) for column in np.linalg.pinv(np.array(rows)).T.tolist()
        ]
        """What a millimetre of each drive adds to level, slopes and twist."""

    def surface(self, heights: Sequence[float]) -> tuple[float, float, float, float]:
        """Level, slopes and twist for these drive heights."""
        level = slope_x = slope_y = twist = 0.0
        for (to_level, to_slope_x, to_slope_y, to_twist), height in zip(self._shares, heights, strict=True):
            level += to_level * height
            slope_x += to_slope_x * height
            slope_y += to_slope_y * height
            twist += to_twist * height
        return level, slope_x, slope_y, twist


class DeltaGeometry:
    """A delta's arms: nozzle position to carriage heights and back."""

    def __init__(self, towers: Sequence[tuple[float, float]], arms: Sequence[float]) -> None:
        self._towers = tuple(towers)
        self._arms2 = tuple(arm * arm for arm in arms)

    def carriages(self, x: float, y: float, z: float) -> tuple[float, ...]:
        """Heights of the three carriages with the nozzle at (x, y, z)."""
        return tuple(
            z + math.sqrt(arm2 - (tx - x) ** 2 - (ty - y) ** 2)
            for (tx, ty), arm2 in zip(self._towers, self._arms2, strict=True)
        )

    def nozzle(self, carriages: Sequence[float]) -> tuple[float, float, float]:
        """The nozzle position below three carriages: where three spheres meet.

        Subtracting the first sphere's equation from the others leaves x and y linear in z, which turns the
        first into a quadratic in z whose lower root is the nozzle.
        """
        (x1, y1), (x2, y2), (x3, y3) = self._towers
        h1, h2, h3 = carriages
        s1 = x1 * x1 + y1 * y1 + h1 * h1 - self._arms2[0]
        a = 0.5 * (x2 * x2 + y2 * y2 + h2 * h2 - self._arms2[1] - s1)
        b = 0.5 * (x3 * x3 + y3 * y3 + h3 * h3 - self._arms2[2] - s1)
        x21, y21, h21 = x2 - x1, y2 - y1, h2 - h1
        x31, y31, h31 = x3 - x1, y3 - y1, h3 - h1
        determinant = x21 * y31 - x31 * y21
        px = (a * y31 - b * y21) / determinant
        py = (b * x21 - a * x31) / determinant
        qx = (h31 * y21 - h21 * y31) / determinant
        qy = (h21 * x31 - h31 * x21) / determinant
        ux, uy = px - x1, py - y1
        square = qx * qx + qy * qy + 1.0
        half = qx * ux + qy * uy - h1
        rest = ux * ux + uy * uy + h1 * h1 - self._arms2[0]
        z = (-half - math.sqrt(max(half * half - square * rest, 0.0))) / square
        return px + qx * z, py + qy * z, z
