"""A micro-controller's own clock: its ticks and the timeline's belong together exactly."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.sim.mcu.own_clock import PIECE, Crystal, OwnClock

SHARED_FREQ = 12_000_000
crystals = st.builds(
    Crystal,
    st.integers(1_000_000, SHARED_FREQ - 2_000),
    st.floats(0.0, 100.0),
    st.floats(60.0, 1e4),
    st.floats(0.0, 6.0),
)
clocks = st.builds(
    OwnClock,
    crystals,
    st.integers(0, 1 << 40),
    st.just(SHARED_FREQ),
    st.integers(0, 1 << 40),
)
ticks = st.integers(-(1 << 38), 1 << 38)


@given(clocks, ticks)
def test_a_tick_is_found_again_at_its_clock_of_the_timeline(clock: OwnClock, own: int) -> None:
    shared = clock.shared(own)
    assert clock.own(shared) == own
    assert clock.own(shared - 1) == own - 1, "and not before"


@given(clocks, ticks)
def test_the_next_tick_is_never_before_a_clock_of_the_timeline(clock: OwnClock, shared: int) -> None:
    own = clock.not_before(shared)
    assert clock.shared(own) >= shared
    assert clock.shared(own - 1) < shared


def test_no_clock_is_faster_than_the_timeline() -> None:
    with pytest.raises(ValueError, match="faster than the timeline"):
        OwnClock(Crystal(SHARED_FREQ + 1), 0, SHARED_FREQ, 0)


@given(clocks, st.integers(1, 2000))
def test_ticks_follow_each_other_where_the_frequency_changes(clock: OwnClock, n: int) -> None:
    change = clock.shared(0) + n * PIECE * SHARED_FREQ
    before, after = clock.own(change - 1), clock.own(change + 1)
    assert 0 <= after - before <= 2
    for own in range(before, after + 1):
        assert clock.own(clock.shared(own)) == own


def test_a_clock_drifts_up_and_down_around_its_mean() -> None:
    clock = OwnClock(Crystal(10_000_000, drift=50.0, period=400.0), 0, SHARED_FREQ, 0)
    at = [clock.own(seconds * SHARED_FREQ) for seconds in range(0, 401, 4)]
    rates = [(later - earlier) / 4 / 10_000_000 - 1.0 for earlier, later in itertools.pairwise(at)]
    assert max(rates) == pytest.approx(50e-6, rel=0.01)
    assert min(rates) == pytest.approx(-50e-6, rel=0.01)
    assert max(abs(b - a) for a, b in itertools.pairwise(rates)) < 4e-6, "it never jumps"
    assert at[-1] == pytest.approx(400 * 10_000_000, abs=2000)
    steady = OwnClock(Crystal(10_000_000), 0, SHARED_FREQ, 0)
    assert steady.own(400 * SHARED_FREQ) == 400 * 10_000_000
