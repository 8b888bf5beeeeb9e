"""Random truth files: possible true values of a printer like a profile's. They depend on profile and seed alone."""

import random
import tomllib
from collections.abc import Mapping
from typing import Any

from zcal_tui.profile_names import PROFILES
from zcal_tui.sim.profile import load_profile

SWITCH_PROFILES = tuple(
    profile for profile in PROFILES if load_profile(profile).truth.probe.z_offset is not None
)
"""The profiles whose probe is a switch: what a truth is drawn for and estimates are compared with."""

Document = dict[str, Any]
"""A truth file as tables of tables."""


def random_truth(profile: str, seed: int) -> Document:
    """Random values around the profile's truth; the rest is the profile's. Its verdicts are left out: they were for
    the profile's truth.

    Raises TruthError for a profile that does not exist.
    """
    printer_cfg = load_profile(profile).printer_cfg
    truth: Document = tomllib.loads((printer_cfg.parent / "truth.toml").read_text(encoding="utf-8"))
    truth.pop("verdicts", None)
    draws = random.Random(f"{profile} {seed}")
    truth["simulation"]["seed"] = draws.randrange(2**31)
    _draw_probe(truth, draws, delta=profile == "delta")
    for drive in truth["drive"].values():
        drive["backlash"] = round(draws.uniform(0.002, 0.025), 4)
    if "z_endstop" in truth:
        truth["z_endstop"]["height"] = _near(truth["z_endstop"]["height"], 0.1, draws)
        truth["z_endstop"]["noise"] = round(draws.uniform(0.0005, 0.003), 5)
    bed = truth["bed"]
    bed["tilt_x"], bed["tilt_y"] = (round(draws.gauss(0.0, 0.02), 4) for _ in "xy")
    bed["bowl"] = round(draws.gauss(0.0, 0.015), 4)
    truth["person"]["bias"] = round(draws.gauss(0.0, 0.005), 4)
    truth["person"]["sigma"] = round(draws.uniform(0.004, 0.010), 4)
    if truth["probe"].get("kind") == "dockable":
        truth["dock"]["scatter"] = round(draws.uniform(0.0, 0.003), 5)
    return truth


def _draw_probe(truth: Document, draws: random.Random, *, delta: bool) -> None:
    probe = truth["probe"]
    probe["x_offset"] = _near(probe["x_offset"], 1.0, draws)
    probe["y_offset"] = _near(probe["y_offset"], 1.0, draws)
    probe["z_offset"] = _near(probe["z_offset"], 0.15, draws)
    probe["noise"] = round(draws.uniform(0.001, 0.005), 5)
    if probe["hysteresis"]:  # a pin that is drawn in at the touch has none
        probe["hysteresis"] = round(draws.uniform(0.01, 0.12), 4)
    if delta:
        for tower in "abc":
            probe[f"bias_{tower}"] = round(draws.gauss(0.0, 0.010), 5)
    else:
        for term, size in {"x": 0.006, "y": 0.006, "xx": 0.002, "yy": 0.002, "xy": 0.002}.items():
            probe[f"bias_{term}"] = round(draws.gauss(0.0, size), 5)
    probe["thermal_bed"] = round(draws.uniform(-0.001, 0.0012), 6)
    probe["thermal_nozzle"] = round(draws.uniform(-0.0001, 0.00015), 7)
    probe["thermal_lag"] = round(draws.uniform(150.0, 400.0), 1)
    if "switch_offset" in probe:
        probe["switch_offset"] = _near(probe["switch_offset"], 0.1, draws)


def _near(value: float, reach: float, draws: random.Random) -> float:
    return round(value + draws.uniform(-reach, reach), 4)


def as_toml(table: Mapping[str, Any], path: str = "") -> str:
    """Tables of numbers, words and truth values as TOML."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"[{path}]"] if path and plain else []
    for key, value in plain.items():
        text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        lines.append(f"{key} = {text}")
    parts = ["\n".join(lines)] if lines else []
    parts += [
        as_toml(value, f"{path}.{key}" if path else key).rstrip("\n")
        for key, value in table.items()
        if isinstance(value, Mapping)
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
