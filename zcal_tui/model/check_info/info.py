"""What the description of a check consists of. Everything that is static about a check is here; nothing is measured."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.limits import Limit
from zcal_tui.model.record import Record

HardwareChange = Literal["nozzle", "hotend", "probe", "bed", "motion"]
"""What a person can report as changed (`zcal-tui changed`), because Klipper cannot detect it."""

HARDWARE_CHANGES: Mapping[HardwareChange, str] = {
    "nozzle": "a new nozzle, or the same one taken out and screwed in again",
    "hotend": "the hotend removed, replaced or moved",
    "probe": "the probe, its mount or its switch replaced or moved",
    "bed": "the bed, its plate or sheet, or its screws",
    "motion": "belts, screws, rails, motors or the frame",
}
"""Every hardware change, and what it includes."""

PlotName = Literal["samples", "repeats", "settings", "places", "temperature", "three_heights", "from_above"]
"""The plots that a report can draw of a record (results/report/plots.py)."""

PresenterName = Literal["plain", "repeatability", "limit", "automatic_offset"]
"""How the terminal interface shows a record (tui/presenters)."""

StaleRule = Literal[
    "printer_state", "levelling", "axis_twist_version", "delta_geometry", "live_offset", "chamber"
]
"""Rules beyond configuration and hardware changes by which a result becomes stale (results/stale.py)."""

PROBE, STEPPERS = "<probe>", "<steppers>"
"""In `depends_on`: the probe's section, and the section of every stepper or carriage."""

PROBE_MODELS = "<the probe's models>"
"""In `depends_on`: every section of a model of a scanner, such as [cartographer scan_model default]."""

EVERY_OPTION: tuple[str, ...] = ()
"""In `depends_on`: every option of the section."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a check needs before it can start, for the plan and for refusing early."""

    homed: bool = True
    probe: bool = False
    person: bool = False
    module: Literal["no", "better", "must"] = "no"
    """The [zcal] module: not used; improves the check (cancel within a move, clean-up after a killed program); or
    does the measuring."""
    cold: bool = False
    """Whether nozzle and bed should be cold."""
    minutes: float = 1.0
    """About how long it takes on an ordinary printer."""


@dataclass(frozen=True, slots=True)
class EstimateInfo:
    """How an estimate is named on screen and in reports."""

    name: str
    """Its name in the record; `name@x,y` at one place of the bed."""
    label: str
    meaning: str
    is_position: bool = False
    """A position on an axis: always shown in mm, whatever its size."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several quantities that a check can measure. Runs of two variants are never compared."""

    name: str
    title: str
    """Shown in brackets behind the check's title."""
    matches: Callable[[Record], bool]
    """Whether a record is of this variant."""


SHORT_TITLE = 13
"""Characters of a check's title that the narrowest list has room for."""


def always_fits(capabilities: Capabilities) -> str | None:
    """For checks that apply to every printer."""
    return None


def needs_a_probe(capabilities: Capabilities) -> str | None:
    """For checks that apply to every printer with a probe."""
    return None if capabilities.probe else "No probe is configured."


def needs_samples(capabilities: Capabilities) -> str | None:
    """For checks that apply to every printer whose probe takes samples."""
    return needs_a_probe(capabilities) or capabilities.unsampled or None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInfo:
    """All that is static about a check. The module that measures is `zcal_tui.checks.<package>`."""

    name: str
    """On the command line, in files and in JSON."""
    title: str
    short_title: str = ""
    """For lists that are too narrow for the title: at most SHORT_TITLE characters. Empty where the title is short."""
    order: int
    """Its position in a full calibration: later checks build on earlier ones."""
    learn: str
    """What a person learns from it, as one question."""
    explain: str
    """What it does and why, in a short paragraph."""
    needs: Callable[[Capabilities], Needs]
    unfit: Callable[[Capabilities], str | None]
    """Why the check does not apply to a printer, as a sentence; None where it does."""
    stops_rest: str | None
    """Why a full calibration stops when this check fails; None where the rest is still meaningful."""

    estimates: tuple[EstimateInfo, ...]
    """Every estimate that its records can contain."""
    main: tuple[str, ...]
    """Estimates to show first, to follow over runs and to compare; the first that a record has."""
    main_together: bool = False
    """Whether the main estimates are shown together rather than the first alone."""
    variants: tuple[Variant, ...] = ()
    """Besides the usual quantity."""
    repeated_sample: str = ""
    """The kind of sample of which each is one repetition's result; empty where samples are not repetitions."""
    plots: tuple[PlotName, ...]
    """What a report draws, first to last."""
    limit: Callable[[], Limit] | None = None
    """The limit of its first main estimate, read whenever it is shown; None where that has no limit."""
    presenter: PresenterName = "plain"
    legend: str = ""
    """What the large number and the plot of a running check show; empty where the presenter explains itself."""

    depends_on: Mapping[str, tuple[str, ...]]
    """By section, the options on which the result depends. What the check itself finds is not among them."""
    plans_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By section, as `depends_on`: further options that its moves or comparisons use, although its result does not
    depend on them. A full calibration saves a new value of either before the check runs."""
    found_options: tuple[str, ...] = ()
    """Options whose values it finds: the result is valid while one of its values, or the old one, is configured."""
    stale_after: Mapping[HardwareChange, str]
    """By hardware change, why the result does not hold afterwards."""
    valid_after: tuple[HardwareChange, ...] = ()
    """Hardware changes that do not affect it. Together with `stale_after` it names every one."""
    stale_rules: tuple[StaleRule, ...] = ()
    heats: tuple[str, ...] = ()
    """The parameters that set the temperatures to which it heats, named as the values of its parameter `heat`."""
    reads_with: Mapping[str, bool] | None = None
    """Values of its parameters with which it only reads, as on several printers without --allow-moves; None for a
    check that moves."""
    lost_by_restart: str = ""
    """What a restart of Klipper loses, so that the result does not hold afterwards; empty where nothing is lost."""

    @property
    def package(self) -> str:
        """The name of its module in zcal_tui.checks."""
        return self.name.replace("-", "_")
