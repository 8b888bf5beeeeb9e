"""What a command line asks for, once it is understood."""

from dataclasses import dataclass
from typing import Any

from zcal_tui.config import Settings
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import Record


@dataclass(frozen=True, slots=True)
class Command:
    """What the command line asked for."""

    settings: Settings
    printers: tuple[str, ...] = ()
    """The printers that were named; with none or one `settings.printer` says which."""
    check: str | None = None
    parameters: Any = None
    headless: bool = False
    json: bool = False
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
