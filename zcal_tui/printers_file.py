"""The file of `--printers`: several printers by name, each with its address, credentials and own settings.

[[printer]]
name = "bay-1"
address = "http://10.0.0.11:7125"
api_key = "…"

[printer.accuracy]
samples = 20
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, NoReturn

from zcal_tui.config import ConfigError, Settings, lease_seconds, login
from zcal_tui.model.lazy_dataclass import dataclass

TABLE = "printer"
TEXTS = ("name", "address", "api_key", "token", "ca_file")
KEYS = (*TEXTS, "lease")
LONGEST_NAME = 64
MOST = 1000
"""Printers in one file."""


@dataclass(frozen=True, slots=True)
class ListedPrinter:
    """A printer of the file. The credentials are its own: those of the command line's printer are never used."""

    name: str
    address: str
    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """The certificate of its server, as `ca_file` in the configuration file."""
    lease: float = 60.0
    """Seconds, as `lease` in the configuration file."""
    checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The printer's own parameters, by check, as they would be typed."""


def read_printers(path: Path, lease: float = 60.0) -> tuple[ListedPrinter, ...]:
    """The printers of the file; `lease` is for those that set none. Raises ConfigError, which names file, line and
    key."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deep") from error
    except ValueError as error:  # also of a number with thousands of digits
        raise ConfigError(f"{path}: invalid TOML: {error}") from error
    return _PrintersFile(path, text, lease).read(data)


class _PrintersFile:
    """Reads the parsed file; knows its text, to name the lines."""

    def __init__(self, path: Path, text: str, lease: float) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._lease = lease

    def read(self, data: Mapping[str, Any]) -> tuple[ListedPrinter, ...]:
        for key in data:
            if key != TABLE:
                self._fail(None, key, f"unknown key {key!r}; the file is a list of [[{TABLE}]] tables")
        tables = data.get(TABLE)
        if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
            raise ConfigError(f"{self._path}: it has no printer; each one is a table [[{TABLE}]]")
        if len(tables) > MOST:
            raise ConfigError(f"{self._path}: it has {len(tables)} printers; at most {MOST} are supported")
        printers = tuple(self._printer(number, table) for number, table in enumerate(tables))
        self._require_different(printers)
        return printers

    def _printer(self, number: int, table: Mapping[str, Any]) -> ListedPrinter:
        for key in ("name", "address"):
            if key not in table:
                self._fail(number, "", f"it has no {key}")
        checks: dict[str, Mapping[str, str]] = {}
        lease = self._lease
        for key, value in table.items():
            if key in TEXTS:
                if not isinstance(value, str) or not value.strip():
                    self._fail(number, key, f'{key} must be text in quotes, like {key} = "…"')
            elif key == "lease":
                lease = self._seconds(number, value)
            elif isinstance(value, dict):
                checks[key] = self._own_parameters(number, key, value)
            else:
                near = difflib.get_close_matches(key, KEYS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(KEYS)}"
                self._fail(number, key, f"unknown key {key!r}; {hint}")
        name = table["name"].strip()
        if len(name) > LONGEST_NAME or not name.isprintable():
            self._fail(number, "name", f"name must have at most {LONGEST_NAME} printable characters")
        self._require_address(number, table["address"])
        return ListedPrinter(
            name,
            table["address"].strip(),
            self._login(number, table, "api_key"),
            self._login(number, table, "token"),
            table.get("ca_file"),
            lease,
            checks,
        )

    def _login(self, number: int, table: Mapping[str, Any], key: str) -> str | None:
        try:
            return login(table[key], key) if key in table else None
        except ConfigError as error:
            self._fail(number, key, str(error))

    def _seconds(self, number: int, value: object) -> float:
        text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else "?"
        try:
            return lease_seconds(Settings(lease=text))
        except ConfigError as error:
            self._fail(number, "lease", str(error))

    def _own_parameters(self, number: int, check: str, table: Mapping[str, Any]) -> Mapping[str, str]:
        """The parameters of a check, each tested. Raises ConfigError."""
        # Every check's declaration is read only where a file says anything about checks
        from zcal_tui.checks.full_calibration import DECLARED
        from zcal_tui.checks.parameters import ParameterError, build

        if check not in DECLARED:
            near = difflib.get_close_matches(check, [*DECLARED, *KEYS], n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(DECLARED)}"
            self._fail(number, check, f"there is no check {check!r}{hint}")
        texts = {key.replace("-", "_"): self._typed(number, key, value) for key, value in table.items()}
        for key, text in texts.items():
            try:
                build(DECLARED[check].parameters, {key: text})
            except ParameterError as error:
                self._fail(number, key, f"[{TABLE}.{check}] {error}")
        return texts

    def _typed(self, number: int, key: str, value: object) -> str:
        if not isinstance(value, bool | str | int | float):
            self._fail(number, key, f"{key} must be a text, a number or true or false")
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else repr(value)

    def _require_address(self, number: int, text: str) -> None:
        from zcal_tui.transport.address import AddressError, parse_address  # as above

        try:
            parse_address(text)
        except AddressError as error:
            self._fail(number, "address", str(error))

    def _require_different(self, printers: tuple[ListedPrinter, ...]) -> None:
        """Two runs never move one printer, and results of two printers are never mixed."""
        from zcal_tui.results.store import printer_folder_name  # as above
        from zcal_tui.transport.address import parse_address

        names: dict[str, int] = {}
        addresses: dict[str, int] = {}
        for number, printer in enumerate(printers):
            folder = printer_folder_name(printer.name).lower()
            if (other := names.setdefault(folder, number)) != number:
                before = printers[other].name
                same = (
                    "the same as" if before == printer.name else f"stored in the same folder as {before!r},"
                )
                self._fail(number, "name", f"the name {printer.name!r} is {same} that of printer {other + 1}")
            address = str(parse_address(printer.address))
            if (other := addresses.setdefault(address, number)) != number:
                self._fail(number, "address", f"{address} is also the address of {printers[other].name!r}")

    def _fail(self, number: int | None, key: str, what: str) -> NoReturn:
        """Raise a ConfigError that names the place: the printer's number and the line, as far as it is found."""
        line = self._line(number, key)
        where = f"{self._path}:{line}" if line is not None else str(self._path)
        which = "" if number is None else f"printer {number + 1}: "
        raise ConfigError(f"{where}: {which}{what}")

    def _line(self, number: int | None, key: str) -> int | None:
        """The line of a key of the number-th printer, or of its header; the parser reports no lines."""
        header = re.compile(rf"\s*\[\[\s*['\"]?{TABLE}['\"]?\s*\]\]")
        wanted = re.compile(
            rf"\s*(\[\s*(['\"]?{TABLE}['\"]?\s*\.\s*)?)?['\"]?{re.escape(key.replace('_', '-'))}['\"]?\s*[=\].]"
        )
        begin = -1
        found = None
        for line, text in enumerate(self._lines, 1):
            if header.match(text):
                begin += 1
                if begin == number:
                    found = line
                continue
            inside = number is None or begin == number
            if inside and key and wanted.match(text.replace("_", "-")):
                return line
        return found
