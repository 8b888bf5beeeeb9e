"""The one error of this room that people see."""


class SimulatorError(Exception):
    """The simulated printer cannot do what was asked. The text says what happened, why, and what to do."""
