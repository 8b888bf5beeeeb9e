"""Saves a backlash with the plugin's own CALIBRATE=1, which measures again and stages what it finds.

So consent comes before it, and what it staged is compared with our own measurement at the same place. The session saves
what agrees, or restarts Klipper to discard it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import travel
from zcal_tui.model.events import AdviceGiven, ChangesUpdated, Notice, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change
from zcal_tui.model.units import length
from zcal_tui.printer.backlash_commands import PluginCommand
from zcal_tui.printer.gcode import command_line
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

LEAST_ITERATIONS = 5
"""Pairs of approaches below which a value is not saved; our choice."""
AGREEMENT = 0.010
"""mm. How far the plugin's value may be from ours: its single estimate scatters by a few micrometres; our choice."""
NOT_KNOWN_YET = "(what the plugin measures)"
LOOK = 0.2
"""Seconds of wall time between two looks at whether the person has cancelled."""


@dataclass(frozen=True, slots=True)
class PluginCalibration:
    """One calibration by a plugin, with the parameters of the measurement before it."""

    command: PluginCommand
    parameters: BacklashParameters
    place: tuple[float, float]
    """The toolhead's position: the plugin brings the nozzle there itself."""
    clearance: float

    def require_possible(self, state: PrinterState) -> None:
        """Raises CheckRefused, before anything moves, where nothing could be saved."""
        if state.save_config.pending:
            raise CheckRefused(
                "Klipper has unsaved pending values.",
                f"{self.command.name} CALIBRATE=1 stages its result. Only a RESTART could discard it, together with "
                "them.",
                "Save them (SAVE_CONFIG) or discard them (RESTART), then start again.",
            )
        if self.parameters.pairs(plugin=True) < LEAST_ITERATIONS:
            raise CheckRefused(
                "Too few iterations to save a value.",
                f"With {self.parameters.pairs(plugin=True)} the plugin's own test takes noise for backlash too often.",
                f"Use --iterations {LEAST_ITERATIONS} or more.",
            )

    async def run(self, context: Context, measured: float, change: Change) -> None:
        """Ask, calibrate, compare. `measured` is our own value (mm), `change` the proposal made of it.

        Raises CheckCancelled, CheckFailed, TransportError.
        """
        if not context.operator.present or not await self._agree(context, measured, change):
            return
        await travel(context.printer, x=self.place[0], y=self.place[1], clearance=self.clearance)
        self.require_possible(context.printer.state)
        context.emit(
            Stage("calibrate", f"{self.command.name} CALIBRATE=1 measures again and stages its value")
        )
        # In the record before it is so, in case this program dies meanwhile
        context.emit(ChangesUpdated((replace(change, new=NOT_KNOWN_YET, state="staged"),)))
        values = self.command.parameters(self.parameters.pairs(plugin=True), self.parameters.delta)
        try:
            async with uninterrupted(context, self.command.name):
                await context.printer.gcode(command_line(self.command.name, CALIBRATE="1", **values))
        finally:
            with contextlib.suppress(CheckFailed):
                await travel(context.printer, clearance=self.clearance)
        state = await context.printer.refresh()
        text = state.save_config.items.get(change.section, {}).get(change.option, "")
        staged = _length(text)
        if staged is None:
            context.emit(ChangesUpdated((change,)))
            raise CheckFailed(
                f"{self.command.name} CALIBRATE=1 finished, but nothing is staged.",
                "It ignores a negative estimate. Another program may have saved the value or restarted Klipper.",
                "Check its messages on the console, then repeat the check.",
            )
        agrees = abs(staged - measured) <= AGREEMENT
        context.emit(ChangesUpdated((replace(change, new=text, state="staged", saves=agrees),)))
        if not agrees:
            context.emit(
                AdviceGiven(
                    f"The plugin's second measurement gave {length(staged)}, ours {length(measured)}. They differ by "
                    f"more than {length(AGREEMENT)}, so the value is not saved. Let the printer settle, then repeat."
                )
            )

    async def _agree(self, context: Context, measured: float, change: Change) -> bool:
        x, y = self.place
        return await context.operator.confirm(
            Confirm(
                "plugin-stages",
                f"Calibrate with {self.command.name} CALIBRATE=1? It stages its value for SAVE_CONFIG.",
                f"Measured: {length(measured)}. In force: {change.was or 'none'}.\n"
                f"The plugin brings the nozzle to X {x:g} Y {y:g}, 2 mm above the bed, and measures again. Only the "
                "emergency stop ends that early. Its value is compared with ours; then you are asked whether to save "
                "it. If it is not saved, a RESTART of Klipper discards it: homing and the live G-code offset are then "
                "lost.",
                yes="Calibrate",
                no="Not now",
                consent=True,
            )
        )


def _length(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        return number(float(text))
    return None


@contextlib.asynccontextmanager
async def uninterrupted(context: Context, name: str) -> AsyncIterator[None]:
    """The time in which a plugin measures; a cancel in it is answered with what it cannot interrupt."""

    async def watch() -> None:
        while not context.cancelled():  # noqa: ASYNC110  a cancel sets no event
            await asyncio.sleep(LOOK)
        context.emit(
            Notice(
                f"{name} cannot be interrupted. The check ends when the command has finished. Only the "
                "emergency stop ends it at once."
            )
        )

    watching = asyncio.create_task(watch(), name="zcal plugin watch")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
