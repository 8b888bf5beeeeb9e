"""The ways in which a check ends early: cancelled, refused, failed."""


class CheckCancelled(Exception):
    """The person cancelled. Raised inside a check at the next place where it is safe to stop."""


class CheckRefused(Exception):
    """The check cannot start in the printer's present state. `args` are what, cause and remedy, for people."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(what, cause, remedy)
        self.what, self.cause, self.remedy = what, cause, remedy


class CheckFailed(CheckRefused):
    """The check cannot continue after it has moved or measured something."""


class PrinterTakenOver(CheckFailed):
    """Another program holds the printer's lease: ours expired while the check waited."""
