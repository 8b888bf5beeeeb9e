"""Shapes: the bed's surface, the nozzle's tip, and how high over the bed the probe triggers."""

import math
from collections.abc import Sequence

from zcal_tui.sim.machine.thermal import Thermal
from zcal_tui.sim.truth import Truth
from zcal_tui.sim.wiring import Wiring, midpoint

NO_BED = -math.inf
_MOST_PLACES = 16
"""Of which heights are kept. While a probe goes down there are two."""


class Geometry:
    """Everything that depends on the place and on temperature. Heights in mm."""

    def __init__(
        self, wiring: Wiring, truth: Truth, thermal: Thermal, towers: Sequence[tuple[float, float]]
    ) -> None:
        self._wiring = wiring
        self._thermal = thermal
        self._bed_heights: dict[tuple[float, float], float] = {}
        self._bed_warmth = 0.0
        self._biases: dict[tuple[float, float], float] = {}
        self.set_truth(truth)
        self._towers = tuple(towers)
        if wiring.kinematics == "delta":
            self._middle = (0.0, 0.0)
        else:
            self._middle = (midpoint(wiring.axis("x")[0]), midpoint(wiring.axis("y")[0]))

    def set_truth(self, truth: Truth) -> None:
        """Change the true values; offsets that it leaves out are as configured."""
        self.truth = truth
        probe, wire = truth.probe, self._wiring.probe
        self.probe_x = _known(probe.x_offset, wire.x_offset if wire else 0.0)
        self.probe_y = _known(probe.y_offset, wire.y_offset if wire else 0.0)
        self.probe_z = _known(probe.z_offset, wire.z_offset if wire else 0.0)
        self.endstop_height = _known(truth.z_endstop.height, self._wiring.drives[0].position_endstop)
        self._bed_heights.clear()
        self._biases.clear()

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the bed."""
        bed = self.truth.bed
        return (
            self._middle[0] if bed.center_x is None else bed.center_x,
            self._middle[1] if bed.center_y is None else bed.center_y,
        )

    def bed_height(self, x: float, y: float) -> float:
        """Height of the bed's surface at a point, `NO_BED` beyond its edges."""
        warm = self._thermal.bed_shape - self._thermal.cold
        known = self._bed_heights
        if warm != self._bed_warmth or len(known) > _MOST_PLACES:
            known.clear()
            self._bed_warmth = warm
        height = known.get((x, y))
        if height is None:
            height = known[x, y] = self._bed_height(x, y, warm)
        return height

    def _bed_height(self, x: float, y: float, warm: float) -> float:
        bed = self.truth.bed
        if (
            (bed.x_min is not None and x < bed.x_min)
            or (bed.x_max is not None and x > bed.x_max)
            or (bed.y_min is not None and y < bed.y_min)
            or (bed.y_max is not None and y > bed.y_max)
        ):
            return NO_BED
        middle_x, middle_y = self.middle
        dx, dy = (x - middle_x) / 100.0, (y - middle_y) / 100.0
        bowl = (bed.bowl + bed.bowl_growth * warm) * (dx * dx + dy * dy)
        return bed.height + bed.tilt_x * dx + bed.tilt_y * dy + bowl + bed.growth * warm

    def tip(self) -> float:
        """How much lower the nozzle's tip is than when cold and clean."""
        thermal = self._thermal
        return self.truth.nozzle.growth * (thermal.nozzle_length - thermal.cold) + thermal.ooze

    def rise(self) -> float:
        """How much the frame has lifted the toolhead by growing."""
        return self.truth.frame.growth * (self._thermal.chamber - self._thermal.cold)

    def probe_warmth(self) -> float:
        """How much higher the probe triggers because it is warm."""
        probe, thermal = self.truth.probe, self._thermal
        return probe.thermal_bed * (thermal.probe_bed - thermal.cold) + probe.thermal_nozzle * (
            thermal.probe_nozzle - thermal.cold
        )

    def location_bias(self, x: float, y: float) -> float:
        """How much higher the probe triggers over this point of the bed than over its middle."""
        known = self._biases
        bias = known.get((x, y))
        if bias is None:
            if len(known) > _MOST_PLACES:
                known.clear()
            bias = known[x, y] = self._location_bias(x, y)
        return bias

    def _location_bias(self, x: float, y: float) -> float:
        probe = self.truth.probe
        middle_x, middle_y = self.middle
        dx, dy = (x - middle_x) / 100.0, (y - middle_y) / 100.0
        bias = probe.bias_x * dx + probe.bias_y * dy
        bias += probe.bias_xx * dx * dx + probe.bias_yy * dy * dy + probe.bias_xy * dx * dy
        for towards, (ux, uy) in zip((probe.bias_a, probe.bias_b, probe.bias_c), self._towers, strict=False):
            bias += towards * max(0.0, dx * ux + dy * uy)
        return bias

    def trigger_offset(self, x: float, y: float) -> float:
        """Mean height of the toolhead over the bed point (x, y) at which the probe triggers."""
        return self.probe_z + self.location_bias(x, y) + self.probe_warmth()

    def effective_z_offset(self, x: float, y: float) -> float:
        """Toolhead Z at the trigger minus toolhead Z at nozzle contact, at this bed point, as things are now."""
        return self.trigger_offset(x, y) - self.tip()


def _known(value: float | None, configured: float) -> float:
    return configured if value is None else value
