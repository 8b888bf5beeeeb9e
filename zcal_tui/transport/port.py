"""The port through which everything above talks to a printer, and what a printer tells of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Status:
    """Changed fields of subscribed objects. `changes` is {object: {field: value}}, only what changed;
    `eventtime` is klippy's clock in seconds."""

    changes: Mapping[str, Mapping[str, Any]]
    eventtime: float


@dataclass(frozen=True)
class GcodeOutput:
    """One console message as klippy sent it; it may have several lines."""

    text: str


@dataclass(frozen=True)
class LinkUp:
    """The connection stands (again). Subscriptions made before are gone."""


@dataclass(frozen=True)
class LinkDown:
    """The connection went, or could not be made again. `final` when no further attempt is made."""

    reason: str
    final: bool = False


@dataclass(frozen=True)
class KlippyState:
    """Klipper changed state, as told by Moonraker. Subscriptions are gone after "disconnected"."""

    state: Literal["ready", "shutdown", "disconnected"]


Notification = Status | GcodeOutput | LinkUp | LinkDown | KlippyState
Listener = Callable[[Notification], None]


class Transport(Protocol):
    """A connection to one printer that mends itself but never repeats a request.

    Method names are those of klippy's API server ("gcode/script", "objects/query", "zcal/cancel", …), whatever
    the wire. Everything runs on the loop that called `connect`.
    """

    @property
    def address(self) -> str:
        """What the printer was reached by, for showing; without secrets."""

    @property
    def connected(self) -> bool:
        """Whether the link stands at this moment."""

    async def connect(self) -> None:
        """Make the first connection; later losses are mended in the background.

        Raises Unreachable or Unauthorized; may be called again after that.
        """

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send one request and wait for its answer, without a time limit.

        Raises a `TransportError`: GcodeError, UnknownMethod, NotReady, Unauthorized, ReplyLost or, while the link
        is down, Unreachable.
        """

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called for each notification as it arrives: whoever awaits a reply finds everything that
        came before it already told. Returns what ends it."""

    async def close(self) -> None:
        """Close for good. Pending calls end with ReplyLost."""
