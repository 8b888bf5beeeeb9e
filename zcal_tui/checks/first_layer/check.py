"""The height of the first layer: step down to the bed under the offset that a print has, and feel what is left.

protoloft's z_calibration, "How to test it". This is the declaration; `run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.first_layer.parameters import FirstLayerParameters


class FirstLayer:
    """The check `first-layer`."""

    name: ClassVar[str] = "first-layer"
    title: ClassVar[str] = "First layer"
    learn: ClassVar[str] = "Is the nozzle where a print expects it at Z 0, and what has to change if not?"
    explain: ClassVar[str] = (
        "Lowers the nozzle by G-code moves to 5, 3, 1, 0.5, 0.3 and 0.1 mm, under the offset and the mesh that "
        "a print has, and asks you before each. Then you feel the paper, and the difference is what "
        "switch_offset, z_offset or position_endstop is off by."
    )
    needs: ClassVar[Needs] = Needs(homed=True, person=True, extra="better", cold=True, minutes=4.0)
    parameters: ClassVar[type] = FirstLayerParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        return None

    async def run(self, context: Context, parameters: FirstLayerParameters) -> None:
        from zcal_tui.checks.first_layer.run import measure  # numpy comes with it

        await measure(context, parameters)
