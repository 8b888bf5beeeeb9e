"""Failures of a call to a printer, distinguished by what the caller may do next."""


class TransportError(Exception):
    """A call to the printer failed. `str()` is a sentence for a person."""


class GcodeError(TransportError):
    """The printer refused the request or stopped it with an error; `message` is Klipper's own text, all lines."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownMethod(GcodeError):
    """The printer has no such endpoint: the object that serves it is not configured there."""


class ReplyLost(TransportError):
    """The connection was lost before the answer came. The request may still be running on the printer: it must not be
    sent again; the printer's state shows its outcome."""


class NotReady(TransportError):
    """Klipper is not in a state to do it (starting, halted, shut down, or not connected to Moonraker); `message`
    is its own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(TransportError):
    """Moonraker requires credentials, or rejects the ones it was given (`rejected`)."""

    def __init__(self, message: str, *, rejected: bool = False) -> None:
        super().__init__(message)
        self.rejected = rejected


class Unreachable(TransportError):
    """Nothing answers at `address`: `cause` says why as far as known, `remedy` what to try."""

    def __init__(self, address: str, cause: str, remedy: str) -> None:
        super().__init__(f"No printer at {address}: {cause}. {remedy}")
        self.address = address
        self.cause = cause
        self.remedy = remedy


class HandshakeRefused(Unreachable):
    """Something answers at `address`, but not as a printer does; trying again will not help. `why` explains it."""

    def __init__(self, address: str, cause: str, remedy: str, why: str = "") -> None:
        super().__init__(address, cause, remedy)
        self.why = why
