"""The Python packages that zcal-tui requires: which of them is not installed, and the command that installs it.

Standard library only: it answers where every other import may fail.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

INTERFACE = ("textual", "textual-plot")
"""What only the terminal interface needs."""
PACKAGES = ("platformdirs", "websockets", "httpx", *INTERFACE, "numpy")
"""What pyproject.toml requires. numpy last: a build for another processor ends the process that imports it."""
DISTRIBUTIONS = ("zcal-tui", "zcal-tui-sim")
_OWN = ("zcal_tui", "klippy_extra")


@dataclass(frozen=True, slots=True)
class MissingPackage:
    """What cannot be imported, as a sentence, and what to do."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


def required_versions() -> Mapping[str, str]:
    """The versions that this installation requires, by package, such as `>=8.2,<9`; empty where it is not installed."""
    from importlib import metadata  # slow to import, and needed only where something is missing

    for name in DISTRIBUTIONS:
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found = (re.match(r"([A-Za-z0-9_.-]+)\s*([^;]*)", line) for line in lines if "extra ==" not in line)
        return {match[1]: match[2].strip() for match in found if match}
    return {}


def pip_install(folder: Path = Path(sys.executable).parent) -> str:
    """The command that installs packages for the Python in a folder, without their names."""
    return f"{folder}/python -m pip install"


def first_missing(packages: Iterable[str]) -> MissingPackage | None:
    """The first of these packages that is not installed. Imports none of them."""
    return next((_not_installed(name) for name in packages if find_spec(_module(name)) is None), None)


def missing_package(error: ImportError) -> MissingPackage | None:
    """What a failed import lacks; None where it is a module of our own, which is an internal error."""
    name = next((root for root in _roots(error) if root not in _OWN), None)
    if name is None:
        return None
    if name in sys.stdlib_module_names:
        return MissingPackage(
            f"This Python has no module {name}.", f"Use a complete Python; this one is {sys.executable}."
        )
    package = next((one for one in PACKAGES if _module(one) == name), name)
    if isinstance(error, ModuleNotFoundError):
        return _not_installed(package)
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return MissingPackage(
        f"{package} cannot be imported: {reason[-1].strip().rstrip('.')}.",
        f"Install it again: {pip_install()} --force-reinstall {_requirement(package)}",
    )


def _not_installed(package: str) -> MissingPackage:
    return MissingPackage(
        f"The Python package {package} is not installed.",
        f"Install it: {pip_install()} {_requirement(package)}",
    )


def _requirement(package: str) -> str:
    """The package with the required version, quoted for a shell."""
    return f"'{package}{required_versions().get(package, '')}'"


def _roots(error: ImportError) -> Iterator[str]:
    """The top-level packages that an error and its causes name, the error's own first."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ImportError) and at.name:
            yield at.name.partition(".")[0]
        at = at.__cause__ or at.__context__


def _module(package: str) -> str:
    return package.replace("-", "_")
