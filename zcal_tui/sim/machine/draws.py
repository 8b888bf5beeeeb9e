"""Random draws: one generator for each source, so that a new source changes no other's draws."""

import zlib

import numpy as np


def draws_for(seed: int, source: str) -> np.random.Generator:
    """The generator of one source of randomness. The same seed and name give the same draws."""
    return np.random.default_rng([seed, zlib.crc32(source.encode())])
