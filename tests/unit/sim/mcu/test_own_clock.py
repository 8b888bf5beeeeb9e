"""A micro-controller's own clock: its ticks and the timeline's belong together exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.sim.mcu.own_clock import OwnClock

SHARED_FREQ = 12_000_000
clocks = st.builds(
    OwnClock,
    st.integers(1_000_000, SHARED_FREQ),
    st.integers(0, 1 << 40),
    st.just(SHARED_FREQ),
    st.integers(0, 1 << 40),
)
ticks = st.integers(-(1 << 40), 1 << 40)


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
        OwnClock(SHARED_FREQ + 1, 0, SHARED_FREQ, 0)
