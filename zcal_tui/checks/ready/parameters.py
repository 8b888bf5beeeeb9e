"""The parameters of `ready`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ReadyParameters:
    """What `ready` may do."""

    offer: bool = parameter(True, "offer safe fixes: home, level, clear the mesh")
    fetch: bool = parameter(True, "attach and dock a docked probe, to see its switch change")
    attach: str = attach_parameter()
    detach: str = detach_parameter()
    forget_dock: bool = parameter(False, "forget the macros that were chosen for this printer's dock")
