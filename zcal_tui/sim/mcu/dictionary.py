"""The data dictionary: which commands, responses, constants and names this micro-controller knows.

Source: Klipper docs, Protocol, "Data Dictionary" and "Message Block Contents".
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from zcal_tui.sim.mcu.framing import DecodeError, decode_vlq, encode_vlq

Handler = Callable[..., None]
"""Called with a command's parameters in order: integers, and bytes for `%*s`."""

IDENTIFY_RESPONSE_ID = 0
IDENTIFY_ID = 1
FIRST_FREE_ID = 2
LAST_ID = 95  # the greatest identifier that takes one byte on the wire, all that klippy of 2023 understands

_UNSIGNED_MASK = {"%u": 0xFFFFFFFF, "%hu": 0xFFFF, "%c": 0xFF}
_SIGNED_BITS = {"%i": 32, "%hi": 16}
_BYTES = ("%*s", "%.*s", "%s")


class UnknownCommandError(ValueError):
    """A block names a command that is not in the dictionary."""


@dataclass(frozen=True, slots=True)
class McuCommand:
    """A command of the dictionary, ready to decode."""

    name: str
    kinds: tuple[str, ...]
    handler: Handler
    in_shutdown: bool

    def decode(self, content: bytes, position: int) -> tuple[list[int | bytes], int]:
        """The parameters that start at `position`, and the position behind them. Raises DecodeError."""
        values: list[int | bytes] = []
        for kind in self.kinds:
            if kind in _BYTES:
                if position >= len(content):
                    raise DecodeError(f"{self.name}: no length where a string should begin")
                end = position + 1 + content[position]
                if end > len(content):
                    raise DecodeError(f"{self.name}: a string is longer than its block")
                values.append(content[position + 1 : end])
                position = end
                continue
            value, position = decode_vlq(content, position)
            mask = _UNSIGNED_MASK.get(kind)
            values.append(value & mask if mask is not None else _signed(value, _SIGNED_BITS[kind]))
        return values, position


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the dictionary, ready to encode."""

    identifier: bytes
    kinds: tuple[str, ...]

    def encode(self, *values: int | bytes) -> bytes:
        """The content of a block that carries this response."""
        parts = [self.identifier]
        for value in values:
            if isinstance(value, bytes):
                parts.append(bytes((len(value),)))
                parts.append(value)
            else:
                parts.append(encode_vlq(value))
        return b"".join(parts)


class Dictionary:
    """Collects what the parts of the micro-controller declare and hands out identifiers in that order."""

    def __init__(self, *, version: str, build_versions: str, app: str) -> None:
        self._version = version
        self._build_versions = build_versions
        self._app = app
        self._commands: dict[int, McuCommand] = {}
        self._command_ids: dict[str, int] = {}
        self._response_ids: dict[str, int] = {}
        self._constants: dict[str, int | str] = {}
        self._enumerations: dict[str, dict[str, int]] = {}
        self._next_id = FIRST_FREE_ID

    def command(self, message: str, handler: Handler, *, in_shutdown: bool = False) -> None:
        """Declare a command by its format, such as `get_clock` or `queue_step oid=%c interval=%u …`."""
        identifier = IDENTIFY_ID if message.startswith("identify ") else self._new_id()
        name, kinds = _split(message)
        self._commands[identifier] = McuCommand(name, kinds, handler, in_shutdown)
        self._command_ids[message] = identifier

    def response(self, message: str) -> Response:
        """Declare a response by its format; several parts may send the same."""
        if message not in self._response_ids:
            identify = message.startswith("identify_response ")
            self._response_ids[message] = IDENTIFY_RESPONSE_ID if identify else self._new_id()
        identifier = self._response_ids[message]
        return Response(encode_vlq(identifier), _split(message)[1])

    def constant(self, name: str, value: int | str) -> None:
        """Declare a constant."""
        self._constants[name] = value

    def enumeration(self, name: str, values: Mapping[str, int]) -> None:
        """Declare names for the values of parameters called `name` or ending in `_name`."""
        self._enumerations.setdefault(name, {}).update(values)

    def parse(self, content: bytes) -> Iterator[tuple[McuCommand, list[int | bytes]]]:
        """The commands of a block, one by one. Raises UnknownCommandError or DecodeError."""
        position = 0
        while position < len(content):
            identifier, position = decode_vlq(content, position)
            command = self._commands.get(identifier)
            if command is None:
                raise UnknownCommandError(f"there is no command {identifier}")
            values, position = command.decode(content, position)
            yield command, values

    def identify_data(self) -> bytes:
        """The dictionary as the host downloads it: compressed JSON."""
        return zlib.compress(
            json.dumps(
                {
                    "version": self._version,
                    "build_versions": self._build_versions,
                    "app": self._app,
                    "config": self._constants,
                    "enumerations": self._enumerations,
                    "commands": self._command_ids,
                    "responses": self._response_ids,
                },
                separators=(",", ":"),
            ).encode()
        )

    def _new_id(self) -> int:
        identifier = self._next_id
        if identifier > LAST_ID:
            raise ValueError("the dictionary is full: identifiers must fit in one byte")
        self._next_id += 1
        return identifier


def _split(message: str) -> tuple[str, tuple[str, ...]]:
    name, *parameters = message.split()
    return name, tuple(parameter.partition("=")[2] for parameter in parameters)


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
