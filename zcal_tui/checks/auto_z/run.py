"""How the automatic Z offset is checked: the endstop's scatter, repeated CALIBRATE_Z, the switch's offset."""

import asyncio
from collections.abc import Iterator, Mapping

from zcal_tui.checks.auto_z import verdict as judging
from zcal_tui.checks.auto_z.advice import BODY, configuration, rough_z_offset
from zcal_tui.checks.auto_z.analysis import Repeats, endstop_repeatability, moved_since, samples_of
from zcal_tui.checks.auto_z.calibrate import Attempt, calibrate, fault_words, touch_endstop
from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.auto_z.print_start import findings as print_start_findings
from zcal_tui.checks.auto_z.tune import bed_point, switch_offset_to_use, tune
from zcal_tui.checks.auto_z.verdict import AutoZFinding, Tuned, verdict_of
from zcal_tui.checks.auto_z.wiring import look_at_wiring
from zcal_tui.checks.auto_z.zero import zero_of
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import travel_clearance
from zcal_tui.checks.dock.attach import stow_macros
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.estimates import estimate
from zcal_tui.checks.heating.hot import Heat, at_temperature
from zcal_tui.checks.heating.targets import HOT
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.preconditions import home_cold, require_clean, require_cold, require_ready, require_step
from zcal_tui.checks.travel import disturbed, home_if_needed, lift_and_leave, position
from zcal_tui.model.check_info.auto_z import INFO as AUTO_Z
from zcal_tui.model.events import (
    AdviceGiven,
    EstimateUpdated,
    Event,
    Notice,
    Progress,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Estimate, Level
from zcal_tui.model.units import length, millimetres
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.config_view import ProbeConfig, ZRail, probe_config, z_rail
from zcal_tui.printer.geometry import Xy, z_limits
from zcal_tui.printer.z_calibration import AutomaticOffset, ZCalibrationSection, section
from zcal_tui.stats.auto_offset import Moved
from zcal_tui.stats.repeatability import Repeatability

IN_FORCE = 0.0005
"""mm; Klipper keeps an offset to the last digit, the oldest plugin reports three."""


async def measure(context: Context, parameters: AutoZParameters) -> None:
    """Run the check. See `Check.run` for what it raises."""
    require_ready(context.printer.state)
    if parameters.tune:
        require_person(context.operator, "Tuning ends with a paper test: a person has to feel the paper.")
    run = _Run(context, parameters)
    hot = parameters.bed is not None or parameters.nozzle is not None
    if parameters.tune:
        bed_point(context, run.section)
    if not hot and parameters.tune:
        await require_cold(context)
    elif not hot and context.operator.present:
        await require_clean(context)
    used = await switch_offset_to_use(context, parameters, run.section)
    async with at_temperature(context, parameters.bed, parameters.nozzle, parameters.soak) as heat:
        await _go(context, parameters, run, heat, used)


async def _go(
    context: Context, parameters: AutoZParameters, run: "_Run", heat: Heat, used: float | None
) -> None:
    await (home_cold if parameters.tune and not heat.on else home_if_needed)(context, allowed=parameters.home)
    await context.holder.borrow_offset()
    before = context.printer.state.homing_origin[2]
    try:
        await run.go(used, heat)
    finally:
        await lift_and_leave(context, run.clearance)
    heat.require_kept()
    for event in run.conclusion():
        heat.emit(event)
    await run.leave_offset(before)


class _Run:
    """One run of the check."""

    def __init__(self, context: Context, parameters: AutoZParameters) -> None:
        state = context.printer.state
        self._context = context
        self._parameters = parameters
        reason = AUTO_Z.unfit(capabilities_of(state)) or _unavailable(state.z_calibration)
        here, probe, rail = section(state), probe_config(state), z_rail(state)
        if reason is not None or here is None or probe is None or rail is None:
            raise CheckRefused(
                "This printer has no automatic Z offset.", reason or "", "See docs/z_calibration.md."
            )
        step = require_step(state)
        self.section: ZCalibrationSection = here
        self._probe: ProbeConfig = probe
        self._rail: ZRail = rail
        self._step = step
        self.clearance = travel_clearance(probe)
        self._stow = stow_macros(state, parameters.attach, parameters.detach)
        self._zero = zero_of(state, parameters.zero, parameters.paper, automatic=True, hot=_hot(parameters))
        self._repeats = Repeats(step)
        self._findings: list[AutoZFinding] = []
        self._moved: tuple[Moved, ...] = ()
        self._endstop: Repeatability | None = None
        self._tuned: Tuned | None = None
        self._fault: Attempt | None = None
        self._lost: AutoZFinding | None = None
        self._safe = True
        self._samples = 0

    async def go(self, used: float | None, heat: Heat) -> None:
        """Measure everything; what is wrong becomes a finding as far as it is one."""
        if self._parameters.endstop_touches > 1:
            await self._touch_endstop()
        wiring = await look_at_wiring(self._context, self.section, self._stow)
        self._context.stop_if_cancelled()
        self._safe = wiring.works is not False
        if not self._safe:
            self._findings.append(judging.of_wiring(wiring, ""))
            return
        doubt = await self._calibrate(used, heat)
        self._findings.append(judging.of_wiring(wiring, doubt))
        if self._parameters.tune and self._fault is None:
            await self._tune(used)

    async def _touch_endstop(self) -> None:
        context = self._context
        count = self._parameters.endstop_touches
        context.emit(Stage("endstop", f"Probing the Z endstop with the nozzle, {count} times"))
        heights = await touch_endstop(context, count, self._samples + 1)
        self._samples += len(heights)
        self._endstop = await asyncio.to_thread(endstop_repeatability, heights, self._step)
        self._findings.append(judging.of_endstop(self._endstop))
        context.emit(EstimateUpdated(self._estimates()))

    async def _calibrate(self, used: float | None, heat: Heat) -> str:
        """Run CALIBRATE_Z as often as requested; returns its warning about a missing probe."""
        context, count = self._context, self._parameters.repeats
        began = context.clock.now()
        doubt = ""
        context.emit(Progress(0, count))
        for turn in range(1, count + 1):
            context.stop_if_cancelled()
            if context.printer.state.busy:
                raise disturbed(context.printer.state)
            heat.require_kept()
            context.emit(Stage("calibrate", f"CALIBRATE_Z, {turn} of {count}"))
            attempt = await calibrate(context, self.section, used)
            doubt = attempt.doubt or doubt
            if attempt.calibration is not None:
                self._tell(attempt.calibration, turn, used, counts=attempt.fault is None)
            if attempt.fault is not None:
                self._fault = attempt
                return doubt
            self._look_at_offset()
            left = (context.clock.now() - began) / turn * (count - turn)
            context.emit(Progress(turn, count, round(left, 1)))
        return doubt

    def _tell(self, found: AutomaticOffset, turn: int, used: float | None, *, counts: bool) -> None:
        context = self._context
        at = position(context.printer)[:2]
        bed = self.section.bed
        places: Mapping[str, Xy] = {
            "nozzle": self.section.nozzle or at,
            "switch": self.section.switch or at,
            "bed": at if bed is None else (bed[0] - self._probe.x_offset, bed[1] - self._probe.y_offset),
        }
        facts = (
            {} if self._rail.position_endstop is None else {"position_endstop": self._rail.position_endstop}
        )
        now = round(context.clock.now(), 3)
        for sample in samples_of(found, turn, self._samples + 1, now, places, facts):
            self._samples += 1
            context.emit(SampleTaken(sample))
            if sample.kind == "offset":
                new = dict(sample.values)
                if found.switch_offset is None and (value := used or self.section.switch_offset) is not None:
                    new["switch_offset"] = value
                self._moved = moved_since(context.earlier("auto-z"), new)
        if counts or not self._repeats.found:
            self._repeats.found.append(found)
        context.emit(EstimateUpdated(self._estimates()))

    def _look_at_offset(self) -> None:
        """Whether what CALIBRATE_Z found is in force: a macro around it may have brought the old offset back. Where
        offset_gcode applies it, only that script knows."""
        if self.section.applies_by_script:
            return
        live, found = self._context.printer.state.homing_origin[2], self._repeats.last.offset
        if self._lost is None and abs(live - found) > IN_FORCE:
            self._lost = judging.of_lost_offset(found, live)
            self._findings.append(self._lost)

    async def _tune(self, used: float | None) -> None:
        value = self._repeats.last.switch_offset
        if value is None:
            value = used if used is not None else self.section.switch_offset
        assert value is not None
        self._tuned = await tune(
            self._context,
            self._parameters,
            self.section,
            self._repeats,
            value,
            self._zero,
            self._stow,
            step=self._step,
            clearance=self.clearance,
            first=self._samples + 1,
        )
        self._context.emit(EstimateUpdated(self._estimates()))

    def _estimates(self) -> dict[str, Estimate]:
        found = self._repeats.estimates() if self._repeats.found else {}
        if self._tuned is not None:
            found["switch_offset"] = estimate("switch_offset", self._tuned.value)
        if self._endstop is not None:
            found["endstop_sigma"] = estimate("endstop_sigma", self._endstop.sigma)
        return found

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it."""
        if self._fault is not None:
            self._findings.append(judging.of_fault(self._fault, self.section, self._moved))
        elif self._repeats.found:
            self._findings.extend(judging.of_repeats(self._repeats, self.section))
            self._findings.append(judging.of_location(self._context.earlier("bias")))
            self._findings.extend(judging.of_moves(self._moved))
        if self._repeats.found:
            rough = rough_z_offset(self._repeats.last, self._switch_offset(), self._probe)
            if rough is not None:
                self._findings.append(
                    AutoZFinding(Level.WARN, rough, "Usable, but two heights contradict each other.")
                )
        if self._tuned is not None:
            self._findings.append(judging.of_tuning(self._tuned))
        yield EstimateUpdated(self._estimates())
        yield VerdictReached(verdict_of(self._findings, self._good(), self._half()))
        yield from self._advice()

    def _half(self) -> float | None:
        """Half of the offset's interval (mm); None where it is not known."""
        offset = self._repeats.contact() if self._repeats.found else None
        if offset is None or offset.low is None or offset.high is None:
            return None
        return (offset.high - offset.low) / 2

    def _good(self) -> str:
        offset = self._repeats.contact()
        if offset is None or offset.low is None or offset.high is None:
            return "CALIBRATE_Z works."
        half = (offset.high - offset.low) / 2
        good = f"Good: the offset is {millimetres(offset.value, sign=True)} ± {length(half)}"
        if self._tuned is None:
            return f"{good}."
        tuned = self._tuned.value
        sure = ((tuned.high or 0.0) - (tuned.low or 0.0)) / 2
        return f"{good}, switch_offset {tuned.value:.3f} ± {length(sure)}."

    def _advice(self) -> Iterator[Event]:
        if not self._safe:
            yield AdviceGiven(
                "Wire the probe's switch normally closed (its other contact), then add or remove the ! in the pin: "
                "QUERY_PROBE has to say TRIGGERED with the probe off, open with it on."
            )
            return
        if self._tuned is not None:
            yield AdviceGiven(*judging.tuning_advice(self._tuned))
        if self._repeats.found and self._fault is None:
            shift = 0.0 if self._tuned is None else self._tuned.used - self._tuned.value.value
            suggestion = judging.endstop_advice(
                self._rail, self._repeats.last.offset + shift, z_limits(self._context.printer.state)
            )
            if suggestion is not None:
                yield AdviceGiven(*suggestion)
        if self._fault is not None:
            yield AdviceGiven(fault_words(self._fault)[2])
        if self._fault is not None or self._tuned is not None:
            yield AdviceGiven(BODY)
        settings = self._context.printer.state.settings
        for text in (
            *configuration(self.section, self._probe, "bed_mesh" in settings),
            *print_start_findings(settings),
        ):
            yield AdviceGiven(text)

    def _switch_offset(self) -> float:
        return self._repeats.last.switch_offset or self.section.switch_offset or 0.0

    async def leave_offset(self, before: float) -> None:
        """Let the person decide whether a valid offset stays applied; any other is restored."""
        context = self._context
        now = (await context.printer.refresh()).homing_origin[2]
        if self._fault is not None or not self._repeats.found or abs(now - before) < 1e-6:
            return
        if self._tuned is not None and abs(self._tuned.value.value - self._tuned.used) >= 0.0005:
            context.emit(
                Notice(
                    f"The G-code offset is restored to {before:.3f}: CALIBRATE_Z applied {now:.3f} with the old "
                    "switch_offset. Run it again after the new one is saved."
                )
            )
            return
        if not context.operator.present:
            context.emit(
                Notice(f"The G-code offset is restored to {before:.3f}. CALIBRATE_Z had applied {now:.3f}.")
            )
            return
        keep = await context.operator.confirm(
            Confirm(
                "keep-offset",
                f"Keep CALIBRATE_Z's offset ({now:.3f} mm) applied?",
                f"Before it was {before:.3f} mm. It lasts until Z is homed or Klipper restarts. A print calibrates "
                "again.",
                yes="Keep it",
                no="Restore old",
                facts={"offset": now, "before": before},
            )
        )
        if keep:
            context.holder.keep_offset()


def _hot(parameters: AutoZParameters) -> bool:
    """Whether the nozzle has grown most of the way while it is measured."""
    return parameters.nozzle is not None and parameters.nozzle >= HOT


def _unavailable(status: Mapping[str, object]) -> str | None:
    """Why the plugin itself says that no calibration is possible."""
    reason = status.get("unavailable")
    return reason if isinstance(reason, str) else None
