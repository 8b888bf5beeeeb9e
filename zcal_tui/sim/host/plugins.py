"""Klipper plugins that the simulator brings: packages of the index, with the module by which klippy finds them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.klipper_config.configuration import Configuration
from zcal_tui.sim.host import environments, pins
from zcal_tui.sim.host.environments import Progress


@dataclass(frozen=True)
class Plugin:
    """One plugin, unmodified."""

    section: str
    """The section that klippy loads it for."""
    packages: pins.Pins
    """What is installed in klippy's environment, beside numpy."""
    module: str
    """The text of the module that its own installation puts among klippy's."""


CARTOGRAPHER = Plugin("cartographer", pins.CARTOGRAPHER, "from cartographer.extra import *\n")
PLUGINS = (CARTOGRAPHER,)
_WITH_NUMPY = ("load_cell_probe",)


def needed(configuration: Configuration, named: Collection[str]) -> tuple[Plugin, ...]:
    """The plugins that a configuration has sections for; `named` are the sections that the user's own extras bring."""
    return tuple(
        plugin
        for plugin in PLUGINS
        if plugin.section in configuration.sections and plugin.section not in named
    )


def needs_numpy(configuration: Configuration) -> bool:
    """Whether a section of Klipper's own does not load without numpy."""
    return any(section.kind in _WITH_NUMPY for section in configuration.sections.values())


def module_file(plugin: Plugin, progress: Progress) -> Path:
    """The module, as a file that klippy's folder can link to. Raises SimulatorError."""

    def build(folder: Path) -> None:
        (folder / f"{plugin.section}.py").write_text(plugin.module, encoding="utf-8")

    name = f"plugin-{environments.digest(plugin.section, plugin.module)}"
    return environments.make_once(name, build, progress) / f"{plugin.section}.py"
