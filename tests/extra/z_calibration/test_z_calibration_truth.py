"""CALIBRATE_Z against the true value and against the formula, on random machines."""

import random
import statistics

from tests.extra.z_calibration.calibrated import (
    SECTION,
    Starter,
    gap_error,
    heights,
    offset_of,
    quiet,
    set_truth,
)

MACHINES = 20
LIMIT = 0.005
"""mm: the largest error of a calibration if the probe's sigma is at most SHARP."""
SHARP = 0.001


def test_twenty_random_machines(module_start: Starter) -> None:
    """The formula exactly; the true value within 5 µm for a sharp probe, else within twice the uncertainty."""
    draws = random.Random(3)
    printer = module_start(SECTION.replace("switch_offset: 0.52\n", ""))
    klippy = printer.connect()
    quiet(printer)
    for number in range(MACHINES):
        noise = draws.uniform(0.0, SHARP) if number % 2 else draws.uniform(SHARP, 0.004)
        switch_offset = round(draws.uniform(0.3, 0.9), 3)
        set_truth(
            printer,
            probe__noise=noise,
            probe__z_offset=draws.uniform(5.9, 6.8),
            probe__switch_offset=switch_offset,
            probe__hysteresis=draws.uniform(0.0, 0.03),
            z_endstop__height=draws.uniform(0.2, 1.0),
            z_endstop__noise=min(noise, SHARP),
            bed__tilt_x=draws.uniform(-0.02, 0.02),
            bed__tilt_y=draws.uniform(-0.02, 0.02),
            bed__height=draws.uniform(-0.3, 0.3),
        )
        klippy.gcode("G28")
        console = klippy.gcode(f"CALIBRATE_Z SWITCH_OFFSET={switch_offset}")
        nozzle, switch, bed = (statistics.median(samples) for samples in heights(console).values())
        offset = offset_of(console)
        assert abs(offset - (bed - (switch - nozzle + switch_offset))) < 2e-6
        result = klippy.status("z_calibration")["result"]
        assert abs(result["offset"] - offset) < 1e-6
        assert abs(klippy.status("gcode_move")["homing_origin"][2] - offset) < 1e-6
        error = gap_error(printer, klippy)
        assert abs(error) <= 2 * result["half_width"], (number, error, result)
        if noise <= SHARP:
            assert abs(error) <= LIMIT, (number, error, result)
    klippy.close()
