"""Running the commands of [z_calibration] by their own names, so that a macro of the user's that wraps them runs
too."""

import asyncio
import contextlib
import re
from typing import Literal

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.z_calibration import run_command
from zcal_tui.model.events import SampleTaken
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Sample
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.gcode import ProbingSettings, command_line, probing_command
from zcal_tui.printer.messages import AccuracyStats, Info, ProbeSample
from zcal_tui.printer.printer import CommandFailed, Heard
from zcal_tui.printer.values import mapping, number
from zcal_tui.printer.z_calibration import (
    AutomaticOffset,
    ConsoleCalibration,
    ZCalibrationSection,
    from_status,
)
from zcal_tui.transport.failures import TransportError

Fault = Literal["margins", "probe", "scatter"]
"""What CALIBRATE_Z itself finds wrong: the offset outside its margins, no probe, samples that differ too much."""

_FAULTS: tuple[tuple[Fault, str], ...] = (
    ("margins", r"outside the configured range|offset is greater than allowed"),
    (
        "probe",
        r"probe switch not closed|probe (?:was |is )?not (?:picked up|attached|detected)|probe attach failed",
    ),
    ("scatter", r"probe samples exceed tolerance"),
)


@dataclass(frozen=True)
class Attempt:
    """One CALIBRATE_Z. With a `fault` no offset was applied; `text` is the printer's own word on it."""

    calibration: AutomaticOffset | None
    fault: Fault | None = None
    text: str = ""
    site: str = ""
    """With the fault `scatter`: nozzle, switch or bed; empty where that is not known."""
    doubt: str = ""
    """The module's warning about a probe whose absence would not be detected."""


async def calibrate(context: Context, section: ZCalibrationSection, switch_offset: float | None) -> Attempt:
    """Run CALIBRATE_Z, with another switch_offset than the configured one if given, and read what it found. The offset
    that it applies is noted with the holder as ours, also where the run is cancelled too late to keep it from that.

    Raises CheckFailed where the printer does not report the result, CheckCancelled, CommandFailed for an error that is
    no finding, TransportError.
    """
    console = ConsoleCalibration(section.samples, section.median)
    doubts: list[str] = []

    def hear(heard: Heard) -> None:
        console.hear(heard.message)
        if isinstance(heard.message, Info) and "goes unnoticed" in heard.text:
            doubts.append(heard.text.partition(": ")[2] or heard.text)

    command = command_line("CALIBRATE_Z", SWITCH_OFFSET=switch_offset)
    before = await _published(context, section)
    stop = context.printer.listen_console(hear)
    fault: Fault | None = None
    text = ""
    try:
        await run_command(context, command)
        if await _published(context, section) is None:
            await context.printer.late_lines(lambda: console.result() is not None)
    except CommandFailed as error:
        text = error.message
        fault = fault_of(text)
        if fault is None:
            raise
    finally:
        stop()
        if context.printer.state.ready:
            with contextlib.suppress(TransportError):  # the link is lost: the command's own error is shown
                await context.holder.borrow_offset()
    printed = console.result()
    published = await _published(context, section)
    # After a failure the status may still hold the run before
    found = published if published is not None and (fault is None or published != before) else printed
    if found is None and fault is None:
        raise CheckFailed(
            "CALIBRATE_Z finished, but the printer did not report the result.",
            "Neither its status nor its console has the heights. A macro named CALIBRATE_Z may not call the original.",
            "Check that macro. It must call the command that it renamed (rename_existing).",
        )
    site = (site_of(text) or console.site) if fault == "scatter" else ""
    return Attempt(found, fault, text, site, doubts[-1] if doubts else "")


async def _published(context: Context, section: ZCalibrationSection) -> AutomaticOffset | None:
    status = await context.printer.query({"z_calibration": None})
    return from_status(mapping(status.get("z_calibration")), median=section.median)


def fault_of(text: str) -> Fault | None:
    """What an error of CALIBRATE_Z's says it found; None for an error of another kind."""
    return next((fault for fault, pattern in _FAULTS if re.search(pattern, text, re.IGNORECASE)), None)


def site_of(text: str) -> str:
    """The height that an error of our module names: nozzle, switch or bed; empty where it names none."""
    named = re.search(r"exceed tolerance at the (nozzle|switch body|probe) on the", text)
    return {"nozzle": "nozzle", "switch body": "switch", "probe": "bed"}[named[1]] if named else ""


async def last_offset(context: Context) -> float | None:
    """What CALIBRATE_Z applied last: what CALCULATE_SWITCH_OFFSET counts from. Raises TransportError."""
    status = mapping((await context.printer.query({"z_calibration": ["last_z_offset"]})).get("z_calibration"))
    return number(status.get("last_z_offset"))


async def touch_endstop(context: Context, count: int, first: int) -> tuple[float, ...]:
    """PROBE_Z_ACCURACY: the heights at which the nozzle triggers the Z endstop, emitted as samples from number `first`.

    Raises CheckRefused where the printer does not report them, CheckCancelled, CommandFailed, TransportError.
    """
    heights: list[float] = []

    def hear(heard: Heard) -> None:
        match heard.message:
            case ProbeSample(x, y, z, "toolhead"):
                sample = Sample(
                    first + len(heights), round(heard.eventtime, 3), x, y, z, kind="nozzle", place="endstop"
                )
                heights.append(z)
                context.emit(SampleTaken(sample))
            case AccuracyStats():
                complete.append(True)

    complete: list[bool] = []
    stop = context.printer.listen_console(hear)
    try:
        await run_command(context, probing_command("PROBE_Z_ACCURACY", count, ProbingSettings()))
        if not complete:  # Moonraker may deliver the last lines after the reply
            await asyncio.sleep(1.0)
    finally:
        stop()
    if len(heights) < 2:
        raise CheckRefused(
            "The samples of the Z endstop were not reported.",
            "PROBE_Z_ACCURACY finished without a line for each sample. A macro of that name may do something else.",
            "Skip them with --endstop-touches 0.",
        )
    return tuple(heights)


_SCATTER_ON_ENDSTOP = {
    "nozzle": (
        "Filament on the tip, or an endstop pin that sticks or has moved.",
        "Clean the tip and check the pin. Do not raise samples_tolerance. Try `accuracy --what endstop`.",
    ),
    "switch": (
        "The endstop meets the switch's actuator instead of its body, or the probe gives way in its mount.",
        "Check how the probe sits in its mount, and switch_xy_position. Do not raise samples_tolerance.",
    ),
}
"""Cause and remedy where the samples of a height on the Z endstop differ; the probe takes no part in them."""


def fault_words(attempt: Attempt) -> tuple[str, str, str]:
    """What went wrong, its likely cause and the remedy."""
    explained = explain(attempt.text)
    if attempt.fault == "scatter" and attempt.site in _SCATTER_ON_ENDSTOP:
        return explained.what, *_SCATTER_ON_ENDSTOP[attempt.site]
    return explained.what, explained.cause, explained.remedy
