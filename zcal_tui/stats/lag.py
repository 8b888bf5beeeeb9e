"""Heights that follow temperatures with a lag: a fit by profile likelihood, and a bootstrap of its residuals.

The model is linear but for the time constant. So for each time constant of a grid the columns are made orthonormal
once; the fit is the one that leaves the least, and a bootstrap of hundreds of repeats is a matter of matrix products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LAGS: FloatArray = np.concatenate([[0.0], np.geomspace(5.0, 3600.0, 40)])
"""s. The time constants considered."""

LEAST_DOF = 3.0
_LEAST_LEFT = 0.25

_LENGTHS = (1, 2, 3, 5, 8, 12, 18)
_LONGEST_BLOCK_SHARE = 0.15


def lagged(times: FloatArray, temperatures: FloatArray, lags: FloatArray) -> FloatArray:
    """First-order responses (lags × times × columns) to temperatures (times × columns) that run straight between times.

    At the first time everything is taken to be in equilibrium.
    """
    steps = np.diff(times)
    moving = steps > 0.0
    dt = np.where(moving, steps, 1.0)[:, None, None]
    lag = np.maximum(lags, 1e-12)[:, None]
    # Behind a steady ramp the response trails by slope · lag, once what it began with has decayed.
    behind = np.diff(temperatures, axis=0)[:, None] / dt * lag
    on_ramp = temperatures[1:, None] - behind
    decay = np.exp(-dt / lag)
    response = np.empty((len(times), len(lags), temperatures.shape[1]))
    response[0] = temperatures[0]
    for i, moves in enumerate(moving.tolist()):
        if moves:
            rest = response[i] - temperatures[i] + behind[i]
            np.add(on_ramp[i], rest * decay[i], out=response[i + 1])
        else:
            response[i + 1] = response[i]
    return np.ascontiguousarray(response.swapaxes(0, 1))


@dataclass(frozen=True, slots=True)
class LagFits:
    """Least-squares fits of many series of heights: index of the lag (series), coefficients (series × columns)."""

    lag: IntArray
    coefficients: FloatArray


@dataclass(frozen=True, slots=True)
class LagModel:
    """The columns of the model at each lag (lags × heights × columns), and their orthonormal form."""

    columns: FloatArray
    orthonormal: FloatArray
    triangles: FloatArray

    @classmethod
    def of(cls, columns: FloatArray) -> LagModel:
        """ValueError where a column can be made of the others."""
        orthonormal, triangles = np.linalg.qr(columns)
        diagonal = np.abs(np.diagonal(triangles, axis1=1, axis2=2))
        if diagonal.min() <= 1e-9 * diagonal.max():
            raise ValueError("the columns of the model do not differ")
        return cls(columns, orthonormal, triangles)

    def fit(self, heights: FloatArray) -> LagFits:
        """Fits every column of `heights` (heights × series)."""
        projected = np.swapaxes(self.orthonormal, 1, 2) @ heights
        explained = (projected**2).sum(axis=1)
        best = explained.argmax(axis=0)
        series = np.arange(heights.shape[1])
        coefficients = np.linalg.solve(self.triangles[best], projected[best, :, series][..., None])
        return LagFits(best, coefficients[..., 0])


@dataclass(frozen=True, slots=True)
class Blocks:
    """How residuals are drawn: in blocks of `length`, scaled by `inflation`; `dof` degrees of freedom are left."""

    length: int
    inflation: float
    dof: float


def blocks_for(residuals: FloatArray, orthonormal: FloatArray) -> Blocks:
    """The block length at which the residuals' wander is largest: rather too wide an interval than too narrow a one.

    Sums over blocks scatter more than sums of independent values by a factor. The fit has removed part of the wander,
    the more the longer the block; how much it would remove from independent values is allowed for. `orthonormal` are
    the model's columns, plus one parameter for the lag. The degrees of freedom are the number of residuals divided by
    the factor, less the parameters.
    """
    n, parameters = len(residuals), orthonormal.shape[1] + 1
    variance = float(residuals @ residuals) / max(1, n - parameters)
    if variance <= 0.0:
        return Blocks(1, 1.0, max(LEAST_DOF, float(n - parameters)))
    lengths = [length for length in _LENGTHS if length <= max(1.0, _LONGEST_BLOCK_SHARE * n)]
    factors = []
    for length in lengths:
        index = (np.arange(n)[:, None] + np.arange(length)) % n
        seen = (residuals[index].sum(axis=1) ** 2).mean()
        taken = (orthonormal[index].sum(axis=1) ** 2).sum(axis=1).mean()
        factors.append(float(seen) / (variance * max(length - float(taken), _LEAST_LEFT * length)))
    factor = max(1.0, *factors)
    dof = max(LEAST_DOF, n / factor - parameters)
    length = lengths[factors.index(max(factors))]
    index = (np.arange(n)[:, None] + np.arange(length)) % n
    # Sums of a drawn block must scatter as the noise did before the fit removed its part.
    shown = float((residuals[index].sum(axis=1) ** 2).mean()) / length
    inflation = math.sqrt(factor * variance / shown * (dof + parameters) / dof) if shown > 0.0 else 1.0
    return Blocks(length, inflation, dof)


def draw_residuals(
    residuals: FloatArray, blocks: Blocks, repeats: int, rng: np.random.Generator
) -> FloatArray:
    """`repeats` series (heights × repeats) of residuals, drawn in circular blocks."""
    n = len(residuals)
    count = math.ceil(n / blocks.length)
    starts = rng.integers(0, n, size=(count, repeats))
    index = (starts[:, None, :] + np.arange(blocks.length)[None, :, None]) % n
    drawn = residuals[index.reshape(count * blocks.length, repeats)[:n]]
    result: FloatArray = (drawn - residuals.mean()) * blocks.inflation
    return result
