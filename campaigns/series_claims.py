"""How often `accuracy` is wrong where the noise of a probe is not normal."""

from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model import limits
from zcal_tui.stats.repeatability import analyse
from zcal_tui.stats.verdicts.repeatability import judge_repeatability
from zcal_tui.stats.verdicts.stopping import StoppingPlan, decide

STEP = 0.0025
SHARE_OF_RUNS = 0.25
OUTLIER, OUTLIERS = 0.050, 0.05
"""mm, and the share of samples."""

Noise = Callable[[np.random.Generator], float]


def _two_states(apart: float) -> Noise:
    return lambda rng: apart * float(rng.integers(2)) + float(rng.normal(0.0, 0.0003))


def _with_outliers(rng: np.random.Generator) -> float:
    return float(rng.normal(0.0, 0.002)) + (OUTLIER if rng.random() < OUTLIERS else 0.0)


def _judged(noise: Noise, counted: str, plan: StoppingPlan) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        offset, heights = rng.random(), list[float]()
        while True:
            heights.append(float(np.floor(noise(rng) / STEP + offset)) * STEP)
            if len(heights) not in plan.looks:
                continue
            result = analyse(
                heights, step=STEP, limit=limits.RANGE_OF_TEN.value, adaptive=len(plan.looks) > 1
            )
            if decide(result, plan).outcome != "continue":
                break
        rule = judge_repeatability(result, plan)
        named = counted == "two heights named" and any(counted[:11] in reason for reason in rule.reasons)
        return Tried(named or rule.level == counted, rule.level == "unknown", float(len(heights)))

    return one


def _claims() -> tuple[Claim, ...]:
    plan, thorough = StoppingPlan(), StoppingPlan.fixed(60)
    cases: list[tuple[str, Noise, str, float | None, bool, StoppingPlan]] = [
        *(
            (
                f"two states {1000 * apart:.0f} µm apart{named}",
                _two_states(apart),
                counted,
                nominal,
                least,
                looks,
            )
            for apart in (0.015, 0.018, 0.020)
            for counted, nominal, least, looks, named in (
                ("fail", 0.0, False, plan, ""),
                # A series may end after five samples, which are all at one height in 2 of 32 series
                ("two heights named", None, True, plan, ""),
                ("two heights named", 0.98, True, StoppingPlan.fixed(15), ", 15 samples"),
            )
        ),
        ("uniform, 22 µm wide", lambda rng: float(rng.uniform(0.0, 0.022)), "fail", 0.0, False, plan),
        ("σ 2 µm, 5 % outliers of 50 µm", _with_outliers, "pass", None, False, plan),
        ("σ 2 µm, 5 % outliers of 50 µm, --thorough", _with_outliers, "pass", 0.06, False, thorough),
        ("normal, σ 3 µm", lambda rng: float(rng.normal(0.0, 0.003)), "fail", 0.01, False, plan),
        ("normal, σ 10 µm", lambda rng: float(rng.normal(0.0, 0.010)), "pass", 0.01, False, plan),
    ]
    return tuple(
        Claim(
            "accuracy",
            condition,
            counted,
            nominal,
            _judged(noise, counted, looks),
            least=least,
            cost_unit="samples",
            share_of_runs=SHARE_OF_RUNS,
        )
        for condition, noise, counted, nominal, least, looks in cases
    )


CLAIMS: tuple[Claim, ...] = _claims()
