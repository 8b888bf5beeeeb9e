"""A klippy with further modules in it, without a change to its checkout.

Klippy looks for modules as files of its own folder. So it runs from a folder of links to its files, with the
further modules beside its own: as with a user's link into `klippy/extras`, but elsewhere.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import util
from pathlib import Path

from zcal_tui.sim.host import environments
from zcal_tui.sim.host.environments import Progress
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.klippy_source import Klippy

COMPANIONS = ("zcal", "z_calibration")
"""The Klipper modules of this program, which every simulated printer has."""

_NEIGHBOURS = re.compile(r"^\s*from \.+\w* import ", re.MULTILINE)


def companions(root: Path) -> list[Path]:
    """Where they are installed; without those that the klippy in this folder brings itself, which a second one would
    stop."""
    spec = util.find_spec("klippy_extra")  # by its name: the simulator imports nothing of it
    found = [
        Path(place) / name
        for place in (spec and spec.submodule_search_locations) or ()
        for name in COMPANIONS
    ]
    own = root / "klippy" / "extras"
    return [
        path for path in found if (path / "__init__.py").is_file() and not (own / f"{path.name}.py").exists()
    ]


def with_extras(klippy: Klippy, extras: Sequence[Path], progress: Progress) -> Klippy:
    """The same klippy, with these modules (`name.py`) or packages (folders) among its own.

    Kalico gets them where it wants them, in `klippy/plugins`, but for files that import Klipper's own modules as their
    neighbours. Raises SimulatorError where one is no module.
    """
    if not extras:
        return klippy
    places = [path.expanduser().resolve() for path in extras]
    for place in places:
        if not (place / "__init__.py").is_file() and not (place.is_file() and place.suffix == ".py"):
            raise SimulatorError(
                f"--extra {place}: this is no Klipper module.",
                remedy="Name a Python file, or a folder with an __init__.py.",
            )
    links = _links(
        klippy.root,
        {
            place: "plugins" if klippy.kind == "kalico" and not _imports_neighbours(place) else "extras"
            for place in places
        },
    )
    key = hashlib.sha256("\0".join(f"{name} {path}" for name, path in sorted(links.items())).encode())

    def build(root: Path) -> None:
        for name, path in links.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(path)

    return replace(klippy, root=environments.make_once(f"overlay-{key.hexdigest()[:12]}", build, progress))


def _imports_neighbours(path: Path) -> bool:
    """Whether a module expects Klipper's own beside it."""
    return (
        path.is_file() and _NEIGHBOURS.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    )


def _links(root: Path, extras: Mapping[Path, str]) -> dict[str, Path]:
    """Where each link goes, by its path in the overlay; `extras` are the modules with their folders."""
    folders = sorted(set(extras.values()))
    links: dict[str, Path] = {}
    for path, prefix, skipped in (
        (root, "", ["klippy"]),
        (root / "klippy", "klippy/", folders),
        *((root / "klippy" / folder, f"klippy/{folder}/", []) for folder in folders),
    ):
        for entry in path.iterdir():
            # git would refresh its index, in the checkout itself, from files that are links here
            if entry.name not in (*skipped, "__pycache__", ".git"):
                links[prefix + entry.name] = entry
    links.update({f"klippy/{folder}/{path.name}": path for path, folder in extras.items()})
    return links
