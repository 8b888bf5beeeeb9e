"""Where a scanner's backlash is calibrated: the nozzle at the zero reference as its plugin does, else the probe."""

from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.backlash.spots import chosen_spots
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.backlash_commands import backlash_command
from zcal_tui.printer.config_view import ProbeConfig

CALIBRATE = BacklashParameters(calibrate=True)


@pytest.mark.parametrize(
    ("offsets", "reference"),
    [((0.0, 25.0), [100.0, 100.0]), ((-30.0, 0.0), [80.0, 120.0]), ((12.0, -18.0), [110.0, 60.0])],
)
@pytest.mark.parametrize("nozzle", [True, False])
async def test_the_plugin_brings_the_nozzle_there(
    bench: Bench, offsets: tuple[float, float], reference: list[float], nozzle: bool
) -> None:
    settings = bench.printer.state.settings
    probe = ProbeConfig("cartographer", "scanner", x_offset=offsets[0], y_offset=offsets[1])
    mesh: dict[str, Any] = {"zero_reference_position": reference}
    object.__setattr__(bench.printer.state, "settings", {**settings, "bed_mesh": mesh})
    (place,) = chosen_spots(bench.printer, probe, CALIBRATE, None, nozzle_at_reference=nozzle)
    x, y = reference
    assert place.toolhead == ((x, y) if nozzle else (x - offsets[0], y - offsets[1]))
    assert place.bed == ((x + offsets[0], y + offsets[1]) if nozzle else (x, y))


async def test_without_a_reference_it_is_refused(bench: Bench) -> None:
    settings = {name: value for name, value in bench.printer.state.settings.items() if name != "bed_mesh"}
    object.__setattr__(bench.printer.state, "settings", settings)
    with pytest.raises(CheckRefused, match="no zero reference position"):
        chosen_spots(bench.printer, ProbeConfig("cartographer", "scanner"), CALIBRATE, None)


@pytest.mark.parametrize("command", ["CARTOGRAPHER_ESTIMATE_BACKLASH"])
async def test_cartographers_command_is_known_to_do_so(bench: Bench, command: str) -> None:
    state = bench.printer.state
    object.__setattr__(state, "settings", {**state.settings, "cartographer": {}})
    object.__setattr__(state, "commands", frozenset({command}))
    known = backlash_command(state)
    assert known is not None and known.nozzle_at_reference
