"""The port to a printer, and its notifications."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from zcal_tui.model.lazy_dataclass import dataclass


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
    """The connection is up (again). Earlier subscriptions are gone."""


@dataclass(frozen=True)
class LinkDown:
    """The connection was lost, or could not be restored. `final` when no further attempt is made."""

    reason: str
    final: bool = False


@dataclass(frozen=True)
class KlippyState:
    """Klipper changed state, as Moonraker reports it. Subscriptions are gone after "disconnected"."""

    state: Literal["ready", "shutdown", "disconnected"]


Notification = Status | GcodeOutput | LinkUp | LinkDown | KlippyState
Listener = Callable[[Notification], None]


class Transport(Protocol):
    """A connection to one printer that reconnects by itself but never repeats a request.

    Method names are those of klippy's API server ("gcode/script", "objects/query", "zcal/cancel", …), whatever
    the wire. Everything runs on the loop that called `connect`.
    """

    @property
    def address(self) -> str:
        """The printer's address as it is shown, without secrets."""

    @property
    def connected(self) -> bool:
        """Whether the link is up at this moment."""

    async def connect(self) -> None:
        """Make the first connection; a lost one is restored in the background.

        Raises Unreachable or Unauthorized; may be called again after that.
        """

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send one request and wait for its answer, without a time limit.

        Raises a `TransportError`: GcodeError, UnknownMethod, NotReady, Unauthorized, ReplyLost or, while the link
        is down, Unreachable.
        """

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each notification as it arrives, always before replies that arrive later. Returns a
        function that stops it."""

    async def close(self) -> None:
        """Close for good. Pending calls end with ReplyLost."""
