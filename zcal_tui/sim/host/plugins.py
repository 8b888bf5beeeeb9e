"""Klipper plugins that the simulator brings: packages of the index, with the module by which klippy finds them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.klipper_config.configuration import Configuration, sections_named
from zcal_tui.sim.host import environments, pins
from zcal_tui.sim.host.environments import Progress


@dataclass(frozen=True)
class Plugin:
    """One plugin, unmodified."""

    section: str
    """The section that klippy loads it for."""
    title: str
    packages: tuple[pins.Pins, ...]
    """What is installed in klippy's environment."""
    module: str
    """The text of the module that its own installation puts among klippy's."""


CARTOGRAPHER = Plugin(
    "cartographer",
    "cartographer3d-plugin 1.10.1",
    (pins.NUMPY, pins.SCIPY, pins.CARTOGRAPHER),
    "from cartographer.extra import *\n",
)
PLUGINS = (CARTOGRAPHER,)
_WITH_NUMPY = ("load_cell_probe", "resonance_tester", "beacon", "probe_eddy_ng")
_FILTERS = ("drift_filter_cutoff_frequency", "buzz_filter_cutoff_frequency", "notch_filter_frequencies")
"""Options of a load cell for which klippy designs a filter with scipy."""


def needed(configuration: Configuration, named: Collection[str]) -> tuple[Plugin, ...]:
    """The plugins that a configuration has sections for; `named` are the sections that the user's own extras bring."""
    return tuple(
        plugin
        for plugin in PLUGINS
        if plugin.section in configuration.sections and plugin.section not in named
    )


def packages(configuration: Configuration, brought: Collection[Plugin]) -> tuple[pins.Pins, ...]:
    """What klippy's environment needs beside klippy's own packages: for plugins, and for sections of Klipper's own that
    do not load or work without it."""
    needed = [each for plugin in brought for each in plugin.packages]
    for section in sections_named(configuration, *_WITH_NUMPY):
        needed.append(pins.NUMPY)
        if any(section.get(option) is not None for option in _FILTERS):
            needed.append(pins.SCIPY)
    return tuple(dict.fromkeys(needed))


def module_file(plugin: Plugin, progress: Progress) -> Path:
    """The module, as a file that klippy's folder can link to. Raises SimulatorError."""

    def build(folder: Path) -> None:
        (folder / f"{plugin.section}.py").write_text(plugin.module, encoding="utf-8")

    name = f"plugin-{environments.digest(plugin.section, plugin.module)}"
    return environments.make_once(name, build, progress) / f"{plugin.section}.py"
