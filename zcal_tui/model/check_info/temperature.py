"""The check `temperature`."""

from zcal_tui.model import limits
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import (
    EVERY_OPTION,
    PROBE,
    STEPPERS,
    CheckInfo,
    EstimateInfo,
    Needs,
    needs_samples,
)
from zcal_tui.model.check_info.options import MOTION, PROBING


def _needs(capabilities: Capabilities) -> Needs:
    return Needs(probe=True, module="must", cold=True, minutes=60.0)


def _unfit(capabilities: Capabilities) -> str | None:
    if capabilities.contact_homes:
        return (
            "Z 0 is found by nozzle contact at each homing or print start. A trigger height that shifts with "
            "temperature does not reach the first layer."
        )
    if (why := needs_samples(capabilities)) is not None:
        return why
    if not (capabilities.hotend or capabilities.heated_bed):
        return "The printer has neither a heated bed nor a hotend."
    return None


INFO = CheckInfo(
    name="temperature",
    title="Temperature",
    order=60,
    learn="Does the trigger height change with temperature, by how much per °C, and how long is the soak?",
    explain=(
        "Takes samples in one place: cold, with the bed heated, with the nozzle heated too, and while both cool down. "
        "Nothing is homed and no motor is switched off in between, so that only temperature moves the height. The "
        "heaters are set under the [zcal] module's lease and go back on every way out. Filament oozes from a hot "
        "nozzle: unload it first, and keep the bed clear."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest=None,
    estimates=(
        EstimateInfo("shift", "shift when hot", "how much higher the probe triggers hot than cold"),
        EstimateInfo(
            "per_degree_bed", "per °C of the bed", "change of the trigger height per degree of the bed"
        ),
        EstimateInfo(
            "per_degree_nozzle",
            "per °C of the nozzle",
            "change of the trigger height per degree of the nozzle",
        ),
        EstimateInfo(
            "per_degree_frame",
            "per °C of the frame",
            "change of the trigger height per degree of the sensor of [z_thermal_adjust]",
        ),
        EstimateInfo("lag", "time constant", "how slowly the height follows the heaters"),
        EstimateInfo(
            "remaining", "remaining drift", "how far the height would still have moved at this temperature"
        ),
        EstimateInfo("settle", "settling time", "from reaching the temperatures until the height is steady"),
        EstimateInfo("returned", "difference after cooling", "trigger height at the end minus at the start"),
    ),
    main=("shift",),
    plots=("temperature",),
    limit=lambda: limits.TEMPERATURE_SHIFT,
    presenter="limit",
    legend=(
        "The large number is how much higher the probe triggers hot than cold. The plots show the height over time and "
        "over temperature."
    ),
    depends_on={PROBE: PROBING, STEPPERS: MOTION, "z_thermal_adjust": EVERY_OPTION},
    stale_after={
        "hotend": "another hotend expands differently",
        "probe": "another probe responds differently to heat",
        "bed": "another bed expands differently",
        "motion": "the expansion of the frame is part of the measurement",
    },
    valid_after=("nozzle",),
    heats=("bed", "nozzle"),
)
