"""Keeps of a text from outside only words that zcal-tui itself uses, and harmless numbers.

A list of what is secret is never complete. So the list is of what is not: the words in this program's own sources.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import klippy_extra
import zcal_tui
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.record import MANUAL_PROBE, UNDO, WHOLE
from zcal_tui.tools.redaction import redact

GONE = "…"
"""What replaces everything else."""
LONGEST_LINE = 400
"""Characters of a line that are read: what is longer is no message."""

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,6})?Z?)?|\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
)
_RUN = re.compile(r"\d{8}T\d{6}-\d{6}-(?P<check>[a-z-]+)")
"""A run's id."""
_NUMBER = re.compile(r"[-+±]?\d{1,3}(?:\.\d{1,12})?(?:e[-+]?\d{1,2})?(?:%|°|°C|mm|mm/s|µm|s)?")
_VERSION = re.compile(r"v?\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?:-\d{1,5}-g[0-9a-f]{7,12})?(?:-dirty)?")
_DIGITS = re.compile(r"\+?\d+(?:[:\-]\d+){2,}")
"""Groups of digits: no measurement, but perhaps a MAC address, a serial number or a telephone number."""
_OUTSIDE = "\"'`()[]{}<>,.;:!?="
"""Punctuation around a word."""
_JOINTS = re.compile(r"[_\-/.:=,'()\[\]]")
"""Punctuation within a chunk between two spaces; with any other sign in it the chunk is dropped."""
_SENSITIVE = re.compile(
    r"pass(?:word|wd|phrase|code)|secret|token|api.?key|access.?key|private.?key|ssid|psk|wpa|bearer|authori[sz]ation"
    r"|cookie|credential|\blog_?in\b",
    re.IGNORECASE,
)
"""What follows these words on a line is dropped, whatever it is."""


class KnownWords:
    """The filter. `identities` are names of people and machines: dropped even where the program uses the word."""

    def __init__(
        self, identities: Iterable[str] = (), secrets: Iterable[str] = (), home: Path | None = None
    ) -> None:
        self._dropped = {
            part.lower() for name in identities for part in (name, *name.split()) if len(part) > 2
        }
        self._hosts = [name for name in identities if name]
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._home = home or Path("/")

    def keep(self, text: str) -> str:
        """One line of what may be given away of a text."""
        first = text.strip().split("\n", 1)[0][:LONGEST_LINE]
        for secret in self._secrets:
            first = first.replace(secret, f" {GONE}{GONE} ")
        rest = ""
        if (found := _SENSITIVE.search(first)) is not None:
            first, rest = first[: found.start()], f" {found[0].lower()} {GONE}"
        chunks = [self._chunk(chunk) for chunk in first.split()]
        kept = [one for n, one in enumerate(chunks) if one != GONE or n == 0 or chunks[n - 1] != GONE]
        return redact(" ".join(kept) + rest, self._home, self._hosts).strip()

    def knows(self, word: str) -> bool:
        """Whether a single word may be shown."""
        return self._chunk(word) != GONE

    def _chunk(self, chunk: str) -> str:
        if (run := _RUN.fullmatch(chunk)) is not None:
            return chunk if run["check"] in (*CHECK_INFO, WHOLE, MANUAL_PROBE, UNDO) else GONE
        if _TIME.fullmatch(chunk) or _VERSION.fullmatch(chunk.rstrip(",.;")):
            return chunk
        inner = chunk.strip(_OUTSIDE)
        if _DIGITS.fullmatch(inner):
            return GONE
        if not inner:
            return chunk if len(chunk) <= 3 else GONE
        if self._word(inner) or all(not part or self._word(part) for part in _JOINTS.split(inner)):
            return chunk
        return GONE

    def _word(self, word: str) -> bool:
        if _NUMBER.fullmatch(word) or _TIME.fullmatch(word):
            return True
        return word.lower() in vocabulary() and word.lower() not in self._dropped


@cache
def vocabulary() -> frozenset[str]:
    """Every word of this program's sources, in lower case: words of its messages, of Klipper's that it explains, of
    options, commands and modules."""
    found: set[str] = set()
    for package in (zcal_tui, klippy_extra):
        for folder in package.__path__:
            for file in Path(folder).rglob("*.py"):
                found.update(word.lower() for word in _TOKEN.findall(file.read_text(encoding="utf-8")))
    parts = {part for word in found for part in word.split("_")}
    return frozenset(found | parts)
