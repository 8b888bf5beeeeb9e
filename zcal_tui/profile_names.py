"""Which profiles come with the program: the folders in sim/profiles.

Apart from `sim`, since each command line is checked against them and must not load the simulator.
"""

from pathlib import Path

PROFILE_FOLDER = Path(__file__).parent / "sim" / "profiles"
DEFAULT_PROFILE = "voron"


def profile_names(folder: Path = PROFILE_FOLDER) -> tuple[str, ...]:
    """The names of the folders that hold a profile: the default one first, then by the alphabet."""
    found = (path.parent.name for path in folder.glob("*/printer.cfg"))
    return tuple(sorted(found, key=lambda name: (name != DEFAULT_PROFILE, name)))


PROFILES = profile_names()
"""The machine profiles that come with the program."""
