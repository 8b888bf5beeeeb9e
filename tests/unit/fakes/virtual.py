"""A printer in this process and in virtual time: probing, heating and moving take no time of ours.

What a test bounds is counted here: seconds of the printer's time, samples, G-code lines. A check that does not end
meets `most_lines` instead of hanging.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.manual_probe import FakeManualProbe
from zcal_tui.checks.base import Context
from zcal_tui.checks.lease.temporary_settings import TemporarySettings
from zcal_tui.model.events import Event, SampleTaken
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_interface import INTERFACE
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.failures import GcodeError
from zcal_tui.transport.port import GcodeOutput, Listener, Notification, Status

MOVE_SECONDS = 1.0
"""What each G-code line takes."""
AMBIENT = 23.0


class NeverEnds(AssertionError):
    """The check has run more G-code than any bound allows."""


@dataclass(frozen=True)
class Habits:
    """How this printer behaves."""

    sample_seconds: float = 5.0
    heating: float = 0.5
    """°C a second."""
    scatter: float = 0.003
    drift: float = 0.0
    """mm a second, for ever: heights never settle."""
    drops_first: bool = False
    """Whether each series has one sample more, which does not count."""
    idle_timeout: float = 600.0
    seed: int = 1


class VirtualMachine(Machine):
    """A homed printer with a probe, [zcal], [z_calibration] and heaters."""

    def __init__(self, habits: Habits, most_lines: int = 5000) -> None:
        super().__init__()
        self.habits = habits
        self.most_lines = most_lines
        self.lines = 0
        self.chance = random.Random(habits.seed)
        self.manual = FakeManualProbe(self)
        self.published: dict[str, Any] = {}
        self.targets: dict[str, float] = {}
        settings = self.objects["configfile"]["settings"]
        settings["idle_timeout"] = {"timeout": habits.idle_timeout}
        settings["heater_bed"] = {"max_temp": 120.0}
        settings["extruder"] = {"max_temp": 290.0}
        settings["stepper_z"] |= {"endstop_pin": "^PA1", "position_endstop": 0.5}
        settings["z_calibration"] = {
            "switch_offset": 0.45,
            "nozzle_xy_position": [150.0, 190.0],
            "bed_xy_position": [100.0, 100.0],
        }
        settings["safe_z_home"] = {"home_xy_position": [100.0, 100.0]}
        self.objects["zcal"] = {"version": ".".join(map(str, INTERFACE)), "unavailable": {}, "lease": None}
        self.objects["z_calibration"] = {"attached_check_works": True, "last_query": False}
        for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G4", "G90", "M400", "SET_IDLE_TIMEOUT"):
            self.handlers[word] = self._nothing
        self.handlers |= {
            "G1": self._nothing,
            "SET_HEATER_TEMPERATURE": self._heat,
            "TURN_OFF_HEATERS": self._turn_off,
            "SET_GCODE_OFFSET": self._offset,
            "PROBE_Z_ACCURACY": self._endstop,
            "CALIBRATE_Z": self._calibrate,
            "ZCAL_ESTIMATE_BACKLASH": self._backlash,
        }
        self.objects["gcode"]["commands"] = {word: {} for word in self.handlers}

    def pass_time(self, seconds: float) -> None:
        """Let the printer's time go on, and tell the subscribers."""
        self.eventtime += seconds
        toolhead = self.objects["toolhead"]
        toolhead["estimated_print_time"] += seconds
        changes: dict[str, Any] = {
            "toolhead": {key: toolhead[key] for key in ("estimated_print_time", "position")}
        }
        for name in ("heater_bed", "extruder"):
            heater, step = self.objects[name], self.habits.heating * seconds
            goal = max(AMBIENT, heater["target"])
            away = goal - heater["temperature"]
            heater["temperature"] += max(-step, min(step, away))
            changes[name] = {"temperature": heater["temperature"], "target": heater["target"]}
        self.push(changes)

    def push(self, changes: Mapping[str, Any]) -> None:
        for listener in list(self.status):
            listener(changes)

    async def run(self, script: str) -> None:
        for line in script.split("\n"):
            self.lines += 1
            if self.lines > self.most_lines:
                raise NeverEnds(f"more than {self.most_lines} lines of G-code: {line}")
            if line.startswith("G1 "):
                self._move(line)
            self.pass_time(MOVE_SECONDS)
        await super().run(script)

    def height(self) -> float:
        """A trigger height, now."""
        drifted = self.habits.drift * (self.eventtime - 1000.0)
        return round(1.5 + self.chance.gauss(0.0, self.habits.scatter) + drifted, 6)

    def _move(self, line: str) -> None:
        at, zero = self.objects["toolhead"]["position"], self.objects["gcode_move"]["homing_origin"]
        for word in line.split()[1:]:
            if word[0] in "XYZ":
                axis = "XYZ".index(word[0])
                at[axis] = float(word[1:]) + zero[axis]
        self.objects["gcode_move"]["gcode_position"] = [
            *(at[axis] - zero[axis] for axis in range(3)),
            0.0,
        ]
        self.push({"gcode_move": dict(self.objects["gcode_move"])})

    async def _heat(self, parameters: dict[str, str]) -> None:
        self.objects[parameters["HEATER"]]["target"] = float(parameters["TARGET"])
        self.pass_time(0.0)

    async def _turn_off(self, _: dict[str, str]) -> None:
        for name in ("heater_bed", "extruder"):
            self.objects[name]["target"] = 0.0
        self.pass_time(0.0)

    async def _offset(self, parameters: dict[str, str]) -> None:
        self._apply_offset(float(parameters.get("Z", "0")))

    def _apply_offset(self, z: float) -> None:
        at = self.objects["toolhead"]["position"]
        self.change("gcode_move", homing_origin=[0.0, 0.0, z, 0.0], gcode_position=[*at[:2], at[2] - z, 0.0])

    async def _endstop(self, parameters: dict[str, str]) -> None:
        count = int(parameters.get("SAMPLES", "10"))
        zs = []
        for _ in range(count):
            self.pass_time(self.habits.sample_seconds)
            zs.append(self.height())
            self.say(f"PROBE_Z_ACCURACY: probe at 150.000,190.000 is z={zs[-1]:.6f}")
        spread = f"maximum {max(zs):.6f}, minimum {min(zs):.6f}, range {max(zs) - min(zs):.6f}"
        self.say(
            f"probe accuracy results: {spread}, average {sum(zs) / count:.6f}, median {zs[0]:.6f}, "
            "standard deviation 0.001000"
        )

    async def _calibrate(self, parameters: dict[str, str]) -> None:
        self.pass_time(30.0)
        nozzle, switch, bed = (round(base + self.height(), 6) for base in (-1.0, 4.95, 4.86))
        offset = round(bed - (switch - nozzle + 0.45), 6)
        result: dict[str, Any] = {"offset": offset, "switch_offset": 0.45}
        result |= {
            name: {"value": value, "samples": [value, value + 0.001, value - 0.001]}
            for name, value in (("nozzle", nozzle), ("switch", switch), ("bed", bed))
        }
        self._apply_offset(offset)
        self.change("z_calibration", result=result, last_z_offset=offset, applied=offset)

    async def _backlash(self, parameters: dict[str, str]) -> None:
        samples = []
        slope = 6 if parameters["METHOD"] == "scan" else 0
        for n in range(1, 2 * int(parameters["ITERATIONS"]) + slope + 1):
            self.pass_time(self.habits.sample_seconds)
            up = n % 2 == 0
            samples.append(
                {"n": n, "t": 0.0, "x": 100.0, "y": 100.0, "trigger_z": self.height() + 0.02 * up}
                | {"direction": "up" if up else "down"}
            )
        self.published[parameters["TAG"]] = samples

    def endpoint(self, method: str, params: Mapping[str, Any]) -> Any:
        """The module's endpoints."""
        match method:
            case "zcal/lease":
                return {"holder": params["holder"], "holds": []}
            case "zcal/samples":
                samples = self.published.get(params["tag"], [])
                return {
                    "run": 1,
                    "state": "done",
                    "samples": [sample for sample in samples if sample["n"] > params["since"]],
                    "result": {"value": 0.02, "standard_error": 0.001, "degrees_of_freedom": 9},
                }
        raise Refused(f"webhooks: No registered callback for path '{method}'")


class VirtualLink:
    """Implements `Transport` over a machine in this process."""

    address = "virtual"
    connected = True

    def __init__(self, machine: Machine, endpoint: Callable[[str, Mapping[str, Any]], Any]) -> None:
        self._machine = machine
        self._endpoint = endpoint
        self._listeners: list[Listener] = []
        machine.console.append(lambda text: self._tell(GcodeOutput(text)))
        machine.status.append(lambda changes: self._tell(Status(changes, machine.eventtime)))

    async def connect(self) -> None:
        return

    async def close(self) -> None:
        return

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, news: Notification) -> None:
        for listener in list(self._listeners):
            listener(news)

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        machine, given = self._machine, params or {}
        await asyncio.sleep(0)
        try:
            match method:
                case "info":
                    return machine.info()
                case "objects/list":
                    return {"objects": list(machine.objects)}
                case "objects/query" | "objects/subscribe":
                    return machine.query(given["objects"])
                case "gcode/script":
                    await machine.run(given["script"])
                    return {}
            return self._endpoint(method, given)
        except Refused as refused:
            raise GcodeError(str(refused)) from refused


class VirtualClock:
    """Implements `Clock`: waiting lets the machine's time pass."""

    def __init__(self, machine: VirtualMachine) -> None:
        self._machine = machine

    def now(self) -> float:
        return self._machine.eventtime

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0.0, "a wait that takes no time never ends"
        self._machine.pass_time(seconds)
        await asyncio.sleep(0)


class VirtualSampler:
    """Implements `Sampler`."""

    def __init__(self, machine: VirtualMachine) -> None:
        self._machine = machine

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        machine = self._machine
        extra = 1 if machine.habits.drops_first else 0
        for n in range(1, count + extra + 1):
            if cancelled():
                return
            machine.pass_time(machine.habits.sample_seconds)
            x, y = machine.objects["toolhead"]["position"][:2]
            yield Sample(n, machine.eventtime, x, y, machine.height(), recorded=n > extra)
            await asyncio.sleep(0)


class QuickPerson:
    """Implements `Operator`: agrees, finds the paper at Z 0 after a few steps and the mark after a few jogs."""

    present = True

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.papers = 0
        self._jogs = 0

    async def confirm(self, question: Confirm) -> bool:
        return question.key != "another-mark"

    async def choose(self, question: Choose) -> str:
        return question.options[0].key

    async def paper(self, question: PaperStep) -> PaperMove:
        if question.height <= 0.05:
            self.papers += 1
            return PaperMove("accept")
        down = max(0.0, question.height - 0.04) if question.height < 1.0 else question.height / 2
        return PaperMove("step", f"{-down:.4f}" if down else "-0.02")

    async def jog(self, question: JogStep) -> JogMove:
        self._jogs += 1
        if self._jogs % 4 == 0:
            return JogMove("done")
        return JogMove("move", dx=self._chance.uniform(-1, 1), dy=self._chance.uniform(-1, 1))


@dataclass
class VirtualBench:
    """A check's surroundings in virtual time, and what it has used."""

    machine: VirtualMachine
    printer: Printer
    context: Context
    person: QuickPerson
    said: list[Event] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        """Every sample of the run."""
        return [event.sample for event in self.said if isinstance(event, SampleTaken)]


@contextlib.asynccontextmanager
async def virtual_bench(
    habits: Habits, configure: Callable[[VirtualMachine], None] = lambda machine: None
) -> AsyncIterator[VirtualBench]:
    """A printer of these habits, with a leased context; `configure` changes it before it is connected to."""
    machine = VirtualMachine(habits)
    configure(machine)
    printer = Printer(VirtualLink(machine, machine.endpoint))
    await printer.start()
    zcal, said = ZcalModule(printer), list[Event]()
    person = QuickPerson(machine.chance)
    holder = TemporarySettings(printer, zcal, said.append)
    context = Context(
        printer=printer,
        sampler=VirtualSampler(machine),
        clock=VirtualClock(machine),
        emit=said.append,
        cancelled=lambda: False,
        operator=person,
        zcal=zcal,
        holder=holder,
    )
    try:
        async with holder.lease():
            yield VirtualBench(machine, printer, context, person, said)
    finally:
        await printer.close()
