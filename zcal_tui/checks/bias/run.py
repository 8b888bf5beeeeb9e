"""How the location bias is measured: in each round first all probe samples, then all paper tests.

In this order a dockable probe is attached once a round and docked before the nozzle goes down. Between a place's
samples and its paper test lies the same work at each place, so that a steady drift of the heights is the same for all
places of a round. A round is complete in itself: what moves between rounds, even the Z zero, is no difference of
places.
"""

import asyncio

from zcal_tui.checks.base import Context
from zcal_tui.checks.bias.analysis import BiasReport, phrase, trigger_height
from zcal_tui.checks.bias.axis_twist import twist_advice
from zcal_tui.checks.bias.choice import chosen_places
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.bias.resume import finished_rounds
from zcal_tui.checks.bias.timetable import Timetable
from zcal_tui.checks.clearance import ABOVE_ACCEPTED, ABOVE_CONFIRMED_CONTACT, travel_clearance
from zcal_tui.checks.dock.attach import dock_macros, probe_attached, stow_macros
from zcal_tui.checks.dock.docked import probe_docked, require_travel
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.paper import PaperPlan, paper_test
from zcal_tui.checks.preconditions import home_cold, require_cold, require_probe, require_ready, require_step
from zcal_tui.checks.probing import compensated_heights, take_samples
from zcal_tui.checks.room_below import require_room
from zcal_tui.checks.travel import come_down, lift_and_leave, travel
from zcal_tui.model.events import Notice, SampleTaken, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.model.units import duration
from zcal_tui.printer.config_view import ProbeConfig, is_delta
from zcal_tui.printer.places import Place

LOWER_SPEED = 5.0
"""mm/s down to where a paper test begins."""
UNMOVED = 0.1
"""mm: a bed that is found this near to where it was in the round before has not moved."""
DETAILS = {
    "feeler": "Use the same feeler gauge at every place. Lower the nozzle until the gauge just drags.",
    "contact": (
        "Lower the nozzle until contact shows, for instance with a meter between nozzle and bed. Use the smallest step "
        "at the end."
    ),
}
DETAIL = (
    "Slide the same sheet of ordinary paper back and forth under the nozzle at every place. Lower the nozzle until the "
    "paper drags slightly. Only differences between the places count, so feel for the same drag each time."
)


async def measure(context: Context, parameters: BiasParameters) -> None:
    """Choose the places, measure round after round until the numbers decide, judge. See `Check.run` for what it
    raises."""
    require_ready(context.printer.state)
    require_person(context.operator, "A person has to feel when the nozzle drags on the paper.")
    probe, step = _require_probe(context)
    places = chosen_places(context.printer.state, probe, parameters)
    macros = dock_macros(context.printer.state, parameters.attach, parameters.detach)
    stow = stow_macros(context.printer.state, parameters.attach, parameters.detach)
    report = BiasReport(parameters, places, step, context.scatter.prior)
    taken_over = _take_over(context, parameters, places, report)
    timetable = Timetable(places=len(places), touches=parameters.touches, docks=macros is not None)
    await _announce(context, report, timetable, places, parameters.gauge)
    if (first := offsets_first(probe)) is not None:
        context.emit(Notice(first))
    await require_cold(context)
    await require_travel(context, macros, probe)
    await home_cold(context, allowed=parameters.home)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    rounds = _Rounds(context, parameters, probe, places, macros, stow, report, timetable, taken_over)
    try:
        await rounds.measure()
    finally:
        await lift_and_leave(context, rounds.clearance)
    for event in await asyncio.to_thread(lambda: list(report.conclusion())):
        context.emit(event)
    if not is_delta(context.printer.state) and (twist := await asyncio.to_thread(report.twist)) is not None:
        for event in twist_advice(context.printer.state, places, twist):
            context.emit(event)


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What a paper test at a place has found. `height` is toolhead Z in mm."""

    height: float
    z_offset: float


@dataclass(frozen=True, slots=True)
class _Approach:
    """Where the paper is expected, and where its test begins: toolhead Z in mm. Without a `start` it begins at the
    travel clearance."""

    expected: float
    start: float | None = None
    measured: bool = False


def _approach(trigger: float, z_offset: float, *, confirmed: bool, before: _Accepted | None) -> _Approach:
    """The approach to a place whose trigger height (mm) was just probed.

    `z_offset` is the best known over the bed, `confirmed` whether a test of this run has confirmed it, and `before` is
    what this place's own last test in this run has found. Then that test's height and the trigger height both show
    where the paper is, and the test begins above the higher one. Where they disagree, the bed or the probe has moved.
    """
    if before is None:
        expected = trigger - z_offset
        return _Approach(expected, expected + ABOVE_CONFIRMED_CONTACT if confirmed else None)
    expected = trigger - before.z_offset
    unmoved = abs(expected - before.height) <= UNMOVED
    above = ABOVE_ACCEPTED if unmoved else ABOVE_CONFIRMED_CONTACT
    return _Approach(expected, max(expected, before.height) + above, unmoved)


class _Rounds:
    """The rounds of a run. `number` samples were emitted before."""

    def __init__(
        self,
        context: Context,
        parameters: BiasParameters,
        probe: ProbeConfig,
        places: tuple[Place, ...],
        macros: tuple[str, str] | None,
        stow: tuple[str, str] | None,
        report: BiasReport,
        timetable: Timetable,
        number: int,
    ) -> None:
        self._context = context
        self._parameters = parameters
        self._probe = probe
        self._places = places
        self._macros, self._stow = macros, stow
        self._report = report
        self._timetable = timetable
        self._number = number
        self._accepted: dict[Place, _Accepted] = {}
        """By this run alone: what is taken over may be from before a repair."""
        self.clearance = travel_clearance(probe)

    async def measure(self) -> None:
        """Round after round, until the answer is clear, the cap is reached, or the person has enough."""
        self._timetable.begin(self._context.clock.now(), self._report.further_tests())
        self._tell_progress()
        while self._report.further() > 0:
            if self._report.rounds >= self._parameters.rounds and not await self._goes_on():
                return
            await self._round(self._report.rounds + 1)

    async def _goes_on(self) -> bool:
        """Whether the person wants another round; each takes minutes of theirs."""
        further = self._report.further_tests()
        self._timetable.plan(further)
        upcoming = self._report.upcoming()
        places = ", ".join(place.name for place in upcoming)
        return await self._context.operator.confirm(
            Confirm(
                "another-round",
                "The rounds so far do not decide. Measure another one?",
                f"It takes {len(upcoming)} of {len(self._places)} places ({places}), about "
                f"{duration(self._timetable.seconds(len(upcoming)))}. About {further} more paper tests would decide, "
                f"or reach the limit: {duration(self._timetable.seconds(further))}.",
                yes="Another round",
                no="Judge now",
            )
        )

    async def _round(self, turn: int) -> None:
        # There and back: what changes along a round is then not always to the same place's account
        places = self._report.upcoming()
        order = places if turn % 2 else tuple(reversed(places))
        triggers: dict[Place, float] = {}
        async with probe_attached(self._context, self._macros):
            for place in order:
                self._context.stop_if_cancelled()
                triggers[place] = await self._touch(place, turn)
        async with probe_docked(self._context, self._stow):
            for place in order:
                self._context.stop_if_cancelled()
                await self._paper(place, turn, triggers[place])

    async def _touch(self, place: Place, turn: int) -> float:
        context = self._context
        context.emit(Stage("touch", f"Round {turn}: probing the bed {phrase(place)}"))
        await travel(context.printer, x=place.toolhead[0], y=place.toolhead[1], clearance=self.clearance)
        context.stop_if_cancelled()
        samples = await take_samples(
            context,
            self._parameters.touches,
            first=self._number + 1,
            place=place.name,
            turn=turn,
            progress=False,
        )
        self._number += len(samples)
        heights = compensated_heights(samples, self._probe.z_offset)
        if not heights:
            raise CheckFailed(
                "The printer reported no sample that counts.",
                "Its configuration drops samples, or console lines were lost.",
                "Raise --touches, or repeat the check.",
            )
        self._timetable.touched(context.clock.now())
        self._tell_progress()
        return trigger_height(heights)

    async def _paper(self, place: Place, turn: int, trigger: float) -> None:
        context = self._context
        known = self._report.z_offset
        approach = _approach(
            trigger,
            self._probe.z_offset if known is None else known,
            confirmed=bool(self._accepted),
            before=self._accepted.get(place),
        )
        require_room(context.printer.state, approach.expected)
        context.emit(Stage("paper", f"Round {turn}: the paper test {phrase(place)}"))
        await travel(context.printer, x=place.bed[0], y=place.bed[1], clearance=self.clearance)
        if approach.start is not None:
            await come_down(context.printer, approach.start, speed=LOWER_SPEED)
        self._number += 1
        found = await paper_test(
            context,
            PaperPlan(
                text=f"Lower the nozzle until the paper drags slightly ({place.name}).",
                name="z_offset",
                old=self._probe.z_offset,
                base=trigger,
                sign=-1,
                expected=approach.expected,
                measured=approach.measured,
                clearance=self.clearance,
                place=place.name,
                test=turn,
                tests=max(turn, self._parameters.rounds),
                detail=DETAILS.get(self._parameters.gauge, DETAIL),
            ),
            self._number,
        )
        z_offset = trigger - found.height
        self._accepted[place] = _Accepted(found.height, z_offset)
        # Off this loop: on a small board the arithmetic takes longer than a status update may wait
        updated = await asyncio.to_thread(self._report.add, place, turn, z_offset)
        if updated is not None:
            context.emit(updated)
        self._timetable.felt(context.clock.now())
        self._tell_progress()

    def _tell_progress(self) -> None:
        self._context.emit(self._timetable.progress(self._context.clock.now(), self._report.most_tests))


def _take_over(
    context: Context, parameters: BiasParameters, places: tuple[Place, ...], report: BiasReport
) -> int:
    """Take over the finished rounds of an interrupted run, telling their samples again; returns how many there are."""
    if context.resumed is None:
        return 0
    finished, why_not = finished_rounds(context.resumed, parameters, places, context.printer.state)
    if why_not:
        context.emit(Notice(f"The interrupted run cannot be resumed: {why_not}. The check starts again."))
        return 0
    number = 0
    for turn in finished:
        for sample in turn.samples:
            number += 1
            context.emit(SampleTaken(sample))
        for place, z_offset in turn.z_offsets:
            if (updated := report.add(place, turn.number, z_offset)) is not None:
                context.emit(updated)
    context.emit(Notice(f"Resuming the interrupted run: reusing {len(finished)} finished round(s)."))
    return number


async def _announce(
    context: Context, report: BiasReport, timetable: Timetable, places: tuple[Place, ...], gauge: str
) -> None:
    """What it will take, before anything moves."""
    names = ", ".join(place.name for place in places)
    least = max(1, report.further_tests())
    most = max(least, report.tests_left)
    tests = f"{least} to {most} paper tests" if most > least else f"{least} paper tests"
    span = duration(timetable.seconds(least))
    if most > least:
        span += f" to {duration(timetable.seconds(most))}"
    context.emit(Notice(f"{len(places)} places ({names}), {tests}: about {span}."))
    if gauge == "paper":
        context.emit(
            Notice(
                "A feeler gauge or a nozzle that senses contact is finer than paper, so fewer tests decide. Choose it "
                "with the setting gauge (--gauge feeler, --gauge contact)."
            )
        )


def offsets_first(probe: ProbeConfig) -> str | None:
    """What to do before, where the probe's offsets were never measured (Klipper docs, Probe_Calibrate, Location Bias
    Check); None where they seem to be."""
    if probe.z_offset != 0.0:
        return None
    return (
        f"z_offset in [{probe.section}] is 0: it was never measured. Run Probe XY offset (`probe-xy`) and Z offset "
        "(`z-offset`) first (Klipper docs, Probe_Calibrate). With wrong offsets, probe and paper test measure "
        "different points, and the expected bed surface is unknown."
    )


def _require_probe(context: Context) -> tuple[ProbeConfig, float]:
    """The probe and the Z step distance. Raises CheckRefused."""
    probe = require_probe(context.printer.state)
    if probe.kind in ("probe_eddy_current", "scanner"):
        raise CheckRefused(
            f"[{probe.section}] measures distance and has no trigger to compare with the paper test.",
            "Its own command calibrates the map from readings to heights.",
            "Compare its mesh with one measured by nozzle contact, or calibrate it again by its own command.",
        )
    return probe, require_step(context.printer.state)
