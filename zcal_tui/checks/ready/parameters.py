"""What `ready` looks at: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, parameter


@dataclass(frozen=True, slots=True)
class ReadyParameters:
    """What `ready` looks at."""

    offer: bool = parameter(True, "offer to mend what can be mended safely: home, level, clear the mesh")
    fetch: bool = parameter(True, "fetch a docked probe and put it back, to see that its switch changes")
    attach: str = attach_parameter()
    detach: str = detach_parameter()
