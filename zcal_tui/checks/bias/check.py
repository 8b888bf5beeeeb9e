"""Location bias: is the probe's z_offset the same everywhere on the bed?

Klipper docs, Probe_Calibrate, Location Bias Check. This is the declaration, which the command line and the plan read;
`run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.bias.parameters import BiasParameters


class Bias:
    """The check `bias`."""

    name: ClassVar[str] = "bias"
    title: ClassVar[str] = "Location bias"
    learn: ClassVar[str] = "Is the probe's z_offset the same everywhere on the bed?"
    explain: ClassVar[str] = (
        "A probe whose mount or gantry tilts on the way triggers at another height in another corner, and a bed mesh "
        "then has an error that nobody sees. At each corner, or near each tower of a delta, the probe touches the bed "
        "and you do the paper test, in two rounds at least, so that your feel is told from the place. Klipper's limit "
        "is a difference of 25 µm. Cold nozzle, cold bed, clean nozzle."
    )
    needs: ClassVar[Needs] = Needs(
        homed=True, probe=True, person=True, extra="better", cold=True, minutes=20.0
    )
    parameters: ClassVar[type] = BiasParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        return None if has_probe(settings) else "There is no probe in this printer's configuration."

    async def run(self, context: Context, parameters: BiasParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.bias.run import measure

        await measure(context, parameters)
