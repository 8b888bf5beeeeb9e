"""What the estimates are called on screen and in reports, and what each means in a few words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A short name and an explanation for people."""

    name: str
    meaning: str


LABELS: dict[str, Label] = {
    "sigma": Label("scatter σ", "standard deviation of single touches, drift taken out"),
    "range_of_ten": Label("range of ten", "what ten touches span on average, highest minus lowest"),
    "over_limit": Label("over the limit", "share of series of ten that span more than 25 µm"),
    "range": Label("range seen", "highest minus lowest of all touches made"),
    "mean": Label("trigger height", "mean toolhead Z at the trigger"),
    "drift_per_sample": Label("drift per touch", "how much the height creeps from touch to touch"),
    "first_sample_shift": Label("first touch", "how much the first touch reads above the others"),
    "z_offset": Label("z_offset", "how far the nozzle is from the bed when the probe triggers"),
    "position_endstop": Label("position_endstop", "toolhead Z at which the Z endstop triggers"),
    "contact": Label("contact height", "toolhead Z at which the paper just drags"),
    "feel": Label("feel for the paper", "standard deviation from one paper test to the next"),
    "x_offset": Label("x_offset", "how far the probe is to the right of the nozzle"),
    "y_offset": Label("y_offset", "how far the probe is behind the nozzle"),
}


def label(name: str) -> str:
    """The short name of an estimate; its own name in words where it has none."""
    known = LABELS.get(name)
    return known.name if known is not None else name.replace("_", " ")
