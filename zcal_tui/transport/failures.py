"""What can go wrong between this program and a printer, told apart by what the caller may do next."""


class TransportError(Exception):
    """A call to the printer did not end well. `str()` is a sentence for a person."""


class GcodeError(TransportError):
    """The printer refused the request or stopped it with an error; `message` is Klipper's own text, all lines."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownMethod(GcodeError):
    """The printer has no such endpoint: the object that serves it is not configured there."""


class ReplyLost(TransportError):
    """The connection went before the answer came. What was asked may still be running on the printer: it must not
    be sent again; the printer's state tells what became of it."""


class NotReady(TransportError):
    """Klipper is not in a state to do it (starting, halted, shut down, or not connected to Moonraker); `message`
    is its own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(TransportError):
    """Moonraker wants credentials, or does not take the ones it was given."""


class Unreachable(TransportError):
    """Nobody answers at `address`: `cause` says why as far as known, `remedy` what to try."""

    def __init__(self, address: str, cause: str, remedy: str) -> None:
        super().__init__(f"No printer at {address}: {cause}. {remedy}")
        self.address = address
        self.cause = cause
        self.remedy = remedy


class HandshakeRefused(Unreachable):
    """Something answers at `address`, but not as a printer does; trying again will not help."""
