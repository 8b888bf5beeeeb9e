"""The errors of this package that people see."""


class SimulatorError(Exception):
    """The simulated printer cannot do what was asked: what happened, why (if that is known), what to do."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, cause, remedy) if part))
        self.what = what
        self.cause = cause
        self.remedy = remedy


class UnknownKlipperError(SimulatorError):
    """A Klipper was asked for by a name that is not in the table."""
