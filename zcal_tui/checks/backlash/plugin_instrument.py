"""Backlash by the command of a scanning probe's own plugin (printer/backlash_commands.py), read from the console."""

from collections.abc import Callable

from zcal_tui.checks.backlash.instrument import InstrumentProperties, Reading
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.backlash.plugin_calibration import uninterrupted
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.model.record import Sample
from zcal_tui.printer.backlash_commands import PluginCommand
from zcal_tui.printer.gcode import command_line
from zcal_tui.printer.hazards import outside
from zcal_tui.printer.messages import BacklashFound, BacklashNegative, BacklashNone, BeaconBacklash
from zcal_tui.printer.places import Place
from zcal_tui.printer.printer import Heard


class PluginInstrument:
    """Drives a plugin. Never with CALIBRATE=1, which stages at once. Raises CheckRefused for what it does not take."""

    def __init__(self, context: Context, command: PluginCommand, parameters: BacklashParameters) -> None:
        if parameters.method == "release" or parameters.switch_hysteresis is not None:
            raise CheckRefused(
                "This probe has no switch.",
                f"It measures distance, with {command.name}.",
                "Leave --method release and --switch-hysteresis out.",
            )
        if parameters.speed is not None:
            raise CheckRefused(
                f"{command.name} has no speed parameter.",
                "The plugin uses its own speed.",
                "Leave --speed out.",
            )
        values = command.parameters(parameters.pairs(plugin=True), parameters.delta)
        hazard = outside(context.printer.state, command.name, values)
        if hazard is not None:
            raise CheckRefused(hazard.effect, f"This printer has {hazard.origin}.", hazard.rule)
        self._context = context
        self._command = command
        self._script = command_line(command.name, **values)
        self._number = 0

    @property
    def properties(self) -> InstrumentProperties:
        command = self._command
        return InstrumentProperties(
            command.resolution, upper_bound_only=False, method=f"Measured by {command.name}."
        )

    @property
    def per_visit(self) -> int:
        return 1

    async def visit(self, place: Place, turn: int, emit: Callable[[Sample], None]) -> Reading:
        printer = self._context.printer
        heard: list[Heard] = []
        stop = printer.listen_console(heard.append)
        try:
            async with uninterrupted(self._context, self._command.name):
                await printer.gcode(self._script)
            await printer.late_lines(lambda: any(_value(line) is not None for line in heard))
        finally:
            stop()
        found = [read for line in heard if (read := _value(line)) is not None]
        if not found:
            raise CheckFailed(
                f"{self._command.name} finished without reporting a result.",
                "Its messages are not known to this program, or the connection was down in between.",
                "Check the console. A newer version of this program may know the messages.",
            )
        # Of a negative estimate the plugin says so after its size
        value, none, t = min(found)
        self._number += 1
        at = printer.state.position or (*place.toolhead, 0.0)
        sample = Sample(
            n=self._number,
            t=round(self._context.clock.now(), 3),
            x=place.toolhead[0],
            y=place.toolhead[1],
            trigger_z=at[2],
            kind="backlash",
            place=place.name,
            round=turn,
            values={"backlash": value},
        )
        emit(sample)
        self._context.stop_if_cancelled()
        return Reading(value, 0.0, 1, none=none, t=t)


def _value(heard: Heard) -> tuple[float, bool, float] | None:
    """A backlash (mm), whether none was found, and the |t| of that; None for any other line."""
    match heard.message:
        case BacklashFound(backlash=backlash):
            return backlash, False, 0.0
        case BacklashNegative(backlash=backlash):
            return -abs(backlash), False, 0.0
        case BacklashNone(t=t):
            return 0.0, True, t
        case BeaconBacklash(up=up, down=down):
            # Come to from above, the toolhead stays higher by what is lost
            return round(down - up, 6), False, 0.0
        case _:
            return None
