"""Printer addresses: what may be given, and the usual ones to try when none is given. Pure."""

import contextlib
import ipaddress
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_text import one_line

MOONRAKER_PORT = 7125
LONGEST_HOST, LONGEST_LABEL = 253, 63
"""Characters of a host name, and of a part of it (RFC 1035)."""
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HOST = re.compile(r"^(?:\[[0-9a-fA-F:.%\w]+\]|[^\s/:?#@\[\]]+)(?::(\d{1,5}))?$")


class AddressError(ValueError):
    """The text is not an address; `str()` says what is accepted."""


@dataclass(frozen=True)
class SocketAddress:
    """A unix socket, klippy's or Moonraker's; the first answer shows which."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class UrlAddress:
    """Moonraker's websocket. `url` may carry a one-shot token; neither `str()` nor `repr()` does."""

    url: str

    def __repr__(self) -> str:
        return f"UrlAddress({str(self)!r})"

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        scheme = "https" if parts.scheme == "wss" else "http"
        return f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.removesuffix('/websocket')}"


Address = SocketAddress | UrlAddress


def parse_address(text: str) -> Address:
    """Parse a unix socket's path, an http(s) or ws(s) URL with or without port and route prefix, `host` or
    `host:port`. A URL without a port means the scheme's own (a web server before Moonraker); a bare host means
    Moonraker's port 7125.

    Raises AddressError.
    """
    text = text.strip()
    if not text:
        raise _error(text, "it is empty")
    if not text.isprintable():
        raise _error(text, "it contains a control character")
    if bare := _bare_ipv6(text):
        raise _error(text, f"an IPv6 address needs square brackets: {bare}")
    if "://" in text:
        return _parse_url(text)
    if text.startswith(("/", "~", "./", "../")) or text.endswith(".sock"):
        try:
            return SocketAddress(Path(text).expanduser())
        except RuntimeError as error:
            raise _error(text, "its home directory is unknown") from error
    host, slash, prefix = text.partition("/")
    if not (found := _HOST.match(host)):
        raise _error(text, "it is not a host name")
    if found.group(1) is None:
        host = f"{host}:{MOONRAKER_PORT}"
    return _parse_url(f"http://{host}{slash}{prefix}")


def _parse_url(text: str) -> UrlAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError as error:
        raise _error(text, str(error)) from error
    if parts.scheme not in _SCHEMES:
        raise _error(text, f"Moonraker does not support {parts.scheme}://")
    if not host:
        raise _error(text, "it names no host")
    if len(host) > LONGEST_HOST or any(len(label) > LONGEST_LABEL for label in host.split(".")):
        limits = f"{LONGEST_HOST} characters, {LONGEST_LABEL} between two dots"
        raise _error(text, f"its host name is too long (at most {limits})")
    if parts.username is not None:
        raise _error(text, "Moonraker does not accept user:password@; use ZCAL_API_KEY or ZCAL_TOKEN")
    if re.search(r"\s", text):
        raise _error(text, "it contains a space")
    authority = f"[{host}]" if ":" in host else host
    if port is not None:
        authority = f"{authority}:{port}"
    path = parts.path.rstrip("/").removesuffix("/websocket")
    tokens = [(name, value) for name, value in parse_qsl(parts.query) if name == "token"]
    query = f"?{urlencode(tokens)}" if tokens else ""
    return UrlAddress(f"{_SCHEMES[parts.scheme]}://{authority}{path}/websocket{query}")


def _bare_ipv6(text: str) -> str | None:
    """The address with brackets, where an IPv6 address has none."""
    scheme, split, rest = text.rpartition("://")
    host, slash, path = rest.partition("/")
    with contextlib.suppress(ValueError):
        ipaddress.IPv6Address(host)
        return f"{scheme}{split}[{host}]{slash}{path}"
    return None


def _error(text: str, why: str) -> AddressError:
    shown = re.sub(r"\?.*", "", re.sub(r"//[^/@]*@", "//…@", one_line(text)))
    shown = shown if len(shown) <= 80 else shown[:77] + "…"
    return AddressError(
        f"'{shown}' is not a printer address: {why}. Give the path of klippy's or Moonraker's socket "
        "(~/printer_data/comms/klippy.sock), a URL (http://printer.local:7125) or a host name."
    )


def usual_addresses(home: Path) -> list[Address]:
    """The addresses to try when none is given: klippy and Moonraker of this machine, best first."""
    return [
        SocketAddress(home / "printer_data" / "comms" / "klippy.sock"),
        UrlAddress(f"ws://localhost:{MOONRAKER_PORT}/websocket"),
    ]
