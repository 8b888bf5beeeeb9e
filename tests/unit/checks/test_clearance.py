"""How high the toolhead travels."""

from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.checks.clearance import ABOVE_TRIGGER, LEAST_CLEARANCE, safe_clearance, travel_clearance
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState

lengths = st.floats(-5.0, 60.0)


@given(st.none() | lengths, st.none() | lengths)
def test_nothing_travels_lower_than_the_probe_needs(z_offset: float | None, trigger: float | None) -> None:
    probe = None if z_offset is None else ProbeConfig("probe", "probe", z_offset=z_offset)
    height = travel_clearance(probe, trigger)
    assert height >= LEAST_CLEARANCE
    assert z_offset is None or height >= z_offset + ABOVE_TRIGGER
    assert trigger is None or height >= trigger + ABOVE_TRIGGER
    assert height == LEAST_CLEARANCE or height in (
        (z_offset or 0.0) + ABOVE_TRIGGER,
        (trigger or 0.0) + ABOVE_TRIGGER,
    )


def test_the_printers_own_probe_counts_wherever_it_is() -> None:
    assert safe_clearance(PrinterState()) == LEAST_CLEARANCE
    long = PrinterState(settings={"probe": {"z_offset": 12.5}})
    assert safe_clearance(long) == 17.5
