"""How `backlash` runs: where, in which order, and with which instrument."""

import asyncio
import dataclasses
import random

from zcal_tui.checks.backlash.analysis import BacklashReport
from zcal_tui.checks.backlash.instrument import Instrument
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.backlash.plugin_calibration import PluginCalibration
from zcal_tui.checks.backlash.plugin_instrument import PluginInstrument
from zcal_tui.checks.backlash.spots import chosen_spots, require_one_choice
from zcal_tui.checks.backlash.zcal_instrument import ZcalInstrument
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import travel_clearance
from zcal_tui.checks.dock.attach import dock_macros, probe_attached
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.preconditions import require_ready, require_sampled_probe, require_step
from zcal_tui.checks.probing import take_samples, trigger_heights
from zcal_tui.checks.travel import home_if_needed, lift_and_leave, position, travel
from zcal_tui.model.events import AdviceGiven, Progress, SampleTaken, Stage
from zcal_tui.model.record import Change, Sample
from zcal_tui.printer.backlash_commands import PluginCommand, backlash_command
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import Place

NOISE_SAMPLES = 8
ORDER_SEED = 1
"""The rounds go through the places in orders drawn from this, the same for each run, so that a run can be repeated."""


async def measure(context: Context, parameters: BacklashParameters) -> None:
    """Home if needed, visit the places in rounds, compare, judge. See `Check.run` for what it raises."""
    state = context.printer.state
    require_ready(state)
    require_one_choice(parameters)
    probe = require_sampled_probe(
        state, "By hand: a dial indicator on the toolhead, moved up and down by one command."
    )
    step = require_step(state)
    command = backlash_command(state)
    instrument = _instrument(context, probe, parameters, command, step)
    proposal = _proposal(context, command) if parameters.calibrate else None
    if parameters.calibrate and instrument.properties.upper_bound_only:
        raise CheckRefused(
            "There is no value to save: a switch's release shows backlash together with its own differential travel.",
            "The switch's travel between closing and opening is unknown.",
            "Give it with --switch-hysteresis or as switch_hysteresis in [zcal]. To compare places, leave --calibrate "
            "out.",
        )
    macros = dock_macros(
        state,
        parameters.attach,
        parameters.detach,
        command.name if command is not None else "ZCAL_ESTIMATE_BACKLASH",
    )
    here = position(context.printer)[:2] if parameters.here else None
    nozzle = command is not None and command.nozzle_at_reference
    places = chosen_spots(context.printer, probe, parameters, here, nozzle_at_reference=nozzle)
    clearance = travel_clearance(probe)
    calibration = None
    if proposal is not None and command is not None:
        calibration = PluginCalibration(command, parameters, places[0].toolhead, clearance)
        calibration.require_possible(state)
    # Homing would lose the place that "here" means
    await home_if_needed(context, allowed=parameters.home and not parameters.here)
    report = BacklashReport(places, instrument.properties, step)
    try:
        context.emit(Stage("travel", f"Going to X {places[0].toolhead[0]:g} Y {places[0].toolhead[1]:g}"))
        await travel(context.printer, x=places[0].toolhead[0], y=places[0].toolhead[1], clearance=clearance)
        context.stop_if_cancelled()
        async with probe_attached(context, macros):
            rounds = _Rounds(context, instrument, report, clearance, parameters.rounds)
            await rounds.go(places)
            if command is not None and report.found_none:
                await _measure_noise(context, report, rounds.taken, parameters.pairs(plugin=True))
    finally:
        await lift_and_leave(context, clearance)
    for event in report.conclusion(proposal):
        context.emit(event)
    if command is not None and command.advice:
        context.emit(AdviceGiven(command.advice))
    found = report.proposed(proposal) if proposal is not None else None
    if calibration is not None and found is not None:
        value, change = found
        context.stop_if_cancelled()
        await calibration.run(context, value, change)


async def _measure_noise(context: Context, report: BacklashReport, taken: int, pairs: int) -> None:
    """Samples of the probe where the toolhead is: the plugin reports no bound of what it has not found."""
    context.emit(Stage("noise", "None found. Taking samples to bound what could have been missed"))
    heights = trigger_heights(await take_samples(context, NOISE_SAMPLES, first=taken + 1, progress=False))
    report.add_noise(heights, pairs)


def _instrument(
    context: Context,
    probe: ProbeConfig,
    parameters: BacklashParameters,
    command: PluginCommand | None,
    step: float,
) -> Instrument:
    if command is None:
        return ZcalInstrument(context, probe, parameters, step)
    if parameters.calibrate and not command.stores_value:
        raise CheckRefused(
            "This probe's plugin has no option for the backlash.", command.advice, "Leave --calibrate out."
        )
    return PluginInstrument(context, command, parameters)


def _proposal(context: Context, command: PluginCommand | None) -> Change:
    """The value that is calibrated, without its new one. A plugin's is a line to edit, unless its own CALIBRATE=1 is
    agreed to, which stages it."""
    section = "zcal" if command is None else command.section
    state = context.printer.state
    old = state.settings.get(section, {}).get("z_backlash")
    effect = "upward moves of the measuring commands end from above; prints do not change"
    if command is not None and "z_backlash" not in state.config.get(section, {}):
        effect += "; the old value is the plugin's default, which was never measured"
    return Change(
        section,
        "z_backlash",
        None if old is None else f"{old:g}" if isinstance(old, float) else str(old),
        "",
        saves=section == "zcal",
        effect=effect,
    )


class _Rounds:
    """Visits to the places, round after round, each in another order, so that a drift does not fall on one place."""

    def __init__(
        self,
        context: Context,
        instrument: Instrument,
        report: BacklashReport,
        clearance: float,
        rounds: int,
    ) -> None:
        self._context = context
        self._instrument = instrument
        self._report = report
        self._clearance = clearance
        self._rounds = rounds
        self._numbered = 0
        self._began = context.clock.now()
        self._total = 0

    @property
    def taken(self) -> int:
        """How many samples there are."""
        return self._numbered

    async def go(self, places: tuple[Place, ...]) -> None:
        self._total = self._rounds * len(places) * self._instrument.per_visit
        self._context.emit(Progress(0, self._total))
        draw = random.Random(ORDER_SEED)
        order = list(places)
        for turn in range(1, self._rounds + 1):
            for place in order:
                await self._visit(place, turn)
            draw.shuffle(order)

    async def _visit(self, place: Place, turn: int) -> None:
        context = self._context
        context.stop_if_cancelled()
        x, y = place.toolhead
        where = "" if place.name == f"{x:g},{y:g}" else f" ({place.name})"
        again = f", round {turn} of {self._rounds}" if self._rounds > 1 else ""
        context.emit(Stage("measure", f"Measuring at X {x:.1f} Y {y:.1f}{where}{again}"))
        await travel(context.printer, x=x, y=y, clearance=self._clearance)
        reading = await self._instrument.visit(place, turn, self._take)
        # Off this loop: on a small board the arithmetic takes longer than a status update may wait
        updated = await asyncio.to_thread(self._report.add, place, reading)
        if updated is not None:
            context.emit(updated)

    def _take(self, sample: Sample) -> None:
        self._numbered += 1
        self._context.emit(SampleTaken(_renumbered(sample, self._numbered)))
        spent = self._context.clock.now() - self._began
        left = spent / self._numbered * max(0, self._total - self._numbered)
        self._context.emit(Progress(min(self._numbered, self._total), self._total, round(left, 1)))


def _renumbered(sample: Sample, n: int) -> Sample:
    """Each command counts from one; the record counts on."""
    return dataclasses.replace(sample, n=n)
