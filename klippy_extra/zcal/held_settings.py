# The printer settings that a lease holds, and how each is restored
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple

from .endpoints import finite
from .errors import CommandRefused

if TYPE_CHECKING:
    from .host import KlippyHost

HEATERS, OFFSET, MESH = "heaters", "gcode_offset", "mesh"
IDLE_TIMEOUT, LIMITS, SPEED_FACTOR = "idle_timeout", "velocity_limits", "speed_factor"

_STEPS = 50
"""How many earlier values of a setting are remembered as the holder's own."""


class HeldSetting(NamedTuple):
    """A setting: what it was, and all that the holder has made it since, whether it came to that or not."""

    before: Any
    ours: tuple[Any, ...]


class HeldSettings:
    """Settings that are held. What somebody else has changed since is left alone when they are put back."""

    def __init__(self, host: KlippyHost) -> None:
        self._host = host
        self._held: dict[tuple[str, str], HeldSetting] = {}
        settings = host.settings
        self._read: Mapping[str, Callable[[str], Any]] = {
            HEATERS: settings.heater_target,
            OFFSET: lambda _: host.offset.get(),
            MESH: lambda _: host.mesh.active(),
            IDLE_TIMEOUT: lambda _: settings.idle_timeout(),
            LIMITS: lambda name: settings.velocity_limits()[name],
            SPEED_FACTOR: lambda _: settings.speed_factor(),
        }
        self._write: Mapping[str, Callable[[str, Any], None]] = {
            HEATERS: settings.set_heater_target,
            OFFSET: lambda _, value: host.offset.set(value),
            MESH: lambda _, value: host.mesh.load(value),
            IDLE_TIMEOUT: lambda _, value: settings.set_idle_timeout(value),
            LIMITS: lambda name, value: settings.set_velocity_limits({name: value}),
            SPEED_FACTOR: lambda _, value: settings.set_speed_factor(value),
        }

    def names(self) -> list[str]:
        """What is held, such as `heaters extruder`."""
        return [_name(key) for key in self._held]

    def hold(self, wanted: Mapping[str, Any]) -> None:
        """Note what settings are now and what the holder is about to change them to.

        `heaters` {name: target}, `gcode_offset` [x, y, z], `mesh` true (it will be unloaded), `idle_timeout` seconds,
        `velocity_limits` {max_velocity, max_accel, …}, `speed_factor`. Raises CommandRefused and holds nothing new.
        """
        ours: dict[tuple[str, str], Any] = {}
        for kind, value in wanted.items():
            ours.update(self._values(kind, value))
        for key, value in ours.items():
            held = self._held.get(key) or HeldSetting(self._read[key[0]](key[1]), ())
            self._held[key] = HeldSetting(held.before, (*held.ours[-_STEPS:], value))

    def take(self) -> dict[tuple[str, str], HeldSetting]:
        """Give up all that is held, to put it back."""
        held, self._held = self._held, {}
        return held

    def put_back(self, held: Mapping[tuple[str, str], HeldSetting], *, heaters: bool) -> list[str]:
        """Put back the heaters, at once, or all else, with the gcode mutex held; returns what was done in words."""
        done = []
        for key, setting in held.items():
            if (key[0] == HEATERS) is heaters:
                words = self._put_back(key, setting)
                if words:
                    done.append(words)
        return done

    def ease(self, held: dict[tuple[str, str], HeldSetting]) -> list[str]:
        """Have heaters that are to be colder keep the temperature that they have, so that a command that waits for one
        comes to its end; returns what was done in words."""
        done = []
        for key, setting in list(held.items()):
            try:
                now = self._read[key[0]](key[1])
                if key[0] != HEATERS or setting.before >= now or not _ours(now, setting):
                    continue
                temperature = self._host.settings.heater_temperature(key[1])
                kept = min(now, temperature) if math.isfinite(temperature) and temperature > 0.0 else 0.0
                held[key] = HeldSetting(setting.before, (*setting.ours, kept))
                self._write[HEATERS](key[1], kept)
                done.append(f"{_name(key)} heats no further")
            except self._host.error as error:
                done.append(f"{_name(key)} could not be turned down ({error})")
        return done

    def changed(self, held: Mapping[tuple[str, str], HeldSetting]) -> list[str]:
        """What would be put back now, such as `mesh`."""
        found = []
        for key, setting in held.items():
            now = self._read[key[0]](key[1])
            if not _same(now, setting.before) and _ours(now, setting):
                found.append(_name(key))
        return found

    def note_offset(self, offset: tuple[float, float, float]) -> None:
        """The G-code offset is this now by the holder's own doing, if it is held."""
        held = self._held.get((OFFSET, ""))
        if held is not None:
            self._held[(OFFSET, "")] = HeldSetting(held.before, (*held.ours[-_STEPS:], tuple(offset)))

    def _put_back(self, key: tuple[str, str], setting: HeldSetting) -> str | None:
        kind, name = key
        try:
            now = self._read[kind](name)
            if _same(now, setting.before):
                return None
            if not _ours(now, setting):
                return f"{_name(key)} was changed by somebody else and is left alone"
            self._write[kind](name, setting.before)
        except self._host.error as error:
            return f"{_name(key)} could not be put back ({error})"
        return f"{_name(key)} is {_shown(setting.before)} again"

    def _values(self, kind: str, value: Any) -> dict[tuple[str, str], Any]:
        if kind == HEATERS:
            targets = _mapping(kind, value)
            known = self._host.settings.heaters()
            for name in targets:
                if name not in known:
                    raise CommandRefused(
                        f"There is no heater {name}.", remedy=f"There are {', '.join(known)}."
                    )
            return {(kind, name): finite(name, target) for name, target in targets.items()}
        if kind == LIMITS:
            limits = _mapping(kind, value)
            known = list(self._host.settings.velocity_limits())
            for name in limits:
                if name not in known:
                    raise CommandRefused(
                        f"There is no limit {name}.", remedy=f"There are {', '.join(known)}."
                    )
            return {(kind, name): finite(name, limit) for name, limit in limits.items()}
        if kind == OFFSET:
            if not isinstance(value, (list, tuple)) or len(value) != 3:
                raise CommandRefused(f"{kind} must be [x, y, z].")
            return {(kind, ""): tuple(finite(kind, item) for item in value)}
        if kind == MESH:
            if value is not True:
                raise CommandRefused(f"{kind} must be true.")
            return {(kind, ""): None}
        if kind in (IDLE_TIMEOUT, SPEED_FACTOR):
            return {(kind, ""): finite(kind, value)}
        raise CommandRefused(
            f"{kind} is nothing a lease can hold.", remedy=f"It holds {', '.join(self._read)}."
        )


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CommandRefused(f"{name} must be an object.")
    return value


def _ours(now: Any, setting: HeldSetting) -> bool:
    return any(_same(now, ours) for ours in setting.ours)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, abs_tol=1e-5, rel_tol=1e-6)
    return one is other


def _name(key: tuple[str, str]) -> str:
    return " ".join(word for word in key if word)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{item:g}" for item in value)
    return f"{value:g}" if isinstance(value, float) else "loaded"
