"""A klippy with further modules in it, without a change to its checkout.

Klippy looks for modules as files of its own folder. So it runs from a folder of links to its files, with the
further modules beside its own: as with a user's link into `klippy/extras`, but elsewhere.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import util
from pathlib import Path

from zcal_tui.sim.host import environments
from zcal_tui.sim.host.environments import Progress
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.klippy_source import Klippy

COMPANIONS = ("zcal", "z_calibration")
"""The Klipper modules of this program, which every simulated printer has."""


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

    Kalico gets them where it wants them, in `klippy/plugins`. Raises SimulatorError where one is no module.
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
    folder = "plugins" if klippy.kind == "kalico" else "extras"
    links = _links(klippy.root, folder, places)
    key = hashlib.sha256("\0".join(f"{name} {path}" for name, path in sorted(links.items())).encode())

    def build(root: Path) -> None:
        for name, path in links.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(path)

    return replace(klippy, root=environments.make_once(f"overlay-{key.hexdigest()[:12]}", build, progress))


def _links(root: Path, folder: str, extras: Sequence[Path]) -> dict[str, Path]:
    """Where each link goes, by its path in the overlay."""
    links: dict[str, Path] = {}
    for path, prefix, skipped in (
        (root, "", "klippy"),
        (root / "klippy", "klippy/", folder),
        (root / "klippy" / folder, f"klippy/{folder}/", ""),
    ):
        for entry in path.iterdir():
            # git would refresh its index, in the checkout itself, from files that are links here
            if entry.name not in (skipped, "__pycache__", ".git"):
                links[prefix + entry.name] = entry
    links.update({f"klippy/{folder}/{path.name}": path for path in extras})
    return links
