"""From the switch's datasheet to a tuned switch_offset: a paper test under the offset that CALIBRATE_Z found.

Heights of the paper test are toolhead Z, without the G-code offset and the mesh, as those of CALIBRATE_Z are; so
contact − offset is what the offset is wrong by, whatever offset is applied.
"""

import asyncio
from collections.abc import Sequence

from zcal_tui.checks.another_test import another_test
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.auto_z.calibrate import last_offset
from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.auto_z.verdict import Tuned
from zcal_tui.checks.auto_z.zero import Zero
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import ABOVE_CONTACT
from zcal_tui.checks.dock.docked import probe_docked
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.paper import PaperHeight, PaperPlan, paper_test
from zcal_tui.checks.travel import go_to, position, require_inside, travel
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Choose, Option
from zcal_tui.printer.gcode import command_line
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.messages import SwitchOffsetNegative, SwitchOffsetResult
from zcal_tui.printer.printer import CommandFailed, Heard
from zcal_tui.printer.z_calibration import ZCalibrationSection
from zcal_tui.stats.auto_offset import tuned_switch_offset
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import ScatterPrior
from zcal_tui.stats.paper import paper_height

SAFE_SIDE = 0.05
"""mm taken off the datasheet's value to begin with: a little less leaves the nozzle farther from the bed."""
LATE_WORD = 1.0
"""Seconds of wall time that Moonraker may take for the last console lines."""
SOURCE = "protoloft's z_calibration, SwitchType Offset"


@dataclass(frozen=True)
class SwitchType:
    """A switch and its datasheet's base: operating position less body height, mm."""

    key: str
    name: str
    base: float


SWITCHES = (SwitchType("D2F-5", "Omron D2F-5", 0.5), SwitchType("SSG-5H", "Omron SSG-5H", 0.7))


async def switch_offset_to_use(
    context: Context, parameters: AutoZParameters, section: ZCalibrationSection
) -> float | None:
    """The switch_offset for CALIBRATE_Z: None where the configured one is taken. Raises CheckRefused where there is
    none and no tuning, CheckCancelled."""
    if parameters.switch_offset is not None:
        return parameters.switch_offset
    chosen = parameters.switch
    if chosen == "auto":
        if section.switch_offset is not None:
            return None
        if not parameters.tune:
            raise CheckRefused(
                "[z_calibration] has no switch_offset.",
                "CALIBRATE_Z needs to know how far the probe's switch closes below its body.",
                "Find it with --tune, or give one with --switch-offset. Datasheets: 0.5 mm for a D2F-5, 0.7 mm for an "
                f"SSG-5H. A slightly smaller value is safe ({SOURCE}).",
            )
        chosen = await context.operator.choose(
            Choose(
                "switch",
                "Which switch does the probe have?",
                tuple(
                    Option(
                        switch.key,
                        switch.name,
                        f"{switch.base:g} mm by its datasheet; starts with {_start(switch):g}",
                    )
                    for switch in SWITCHES
                ),
                "The switch closes slightly below its body, by the value in its datasheet. A larger value brings the "
                "nozzle closer to the bed, so the test starts with a smaller one. The paper test finds the correct "
                "value with either choice.",
            )
        )
    return next(_start(switch) for switch in SWITCHES if switch.key == chosen)


def _start(switch: SwitchType) -> float:
    return round(switch.base - SAFE_SIDE, 3)


def bed_point(context: Context, section: ZCalibrationSection) -> Xy:
    """Where the nozzle goes for the paper test: the point that CALIBRATE_Z probes. Raises CheckRefused."""
    if section.bed is None:
        raise CheckRefused(
            "The bed point that CALIBRATE_Z probes is unknown.",
            "Neither [z_calibration] bed_xy_position nor [bed_mesh] zero_reference_position is configured.",
            "Set one of them.",
        )
    require_inside(context.printer, *section.bed)
    return section.bed


async def tune(
    context: Context,
    parameters: AutoZParameters,
    section: ZCalibrationSection,
    repeats: Repeats,
    used: float,
    zero: Zero,
    stow: tuple[str, str] | None,
    *,
    step: float,
    clearance: float,
    first: int,
) -> Tuned:
    """Do the paper tests at the probed point, as samples from number `first`, and compute. Raises CheckCancelled,
    CheckFailed, CheckRefused, TransportError."""
    x, y = bed_point(context, section)
    offset = repeats.mean("offset")
    if offset is None:
        raise CheckRefused(
            "The uncertainty of the offset is unknown.",
            "CALIBRATE_Z ran once, with single samples.",
            "Use at least --repeats 2, or set samples: 3 in [probe].",
        )
    asked = _Command(context, used if section.switch_offset != used else None)
    papers: list[PaperHeight] = []
    expected = offset.mean.value + zero.paper
    async with probe_docked(context, stow):
        while True:
            context.stop_if_cancelled()
            test = len(papers) + 1
            context.emit(Stage("travel", f"Bringing the nozzle over X {x:g} Y {y:g}"))
            await travel(context.printer, x=x, y=y, clearance=clearance)
            await _down_to(context, expected + ABOVE_CONTACT)
            context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
            plan = PaperPlan(
                text="Lower the nozzle until the paper drags slightly.",
                name="switch_offset",
                old=section.switch_offset,
                # new = used - (contact - offset), contact = height - paper
                base=used + zero.paper + offset.mean.value,
                sign=-1,
                expected=expected,
                clearance=clearance,
                test=test,
                tests=max(test, parameters.papers),
                detail=zero.text,
                at_contact=asked.ask,
            )
            papers.append(await paper_test(context, plan, first + len(papers)))
            if len(papers) < parameters.papers:
                continue
            tuned = await asyncio.to_thread(
                _conclude, repeats, tuple(papers), used, section, zero, asked, step, context.scatter.prior
            )
            if not await another_test(context.operator, _undecided(tuned), len(papers)):
                return tuned


def _undecided(tuned: Tuned) -> Interval:
    """What another test may decide (mm): the error of the configured switch_offset, or of the new one where none is
    configured."""
    return tuned.error or tuned.value.shifted(-tuned.value.value)


def _conclude(
    repeats: Repeats,
    papers: Sequence[PaperHeight],
    used: float,
    section: ZCalibrationSection,
    zero: Zero,
    asked: "_Command",
    step: float,
    prior: ScatterPrior,
) -> Tuned:
    offset = repeats.mean("offset")
    assert offset is not None
    heights = [paper.height for paper in papers]
    paper = paper_height(heights, max(paper.resolution for paper in papers), prior, step=step)
    last = asked.counted_from if asked.counted_from is not None else repeats.last.offset
    return Tuned(
        used=used,
        configured=section.switch_offset,
        value=tuned_switch_offset(used, offset, paper, zero.paper),
        by_paper=used - (heights[-1] - last),
        command=asked.result,
        zero=zero.text,
        tests=len(papers),
    )


async def _down_to(context: Context, height: float) -> None:
    """Come down to a toolhead Z, from above."""
    await context.printer.refresh()
    if position(context.printer)[2] > height:
        await go_to(context.printer, z=height)


class _Command:
    """Runs CALCULATE_SWITCH_OFFSET while the nozzle is on the paper."""

    def __init__(self, context: Context, switch_offset: float | None) -> None:
        self._context = context
        self._switch_offset = switch_offset
        self.result: float | None = None
        self.counted_from: float | None = None
        """The offset that it counts from."""

    async def ask(self) -> None:
        """Run it; where it cannot run, emit a notice and continue without it."""
        printer = self._context.printer
        if printer.state.has_command("CALCULATE_SWITCH_OFFSET") is False:
            return
        heard_of = asyncio.Event()

        def hear(heard: Heard) -> None:
            if isinstance(heard.message, SwitchOffsetResult):
                self.result = heard.message.new
            if isinstance(heard.message, SwitchOffsetResult | SwitchOffsetNegative):
                heard_of.set()

        stop = printer.listen_console(hear)
        try:
            self.counted_from = await last_offset(self._context)
            await printer.gcode(command_line("CALCULATE_SWITCH_OFFSET", SWITCH_OFFSET=self._switch_offset))
            async with asyncio.timeout(LATE_WORD):
                await heard_of.wait()
        except CommandFailed as error:
            self._context.emit(Notice(f"CALCULATE_SWITCH_OFFSET was not run: {error.message}"))
        except TimeoutError:
            self._context.emit(Notice("CALCULATE_SWITCH_OFFSET reported nothing."))
        finally:
            stop()
