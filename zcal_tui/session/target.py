"""The printer of a session. Imports nothing heavy: it is created before anything else is imported."""

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.transport.address import Address


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The simulated printer to start."""

    profile: str = "voron"
    truth: str | None = None
    klipper: str | None = None
    speed: float = 1.0
    seed: int | None = None
    strip: bool = False

    def arguments(self) -> list[str]:
        """The simulator's command line."""
        given = [self.profile, "--json", "--die-with-stdin", "--sim-speed", f"{self.speed:g}"]
        for flag, value in (("--truth", self.truth), ("--klipper", self.klipper), ("--seed", self.seed)):
            if value is not None:
                given += [flag, str(value)]
        return [*given, "--strip"] if self.strip else given


@dataclass(frozen=True, slots=True)
class PrinterTarget:
    """The printer of a session: a simulated one, or the first of these addresses that answers."""

    addresses: Sequence[Address] = ()
    demo: DemoOptions | None = None
    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    """The access token for Moonraker."""
    ca_file: Path | None = None
    """The certificate by which the printer's server is recognised, beside those that the machine trusts."""
    lease: float = 60.0
    """Seconds of real time after which the [zcal] module cleans up if this program no longer answers."""
    name: str | None = None
    """What a person calls the printer; its runs are stored under it. None for the name that it reports."""
