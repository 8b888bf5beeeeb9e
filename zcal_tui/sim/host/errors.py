"""The one error of this room that people see."""


class SimulatorError(Exception):
    """The simulated printer cannot do what was asked: what happened, why (if it can be told), what to do."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, cause, remedy) if part))
        self.what = what
        self.cause = cause
        self.remedy = remedy
