"""What every check is made of: what it declares, what it is given, and the ports through which it reaches out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.events import Event
from zcal_tui.model.record import Record

if TYPE_CHECKING:  # the command line reads these declarations before anything heavy is imported
    from zcal_tui.checks.lease.temporary_settings import TemporarySettings
    from zcal_tui.checks.operator import Operator
    from zcal_tui.printer.printer import Printer
    from zcal_tui.printer.sampler import Sampler
    from zcal_tui.printer.zcal_module import ZcalModule


class Clock(Protocol):
    """Time as the printer counts it, so that a check runs unchanged on a printer that runs faster."""

    def now(self) -> float:
        """Seconds of the printer's clock."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long on the printer's clock."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a running check is given."""

    printer: "Printer"
    sampler: "Sampler"
    clock: Clock
    emit: Callable[[Event], None]
    """Says something: on disk first, then to whoever watches."""
    cancelled: Callable[[], bool]
    """Whether the person has asked to stop."""
    operator: "Operator"
    """The person at the printer."""
    zcal: "ZcalModule"
    """The companion extra, where it is installed."""
    holder: "TemporarySettings"
    """Lends settings of the printer for the time of a check, under the extra's lease."""
    earlier: Callable[[str], Record | None] = lambda check: None
    """The newest finished record of a check on this printer."""
    resumed: Record | None = None
    """The interrupted run that this one goes on with, if it is one; a check takes over what still holds."""
    switches_seen: set[str] = field(default_factory=set)
    """The sections of probes whose switch this run has seen to read another way off the toolhead than on it."""

    def stop_if_cancelled(self) -> None:
        """Raises CheckCancelled once the person has asked to stop."""
        if self.cancelled():
            raise CheckCancelled


class Declaration(Protocol):
    """What is known about a check before it runs: the command line, the plan and the documentation are made of it."""

    info: ClassVar[CheckInfo]
    parameters: ClassVar[type]
    """A frozen dataclass of `parameter` fields."""


class Check(Declaration, Protocol):
    """A calibration. It leaves the printer as it found it, whatever happens."""

    async def run(self, context: Context, parameters: Any) -> None:
        """Measure and judge: events out. Raises CheckCancelled, CheckRefused, GcodeError, ReplyLost, NotReady."""
