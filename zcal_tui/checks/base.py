"""What every check consists of: its declaration, its context, and its ports."""

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.events import Event
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Record
from zcal_tui.stats.operator_scatter import OperatorScatter

if TYPE_CHECKING:  # the command line reads these declarations before anything heavy is imported
    from zcal_tui.checks.lease.temporary_settings import TemporarySettings
    from zcal_tui.checks.operator import Operator
    from zcal_tui.printer.printer import Printer
    from zcal_tui.printer.sampler import Sampler
    from zcal_tui.printer.zcal_module import ZcalModule


class Clock(Protocol):
    """The printer's clock, so that a check runs unchanged on a simulated printer that runs faster."""

    def now(self) -> float:
        """Seconds of the printer's clock."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of the printer's clock."""


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a running check."""

    printer: "Printer"
    sampler: "Sampler"
    clock: Clock
    emit: Callable[[Event], None]
    """Publishes an event: on disk first, then to the user interfaces."""
    cancelled: Callable[[], bool]
    """Whether the person has cancelled."""
    operator: "Operator"
    """The person at the printer."""
    zcal: "ZcalModule"
    """The [zcal] module; `can` is False where it is not installed."""
    holder: "TemporarySettings"
    """Changes settings of the printer for the time of a check, under the [zcal] module's lease."""
    earlier: Callable[[str], Record | None] = lambda check: None
    """The newest finished record of a check on this printer."""
    scatter: OperatorScatter = field(default_factory=OperatorScatter)
    """What earlier runs show of how much this person's paper tests vary."""
    resumed: Record | None = None
    """The interrupted run that this one resumes, if any; a check reuses its samples that are still valid."""
    keep_dock: Callable[[tuple[str, str] | None], None] = lambda macros: None
    """Keeps the macros that attach and dock this printer's probe for its later runs, or forgets them (None)."""
    kept_dock: tuple[str, str] | None = None
    """Those that were kept; the parameters `attach` and `detach` name them already."""
    may_save: bool = True
    """False where nothing is saved after the check (--save never): what only serves a save is not measured."""
    switches_seen: set[str] = field(default_factory=set)
    """The sections of probes whose switch this run has seen change between attached and docked."""

    def stop_if_cancelled(self) -> None:
        """Raises CheckCancelled once the person has cancelled."""
        if self.cancelled():
            raise CheckCancelled


class Declaration(Protocol):
    """What is known about a check before it runs: the command line, the plan and the documentation are made of it."""

    info: ClassVar[CheckInfo]
    parameters: ClassVar[type]
    """A frozen dataclass of `parameter` fields."""


class Check(Declaration, Protocol):
    """A check. It restores the printer's state on every path out."""

    async def run(self, context: Context, parameters: Any) -> None:
        """Measure and judge; emits events. Raises CheckCancelled, CheckRefused, GcodeError, ReplyLost, NotReady."""
