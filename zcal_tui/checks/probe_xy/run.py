"""How the probe's X and Y offsets are measured: probe, mark the tape, and move the nozzle over the mark."""

import asyncio
import math
from collections.abc import Sequence
from statistics import fmean

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import ABOVE_JOGGED, ABOVE_MARK, travel_clearance
from zcal_tui.checks.dock.attach import OWN_DOCK, probe_attached, stow_macros
from zcal_tui.checks.dock.docked import probe_docked
from zcal_tui.checks.errors import CheckCancelled, CheckFailed
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.preconditions import home_cold, require_cold, require_ready, require_sampled_probe
from zcal_tui.checks.probe_xy.analysis import conclusion, estimates_of
from zcal_tui.checks.probe_xy.drawing import drawing
from zcal_tui.checks.probe_xy.parameters import ProbeXyParameters
from zcal_tui.checks.probing import take_samples
from zcal_tui.checks.travel import (
    JOG_SPEED,
    go_to,
    lift_and_leave,
    lift_before_macro,
    position,
    require_inside,
    travel,
)
from zcal_tui.model.events import EstimateUpdated, Notice, SampleTaken, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm, JogMove, JogStep
from zcal_tui.model.record import Sample
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import Xy, area, measuring_site, z_limits

APART = 10.0
"""mm between two marks."""


@dataclass(frozen=True)
class Seen:
    """One measurement: the toolhead's position with the probe over the mark, and with the nozzle over it."""

    probed: Xy
    nozzle: Xy

    @property
    def offsets(self) -> Xy:
        """x_offset and y_offset (Klipper docs: nozzle position minus probe position)."""
        return self.nozzle[0] - self.probed[0], self.nozzle[1] - self.probed[1]


async def measure(context: Context, parameters: ProbeXyParameters) -> None:
    """Mark and jog as often as requested. See `Check.run` for what it raises."""
    require_ready(context.printer.state)
    require_person(context.operator, "A person has to mark the tape and move the nozzle over the mark.")
    probe = require_sampled_probe(context.printer.state)
    macros = stow_macros(context.printer.state, parameters.attach, parameters.detach)
    places = _places(context, parameters, probe)
    await require_cold(context)
    await home_cold(context, allowed=parameters.home)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    context.emit(Notice(drawing(probe.x_offset, probe.y_offset)))
    clearance = travel_clearance(probe)
    seen: list[Seen] = []
    numbers = _Numbers()
    try:
        for test, place in enumerate(places, start=1):
            if test == 1 or place == places[0]:
                await _ask_for_tape(context, places)
            expected = _mean([one.offsets for one in seen]) or (probe.x_offset, probe.y_offset)
            seen.append(
                await _look(context, probe, macros, place, clearance, test, len(places), numbers, expected)
            )
            context.emit(
                EstimateUpdated(await asyncio.to_thread(estimates_of, [one.offsets for one in seen]))
            )
    finally:
        await lift_and_leave(context, clearance)
    offsets = [one.offsets for one in seen]
    for event in await asyncio.to_thread(lambda: list(conclusion(context.printer.state, probe, offsets))):
        context.emit(event)


class _Numbers:
    """Numbers the samples of a run."""

    def __init__(self) -> None:
        self._last = 0

    @property
    def upcoming(self) -> int:
        """The next sample's number."""
        return self._last + 1

    def next(self, count: int = 1) -> int:
        """Take so many numbers; returns the first of them."""
        first = self._last + 1
        self._last += count
        return first


async def _ask_for_tape(context: Context, places: Sequence[Xy]) -> None:
    """Once for all marks, if each has its own place."""
    x, y = places[0]
    strip = "" if len(set(places)) == 1 else f" Its marks are {APART:g} mm apart, so use a strip."
    await context.operator.confirm(
        Confirm(
            "tape",
            "Is a piece of tape on the bed where the probe will touch?",
            f"Use painter's tape or paper that you can write on. The probe comes down onto it.{strip} "
            f"The toolhead goes to X {x:.1f} Y {y:.1f}.",
            yes="Yes, it is",
            no="Without tape",
        )
    )


def _mean(offsets: Sequence[Xy]) -> Xy | None:
    """The mean of the offsets so far, so that the nozzle comes close to the next mark; None before the first."""
    if not offsets:
        return None
    return fmean(x for x, _ in offsets), fmean(y for _, y in offsets)


async def _look(
    context: Context,
    probe: ProbeConfig,
    macros: tuple[str, str] | None,
    place: Xy,
    clearance: float,
    test: int,
    tests: int,
    numbers: _Numbers,
    expected: Xy,
) -> Seen:
    context.emit(Stage("travel", f"Going to X {place[0]:.1f} Y {place[1]:.1f}"))
    await travel(context.printer, x=place[0], y=place[1], clearance=clearance)
    async with probe_attached(context, macros):
        context.stop_if_cancelled()
        if macros is not None:  # the macro may leave the toolhead at the dock
            await travel(context.printer, x=place[0], y=place[1], clearance=clearance)
        context.emit(Stage("touch", "Probing the bed"))
        touches = await take_samples(context, 2, first=numbers.upcoming, turn=test)
        numbers.next(len(touches))
        if not touches:
            raise CheckFailed(
                "The printer reported no sample.",
                "Its configuration drops samples, or console lines were lost.",
                "Repeat the check.",
            )
        trigger = max(sample.trigger_z for sample in touches)
        if macros is not None and (probe.wrapped or probe.kind == OWN_DOCK):
            # The command may have docked the probe at its end, and its tip must be visible
            await lift_before_macro(context.printer)
            context.emit(Stage("attach", f"Attaching the probe again ({macros[0]})"))
            await context.printer.gcode(macros[0])
            await travel(context.printer, x=place[0], y=place[1], clearance=clearance)
        await go_to(context.printer, z=trigger + ABOVE_MARK)
        probed = position(context.printer)
        context.emit(Stage("mark", "Mark the tape directly under the probe tip"))
        marked = await context.operator.confirm(
            Confirm(
                "mark",
                "Mark the tape directly under the probe tip."
                if tests == 1
                else f"Mark {test} of {tests}: mark the tape directly under the probe tip.",
                f"The tip is now {ABOVE_MARK:g} mm above the point it probed. A fine dot or a cross is best. "
                "Look from another side each time: what you see askew then averages out.",
                yes="Marked",
                no="Abort",
            )
        )
        await travel(context.printer, clearance=travel_clearance(probe, trigger))
        if not marked:
            raise CheckCancelled
        _tell(context, numbers.next(), "mark", test, probed[:2])
    aim = probed[0] + expected[0], probed[1] + expected[1]
    allowed = area(context.printer.state)
    aim = allowed.nearest(aim) if allowed is not None else aim
    async with probe_docked(context, macros):  # it may have been attached before the check began
        context.emit(Stage("jog", "Move the nozzle over the mark"))
        await travel(context.printer, x=aim[0], y=aim[1], clearance=travel_clearance(probe, trigger))
        # The probe's tip was the lowest part at its trigger, so the nozzle is clear of the bed at that height
        await go_to(context.printer, z=trigger + ABOVE_MARK)
        nozzle = await _jog(context, probe, probed[:2], trigger - probe.z_offset, test, tests)
        await travel(context.printer, clearance=travel_clearance(probe, trigger))
        _tell(context, numbers.next(), "jog", test, nozzle)
    return Seen(probed[:2], nozzle)


def _tell(context: Context, n: int, kind: str, test: int, place: Xy) -> None:
    at = position(context.printer)
    sample = Sample(
        n=n,
        t=round(context.clock.now(), 3),
        x=round(place[0], 4),
        y=round(place[1], 4),
        trigger_z=round(at[2], 6),
        kind=kind,
        round=test,
    )
    context.emit(SampleTaken(sample))


async def _jog(
    context: Context, probe: ProbeConfig, probed: Xy, expected: float, test: int, tests: int
) -> Xy:
    """Jog until the person confirms that the nozzle is over the mark; returns the toolhead's position then."""
    allowed, limits = area(context.printer.state), z_limits(context.printer.state)
    low, high = (allowed.low, allowed.high) if allowed is not None else ((-math.inf,) * 2, (math.inf,) * 2)
    bottom, top = limits if limits is not None else (0.0, math.inf)
    while True:
        at = position(context.printer)
        move = await context.operator.jog(
            JogStep(
                key="jog",
                text="Move the nozzle over the mark.",
                x=at[0],
                y=at[1],
                z=at[2],
                low=(low[0], low[1], bottom),
                high=(high[0], high[1], top),
                probed=probed,
                old=(probe.x_offset, probe.y_offset),
                test=test,
                tests=tests,
                detail="Lower it until you see clearly where it points. It need not touch.",
            )
        )
        if move.kind == "done":
            return at[0], at[1]
        if move.kind == "abort":
            raise CheckCancelled
        await _make(context, move, expected)


async def _make(context: Context, move: JogMove, expected: float) -> None:
    """One jog, inside the axis limits; downwards near the bed only with consent."""
    at = position(context.printer)
    target = at[0] + move.dx, at[1] + move.dy, at[2] + move.dz
    allowed, limits = area(context.printer.state), z_limits(context.printer.state)
    if allowed is not None and not allowed.contains(target[:2]):
        context.emit(Notice("The nozzle was not moved: the axes end there."))
        return
    if limits is not None and not limits[0] <= target[2] <= limits[1]:
        context.emit(Notice(f"The nozzle was not moved: Z goes from {limits[0]:g} to {limits[1]:g} mm."))
        return
    if move.dz < 0.0 and target[2] < expected + ABOVE_JOGGED:
        sure = await context.operator.confirm(
            Confirm(
                "risky-step",
                f"Go down by {length(-move.dz)}?",
                f"This would put the nozzle at Z {length(target[2])}. The expected bed surface is at Z "
                f"{length(expected)}, so the nozzle might touch it.",
                yes="Go down",
                no="Stay",
                danger=True,
            )
        )
        if not sure:
            return
    await go_to(context.printer, *target, speed=JOG_SPEED)


def _places(context: Context, parameters: ProbeXyParameters, probe: ProbeConfig) -> tuple[Xy, ...]:
    """The toolhead's positions with the probe over the tape, a mark at each: a row about the place, or the place itself
    again and again where the axes leave no room for one. Raises CheckRefused where the place is out of reach."""
    site = measuring_site(context.printer.state, probe)
    middle = site.toolhead if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    require_inside(context.printer, x, y)
    allowed = area(context.printer.state)
    for along_x, along_y in ((APART, 0.0), (0.0, APART)):
        row = tuple(
            (
                x + along_x * (n - (parameters.repeats - 1) / 2),
                y + along_y * (n - (parameters.repeats - 1) / 2),
            )
            for n in range(parameters.repeats)
        )
        aims = [(place[0] + probe.x_offset, place[1] + probe.y_offset) for place in row]
        if allowed is not None and all(allowed.contains(place) for place in (*row, *aims)):
            return row
    return ((x, y),) * parameters.repeats
