# The printer's state: homing, print job, temperatures, configuration
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from klippy.klippy import Printer
    from klippy.toolhead import ToolHead


class HostState:
    """Reads the state of the printer; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._reactor = printer.get_reactor()
        self._settings: Mapping[str, Any] = {}
        self._config: Mapping[str, Any] = {}

    def connect(self) -> None:
        """Check for what is read later. Raises whatever an unexpected object raises."""
        status = self._toolhead().get_status(self._reactor.monotonic())
        for name in ("homed_axes", "axis_minimum", "axis_maximum"):
            status.__getitem__(name)
        config = self._printer.lookup_object("configfile").get_status(0.0)
        self._settings, self._config = config["settings"], config["config"]

    def homed_axes(self) -> str:
        """The homed axes, such as `xyz`."""
        return str(self._toolhead().get_status(self._reactor.monotonic())["homed_axes"])

    def limits(self) -> tuple[list[float], list[float]]:
        """The minimum and the maximum coordinates of X, Y and Z."""
        status = self._toolhead().get_status(self._reactor.monotonic())
        return list(status["axis_minimum"])[:3], list(status["axis_maximum"])[:3]

    def print_active(self) -> bool:
        """Whether there is a print, running or paused. PAUSE alone, as by a filament sensor, is not a print."""
        stats = self._printer.lookup_object("print_stats", None)
        if stats is not None:
            state = stats.get_status(self._reactor.monotonic()).get("state")
            if state in ("printing", "paused"):
                return True
        card = self._printer.lookup_object("virtual_sdcard", None)
        return card is not None and bool(card.is_active())

    def printing(self) -> str | None:
        """Why nothing may move: a print is running or paused. None if there is none."""
        eventtime = self._reactor.monotonic()
        stats = self._printer.lookup_object("print_stats", None)
        if stats is not None:
            state = stats.get_status(eventtime).get("state")
            if state in ("printing", "paused"):
                return "A print is running." if state == "printing" else "A print is paused."
        card = self._printer.lookup_object("virtual_sdcard", None)
        if card is not None and card.is_active():
            return "A print is running."
        pause = self._printer.lookup_object("pause_resume", None)
        if pause is not None and pause.get_status(eventtime).get("is_paused"):
            return "The printer is paused (PAUSE)."
        return None

    def temperatures(self) -> tuple[float | None, float | None]:
        """The temperatures of the bed and of the active hotend; None without a heater."""
        heaters = self._printer.lookup_object("heaters", None)
        known: Mapping[str, Any] = getattr(heaters, "heaters", {})
        eventtime = self._reactor.monotonic()
        extruder = self._toolhead().get_status(eventtime).get("extruder")

        def temperature(name: Any) -> float | None:
            if name not in known:
                return None
            value = float(known[name].get_temp(eventtime)[0])
            return round(value, 2) if math.isfinite(value) else None

        return temperature("heater_bed"), temperature(extruder)

    def section(self, name: str) -> dict[str, Any]:
        """The parsed options of a configuration section, by lower-case names; empty if there is no such section."""
        return dict(self._settings.get(name.lower(), {}))

    def sections(self) -> list[str]:
        """The names of the sections whose options Klipper has read."""
        return list(self._settings)

    def as_written(self, section: str) -> str:
        """The name of a section as written in printer.cfg; as given if there is no such section."""
        return next((name for name in self._config if name.lower() == section.lower()), section)

    def zero_reference(self) -> tuple[float, float] | None:
        """The point on the bed that is height 0 according to the configuration alone.

        The mesh's zero_reference_position, else its centre, else where [safe_z_home] homes; None without these.
        """
        mesh = self.section("bed_mesh")
        place = mesh.get("zero_reference_position")
        if place:
            return float(place[0]), float(place[1])
        low, high = mesh.get("mesh_min"), mesh.get("mesh_max")
        if low and high:
            return (float(low[0]) + float(high[0])) / 2, (float(low[1]) + float(high[1])) / 2
        if mesh.get("mesh_radius") is not None:
            origin = mesh.get("mesh_origin") or (0.0, 0.0)
            return float(origin[0]), float(origin[1])
        return self.safe_home()

    def safe_home(self) -> tuple[float, float] | None:
        """The point where [safe_z_home] homes Z; None without it."""
        home = self.section("safe_z_home").get("home_xy_position")
        return (float(home[0]), float(home[1])) if home else None

    def _toolhead(self) -> ToolHead:
        toolhead: ToolHead = self._printer.lookup_object("toolhead")
        return toolhead
