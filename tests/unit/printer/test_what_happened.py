"""An error in one sentence."""

import pytest

from zcal_tui.printer.printer import CommandFailed, what_happened
from zcal_tui.transport.failures import TransportError

PARKED = (
    "Error evaluating 'gcode_macro _DOCK_PROBE:gcode': klippy.gcode.CommandError: Probe already parked!\n"
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            CommandFailed(PARKED),
            "The macro _DOCK_PROBE stopped with its own message: “Probe already parked”.",
        ),
        (CommandFailed("Must home axis first: 0 0 20"), None),
        (TransportError("the link was lost"), "the link was lost."),
        (TransportError("The link was lost."), "The link was lost."),
    ],
)
def test_it_names_the_macro_and_has_no_prefix_of_python(error: Exception, sentence: str | None) -> None:
    told = what_happened(error)
    assert "Error evaluating" not in told
    assert "CommandError" not in told
    assert told.endswith(".")
    assert not told.endswith("..")
    if sentence is not None:
        assert told == sentence
