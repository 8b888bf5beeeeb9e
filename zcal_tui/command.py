"""What a command line asks for, once it is understood."""

from dataclasses import field
from typing import Any

from zcal_tui.config import Settings
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import Record


@dataclass(frozen=True, slots=True)
class CommandPrinter:
    """One of several printers of a command."""

    name: str
    address: str
    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """Its own certificate file; None for the one that counts for all."""
    lease: float = 60.0
    parameters: Any = None
    """The check's parameters for this printer."""
    filed_under: str | None = None
    """The name under which its runs are stored; None for the one that it reports."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the command line asked for."""

    settings: Settings
    several: tuple[CommandPrinter, ...] = ()
    """The printers of a run on several; empty for one, which `settings.printer` says."""
    at_once: int | None = None
    """With several printers, the checks that run at the same time; None for all of them."""
    check: str | None = None
    parameters: Any = None
    headless: bool = False
    json: bool = False
    plain: bool = False
    """Whether a run without a screen asks and reports in words, for screen readers."""
    quiet: bool = False
    kiosk: bool = False
    """Whether it runs on a printer's screen, where nothing may lead out of the program."""
    demo: str | None = None
    truth: str | None = None
    sim_speed: float = 1.0
    seed: int | None = None
    strip: bool = False
    """Whether the simulated printer is without what Z does not depend on."""
    save: SavePolicy = "ask"
    autopilot: bool = False
    control: str | None = None
    """The control socket of a simulated printer that was started separately."""
    resume: Record | None = None
    """The interrupted run to resume."""
