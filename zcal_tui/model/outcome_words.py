"""How a run ended, in a word or two: on the plan, in the history and in reports."""

from collections.abc import Mapping

from zcal_tui.model.record import Outcome

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.RUNNING: "running",
    Outcome.FINISHED: "no verdict",
    Outcome.CANCELLED: "cancelled",
    Outcome.REFUSED: "not started",
    Outcome.ERROR: "printer error",
    Outcome.LOST: "interrupted",
}
"""A finished run is shown by its verdict; the word is for one that ended without any."""
