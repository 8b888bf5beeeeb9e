"""How the temperature bias is measured: samples in one place through all phases, without homing."""

import asyncio
import math

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import travel_clearance
from zcal_tui.checks.dock.attach import dock_macros, probe_attached
from zcal_tui.checks.errors import CheckFailed
from zcal_tui.checks.heating.consent import require_lease
from zcal_tui.checks.heating.targets import BED, NOZZLE, touches_with_nozzle
from zcal_tui.checks.heating.watch import HeatWatch, in_words
from zcal_tui.checks.preconditions import require_ready, require_sampled_probe, require_step
from zcal_tui.checks.probing import take_samples
from zcal_tui.checks.temperature.analysis import TemperatureReport
from zcal_tui.checks.temperature.compensation import coefficient
from zcal_tui.checks.temperature.consent import require_heat_consent
from zcal_tui.checks.temperature.history import FRAME, TemperatureHistory, temperature_of
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.checks.temperature.plan import (
    PhasePlan,
    look_interval,
    phases_of,
)
from zcal_tui.checks.temperature.settling import has_settled
from zcal_tui.checks.travel import disturbed, home_if_needed, lift_and_leave, position, require_inside, travel
from zcal_tui.model.events import Notice, Progress, Stage
from zcal_tui.model.units import duration, length
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import Xy, measuring_site
from zcal_tui.printer.state import PrinterState

NAP = 1.0
"""Seconds of the printer's time between two glances at heaters and cancel."""
NEWS = 60.0
"""Seconds of the printer's time between two progress messages of a phase."""
OOZES = 170.0
"""°C from which filament runs out of a nozzle by itself."""
ROOM = 35.0
"""°C: warmer than this, the printer is not at room temperature."""
STILL = 0.05
"""mm from where the toolhead counts as moved by something else."""
_LOOKS_BETWEEN = 3
"""Looks from one decision whether the heat is enough to the next."""
COOLED = 5.0
"""°C over what it was in the beginning at which a heater counts as cooled down."""


async def measure(context: Context, parameters: TemperatureParameters) -> None:
    """Home if needed, then go through the phases and judge. See `Check.run` for what it raises."""
    state = context.printer.state
    require_ready(state)
    probe, step = require_sampled_probe(state), require_step(state)
    require_lease(context)
    phases = phases_of(state, probe, parameters)
    macros = dock_macros(state, parameters.attach, parameters.detach)
    place = _chosen_place(context, parameters, probe)
    _announce(context, parameters, probe, phases)
    await require_heat_consent(context, parameters, phases)
    await home_if_needed(context, allowed=parameters.home)
    phases = phases_of(context.printer.state, probe, parameters)  # refuses what the homing itself has heated
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    history = TemperatureHistory()
    report = TemperatureReport(
        history,
        step,
        frame=state.settings.get(FRAME),
        touches=touches_with_nozzle(probe),
    )
    clearance = travel_clearance(probe)
    kept_on = None if parameters.dock_between else macros
    between = macros if parameters.dock_between else None
    measuring = _Measuring(context, parameters, phases, report, place, clearance, between, step)
    stop_noting = context.printer.subscribe(history.note)
    try:
        await measuring.go_there()
        async with probe_attached(context, kept_on):
            await measuring.all_phases()
    finally:
        stop_noting()
        await lift_and_leave(context, clearance)
    for event in await asyncio.to_thread(lambda: list(report.conclusion())):
        context.emit(event)


class _Measuring:
    """The phases of a run. `macros` attach the probe for each measurement, if any."""

    def __init__(
        self,
        context: Context,
        parameters: TemperatureParameters,
        phases: tuple[PhasePlan, ...],
        report: TemperatureReport,
        place: Xy,
        clearance: float,
        macros: tuple[str, str] | None,
        step: float,
    ) -> None:
        self._context = context
        self._parameters = parameters
        self._phases = phases
        self._report = report
        self._place = place
        self._clearance = clearance
        self._macros = macros
        self._step = step
        self._every = look_interval(context.printer.state, parameters)
        self._watch = HeatWatch()
        self._stands: tuple[float, float, float] | None = None
        """Where the last look has left the toolhead."""
        self._last_hot = next((phase for phase in reversed(phases) if phase.name != "back"), None)
        self._decide_from = 0
        self._number = 0
        self._began = 0.0
        self._told = 0.0

    async def go_there(self) -> None:
        """Bring the toolhead over the place, lifted."""
        x, y = self._place
        await travel(self._context.printer, x=x, y=y, clearance=self._clearance)
        self._context.stop_if_cancelled()

    async def all_phases(self) -> None:
        """One after the other. Raises CheckFailed where the printer does not do as it should."""
        context = self._context
        self._began = context.clock.now()
        start = context.printer.state
        for number, phase in enumerate(self._phases):
            await self._phase(phase, sum(later.longest for later in self._phases[number + 1 :]), start)
            if phase.name in ("bed", "nozzle"):
                updated = await asyncio.to_thread(self._report.estimates)
                if updated is not None:
                    context.emit(updated)

    async def _phase(self, phase: PhasePlan, afterwards: float, start: PrinterState) -> None:
        """Set its targets and look until it is over. `afterwards` are the seconds that the others still take."""
        context, clock = self._context, self._context.clock
        began = clock.now()
        if phase.targets:
            await context.holder.heat(phase.targets)
            self._watch.expect(phase.targets, await context.printer.refresh(), began)
        self._told = -NEWS
        reached = began if phase.name in ("baseline", "back") else None
        next_look = began
        while True:
            context.stop_if_cancelled()
            now = clock.now()
            state = context.printer.state
            self._require_undisturbed(state, now)
            if reached is None and self._watch.reached:
                reached = now
            self._tell(phase, reached, now, began, afterwards)
            # Before the next measurement: one that takes longer than the interval is due again at once
            over = reached is not None and self._is_over(phase, reached, now, start)
            longest = reached is not None and now - reached >= phase.most
            if over and (longest or phase is not self._last_hot or await self._decided()):
                return
            if now >= next_look:
                await self._look(phase)
                next_look = max(next_look + self._every, clock.now())
                continue
            await clock.sleep(min(NAP, next_look - now))

    def _is_over(self, phase: PhasePlan, reached: float, now: float, start: PrinterState) -> bool:
        if now - reached >= phase.most:
            return True
        if phase.name == "baseline" or now - reached < phase.least:
            return False
        if phase.name == "back" and not _cooled(self._context.printer.state, start):
            return False
        times, heights = self._report.heights(phase.name)
        return has_settled(times, heights, reached, self._step)

    async def _decided(self) -> bool:
        """Whether the last heat may end before its longest time: a height that is still for some minutes does not rule
        out parts that follow within hours, so it goes on until the verdict is clear. Asked again after some looks,
        since the arithmetic takes a second on a slow board."""
        if self._number < self._decide_from:
            return False
        self._decide_from = self._number + _LOOKS_BETWEEN * self._parameters.touches
        return await asyncio.to_thread(self._report.decided)

    async def _look(self, phase: PhasePlan) -> None:
        context = self._context
        async with probe_attached(context, self._macros):
            await self.go_there()
            samples = await take_samples(
                context,
                self._parameters.touches,
                first=self._number + 1,
                place=phase.name,
                progress=False,
            )
            self._number += len(samples)
            await context.printer.refresh()
            if math.dist(position(context.printer)[:2], self._place) > STILL:
                raise _moved()
            # Away from a warm bed, and no hot nozzle close above one place of it
            await travel(context.printer, clearance=self._clearance)
        state = await context.printer.refresh()
        self._stands = state.position
        self._report.add(phase.name, samples, temperature_of(state, BED), temperature_of(state, NOZZLE))

    def _require_undisturbed(self, state: PrinterState, now: float) -> None:
        """Raises CheckFailed where heights can no longer be compared, or a heater does not do as it should."""
        if state.busy:
            raise disturbed(state)
        if not state.homed():
            raise CheckFailed(
                "The motors were switched off, or the printer was homed, during the check.",
                "idle_timeout, M84 or another program did it. Heights before and after cannot be compared.",
                "Repeat the check, and do not use the printer during it.",
            )
        if self._stands is not None and state.position is not None:
            apart = (abs(now - then) for now, then in zip(state.position, self._stands, strict=True))
            if max(apart) > STILL:
                raise _moved()
        self._watch.look(state, now)

    def _tell(
        self, phase: PhasePlan, reached: float | None, now: float, began: float, afterwards: float
    ) -> None:
        """Emit the phase's progress, and a message each minute."""
        if reached is None:
            left = max(0.0, phase.heating - (now - began)) + phase.most
        else:
            left = max(0.0, phase.most - (now - reached))
        done = now - self._began
        self._context.emit(
            Progress(round(done), round(done + left + afterwards), round(left + afterwards, 1), timed=True)
        )
        if now - self._told < NEWS:
            return
        self._told = now
        moved = self._report.so_far()
        so_far = "" if moved is None else f", {length(moved, sign=True)} from cold"
        self._context.emit(
            Stage(
                phase.name,
                f"{phase.title}: {in_words(self._context.printer.state)}{so_far}; {duration(left)} at most",
            )
        )


def _moved() -> CheckFailed:
    """Homing a printer that is homed does not show but by its moves (Klipper docs, Probe_Calibrate, Temperature Bias:
    "without homing or disabling the stepper motors")."""
    return CheckFailed(
        "The toolhead was moved during the check.",
        "Another screen, a web interface or a macro homed or jogged the printer. Heights before and after homing "
        "cannot be compared.",
        "Repeat the check, and do not use the printer during it. The samples so far are kept.",
    )


def _cooled(state: PrinterState, start: PrinterState) -> bool:
    return all(temperature_of(state, name) <= temperature_of(start, name) + COOLED for name in (BED, NOZZLE))


def _announce(
    context: Context,
    parameters: TemperatureParameters,
    probe: ProbeConfig,
    phases: tuple[PhasePlan, ...],
) -> None:
    """What it will take and what to know, before anything moves or heats."""
    state = context.printer.state
    least = sum(phase.heating + phase.least for phase in phases)
    most = sum(phase.longest for phase in phases)
    names = ", ".join(phase.title.lower() for phase in phases)
    context.emit(
        Notice(f"Phases: {names}; {duration(least)} to {duration(most)} in all. Stay near the printer.")
    )
    nozzle = next((phase.targets[NOZZLE] for phase in phases if NOZZLE in phase.targets), 0.0)
    if touches_with_nozzle(probe) and nozzle > 0:
        context.emit(
            Notice(
                "The nozzle itself touches the bed, so oozing filament changes the height. Unload the filament and "
                "clean the nozzle while it is warm."
            )
        )
    elif nozzle >= OOZES:
        context.emit(
            Notice(
                f"At {nozzle:.0f} °C filament oozes from the nozzle and may drop onto the bed: unload it first. The "
                "probe's own height is not affected."
            )
        )
    if (every := look_interval(state, parameters)) < parameters.every:
        context.emit(
            Notice(
                f"It probes every {duration(every)}, a third of idle_timeout, so that heaters and motors stay on."
            )
        )
    if any(heater.temperature > ROOM for heater in state.heaters.values()):
        context.emit(Notice("The printer is not at room temperature yet. The first heights may still drift."))
    if coefficient(state.settings.get(FRAME, {})) != 0.0:
        context.emit(
            Notice(
                "[z_thermal_adjust] moves the toolhead with the frame's temperature. Probing does not use its "
                "correction, so the shift includes what it corrects in prints. To disable it, cancel, run "
                "SET_Z_THERMAL_ADJUST ENABLE=0, start again, and run ENABLE=1 afterwards."
            )
        )


def _chosen_place(context: Context, parameters: TemperatureParameters, probe: ProbeConfig) -> Xy:
    """The toolhead position. Raises CheckRefused where it is out of reach."""
    site = measuring_site(context.printer.state, probe)
    middle = site.toolhead if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    require_inside(context.printer, x, y)
    return x, y
