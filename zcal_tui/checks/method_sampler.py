"""Samples by one chosen method of a scanner, each by a command of its own, lifted after each."""

from collections.abc import AsyncGenerator, Callable

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.preconditions import require_clean
from zcal_tui.checks.travel import LIFT_SPEED, go_to, position
from zcal_tui.model.events import Notice
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.messages import ContactEstimate, ProbeHeight, ProbeSample
from zcal_tui.printer.printer import Heard, Printer
from zcal_tui.printer.probe_methods import NoSuchMethod, ProbeMethod, method_of, only_by_method
from zcal_tui.printer.sampler import LinesMissing, Sampler, StockSampler
from zcal_tui.printer.state import PrinterState

HOT_TIP = 150.0
"""°C from which a nozzle must not touch the bed: it oozes and marks the surface (Cartographer's and Beacon's limit)."""


class MethodSampler:
    """Implements `Sampler` by a command that takes one sample. The toolhead goes back to its height after each."""

    def __init__(self, printer: Printer, method: ProbeMethod) -> None:
        self._printer = printer
        self._method = method

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        height = position(self._printer)[2]
        for n in range(1, count + 1):
            if cancelled():
                return
            if self._method.height:
                await go_to(self._printer, z=self._method.height)
            yield await self._sample(n)
            await go_to(self._printer, z=height, speed=settings.lift_speed or LIFT_SPEED)

    async def _sample(self, n: int) -> Sample:
        heard: list[tuple[float, float]] = []
        ended: list[tuple[float, float]] = []

        def note(line: Heard) -> None:
            if isinstance(line.message, (ContactEstimate, ProbeSample)):
                heard.append((line.message.z, line.eventtime))
            elif isinstance(line.message, ProbeHeight):
                ended.append((line.message.z, line.eventtime))

        stop = self._printer.listen_console(note)
        try:
            await self._printer.gcode(self._method.command)
            await self._printer.late_lines(lambda: bool(heard or ended))
        finally:
            stop()
        # eddy-ng prints no sample of its own, only what PROBE of its Klipper ends with
        found = heard or ended
        if not found:
            raise LinesMissing(
                f"{self._method.command} finished, but printed no height.",
                "The connection was down in between, or this version of the plugin prints something else.",
                "Repeat the check. If it happens again, check on the console what the command prints.",
            )
        x, y, _ = position(self._printer)
        z, at = found[-1]
        return Sample(n, round(at, 3), round(x, 3), round(y, 3), z)


def chosen_method(state: PrinterState, name: str) -> ProbeMethod | None:
    """The method of that name; for `auto` None, or the one that takes samples one by one where PROBE_ACCURACY takes
    none. Raises CheckRefused where the probe has none."""
    try:
        return only_by_method(state) if name == "auto" else method_of(state, name)
    except NoSuchMethod as none:
        raise CheckRefused(none.what, none.cause, none.remedy) from none


def sampler_of(context: Context, method: ProbeMethod | None) -> Sampler:
    """The sampler of a method; the printer's usual one without."""
    if method is None:
        return context.sampler
    return StockSampler(context.printer) if method.series else MethodSampler(context.printer, method)


async def require_clean_tip(context: Context, what: str, *, touches: bool) -> None:
    """Before the nozzle touches the bed: not above 150 °C, and clean by the person's word; without a person a notice
    says so. Raises CheckRefused, CheckCancelled."""
    if not touches:
        return
    for name, heater in context.printer.state.heaters.items():
        if name.startswith("extruder") and max(heater.temperature, heater.target) > HOT_TIP:
            raise CheckRefused(
                f"The nozzle is too hot to touch the bed ({name} {heater.temperature:.0f} °C).",
                f"Above {HOT_TIP:.0f} °C filament oozes onto the tip, and the bed's surface may be marked.",
                f"Let it cool below {HOT_TIP:.0f} °C, wipe the tip, then start again.",
            )
    if context.operator.present:
        await require_clean(context)
    else:
        context.emit(Notice(f"{what}: the nozzle touches the bed. Its tip has to be clean."))
