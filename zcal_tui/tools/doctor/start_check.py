"""Whether Klipper would start with a printer.cfg that no Klipper runs with: its Z values, and its sections' modules."""

import re
from collections.abc import Iterator
from pathlib import Path

from zcal_tui.printer.config_view import Settings
from zcal_tui.printer.start_bounds import Bounds
from zcal_tui.tools.klipper_folder import NAMES, ConfigFile, KlipperFolder
from zcal_tui.tools.system import exists

_NEWEST = "v99.0"
"""The version of a Klipper that is not running is unknown: what only old ones refuse is not reported."""
_WITHOUT_MODULE = re.compile(
    r"printer|mcu|stepper\w*|extruder\d*|carriage|dual_carriage|extra_carriage|display_(data|template|glyph)|menu"
    r"|constants|danger_options|heater_bed|thermistor|include"
)
"""Sections that klippy's core or another module reads. Source: klippy/ of Klipper and Kalico."""


def start_problems(config: ConfigFile, folder: KlipperFolder | None) -> Iterator[str]:
    """Why Klipper would not start with a file that it can read, one sentence each. Our own modules are reported with
    their links."""
    texts = {
        name: {option: section.get(option) or "" for option in section.options}
        for name, section in config.configuration.sections.items()
    }
    app = "Kalico" if folder is not None and folder.kalico else "Klipper"
    settings: Settings = {}
    for found in Bounds(app, _NEWEST, settings, {}).problems(texts):
        change = found.companion
        also = f" Set {change.option} in [{change.section}] to {change.new}." if change is not None else ""
        yield f"[{found.section}] {found.option}: {found.why}{also}"
    if "printer" not in texts:
        yield "It has no section [printer]."
    if folder is not None and exists(folder.root / "klippy" / "extras"):
        for name in texts:
            if name not in NAMES and not _has_module(name, folder.root):
                yield f"This Klipper has no module for [{name}]."


def _has_module(section: str, root: Path) -> bool:
    kind = (section.split() or [""])[0]
    if _WITHOUT_MODULE.fullmatch(kind):
        return True
    klippy = root / "klippy"
    places = (klippy / "extras", klippy / "plugins")
    return any(exists(place / f"{kind}.py") or exists(place / kind / "__init__.py") for place in places)
