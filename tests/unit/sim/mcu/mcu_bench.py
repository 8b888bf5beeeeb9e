"""A test bench: a slide with a switch as the machine, and the host's end of the protocol.

The host here encodes and decodes by the protocol's description alone, so that it does not share mistakes
with the code under test.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.ports import Mcu

Message = dict[str, int | bytes | str]


def reference_crc(data: bytes) -> bytes:
    """CRC-16 with polynomial 0x1021, bits mirrored, start 0xffff, bit by bit; high byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return bytes((crc >> 8, crc & 0xFF))


def reference_vlq(value: int) -> bytes:
    """As the table in the protocol's description: the fewest groups of 7 bits whose range holds the value."""
    for size in range(1, 6):
        low, high = -(1 << (7 * size - 2)), 3 << (7 * size - 2)
        if low <= value < high or size == 5:
            groups = [value >> (7 * place) & 0x7F for place in reversed(range(size))]
            return bytes(group | 0x80 for group in groups[:-1]) + bytes(groups[-1:])
    raise AssertionError


def reference_unvlq(data: bytes) -> tuple[int, bytes]:
    """The first number, unsigned, and the rest."""
    size = next(index for index, byte in enumerate(data) if not byte & 0x80) + 1
    value = 0
    for byte in data[:size]:
        value = value << 7 | byte & 0x7F
    if data[0] & 0x60 == 0x60:
        value -= 1 << (7 * size)
    return value & 0xFFFFFFFF, data[size:]


def block(sequence: int, content: bytes) -> bytes:
    """A message block."""
    head = bytes((len(content) + 5, 0x10 | sequence & 0xF)) + content
    return head + reference_crc(head) + b"\x7e"


@dataclass
class Slide:
    """A machine: one axis whose switch closes at and below a step count, and pins that follow a script."""

    switch_at: int = -1000
    parked: range = range(0)
    frequency_at_zero: float = 3_000_000.0
    frequency_per_step: float = -100.0
    switch_delay: float = 0.0
    counts_per_step: int = 100
    names: Sequence[str] = ("step", "dir", "switch", "therm", "out", "step2", "dir2", "bounce", "parked")
    bounces: Sequence[tuple[float, bool]] = ()
    reading: float = 0.5
    time: float = 0.0
    steps: dict[str, int] = field(default_factory=dict)
    path: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    outputs: list[tuple[float, str, float]] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    reset_names: list[str] = field(default_factory=list)
    written: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def pins(self) -> Sequence[str]:
        return self.names

    def advance(self, t: float, steps: Mapping[str, int]) -> None:
        assert t >= self.time
        self.time = t
        self.steps = dict(steps)
        self.path.append((t, self.steps))

    def level(self, pin: str, t: float, steps: Mapping[str, int]) -> bool:
        assert t >= self.time
        if pin == "bounce":
            return [level for since, level in ((-1.0, False), *self.bounces) if since <= t][-1]
        if pin == "parked":
            return steps.get("step", 0) in self.parked
        return steps.get("step", 0) <= self.switch_at

    def delay(self, pin: str) -> float:
        return self.switch_delay

    def analog(self, pin: str, t: float) -> float:
        return self.reading

    def spi_reading(self, pin: str, t: float) -> int:
        return round(self.reading)

    def output(self, pin: str, t: float, duty: float) -> None:
        self.outputs.append((t, pin, duty))

    def driver_written(self, driver: str, register: int, value: int) -> None:
        self.written.append((driver, register, value))

    def eddy_frequency(self, sensor: str, t: float, steps: Mapping[str, int]) -> float:
        assert t >= self.time
        return self.frequency_at_zero + self.frequency_per_step * steps.get("step", 0)

    def load_cell(self, pin: str, t: float, steps: Mapping[str, int]) -> int:
        assert t >= self.time
        return self.counts_per_step * max(0, self.switch_at - steps.get("step", 0))

    def coil_thermistor(self, t: float) -> float:
        return self.reading

    def coil_base(self) -> tuple[float, float]:
        return 2_900_000.0, 0.8

    def reset(self, t: float, mcu: str) -> None:
        self.resets.append(t)
        self.reset_names.append(mcu)


class Host:
    """The host's end of the line. Time is simulator seconds and moves only by `until`."""

    def __init__(
        self,
        mcu: SimulatedMcu,
        *,
        tick: float = 0.001,
        sequence: int = 0,
        nominal: int = CLOCK_FREQ,
        freq: int | None = None,
    ) -> None:
        """`freq` is the true frequency of the micro-controller's clock, `nominal` the one that it reports."""
        self.mcu = mcu
        self.nominal = nominal
        self.freq = nominal if freq is None else freq
        self.now = 0.0
        self.tick = tick
        self.sequence = sequence
        self.received: list[Message] = []
        self.acks: list[int] = []
        self._formats: dict[str, tuple[int, list[tuple[str, str]]]] = {}
        self._names: dict[int, str] = {}
        self._enumerations: dict[str, dict[str, int]] = {}
        self.dictionary: dict[str, object] = {}
        self._buffer = b""
        self._learn({"identify offset=%u count=%c": 1}, {"identify_response offset=%u data=%.*s": 0})
        self.identify()

    def identify(self) -> None:
        data = b""
        while part := self.ask(f"identify offset={len(data)} count=40", "identify_response")["data"]:
            assert isinstance(part, bytes)
            data += part
        self.dictionary = json.loads(zlib.decompress(data))
        dictionary = self.dictionary
        assert isinstance(dictionary["enumerations"], dict)
        self._enumerations = dictionary["enumerations"]
        assert isinstance(dictionary["commands"], dict) and isinstance(dictionary["responses"], dict)
        self._learn(dictionary["commands"], dictionary["responses"])

    def configure(self, *commands: str, oids: int = 10, crc: int = 1234) -> None:
        self.send(f"allocate_oids count={oids}", *commands, f"finalize_config crc={crc}")

    def encode(self, text: str) -> bytes:
        name, *parameters = text.split()
        identifier, kinds = self._formats[name]
        given = dict(parameter.split("=") for parameter in parameters)
        content = reference_vlq(identifier)
        for parameter, kind in kinds:
            value = given[parameter]
            if kind == "%*s":
                content += bytes((len(value) // 2,)) + bytes.fromhex(value)
                continue
            names = next((v for k, v in self._enumerations.items() if parameter.endswith(k)), {})
            content += reference_vlq(names[value] if value in names else int(value))
        return content

    def send(self, *texts: str) -> None:
        """Commands, a block for each."""
        for text in texts:
            self.sequence += 1
            self.mcu.feed(block(self.sequence - 1, self.encode(text)), self.now)
        self._read()

    def ask(self, text: str, answer: str) -> Message:
        """A command and the last answer of that name that follows it."""
        count = len(self.received)
        self.send(text)
        return [message for message in self.received[count:] if message["#name"] == answer][-1]

    def until(self, time: float) -> None:
        """Let time pass."""
        while self.now < time:
            self.now = min(time, self.now + self.tick)
            self._read()

    def clock(self, time: float) -> int:
        """The clock, as it goes on the wire, at a time."""
        return self.clock64(time) & 0xFFFFFFFF

    def clock64(self, time: float) -> int:
        return (1 << 32) - 20 * self.nominal + round(time * self.freq)

    def time_of(self, clock64: int) -> float:
        return (clock64 - (1 << 32) + 20 * self.nominal) / self.freq

    def named(self, name: str) -> list[Message]:
        return [message for message in self.received if message["#name"] == name]

    def shutdown_reason(self) -> str | None:
        shutdowns = self.named("shutdown")
        if not shutdowns:
            return None
        names = {v: k for k, v in self._enumerations["static_string_id"].items()}
        reason = shutdowns[-1]["static_string_id"]
        assert isinstance(reason, int)
        return names[reason]

    def _learn(self, commands: Mapping[str, int], responses: Mapping[str, int]) -> None:
        for message, identifier in {**commands, **responses}.items():
            name, *parameters = message.split()
            kinds = [(key, kind) for key, _, kind in (text.partition("=") for text in parameters)]
            self._formats[name] = (identifier, kinds)
            if message in responses:
                self._names[identifier] = name

    def _read(self) -> None:
        self._buffer += self.mcu.run(self.now)
        while self._buffer:
            length = self._buffer[0]
            whole, self._buffer = self._buffer[:length], self._buffer[length:]
            assert whole == block(whole[1], whole[2:-3])
            if length == 5:
                self.acks.append(whole[1] & 0xF)
            else:
                self.received.append(self._decode(whole[2:-3]))

    def _decode(self, content: bytes) -> Message:
        identifier, content = reference_unvlq(content)
        if identifier not in self._names:
            return {"#name": "#unknown"}  # what is sent before the dictionary is known
        name = self._names[identifier]
        message: Message = {"#name": name}
        for parameter, kind in self._formats[name][1]:
            if kind in ("%*s", "%.*s"):
                size, content = content[0], content[1:]
                message[parameter], content = content[:size], content[size:]
            else:
                value, content = reference_unvlq(content)
                message[parameter] = value - (1 << 32) if kind == "%i" and value >> 31 else value
        assert content == b""
        return message


def bench(
    machine: Slide | None = None, *, tick: float = 0.001, older_i2c: bool = False
) -> tuple[Host, Slide]:
    """A host connected to a micro-controller on a slide."""
    machine = machine or Slide()
    mcu: SimulatedMcu = SimulatedMcu(machine, older_i2c=older_i2c)
    port: Mcu = mcu  # held to the port by the type checker
    assert port.silent_until() is None
    return Host(mcu, tick=tick), machine
