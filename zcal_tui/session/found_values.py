"""What one run of a full calibration found and has not saved yet."""

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change, Record


@dataclass(frozen=True, slots=True)
class FoundValues:
    """The values of one run that wait for the group's save."""

    check: str
    record: Record
    changes: tuple[Change, ...]
    """Those of its changes that can be saved."""
