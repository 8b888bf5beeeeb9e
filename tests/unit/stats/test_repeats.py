"""Results of several samples."""

import numpy as np
import pytest

from zcal_tui.stats.repeats import COUNTS, result_share, samples_needed


@pytest.mark.parametrize("result", ["median", "average"])
@pytest.mark.parametrize("samples", [*COUNTS, 4, 9])
def test_the_share_is_that_of_normal_samples(samples: int, result: str) -> None:
    draws = np.random.default_rng(3).standard_normal((100_000, samples))
    values = np.median(draws, axis=1) if result == "median" else draws.mean(axis=1)
    assert result_share(samples, result) == pytest.approx(float(values.std()), rel=0.035)


def test_as_few_samples_as_stay_within_the_limit() -> None:
    assert samples_needed(0.004, 0.025, 0.00125, "median", 0.05) == 1
    assert samples_needed(0.007, 0.025, 0.00125, "median", 0.05) == 2
    assert samples_needed(0.009, 0.025, 0.00125, "median", 0.05) == 5
    assert samples_needed(0.009, 0.025, 0.00125, "average", 0.05) == 3
    assert samples_needed(0.050, 0.025, 0.00125, "median", 0.05) is None
