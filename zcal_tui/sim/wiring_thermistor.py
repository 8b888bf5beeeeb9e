"""Thermistors: from a temperature to the fraction of full scale that the analog pin reads, and back.

Klipper reads the voltage over the thermistor in a divider with a pull-up resistor. The curve is
1/T = c1 + c2·ln R + c3·(ln R)³ (Steinhart-Hart) through three points, or two terms of it where a beta is given.
Source: Klipper docs, Config_Reference, "Common thermistors" and "thermistor".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

_KELVIN = 273.15


@dataclass(frozen=True)
class Thermistor:
    """A thermistor in its divider: curve coefficients, resistances in ohm."""

    c1: float
    c2: float
    c3: float
    pullup: float = 4700.0
    inline: float = 0.0

    @staticmethod
    def through(
        points: tuple[tuple[float, float], ...], pullup: float = 4700.0, inline: float = 0.0
    ) -> "Thermistor":
        """The curve through three points (°C, ohm)."""
        (l1, v1), (l2, v2), (l3, v3) = ((math.log(ohm), 1.0 / (celsius + _KELVIN)) for celsius, ohm in points)
        slope2 = (v2 - v1) / (l2 - l1)
        slope3 = (v3 - v1) / (l3 - l1)
        c3 = (slope3 - slope2) / ((l3 - l2) * (l1 + l2 + l3))
        if c3 <= 0.0:
            return Thermistor.with_beta(points[0][0], points[0][1], 1.0 / slope3, pullup, inline)
        c2 = slope2 - c3 * (l1 * l1 + l1 * l2 + l2 * l2)
        return Thermistor(v1 - c2 * l1 - c3 * l1**3, c2, c3, pullup, inline)

    @staticmethod
    def with_beta(
        celsius: float, ohm: float, beta: float, pullup: float = 4700.0, inline: float = 0.0
    ) -> "Thermistor":
        """The curve through one point with a beta (K)."""
        return Thermistor(1.0 / (celsius + _KELVIN) - math.log(ohm) / beta, 1.0 / beta, 0.0, pullup, inline)

    def temperature(self, fraction: float) -> float:
        """°C at a reading of `fraction` of full scale, as Klipper computes it."""
        ratio = min(max(fraction, 1e-5), 1.0 - 1e-5)
        log_ohm = math.log(self.pullup * ratio / (1.0 - ratio) - self.inline)
        return 1.0 / (self.c1 + self.c2 * log_ohm + self.c3 * log_ohm**3) - _KELVIN

    def fraction(self, celsius: float) -> float:
        """The reading, as a fraction of full scale, at a temperature."""
        inverse = 1.0 / max(celsius + _KELVIN, 1.0)
        log_ohm = (inverse - self.c1) / self.c2
        if self.c3:
            # c3·l³ + c2·l = 1/T − c1 has one real root: both coefficients are positive.
            half = (inverse - self.c1) / (2.0 * self.c3)
            root = math.hypot(half, (self.c2 / (3.0 * self.c3)) ** 1.5)
            log_ohm = math.cbrt(half + root) + math.cbrt(half - root)
        ohm = math.exp(min(log_ohm, 50.0)) + self.inline
        return ohm / (self.pullup + ohm)


_BY_POINTS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "ATC Semitec 104GT-2": ((20.0, 126800.0), (150.0, 1360.0), (300.0, 80.65)),
    "ATC Semitec 104NT-4-R025H42G": ((25.0, 100000.0), (160.0, 1074.0), (300.0, 82.78)),
    "EPCOS 100K B57560G104F": ((25.0, 100000.0), (150.0, 1641.9), (250.0, 226.15)),
    "Generic 3950": ((25.0, 100000.0), (150.0, 1770.0), (250.0, 230.0)),
    "SliceEngineering 450": ((25.0, 500000.0), (200.0, 3734.0), (400.0, 240.0)),
    "TDK NTCG104LH104JT1": ((25.0, 100000.0), (50.0, 31230.0), (125.0, 2066.0)),
}
_BY_BETA: Mapping[str, tuple[float, float, float]] = {
    "Honeywell 100K 135-104LAG-J01": (25.0, 100000.0, 3974.0),
    "NTC 100K MGB18-104F39050L32": (25.0, 100000.0, 4100.0),
    "NTC 100K beta 3950": (25.0, 100000.0, 3950.0),
}


def stock_thermistor(name: str, pullup: float, inline: float) -> Thermistor | None:
    """A thermistor that Klipper knows by name, None without one."""
    if name in _BY_POINTS:
        return Thermistor.through(_BY_POINTS[name], pullup, inline)
    if name in _BY_BETA:
        return Thermistor.with_beta(*_BY_BETA[name], pullup=pullup, inline=inline)
    return None


STOCK = (*_BY_POINTS, *_BY_BETA)
"""The names of the thermistors that Klipper knows."""
