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
"""How many earlier values of a setting are remembered as set by the holder."""


class HeldSetting(NamedTuple):
    """A setting: its value before, and every value that the holder announced since, applied or not."""

    before: Any
    ours: tuple[Any, ...]


class HeldSettings:
    """The settings that a lease holds. One that someone else has changed since is not restored."""

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
        """The names of the held settings, such as `heaters extruder`."""
        return [_name(key) for key in self._held]

    def hold(self, wanted: Mapping[str, Any]) -> None:
        """Record the present values, and those that the holder is about to set.

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
        """Return all held settings, for restoring, and hold none."""
        held, self._held = self._held, {}
        return held

    def restore(self, held: Mapping[tuple[str, str], HeldSetting], *, heaters: bool) -> list[str]:
        """Restore the heaters (at any time), or everything else (with the gcode mutex held); returns what was done."""
        done = []
        for key, setting in held.items():
            if (key[0] == HEATERS) is heaters:
                report = self._restore(key, setting)
                if report:
                    done.append(report)
        return done

    def stop_heating(self, held: dict[tuple[str, str], HeldSetting]) -> list[str]:
        """Set heaters that will be turned down to their present temperature, so that a command waiting for one ends.

        Returns what was done.
        """
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
                done.append(f"{_name(key)} stops heating further")
            except self._host.error as error:
                done.append(f"{_name(key)} could not be turned down ({error})")
        return done

    def changed(self, held: Mapping[tuple[str, str], HeldSetting]) -> list[str]:
        """The names of the settings that still differ from before, such as `mesh`."""
        found = []
        for key, setting in held.items():
            now = self._read[key[0]](key[1])
            if not _same(now, setting.before) and _ours(now, setting):
                found.append(_name(key))
        return found

    def note_offset(self, offset: tuple[float, float, float]) -> None:
        """Record a G-code offset that the holder's own command has set, if the offset is held."""
        held = self._held.get((OFFSET, ""))
        if held is not None:
            self._held[(OFFSET, "")] = HeldSetting(held.before, (*held.ours[-_STEPS:], tuple(offset)))

    def _restore(self, key: tuple[str, str], setting: HeldSetting) -> str | None:
        kind, name = key
        try:
            now = self._read[kind](name)
            if _same(now, setting.before):
                return None
            if not _ours(now, setting):
                return f"{_name(key)} was changed by someone else and is left as it is"
            self._write[kind](name, setting.before)
        except self._host.error as error:
            return f"{_name(key)} could not be restored ({error})"
        return f"{_name(key)} is restored to {_shown(setting.before)}"

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
        raise CommandRefused(f"A lease cannot hold {kind}.", remedy=f"It can hold {', '.join(self._read)}.")


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
    return f"{value:g}" if isinstance(value, float) else "its former value"
