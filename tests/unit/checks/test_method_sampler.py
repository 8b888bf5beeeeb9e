"""Samples by one method of a scanner, on a fake printer."""

import pytest

from tests.unit.fakes.bench import Bench
from zcal_tui.checks.method_sampler import MethodSampler
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.probe_methods import ProbeMethod
from zcal_tui.printer.sampler import LinesMissing

SCAN = ProbeMethod("scan", "probe_eddy_current", "PROBE METHOD=scan", height=2.0)


@pytest.fixture(autouse=True)
def commands(bench: Bench) -> list[str]:
    """The printer's answers to PROBE; empty ones print nothing."""
    answers = ["Result: at 100.000,100.000 estimate contact at z=0.012000"] * 3

    async def probe(_: dict[str, str]) -> None:
        bench.machine.say(answers.pop(0))

    for word in ("SAVE_GCODE_STATE", "G90", "G1", "M400", "RESTORE_GCODE_STATE"):
        bench.machine.handlers[word] = bench.machine.handlers["G28"]
    bench.machine.handlers["PROBE"] = probe
    return answers


async def test_a_probe_that_measures_without_moving_is_brought_down_each_time(bench: Bench) -> None:
    sampler = MethodSampler(bench.printer, SCAN)
    found = [sample async for sample in sampler.series(3, ProbingSettings(), lambda: False)]
    assert [(sample.n, sample.trigger_z) for sample in found] == [(1, 0.012), (2, 0.012), (3, 0.012)]
    moves = [
        line.split()[1] for script in bench.machine.scripts for line in script.splitlines() if "G1" in line
    ]
    assert moves == ["Z2.0000", "Z10.0000"] * 3


async def test_a_cancel_takes_effect_between_samples(bench: Bench) -> None:
    sampler = MethodSampler(bench.printer, SCAN)
    found: list[Sample] = []
    async for sample in sampler.series(3, ProbingSettings(), lambda: bool(found)):
        found.append(sample)
    assert len(found) == 1


async def test_a_command_that_prints_no_height_is_reported(bench: Bench, commands: list[str]) -> None:
    commands[:] = ["nothing of use"]
    with pytest.raises(LinesMissing, match="printed no height"):
        _ = [
            one
            async for one in MethodSampler(bench.printer, SCAN).series(1, ProbingSettings(), lambda: False)
        ]
