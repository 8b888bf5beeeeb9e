"""The levels and outcomes of a run in one or two words, for the plan, the history and reports."""

from collections.abc import Mapping

from zcal_tui.model.record import Level, Outcome

LEVEL_WORDS: Mapping[Level, str] = {
    Level.PASS: "passed",
    Level.WARN: "warning",
    Level.FAIL: "failed",
    Level.UNKNOWN: "undecided",
}

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.RUNNING: "running",
    Outcome.FINISHED: "no verdict",
    Outcome.CANCELLED: "cancelled",
    Outcome.REFUSED: "not started",
    Outcome.ERROR: "printer error",
    Outcome.LOST: "interrupted",
}
"""A finished run is shown by its verdict; this text is for one without any."""
