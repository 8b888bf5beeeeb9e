"""The content of a bug report, part by part. Every line has passed the filter of known words or consists of numbers."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zcal_tui.model.codec import SchemaError, record_to_json
from zcal_tui.results.store import Store, read_run
from zcal_tui.tools.bug_report.config_excerpt import excerpt
from zcal_tui.tools.bug_report.known_words import GONE, KnownWords
from zcal_tui.tools.doctor import output
from zcal_tui.tools.doctor.examine import Facts, Findings
from zcal_tui.tools.system import tail

RECORDS = 5
"""The newest runs, over all printers, whose records are shown."""
EVENTS = 60
"""Lines of the newest run's file that are shown."""
LOG_LINES = 200
LOG_BYTES = 200_000
LONGEST_LIST = 40
"""Items of a list in a record that are shown."""
PERSONAL = frozenset(
    ("printer", "operator", "hostname", "host", "user", "path", "name", "address", "holder", "file")
)
"""Fields of records and events that name people, machines or places."""
_FRAME = re.compile(r'\s*File "(?P<path>[^"]+)", line (?P<line>\d+), in (?P<name>.+)')
_ENTRY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_RULE = re.compile(r"[\s~^]*")


def parts(
    facts: Facts, findings: Findings, folder: Path, known: KnownWords
) -> Iterator[tuple[str, list[str]]]:
    """Each part's title and lines."""
    lines = [known.keep(line) for line in output.paste_lines(facts, findings)]
    yield "Versions and findings", [f"version: {facts.program.release}", *lines]
    yield "Configuration excerpt", list(_configuration(facts, known))
    yield (
        "Errors in klippy's log",
        [f"{error.count} times: {known.keep(error.text)}" for error in facts.klipper.log_errors],
    )
    newest = _newest(Store(folder))
    yield "Last records", [line for path in newest[:RECORDS] for line in _record(path, known)]
    yield "Trace: events of the last run", list(_events(newest[0], known)) if newest else []
    yield "Trace: log of zcal-tui", list(log_lines(tail(folder / "zcal-tui.log", LOG_BYTES) or "", known))


def _configuration(facts: Facts, known: KnownWords) -> Iterator[str]:
    """The excerpt of the file on this machine, else of what the printer reports."""
    config, reported = facts.klipper.config, facts.printer.state.config
    if config is not None:
        sections: Mapping[str, Mapping[str, str]] = {
            name: {option: found.value for option, found in section.options.items()}
            for name, section in config.configuration.sections.items()
        }
        yield f"files: {len(config.texts)}, faults: {len(config.configuration.faults)}"
        yield from excerpt(sections, known)
    elif reported:
        yield from excerpt(
            {name: {key: str(v) for key, v in own.items()} for name, own in reported.items()}, known
        )


def _newest(store: Store) -> list[Path]:
    """The files of the newest runs, over all printers."""
    found = [path for printer in store.printers() for path in store.files(printer)[:RECORDS]]
    return sorted(found, key=lambda path: path.name, reverse=True)


def _record(path: Path, known: KnownWords) -> Iterator[str]:
    try:
        record = record_to_json(read_run(path).record)
    except (OSError, SchemaError) as error:
        yield f"{known.keep(path.stem)}: {type(error).__name__}"
        return
    yield known.keep(path.stem)
    yield from (f"  {line}" for line in flat(record, known))


def _events(path: Path, known: KnownWords) -> Iterator[str]:
    """The last lines of a run's file, one a line."""
    for line in (tail(path, LOG_BYTES) or "").splitlines()[-EVENTS:]:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and event.get("event") != "record":
            yield "; ".join(flat(event, known))


def flat(value: object, known: KnownWords, name: str = "") -> Iterator[str]:
    """What JSON contains, as lines `path: value` with numbers as they are and texts filtered."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if str(key) in PERSONAL:
                continue
            shown = str(key) if known.knows(str(key)) else GONE
            yield from flat(item, known, f"{name}.{shown}" if name else shown)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if all(isinstance(item, (int, float, type(None))) for item in value):
            yield f"{name}: {', '.join(_number(item) for item in value[-LONGEST_LIST:])}"
            return
        for n, item in enumerate(value[-LONGEST_LIST:]):
            yield from flat(item, known, f"{name}[{n}]")
    elif isinstance(value, str):
        yield f"{name}: {known.keep(value)}"
    else:
        yield f"{name}: {_number(value)}"


def _number(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else "null" if value is None else str(value)


def log_lines(text: str, known: KnownWords) -> Iterator[str]:
    """The last lines of the program's log: of a traceback the places in the code, not the code itself."""
    frame = False
    for line in text.splitlines()[-LOG_LINES:]:
        if (found := _FRAME.match(line)) is not None:
            yield f"  {_place(found['path'], known)}, line {found['line']}, in {known.keep(found['name'])}"
            frame = True
        elif frame and not _ENTRY.match(line) and line.startswith("    "):
            continue  # the line of code, and marks below it
        elif not _RULE.fullmatch(line):
            frame = False
            yield known.keep(line)


def _place(path: str, known: KnownWords) -> str:
    """A source file without the folders above its package."""
    for package in ("zcal_tui/", "klippy_extra/", "site-packages/", "lib/python3"):
        at = path.rfind(package)
        if at >= 0:
            inside = path[at:] if package.startswith(("zcal", "klippy")) else path[at + len(package) :]
            return "/".join(
                part if known.knows(part.removesuffix(".py")) else GONE for part in inside.split("/")
            )
    return GONE
