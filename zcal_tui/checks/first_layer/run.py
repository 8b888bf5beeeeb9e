"""How the first layer's height is checked: down in G-code steps, then with the paper test.

The steps go through G-code, as a print's moves do, so that the live offset and the mesh are in them. The feeling at the
end is a manual probe's, which approaches from above each time, stops at the axis' end, and is aborted and lifted by the
[zcal] module when this program ends; its toolhead Z is converted to G-code's by the difference at the last step.
"""

import asyncio
from collections.abc import Sequence

from zcal_tui.checks.another_test import another_test
from zcal_tui.checks.auto_z.calibrate import calibrate, fault_words
from zcal_tui.checks.auto_z.zero import Zero, zero_of
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.dock.attach import dock_macros, stow_macros
from zcal_tui.checks.dock.docked import probe_docked, require_travel
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.first_layer.analysis import conclusion, too_far_off
from zcal_tui.checks.first_layer.contact_zero import contact_in_force
from zcal_tui.checks.first_layer.parameters import FirstLayerParameters
from zcal_tui.checks.first_layer.target import OffsetTarget, target_of
from zcal_tui.checks.heating.targets import HOT
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.paper import PaperHeight, PaperPlan, paper_test
from zcal_tui.checks.preconditions import home_cold, require_cold, require_ready, require_step
from zcal_tui.checks.room_below import lowest_z
from zcal_tui.checks.travel import (
    go_to,
    home_if_needed,
    lift_and_leave,
    position,
    require_inside,
    travel,
)
from zcal_tui.model.check_info.auto_z import INFO as AUTO_Z
from zcal_tui.model.events import Notice, Progress, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Choose, Option
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.geometry import Xy, measuring_site
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import applied_offset, section
from zcal_tui.stats.auto_offset import gap_error
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import ScatterPrior
from zcal_tui.stats.paper import paper_height

STEPS = (5.0, 3.0, 1.0, 0.5, 0.3, 0.1)
"""mm, as G-code counts Z; protoloft's z_calibration, "How to test it"."""
SCORCHING = 150.0
"""°C above which paper is scorched and filament oozes out."""
DOWN_SPEED = 5.0
IN_FORCE = 0.0005
"""mm: how exactly the offset has to be in force."""
ROOM = 0.2
"""mm over the expected height from where feeling begins at least: Klipper accepts no height at the start's or above."""


async def measure(context: Context, parameters: FirstLayerParameters) -> None:
    """Run the check. See `Check.run` for what it raises."""
    state = context.printer.state
    require_ready(state)
    require_person(context.operator, "A person has to look at the gap and feel the paper.")
    _require_bearable(state, parameters)
    step = require_step(state)
    macros = dock_macros(state, parameters.attach, parameters.detach)
    stow = stow_macros(state, parameters.attach, parameters.detach)
    probe = probe_config(state)
    clearance = safe_clearance(state)
    if not parameters.hot:
        await require_cold(context)
    if probe is not None:
        await require_travel(context, macros, probe)
    homed_before = state.homed()
    if parameters.hot:
        await home_if_needed(context, allowed=parameters.home)
    else:
        await home_cold(context, allowed=parameters.home)
    hot = _require_bearable(context.printer.state, parameters)
    await context.holder.borrow_offset()
    try:
        automatic = await _offset_in_force(context, parameters)
        by_contact = "" if automatic else await contact_in_force(context, homed_before=homed_before)
        zero = zero_of(
            context.printer.state,
            parameters.zero,
            parameters.paper,
            automatic=automatic,
            by_contact=by_contact,
            hot=hot,
        )
        target = target_of(context.printer.state, automatic=automatic)
        place = _place(context, parameters)
        _say_mesh(context)
        async with probe_docked(context, stow):
            test = _Test(context, place, zero, target, clearance, parameters.tests, step)
            adjustment = await test.run()
    finally:
        await lift_and_leave(context, clearance)
    if adjustment is None:
        for event in too_far_off(STEPS[0]):
            context.emit(event)
        return
    for event in conclusion(
        context.printer.state,
        adjustment,
        zero,
        target,
        automatic=automatic,
        by_contact=by_contact,
        tests=test.done,
    ):
        context.emit(event)


def _adjustment(papers: "Sequence[_Felt]", zero: Zero, step: float, prior: ScatterPrior) -> Interval:
    heights = [felt.z for felt in papers]
    paper = paper_height(heights, max(felt.resolution for felt in papers), prior, step=step)
    return gap_error(paper, zero.paper, zero.paper)


def _require_bearable(state: PrinterState, parameters: FirstLayerParameters) -> bool:
    """Whether a nozzle is hot. Raises CheckRefused where it is too hot for paper."""
    nozzles = {name: heater for name, heater in state.heaters.items() if name.startswith("extruder")}
    hottest = max((max(heater.temperature, heater.target) for heater in nozzles.values()), default=0.0)
    if hottest > SCORCHING and not parameters.hot:
        raise CheckRefused(
            f"The nozzle is hot or heating ({hottest:.0f} °C).",
            f"Above {SCORCHING:.0f} °C it scorches the paper and oozes onto it. A drop of filament feels like the bed.",
            "Let it cool down. With a metal feeler gauge and a clean, empty nozzle, add --hot.",
        )
    return any(heater.temperature > HOT for heater in nozzles.values())


async def _offset_in_force(context: Context, parameters: FirstLayerParameters) -> bool:
    """Whether the offset in force is CALIBRATE_Z's, after running it where a print would. Raises CheckFailed where it
    finds a fault, CheckCancelled, TransportError."""
    state = await context.printer.refresh()
    here = section(state)
    if here is None or AUTO_Z.unfit(capabilities_of(state)) is not None:
        return False
    if applied_offset(state) is not None:
        return True
    if not parameters.calibrate:
        context.emit(
            Notice("CALIBRATE_Z's offset is not applied. As requested, the height without it is tested.")
        )
        return False
    context.emit(Stage("calibrate", "Running CALIBRATE_Z, as before a print"))
    attempt = await calibrate(context, here, None)
    if attempt.fault is not None:
        what, cause, remedy = fault_words(attempt)
        raise CheckFailed(
            f"CALIBRATE_Z found no offset to test. {what}",
            cause,
            f"{remedy} Automatic Z offset (`auto-z`) shows more.",
        )
    found = attempt.calibration
    live = context.printer.state.homing_origin[2]
    if found is not None and abs(live - found.offset) > IN_FORCE:
        raise CheckFailed(
            f"CALIBRATE_Z found {found.offset:.3f} mm, but {live:.3f} mm is applied after it.",
            "A macro around it restores an older G-code state, homes, or sets another offset.",
            "Check the macro named CALIBRATE_Z. Without the offset there is nothing to test or to print with.",
        )
    return True


def _place(context: Context, parameters: FirstLayerParameters) -> Xy:
    """Where the nozzle goes. Raises CheckRefused."""
    state = context.printer.state
    here = section(state)
    if here is not None and here.bed is not None:
        middle = here.bed
    else:
        site = measuring_site(state, None)
        middle = site.bed if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    require_inside(context.printer, x, y)
    return x, y


def _say_mesh(context: Context) -> None:
    state = context.printer.state
    if "bed_mesh" in state.settings and not state.bed_mesh.active:
        context.emit(
            Notice(
                "No bed mesh is loaded. That does not matter where the mesh is zero. Elsewhere, load the mesh that you "
                "print with first (BED_MESH_PROFILE LOAD=default)."
            )
        )


@dataclass(frozen=True)
class _Felt:
    """The Z (as G-code counts) at which the paper drags, mm."""

    z: float
    resolution: float


class _Test:
    """The steps down, and the paper tests."""

    def __init__(
        self,
        context: Context,
        place: Xy,
        zero: Zero,
        target: OffsetTarget | None,
        clearance: float,
        tests: int,
        step: float,
    ) -> None:
        self._context = context
        self._place = place
        self._zero = zero
        self._target = target
        self._clearance = clearance
        self._tests = tests
        self._step = step
        self.done = 0
        """Paper tests so far."""
        self._offset = context.printer.state.homing_origin[2]

    async def run(self) -> Interval | None:
        """How much higher Z 0 has to be (mm); None where the nozzle touches at the first step already. Raises
        CheckCancelled, CheckFailed, TransportError."""
        context = self._context
        x, y = self._place
        context.emit(Stage("travel", f"Bringing the nozzle over X {x:g} Y {y:g}"))
        await travel(context.printer, x=x, y=y, clearance=self._clearance)
        lowest_free, touches = await self._step_down()
        if lowest_free is None:
            return None
        frame = _frame(context.printer.state)
        expected = touches if touches is not None else self._zero.paper
        start = min((z for z in STEPS if z >= expected + ROOM and z >= lowest_free), default=STEPS[0])
        felt: list[_Felt] = []
        while True:
            context.stop_if_cancelled()
            if felt:
                await travel(context.printer, x=x, y=y, clearance=self._clearance)
            await self._go(start)
            context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
            found = await self._feel(len(felt) + 1, frame, expected)
            felt.append(_Felt(found.height - frame, found.resolution))
            self.done = len(felt)
            if len(felt) < self._tests:
                continue
            adjustment = await asyncio.to_thread(
                _adjustment, tuple(felt), self._zero, self._step, context.scatter.prior
            )
            if not await another_test(context.operator, adjustment.negated(), len(felt)):
                return adjustment

    async def _step_down(self) -> tuple[float | None, float | None]:
        """The lowest Z at which nothing touched yet, and the one at which it did; None where there was none."""
        context = self._context
        free: float | None = None
        for number, z in enumerate(STEPS):
            context.emit(Stage("step", f"Lowering the nozzle to Z {z:g}"))
            await self._go(z)
            context.emit(Progress(number + 1, len(STEPS)))
            answer = await context.operator.choose(_question(z, STEPS[number + 1 :]))
            if answer == "stop":
                raise CheckCancelled
            if answer == "touches":
                return free, z
            free = z
        return free, None

    async def _go(self, z: float) -> None:
        """To this Z by a G-code move, straight down or up. Raises CheckFailed where the axis does not reach so far, or
        where this Z is no longer the height that it was."""
        printer = self._context.printer
        state = await printer.refresh()
        lowest = state.axis_minimum
        toolhead = z + _frame(state)
        if lowest is not None and toolhead < lowest[2]:
            known = lowest_z(state)
            option = "position_min" if known is None else f"{known.option} in [{known.section}]"
            raise CheckFailed(
                f"Z {z:g} is out of reach: the toolhead would be at {toolhead:.3f} mm.",
                f"The Z axis ends at {lowest[2]:g} mm ({option}), and the applied offset is part of the distance.",
                f"Lower {option} to about -2, or find out why the offset is so large.",
            )
        if abs(state.homing_origin[2] - self._offset) > IN_FORCE:
            raise CheckFailed(
                f"The applied Z offset is {state.homing_origin[2]:.3f} mm and no longer {self._offset:.3f} mm.",
                "Another screen, a web interface or a macro changed it, or our lease expired and the [zcal] module "
                "restored it.",
                "Repeat the check, and do not change the offset during it.",
            )
        await go_to(printer, z=toolhead, speed=DOWN_SPEED)

    async def _feel(self, test: int, frame: float, expected: float) -> PaperHeight:
        target, zero = self._target, self._zero
        plan = PaperPlan(
            text="Lower the nozzle until the paper drags slightly.",
            name="adjustment" if target is None else target.option,
            old=None if target is None else target.old,
            # new = old - shift - (height - frame - zero)
            base=(0.0 if target is None else target.new(target.old, 0.0)) + frame + zero.paper,
            sign=-1,
            expected=frame + expected,
            clearance=self._clearance,
            test=test,
            tests=max(test, self._tests),
            detail=zero.text,
        )
        return await paper_test(self._context, plan, test)


def _frame(state: PrinterState) -> float:
    """Toolhead Z less G-code's Z at the present position: the live offset, the mesh, and other transforms."""
    if state.position is None or state.gcode_position is None:
        raise CheckFailed(
            "The printer does not report the position of its toolhead.",
            "Its status has no position.",
            "Home it, then try again.",
        )
    return state.position[2] - state.gcode_position[2]


def _question(z: float, below: tuple[float, ...]) -> Choose:
    further = f"Go down to Z {below[0]:g}" if below else "Continue with the paper test"
    return Choose(
        "first-layer-step",
        f"The nozzle is at Z {z:g}. Is the gap about {z:g} mm?",
        (
            Option("on", further, f"the gap is about {z:g} mm"),
            Option("touches", "Much narrower, or it touches", "go back up and do the paper test from there"),
            Option("stop", "Stop", "lift the nozzle and end the check"),
        ),
        "Look from the side, with light behind the nozzle. At Z 1 and below, slide a sheet of paper under it. Do not "
        "continue if the gap is much narrower than Z: the next step could press the nozzle into the bed.",
        facts={"z": z},
    )
