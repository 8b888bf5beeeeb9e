"""What the estimates are called on screen and in reports, and what each means in a few words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A short name and an explanation for people."""

    name: str
    meaning: str
    place: bool = False
    """Whether it is a place on an axis, which people read in mm whatever its size."""


LABELS: dict[str, Label] = {
    "sigma": Label("scatter σ", "standard deviation of single touches, drift taken out"),
    "range_of_ten": Label("range of ten", "what ten touches span on average, highest minus lowest"),
    "over_limit": Label("over the limit", "share of series of ten that span more than 25 µm"),
    "range": Label("range seen", "highest minus lowest of all touches made"),
    "mean": Label("trigger height", "mean toolhead Z at the trigger", place=True),
    "drift_per_sample": Label("drift per touch", "how much the height creeps from touch to touch"),
    "first_sample_shift": Label("first touch", "how much the first touch reads above the others"),
    "z_offset": Label("z_offset", "how far the nozzle is from the bed when the probe triggers", place=True),
    "position_endstop": Label("position_endstop", "toolhead Z at which the Z endstop triggers", place=True),
    "contact": Label("contact height", "toolhead Z at which the paper just drags", place=True),
    "calibrated_to": Label("calibrated up to", "greatest distance that the sensor can measure", place=True),
    "reading_sigma": Label("scatter of a reading σ", "standard deviation of the sensor's single readings"),
    "reading_shift": Label("reads higher by", "than with the calibration before, at the same distance"),
    "feel": Label("feel for the paper", "standard deviation from one paper test to the next"),
    "x_offset": Label("x_offset", "how far the probe is to the right of the nozzle", place=True),
    "y_offset": Label("y_offset", "how far the probe is behind the nozzle", place=True),
    "offset": Label("offset", "G-code offset with which the nozzle touches the bed at Z 0", place=True),
    "offset_sigma": Label("offset scatter σ", "standard deviation of the offset from run to run"),
    "nozzle": Label("nozzle", "toolhead Z at which the nozzle triggers the Z endstop", place=True),
    "switch": Label("switch body", "toolhead Z at which the probe's body triggers the Z endstop", place=True),
    "bed": Label("bed", "toolhead Z at which the probe triggers on the bed", place=True),
    "switch_offset": Label("switch_offset", "how far the probe's switch closes below its body", place=True),
    "endstop_sigma": Label("endstop scatter σ", "standard deviation of single touches of the Z endstop"),
    "adjustment": Label("adjustment", "how much higher Z 0 has to be; negative: lower"),
    "spread": Label("spread", "largest minus smallest z_offset over the bed"),
    "shift": Label("shift when hot", "how much higher the probe triggers hot than cold"),
    "per_degree_bed": Label("per °C of the bed", "change of the trigger height per degree of the bed"),
    "per_degree_nozzle": Label(
        "per °C of the nozzle", "change of the trigger height per degree of the nozzle"
    ),
    "lag": Label("time constant", "how slowly the height follows the heaters"),
    "remaining": Label("still to come", "how far the height would still have gone if the heat had lasted"),
    "settle": Label("settles after", "time from reaching the temperatures until the height is still"),
    "returned": Label("left when cold again", "trigger height in the end minus that in the beginning"),
    "pair_over_limit": Label("two homings", "how often two homings differ by more than 25 µm"),
    "mean_shift": Label("trigger height shift", "how much higher the probe triggers with other settings"),
    "backlash": Label("backlash", "how much of a Z movement is lost where it turns round"),
    "backlash_upper_bound": Label(
        "backlash, at most", "with the switch's own travel between closing and opening in it"
    ),
    "backlash_difference": Label("backlash above the least", "more than at the place where it is least"),
    "backlash_spread": Label("backlash, largest − least", "how far the places differ"),
    "backlash_sigma": Label("scatter of the backlash", "standard deviation from one measurement to the next"),
}


def label(name: str) -> str:
    """The short name of an estimate, with its place where it has one (`z_offset@30,40`); its own name in words where
    it has none."""
    general, _, place = name.partition("@")
    known = LABELS.get(general)
    words = known.name if known is not None else general.replace("_", " ")
    return f"{words} at {place}" if place else words


def is_place(name: str) -> bool:
    """Whether an estimate is a place on an axis; one of several, as in `z_offset@10,20`, is one too."""
    known = LABELS.get(name.partition("@")[0])
    return known is not None and known.place
