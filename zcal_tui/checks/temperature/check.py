"""Temperature bias: does the trigger height change while bed and nozzle warm up?

Klipper docs, Probe_Calibrate, Temperature Bias. This is the declaration, which the command line and the plan read;
`run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.temperature.parameters import TemperatureParameters


class Temperature:
    """The check `temperature`."""

    name: ClassVar[str] = "temperature"
    title: ClassVar[str] = "Temperature bias"
    learn: ClassVar[str] = (
        "Does the trigger height change with temperature, how much per °C, and how long to wait?"
    )
    explain: ClassVar[str] = (
        "Touches the bed in one place again and again: cold, with the bed heated, with the nozzle heated as well, and "
        "while both cool down. Nothing is homed and no motor is switched off in between, so that only temperature "
        "moves the height. Heaters are set under the companion extra's lease and go back on every way out. Filament "
        "oozes from a hot nozzle: unload it first, and keep the bed clear."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, extra="must", cold=True, minutes=60.0)
    parameters: ClassVar[type] = TemperatureParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        if not has_probe(settings):
            return "There is no probe in this printer's configuration."
        if "extruder" not in settings and "heater_bed" not in settings:
            return "There is neither a heated bed nor a hotend."
        return None

    async def run(self, context: Context, parameters: TemperatureParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.temperature.run import measure

        await measure(context, parameters)
