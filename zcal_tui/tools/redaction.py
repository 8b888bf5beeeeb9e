"""Texts for other people: without logins, names of machines, addresses and home folders."""

import re
from collections.abc import Iterable
from pathlib import Path

_URL = re.compile(
    r"(?P<scheme>\b(?:https?|wss?)://)(?:[^\s/@]*@)?(?P<host>\[[^\]\s]*\]|[^\s/:?#]+)(?P<rest>[^\s?#]*)(?:\?[^\s]*)?"
)
_ADDRESS = re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b")
_HOMES = re.compile(r"/home/[^/\s]+")
_LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
COMMON = frozenset((*_LOCAL, "klipper", "kalico", "klippy", "moonraker", "printer", "zcal", "root", "user"))
"""Names of hosts and users that identify nobody, and occur in ordinary sentences."""


def redact(text: str, home: Path, hosts: Iterable[str] = (), secrets: Iterable[str | None] = ()) -> str:
    """The text without logins, without names of machines, and with the home folder as ~."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _URL.sub(_redact_url, text)
    text = re.sub(rf"{re.escape(str(home))}(?![\w.-])", "~", text) if home != Path("/") else text
    text = _HOMES.sub("/home/…", text)
    for host in hosts:
        if host and host.lower() not in COMMON:
            text = re.sub(rf"(?<![\w-]){re.escape(host)}(?![\w-])", "HOST", text)
    return _ADDRESS.sub("ADDRESS", text)


def _redact_url(found: "re.Match[str]") -> str:
    host = found["host"] if found["host"] in _LOCAL else "HOST"
    return f"{found['scheme']}{host}{found['rest']}"
