"""The printer behind the fake servers: objects with status, a G-code queue, a console."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Handler = Callable[[dict[str, str]], Awaitable[None]]
_UPDATE = 0.25


class Refused(Exception):
    """A command error."""


def default_objects() -> dict[str, dict[str, Any]]:
    """Status of a small cartesian printer."""
    return {
        "webhooks": {"state": "ready", "state_message": "Printer is ready"},
        "gcode": {"commands": {"G28": {}, "PROBE_ACCURACY": {}, "QUERY_PROBE": {}}},
        "configfile": {
            "settings": {
                "printer": {"kinematics": "cartesian"},
                "probe": {"x_offset": 10.0, "y_offset": -5.0, "z_offset": 1.5, "speed": 5.0},
                "stepper_z": {
                    "rotation_distance": 8.0,
                    "microsteps": 16,
                    "endstop_pin": "probe:z_virtual_endstop",
                },
            },
            "config": {"probe": {"z_offset": "1.5"}},
            "save_config_pending": False,
            "save_config_pending_items": {},
        },
        "toolhead": {
            "homed_axes": "xyz",
            "position": [100.0, 100.0, 10.0, 0.0],
            "axis_minimum": [0.0, 0.0, -2.0, 0.0],
            "axis_maximum": [200.0, 200.0, 180.0, 0.0],
            "estimated_print_time": 1.0,
        },
        "gcode_move": {
            "gcode_position": [100.0, 100.0, 10.0, 0.0],
            "homing_origin": [0.0, 0.0, 0.0, 0.0],
            "speed": 1500.0,
        },
        "probe": {"name": "probe", "last_query": False, "last_z_result": 0.0},
        "manual_probe": {
            "is_active": False,
            "z_position": None,
            "z_position_lower": None,
            "z_position_upper": None,
        },
        "extruder": {"temperature": 24.0, "target": 0.0, "power": 0.0},
        "heater_bed": {"temperature": 23.0, "target": 0.0, "power": 0.0},
        "temperature_sensor chamber": {"temperature": 25.5},
        "idle_timeout": {"state": "Ready"},
        "print_stats": {"state": "standby"},
    }


class Machine:
    """What the servers serve. Set its fields to make it misbehave."""

    def __init__(self) -> None:
        self.objects = default_objects()
        self.info_extra: dict[str, Any] = {}
        self.eventtime = 1000.0
        self.scripts: list[str] = []
        self.handlers: dict[str, Handler] = {
            "QUERY_PROBE": self._query_probe,
            "PROBE_ACCURACY": self._probe_accuracy,
            "G28": self._nothing,
            "M112": self._nothing,
        }
        self.console: list[Callable[[str], None]] = []
        self.status: list[Callable[[Mapping[str, Any]], None]] = []
        self.left: list[Callable[[], None]] = []
        self.came: list[Callable[[], None]] = []
        self.mutex = asyncio.Lock()
        self.stopped = False
        self.new_wording = False
        self.triggered = False
        self.dropped_first = False
        self.heights = [1.5, 1.503, 1.4985, 1.5005]
        self.touches = 0
        self.fail_at: int | None = None
        self.before_touch: Callable[[int], Awaitable[None]] | None = None

    @property
    def state(self) -> str:
        return str(self.objects["webhooks"]["state"])

    def info(self) -> dict[str, Any]:
        """The reply to `info`."""
        webhooks = self.objects["webhooks"]
        return {
            "state": webhooks["state"],
            "state_message": webhooks["state_message"],
            "hostname": "fakehost",
            "software_version": "v0.12.0-1",
            **self.info_extra,
        }

    def query(self, objects: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to objects/query, with klippy's null for a field that is not there."""
        status = {}
        for name, fields in objects.items():
            have = self.objects.get(name, {})
            status[name] = {field: have.get(field) for field in (fields or have)}
        return {"eventtime": self.eventtime, "status": status}

    def change(self, name: str, **fields: Any) -> None:
        """Change an object's fields and tell the subscribers."""
        self.objects.setdefault(name, {}).update(fields)
        self.push({name: fields})

    def push(self, changes: Mapping[str, Any]) -> None:
        """Tell the subscribers of a change."""
        self.eventtime += _UPDATE
        for listener in list(self.status):
            listener(changes)

    def tick(self, count: int = 1) -> None:
        """Let the printer's time go on by a quarter of a second each."""
        for _ in range(count):
            toolhead = self.objects["toolhead"]
            self.change("toolhead", estimated_print_time=toolhead["estimated_print_time"] + _UPDATE)

    def say(self, text: str) -> None:
        """An info message, framed as klippy frames it."""
        lines = [line.strip() for line in text.strip().split("\n")]
        self.say_raw("// " + "\n// ".join(lines))

    def say_raw(self, text: str) -> None:
        """A message without any framing."""
        for listener in list(self.console):
            listener(text)

    async def run(self, script: str) -> None:
        """Run a script behind the G-code mutex. Raises Refused."""
        async with self.mutex:
            self.scripts.append(script)
            for line in script.split("\n"):
                word, *rest = shlex.split(line)
                parameters = dict(part.split("=", 1) for part in rest if "=" in part)
                if self.state != "ready":
                    raise Refused(self.objects["webhooks"]["state_message"])
                handler = self.handlers.get(word.upper())
                if handler is None:
                    self.say(f'Unknown command:"{word.upper()}"')
                    continue
                try:
                    await handler(parameters)
                except Refused as error:
                    lines = str(error).strip().split("\n")
                    if len(lines) > 1:
                        self.say(str(error))
                    self.say_raw(f"!! {lines[0].strip()}")
                    raise

    def halt(self, message: str) -> None:
        """Shut down, as klippy does."""
        self.change("webhooks", state="shutdown", state_message=message + "\nPrinter is shutdown\n")

    def leave(self) -> None:
        """Klippy goes away: whoever serves it loses it."""
        self.objects["webhooks"] = {"state": "startup", "state_message": "Printer is not ready"}
        for listener in list(self.left):
            listener()

    def come_back(self) -> None:
        """Klippy is ready again."""
        self.objects["webhooks"] = {"state": "ready", "state_message": "Printer is ready"}
        for listener in list(self.came):
            listener()

    async def _nothing(self, _: dict[str, str]) -> None:
        return

    async def _query_probe(self, _: dict[str, str]) -> None:
        self.say(f"probe: {'TRIGGERED' if self.triggered else 'open'}")

    async def _probe_accuracy(self, parameters: dict[str, str]) -> None:
        count = int(parameters.get("SAMPLES", "10"))
        retract = float(parameters.get("SAMPLE_RETRACT_DIST", "2"))
        speed = float(parameters.get("PROBE_SPEED", "5"))
        lift = float(parameters.get("LIFT_SPEED", "5"))
        self.say(
            f"PROBE_ACCURACY at X:100.000 Y:100.000 Z:10.000 (samples={count} retract={retract:.3f} "
            f"speed={speed:.1f} lift_speed={lift:.1f})\n"
        )
        zs = []
        for number in range(count + (1 if self.dropped_first else 0)):
            self.touches += 1
            if self.before_touch is not None:
                await self.before_touch(self.touches)
            if self.fail_at == self.touches:
                raise Refused("Probe triggered prior to movement")
            z = self.heights[(self.touches - 1) % len(self.heights)]
            if self.new_wording:
                self.say(f"probe: at 110.000,95.000 bed will contact at z={z - 1.5:.6f}")
            else:
                self.say(f"probe at 100.000,100.000 is z={z:.6f}")
            if number or not self.dropped_first:
                zs.append(z)
            await asyncio.sleep(0)
        self.say(
            f"probe accuracy results: maximum {max(zs):.6f}, minimum {min(zs):.6f}, range {max(zs) - min(zs):.6f}, "
            f"average {sum(zs) / len(zs):.6f}, median {sorted(zs)[len(zs) // 2]:.6f}, standard deviation 0.001000"
        )
