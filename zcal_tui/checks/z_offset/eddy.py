"""Calibrates Klipper's own eddy current probe with PROBE_EDDY_CURRENT_CALIBRATE, and judges the result.

Klipper docs, Eddy_Probe. Such a sensor has no z_offset: after the paper test Klipper lifts it in steps and notes the
frequency at each height. It stages that table by itself, so consent comes first; the session saves or discards
it after the run.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.paper import PaperHeight, PaperPlan, paper_test
from zcal_tui.checks.preconditions import home_cold, require_cold
from zcal_tui.checks.travel import go_to, position, travel
from zcal_tui.checks.z_offset.analysis import homes_with_probe
from zcal_tui.checks.z_offset.eddy_analysis import EddyCalibration, conclusion, effect, usable
from zcal_tui.checks.z_offset.eddy_messages import CalibrationOutput, Table, read, table
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.places import DETAIL, chosen_place
from zcal_tui.model.events import AdviceGiven, ChangesUpdated, Notice, Progress, Stage, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change, Level, Verdict
from zcal_tui.model.units import duration
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.manual_probe import ManualCalibration
from zcal_tui.printer.places import Place
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.stats.verdicts.rule import not_measured
from zcal_tui.transport.failures import TransportError

CALIBRATE, DRIVE_CURRENT = "PROBE_EDDY_CURRENT_CALIBRATE", "LDC_CALIBRATE_DRIVE_CURRENT"
DRIVE_CURRENT_HEIGHT = 20.0
"""mm over the bed at which the drive current is found (Klipper docs, Eddy_Probe)."""
DEFAULT_DRIVE_CURRENT = 15
STEPS, STEP, HOP = 101, 0.04, 0.5
"""What Klipper measures: heights, mm from one to the next, mm that it comes down onto each."""
SPEED = 5.0
"""mm/s at which it moves all the time."""
PAUSE = 0.2
"""Seconds that it pauses at each height."""
SURPLUS = 1.2
"""How much longer it takes than its moves at full speed."""
LOOK = 1.0
NOT_KNOWN_YET = "(what Klipper measures)"
STAGES_DETAIL = (
    "Klipper's command stages the result without asking. Afterwards you are asked whether to save it. If you do not, "
    "or the check ends early, a RESTART of Klipper discards it. Homing and the live G-code offset are then lost."
)


@dataclass(frozen=True)
class _Sensor:
    """The sensor's section as printer.cfg spells it, and its options."""

    section: str
    probe: ProbeConfig
    work: float
    """mm: the height at which it probes."""
    old: str | None
    """The calibration in force."""
    drive_current: bool
    """Whether its drive current was ever calibrated."""

    @property
    def chip(self) -> str:
        """What the commands call it."""
        return self.section.split()[-1]

    def is_its(self, section: str) -> bool:
        """Whether a section belongs to it: its own, or that of its temperature sensor, which is calibrated with it."""
        words = section.split()
        return words[-1:] == [self.chip] and words[0] in ("probe_eddy_current", "temperature_probe")


async def calibrate_eddy(
    context: Context,
    parameters: ZOffsetParameters,
    probe: ProbeConfig,
    step: float,
    *,
    drive_current: bool | None = None,
) -> None:
    """Calibrate it, or its drive current, without which that has no sense; `drive_current` where the person chose.
    See `Check.run` for what it raises."""
    sensor = _sensor(context.printer.state, probe)
    _require_possible(context.printer.state, sensor)
    place = chosen_place(context, parameters, probe)
    if drive_current is None:
        wants_current = not sensor.drive_current and await _drive_current_first(context, sensor)
    else:
        wants_current = drive_current
        if drive_current:
            await _agree(context)
    if not wants_current:
        await _agree(context)
        await require_cold(context)
    await home_cold(context, allowed=parameters.home)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    if wants_current:
        await _find_drive_current(context, sensor, place)
    else:
        await _find_heights(context, sensor, place, step)


def _sensor(state: PrinterState, probe: ProbeConfig) -> _Sensor:
    section = next((name for name in state.config if name.lower() == probe.section), probe.section)
    raw = state.config.get(section, {})
    settings = state.settings.get(probe.section, {})
    work = number(settings.get("descend_z")) or number(settings.get("z_offset")) or 0.0
    return _Sensor(section, probe, work, raw.get("calibrate"), "reg_drive_current" in raw)


def _require_possible(state: PrinterState, sensor: _Sensor) -> None:
    """Raises CheckRefused where Klipper could not do it, or its value could not be distinguished from others."""
    if state.has_command(CALIBRATE) is False:
        raise CheckRefused(
            f"This Klipper cannot calibrate [{sensor.section}].",
            f"It has no command {CALIBRATE}.",
            "Update Klipper, or calibrate the sensor as its maker describes.",
        )
    if state.save_config.pending:
        raise CheckRefused(
            "Klipper has unsaved pending values.",
            f"{CALIBRATE} stages its result, and only a RESTART could discard it, together with them.",
            "Save them (SAVE_CONFIG) or discard them (RESTART), then start again.",
        )
    if not state.homed() and not sensor.old and homes_with_probe(state):
        raise CheckRefused(
            "Z homes with the sensor, which is not calibrated yet.",
            "It must be calibrated before it can home, and the printer must be homed to calibrate it.",
            "Do the first calibration by hand with [force_move] (Klipper docs, Eddy_Probe, Performing initial "
            "calibration when homing with probe). Home X and Y, bring the nozzle about 20 mm above the middle of the "
            "bed, run SET_KINEMATIC_POSITION Z=25, then start this check.",
        )


async def _agree(context: Context) -> None:
    """The person's consent before anything is staged. Raises CheckRefused, CheckCancelled, NeedsPerson."""
    agreed = await context.operator.confirm(
        Confirm(
            "eddy-stages",
            "Klipper stages the new calibration for SAVE_CONFIG at the end of its measurement. Continue?",
            STAGES_DETAIL,
            yes="Continue",
            no="Not now",
            consent=True,
        )
    )
    if not agreed:
        raise CheckRefused("Staging was declined.", "Nothing was measured.")


async def _drive_current_first(context: Context, sensor: _Sensor) -> bool:
    """Whether to find the drive current now. Raises CheckCancelled, NeedsPerson."""
    return await context.operator.confirm(
        Confirm(
            "eddy-drive-current",
            "The sensor's drive current was never calibrated. Calibrate it first?",
            f"[{sensor.section}] has no reg_drive_current, so Klipper uses {DEFAULT_DRIVE_CURRENT}. The heights are "
            "valid for one current only. It takes some seconds. Then save it, let Klipper restart, and start this "
            f"check again for the heights. {STAGES_DETAIL}",
            yes="Drive current first",
            no=f"Heights, with {DEFAULT_DRIVE_CURRENT}",
        )
    )


async def _find_drive_current(context: Context, sensor: _Sensor, place: Place) -> None:
    context.emit(Stage("travel", "Moving the sensor over the middle of the bed"))
    await travel(context.printer, x=place.toolhead[0], y=place.toolhead[1], clearance=DRIVE_CURRENT_HEIGHT)
    if position(context.printer)[2] > DRIVE_CURRENT_HEIGHT:
        await go_to(context.printer, z=DRIVE_CURRENT_HEIGHT)
    context.stop_if_cancelled()
    context.emit(Stage("drive-current", "Measuring the sensor's drive current"))
    async with _staging(context, sensor, "reg_drive_current"):
        await context.printer.gcode(f'{DRIVE_CURRENT} CHIP="{sensor.chip}"')
    changes = await _staged(context, sensor)
    found = next((change.new for change in changes if change.option == "reg_drive_current"), None)
    if found is None:
        raise CheckFailed(
            f"{DRIVE_CURRENT} finished, but nothing is staged.", "", "Check its messages on the console."
        )
    context.emit(ChangesUpdated(changes))
    context.stop_if_cancelled()
    context.emit(
        VerdictReached(
            Verdict(
                Level.UNKNOWN,
                f"The sensor's drive current is {found}; its heights are not calibrated yet.",
                (
                    "Klipper uses it after a restart (Klipper docs, Eddy_Probe, Calibrating drive current).",
                    not_measured(),
                ),
            )
        )
    )
    context.emit(
        AdviceGiven(f"Once reg_drive_current {found} is saved, start this check again for the heights.")
    )


async def _find_heights(context: Context, sensor: _Sensor, place: Place, step: float) -> None:
    context.emit(Stage("travel", f"Bringing the nozzle over X {place.bed[0]:.1f} Y {place.bed[1]:.1f}"))
    await travel(
        context.printer, x=place.bed[0], y=place.bed[1], clearance=safe_clearance(context.printer.state)
    )
    context.stop_if_cancelled()
    heard: list[str] = []
    stop = context.printer.listen_console(lambda message: heard.append(message.text))
    manual = ManualCalibration(
        context.printer,
        context.zcal,
        f'{CALIBRATE} CHIP="{sensor.chip}"',
        lambda: _measuring(context, sensor),
    )
    context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
    plan = PaperPlan(
        text="Lower the nozzle until the paper drags slightly.",
        name="contact",
        old=None,
        base=0.0,
        sign=1,
        # A height that somebody has set by hand, as for the first calibration, is no expectation
        expected=None if homes_with_probe(context.printer.state) and not sensor.old else 0.0,
        clearance=safe_clearance(context.printer.state),
        detail=f"{DETAIL} After Accept, Klipper lifts the nozzle and measures by itself for one or two minutes.",
    )
    try:
        async with _staging(context, sensor, "calibrate", manual):
            paper = await paper_test(context, plan, 1, manual)
        changes = await _staged(context, sensor)
        entries = _table(changes)
        await _judge(context, sensor, changes, Measured(paper, read(heard), entries, step))
    finally:
        stop()


@dataclass(frozen=True)
class Measured:
    """What one calibration left."""

    paper: PaperHeight
    output: CalibrationOutput
    entries: Table
    step: float


async def _judge(context: Context, sensor: _Sensor, changes: tuple[Change, ...], measured: Measured) -> None:
    """Judge it. A calibration that is not usable is not offered for saving."""
    state = context.printer.state
    calibrated = EddyCalibration(
        measured.paper,
        measured.output,
        measured.entries,
        table(sensor.old or ""),
        sensor.work,
        measured.step,
        homes_with_probe(state),
        "bed_mesh" in state.settings,
    )
    good = usable(calibrated)
    changes = tuple(
        replace(change, saves=good, effect=effect(calibrated) if change.option == "calibrate" else "")
        for change in changes
    )
    context.emit(ChangesUpdated(changes))
    context.stop_if_cancelled()
    for event in await asyncio.to_thread(lambda: list(conclusion(calibrated, context.scatter.prior))):
        context.emit(event)


@contextlib.asynccontextmanager
async def _staging(
    context: Context, sensor: _Sensor, option: str, manual: ManualCalibration | None = None
) -> AsyncIterator[None]:
    """The time in which Klipper stages by itself. The record says so before, in case this program dies in it; where it
    ends without anything staged, the record says that as well."""
    context.emit(
        ChangesUpdated(
            (Change(sensor.section, option, _old(context, sensor, option), NOT_KNOWN_YET, "staged"),)
        )
    )
    try:
        yield
    except asyncio.CancelledError:
        if manual is not None and not manual.measuring:
            context.emit(ChangesUpdated(()))
        raise
    except (CheckRefused, CheckCancelled, TransportError):
        with contextlib.suppress(TransportError):
            if not (await context.printer.refresh()).save_config.pending and not (
                manual and manual.measuring
            ):
                context.emit(ChangesUpdated(()))
        raise


async def _staged(context: Context, sensor: _Sensor) -> tuple[Change, ...]:
    """What Klipper has staged of the sensor's, as changes that can be saved. Raises TransportError."""
    state = await context.printer.refresh()
    return tuple(
        Change(section, option, _old(context, sensor, option), text, "staged", saves=True)
        for section, options in state.save_config.items.items()
        if sensor.is_its(section)
        for option, text in options.items()
    )


def _old(context: Context, sensor: _Sensor, option: str) -> str | None:
    return context.printer.state.config.get(sensor.section, {}).get(option)


def _table(changes: tuple[Change, ...]) -> Table:
    """The new calibration. Raises CheckFailed."""
    text = next((change.new for change in changes if change.option == "calibrate"), "")
    with contextlib.suppress(ValueError):
        if entries := table(text):
            return entries
    raise CheckFailed(
        "Klipper finished its calibration, but staged no table of heights.",
        f"What it staged reads {text!r}."
        if text
        else "Another program may have saved it or restarted Klipper.",
        "Check its messages on the console, then repeat the check.",
    )


@contextlib.asynccontextmanager
async def _measuring(context: Context, sensor: _Sensor) -> AsyncIterator[None]:
    """The time in which Klipper measures by itself, shown as it passes."""
    sideways = math.hypot(sensor.probe.x_offset, sensor.probe.y_offset)
    moves = STEPS * (2 * HOP + STEP) + 2 * HOP * 10 + sideways
    total = max(1, round(SURPLUS * (moves / SPEED + STEPS * PAUSE)))
    context.emit(
        Stage(
            "measure",
            f"Klipper lifts the sensor and measures by itself for about {duration(total)}. Do not touch anything",
        )
    )
    watching = asyncio.create_task(_tell_time(context, total), name="zcal eddy progress")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _tell_time(context: Context, total: int) -> None:
    began = context.clock.now()
    noticed = False
    while True:
        gone = min(total - 1, round(context.clock.now() - began))
        context.emit(Progress(gone, total, float(total - gone), timed=True))
        if context.cancelled() and not noticed:
            noticed = True
            context.emit(
                Notice(
                    "Only the emergency stop can end this measurement early. It ends by itself in about "
                    f"{duration(total - gone)}, and is then discarded."
                )
            )
        await context.clock.sleep(LOOK)
