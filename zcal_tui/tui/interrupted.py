"""A run that was cut off: what to say of it, and what can be done about it."""

from zcal_tui.model.record import Record
from zcal_tui.tui.desk import Desk
from zcal_tui.tui.screens.modals import PickModal

RESUME, CLOSE = "resume", "close"


def offer(desk: Desk, record: Record) -> PickModal:
    """The question what to do with an interrupted run."""
    count = len(record.samples)
    kept = (
        f"{count} sample{'' if count == 1 else 's'} of it are kept" if count else "Nothing had been measured"
    )
    began = record.started[:16].replace("T", " ")
    return PickModal(
        desk,
        "A run was cut off",
        f"{desk.title(record.check)}, begun {began} UTC, did not come to its end. {kept}.",
        (
            (RESUME, "Go on with it", "what still holds of it is taken over"),
            (CLOSE, "Close it", "what was measured stays in the history"),
        ),
        "Later",
    )
