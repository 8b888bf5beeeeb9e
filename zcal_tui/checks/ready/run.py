"""How `ready` runs: the printer's state, the probe's switch, and the fixes that it offers."""

import contextlib
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import dock_macros, probe_attached
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.preconditions import require_connected
from zcal_tui.checks.ready.bed_screws import COMMAND, has_screws, level_screws
from zcal_tui.checks.ready.dock_choice import choose_macros, keep, kept_finding, shown
from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine
from zcal_tui.checks.ready.module_findings import module_finding
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.checks.ready.probe_findings import probe_switch
from zcal_tui.checks.ready.scanner_findings import scanner_findings
from zcal_tui.checks.ready.state_findings import STATE_FINDINGS
from zcal_tui.checks.travel import hands_off, home_if_needed, require_free
from zcal_tui.model.events import AdviceGiven, Notice, Progress, Stage, VerdictReached
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Level, Verdict
from zcal_tui.printer.printer import CommandFailed

_WEIGHT = {Level.PASS: 0, Level.WARN: 1, Level.FAIL: 2}


async def look(context: Context, parameters: ReadyParameters) -> None:
    """Check everything, offer fixes, judge. See `Check.run` for what it raises."""
    require_connected(context.printer.state)
    context.emit(Stage("look", "Checking the printer's state"))
    findings = await _state_findings(context)
    parameters, chosen = await _with_dock(context, parameters)
    found: ReadyFinding | None = None
    if parameters.offer and context.operator.present:
        findings, found = await _offers(context, parameters, findings)
    blocked = next((finding for finding in findings if finding.level is Level.FAIL), None)
    if blocked is None and found is None:
        found = await _switch(context, parameters)
    if found is not None:
        findings.append(found)
    if chosen is not None and found is not None and found.level is Level.PASS:
        keep(context, chosen)
    if (screws := await _bed_screws(context, parameters, findings)) is not None:
        findings.append(screws)
    if (kept := kept_finding(context, parameters)) is not None:
        findings.append(kept)
    context.emit(Progress(len(findings), len(findings), 0.0))
    for finding in sorted(findings, key=_weight):
        if finding.fix:
            context.emit(AdviceGiven(finding.fix, finding.changes))
    context.emit(VerdictReached(verdict_of(findings)))


async def _with_dock(
    context: Context, parameters: ReadyParameters
) -> tuple[ReadyParameters, tuple[str, str] | None]:
    """The parameters with the macros of the dock: those that were kept are forgotten where that was asked for, and
    unknown ones are asked for. Returns what was chosen now, which is kept once it was seen to work."""
    if parameters.forget_dock and context.kept_dock is not None:
        context.keep_dock(None)
        context.emit(Notice(f"{shown(context.kept_dock)} are no longer kept for this printer."))
        parameters = replace(parameters, attach="auto", detach="auto")
    if parameters.attach != "auto" or _macros(context, parameters, "QUERY_PROBE") is not None:
        return parameters, None
    if hands_off(context.printer.state) is not None:  # QUERY_PROBE would make a print pause
        return parameters, None
    try:
        chosen = await choose_macros(context)
    except CommandFailed as error:  # reported with the probe's switch
        await _raise_if_down(context, error)
        chosen = None
    if chosen is None:
        return parameters, None
    return replace(parameters, attach=chosen[0], detach=chosen[1] or "none"), chosen


async def _state_findings(context: Context) -> list[ReadyFinding]:
    state = await context.printer.refresh()
    findings = [found for look in STATE_FINDINGS if (found := look(state)) is not None]
    return [*findings, *await scanner_findings(context), module_finding(context.zcal)]


async def _offers(
    context: Context, parameters: ReadyParameters, findings: list[ReadyFinding]
) -> tuple[list[ReadyFinding], ReadyFinding | None]:
    """Offer the fixes one after the other, and check again after each. Returns the findings now, and the finding about
    the probe's switch where it was needed first: nothing probes the bed with a switch that cannot be trusted.
    """
    offered: set[str] = set()
    switch: ReadyFinding | None = None
    while True:
        upcoming = next((f for f in findings if f.offer is not None and f.key not in offered), None)
        if upcoming is None or upcoming.offer is None:
            return findings, switch
        offered.add(upcoming.key)
        offer = upcoming.offer
        wanted = await context.operator.confirm(
            Confirm(
                f"offer-{upcoming.key}",
                offer.question,
                f"{upcoming.what} {upcoming.why}\n{offer.detail}",
                yes=offer.yes,
                no="Leave it",
            )
        )
        if not wanted or not await _still_may(context, upcoming):
            continue
        command = offer.gcode
        try:
            if offer.needs_homed:
                await home_if_needed(context)
            switch = await _switch(context, parameters) if offer.needs_probe else switch
            if offer.needs_probe and switch is not None and switch.level is Level.FAIL:
                context.emit(Notice(f"{offer.gcode} was not run, because it probes the bed. {switch.what}"))
                findings = await _state_findings(context)
                continue
            macros = _macros(context, parameters, offer.gcode.split()[0])
            async with probe_attached(context, macros) if offer.needs_probe else contextlib.nullcontext():
                if macros is not None and offer.needs_probe:
                    await require_free(context.printer)  # attaching takes a while
                context.emit(Stage("mend", f"{offer.yes} ({offer.gcode})"))
                await context.printer.gcode(offer.gcode)
            if offer.then:
                await require_free(context.printer)  # levelling takes minutes
                command = offer.then
                await context.printer.gcode(offer.then)
        except CommandFailed as error:
            await _raise_if_down(context, error)
            explained = error.explanation
            context.emit(
                Notice(f"{command} failed: {explained.what} {explained.cause} {explained.remedy}".rstrip())
            )
        context.stop_if_cancelled()
        findings = await _state_findings(context)


async def _bed_screws(
    context: Context, parameters: ReadyParameters, findings: list[ReadyFinding]
) -> ReadyFinding | None:
    """Level a bed with screws by consent; only named where nobody can turn them. Raises TransportError."""
    if not has_screws(context.printer.state):
        return None
    if not parameters.offer or not context.operator.present:
        return fine(
            "bed-screws", "The bed's screws were not measured.", "", f"Run {COMMAND} and turn its knobs."
        )
    if any(finding.level is Level.FAIL for finding in findings):
        return None
    return await level_screws(context, _macros(context, parameters, COMMAND))


async def _still_may(context: Context, finding: ReadyFinding) -> bool:
    """Whether the offered fix may be done now; time has passed. Ending a paper test always may."""
    if finding.key == "free":
        return True
    try:
        await require_free(context.printer)
    except CheckFailed as busy:
        context.emit(Notice(f"Not done. {busy.what} {busy.remedy}"))
        return False
    return True


async def _switch(context: Context, parameters: ReadyParameters) -> ReadyFinding | None:
    """The finding about the probe's switch; a docked probe is attached for it where that is allowed."""
    state = context.printer.state
    macros = _macros(context, parameters, "QUERY_PROBE")
    may_move = parameters.fetch and state.homed() and not state.busy
    try:
        return await probe_switch(context, macros if may_move else None, docked=macros is not None)
    except CommandFailed as error:
        await _raise_if_down(context, error)
        explained = error.explanation
        return fail(
            "probe-switch", f"The probe cannot be read: {explained.what}", explained.cause, explained.remedy
        )


async def _raise_if_down(context: Context, error: CommandFailed) -> None:
    """Raise the error again where klippy has halted, so that it is not a finding. Raises TransportError."""
    if not (await context.printer.refresh()).ready:
        raise error


def _macros(context: Context, parameters: ReadyParameters, command: str) -> tuple[str, str] | None:
    """The macros that attach and dock the probe for a command; None where a macro around the command does."""
    with contextlib.suppress(CheckRefused):
        return dock_macros(context.printer.state, parameters.attach, parameters.detach, command)
    return None


def verdict_of(findings: list[ReadyFinding]) -> Verdict:
    """The worst finding, with all of them as reasons, the worst first."""
    ordered = sorted(findings, key=_weight)
    worst = ordered[0].level
    wrong = [finding for finding in ordered if finding.level is worst]
    match worst:
        case Level.PASS:
            summary = "The printer is ready for Z measurements."
        case Level.WARN:
            summary = f"Ready, with {len(wrong)} warning{'s' if len(wrong) > 1 else ''}. {wrong[0].what}"
        case _:
            summary = f"Not ready: {wrong[0].what}"
    return Verdict(worst, summary, tuple(line for one in ordered for line in (one.reason, *one.lines)))


def _weight(finding: ReadyFinding) -> int:
    """A finding's place among what has to be done: the worst first."""
    return -_WEIGHT[finding.level]
