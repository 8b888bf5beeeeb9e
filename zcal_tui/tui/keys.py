"""The names of the actions, by which a person gives them other keys (`[keymap]` in config.toml)."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

STOP_ID = "app.stop"
STOP_KEYS = "f12,ctrl+backslash"
"""Stay what they are whatever a person sets: somebody else may stand beside the printer."""


def _classes(root: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for found in root.__subclasses__():
        yield found
        yield from _classes(found)


def bindings() -> dict[str, Binding]:
    """Every binding of ours that has a name, by it. Imports every screen and widget."""
    from zcal_tui.tui import app_base, screens, widgets

    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: dict[str, Binding] = {}
    for owner in (app_base.AppBase, *_classes(DOMNode)):
        if owner.__module__.startswith("zcal_tui."):
            for binding in owner.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id:
                    found.setdefault(binding.id, binding)
    return found


def unknown_ids(keymap: Mapping[str, str]) -> list[str]:
    """What to say of names in a keymap that there are not, with the nearest that there is."""
    known = bindings()
    problems = []
    for name in keymap:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; docs/keys.md lists them"
            problems.append(f"There is no action {name!r}{hint}")
    return problems
