"""The G-code command lines that measure, written in one place: a name and its parameters."""

from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True)
class ProbingSettings:
    """How to probe; None leaves the printer's own setting. Speeds in mm/s, the retract in mm."""

    probe_speed: float | None = None
    lift_speed: float | None = None
    sample_retract_dist: float | None = None


def command_line(name: str, **parameters: float | str | None) -> str:
    """A command with its parameters, those that are None left out. Numbers have six significant digits."""
    words = [name]
    for parameter, value in parameters.items():
        if value is not None:
            words.append(f"{parameter}={value if isinstance(value, str) else f'{value:.6g}'}")
    return " ".join(words)


def probing_command(name: str, samples: int, settings: ProbingSettings) -> str:
    """A command that takes so many samples: PROBE_ACCURACY, ZCAL_PROBE_ACCURACY or PROBE_Z_ACCURACY."""
    return command_line(
        name,
        SAMPLES=str(samples),
        PROBE_SPEED=settings.probe_speed,
        LIFT_SPEED=settings.lift_speed,
        SAMPLE_RETRACT_DIST=settings.sample_retract_dist,
    )
