"""The files of klippy's configuration, as they are on disk now.

On klippy's own host they are read from the disk, elsewhere through Moonraker's file server. printer.cfg alone is ever
written, and only to put a saved value back with which Klipper does not start.
"""

import asyncio
import hashlib
import os
import posixpath
import re
import shutil
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from zcal_tui.klipper_config.files import Answer, ConfigText, Find, collect, read_files
from zcal_tui.klipper_config.include_patterns import absolute, matches
from zcal_tui.klipper_config.replace import replace_file
from zcal_tui.printer.values import mapping, text
from zcal_tui.required_packages import missing_package
from zcal_tui.transport.failures import TransportError
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.tls import tls_context

if TYPE_CHECKING:
    import httpx

    from zcal_tui.printer.printer import Printer

LONGEST = 30.0
"""Seconds of wall time in which Moonraker has to hand out a file."""
KALICO_BACKUPS = "config_backups"
"""The folder, beside printer.cfg, in which Kalico's SAVE_CONFIG leaves its backups; Klipper's are beside the file."""


class ConfigUnreadable(Exception):
    """This program cannot read the files; `str()` says why. klippy may still be able to."""


class ConfigBroken(ConfigUnreadable):
    """klippy itself could not read the files as they are now: a restart would leave it in error."""


class ConfigFiles(Protocol):
    """Where the files can be read."""

    async def read(self) -> ConfigText:
        """All of them, now. Raises ConfigUnreadable, ConfigBroken where klippy could not read them either."""

    async def backups(self) -> frozenset[str]:
        """The paths of the backups that SAVE_CONFIG has left so far. Raises ConfigUnreadable."""

    async def free(self) -> int | None:
        """Bytes free on the disk with the files; None where that is not known."""

    async def replace(self, before: str, after: str) -> str:
        """Put another text in printer.cfg's place if its text still is `before`. Returns the path under which the old
        file is kept. Raises ConfigUnreadable, with nothing changed."""


def config_files(printer: "Printer", address: str, credentials: Credentials) -> ConfigFiles:
    """The files of a printer that was reached at `address`: a socket's path, or Moonraker's URL."""
    if address.startswith(("http://", "https://")):
        return MoonrakerConfigFiles(printer, address, credentials)
    return LocalConfigFiles(printer)


class LocalConfigFiles:
    """On this machine's disk."""

    def __init__(self, printer: "Printer") -> None:
        self._printer = printer

    async def read(self) -> ConfigText:
        main = await self._main()
        recursive = self._printer.state.app == "Kalico"
        return _sound(await asyncio.to_thread(read_files, main, recursive=recursive))

    async def backups(self) -> frozenset[str]:
        main = await self._main()
        folder = posixpath.dirname(main)
        try:
            names = [
                posixpath.join(place, name)
                for place in (folder, posixpath.join(folder, KALICO_BACKUPS))
                if os.path.isdir(place)  # noqa: ASYNC240, PTH112  paths are klippy's own text
                for name in os.listdir(place)  # noqa: PTH208
            ]
        except OSError as error:
            raise ConfigUnreadable(f"{error.filename}: {error.strerror}.") from error
        return _backups_of(main, names)

    async def free(self) -> int | None:
        try:
            folder = posixpath.dirname(await self._main())
            return (await asyncio.to_thread(shutil.disk_usage, folder)).free
        except (OSError, ConfigUnreadable):
            return None

    async def replace(self, before: str, after: str) -> str:
        main = Path(await self._main())

        def write() -> str:
            file = main.resolve()  # a symbolic link stays one
            try:
                _require_same(main, file.read_bytes(), before)
                kept = file.with_name(kept_name(file.name))
                replace_file(file, _encoded(after), kept)
            except OSError as error:
                raise ConfigUnreadable(f"{error.filename} cannot be written: {error.strerror}.") from error
            return str(kept)

        return await asyncio.to_thread(write)

    async def _main(self) -> str:
        """printer.cfg's path. A socket may be another machine's, forwarded; its files are not here then."""
        main, hostname = await where(self._printer)
        if hostname and hostname != socket.gethostname():
            raise ConfigUnreadable(f"Klipper runs on {hostname}, and its files are there.")
        return main


class MoonrakerConfigFiles:
    """Through Moonraker's file server (its docs, external_api/file_manager)."""

    def __init__(self, printer: "Printer", url: str, credentials: Credentials) -> None:
        self._printer = printer
        self._url = url.rstrip("/")
        self._credentials = credentials

    async def read(self) -> ConfigText:
        main, root, listed = await self._list()

        recursive = self._printer.state.app == "Kalico"

        def find(request: Find) -> list[str]:
            wanted = absolute(request.source, request.pattern)
            if posixpath.relpath(wanted, root).startswith(".."):
                raise ConfigUnreadable(
                    f"{request.source} includes {request.pattern}, outside the files that Moonraker serves."
                )
            return sorted(path for path in listed if matches(path, wanted, recursive=recursive))

        async with self._client() as client:

            async def load(path: str) -> bytes:
                return await self._load(client, path, root)

            return _sound(await _collect(main, load, find))

    async def replace(self, before: str, after: str) -> str:
        main, root, _ = await self._list()
        kept = posixpath.join(posixpath.dirname(main), kept_name(posixpath.basename(main)))
        async with self._client() as client:
            old = await self._load(client, main, root)
            _require_same(main, old, before)
            await self._upload(client, kept, root, old)
            await self._upload(client, main, root, _encoded(after))
        return kept

    def _client(self) -> "httpx.AsyncClient":
        try:
            import httpx  # not loaded unless files are read over the network
        except ImportError as error:
            raise ConfigUnreadable(str(missing_package(error) or error)) from error

        # An unencrypted address needs no certificates, and reading them takes time
        verify = tls_context(self._credentials.ca_file) if self._url.startswith("https:") else False
        # trust_env: a proxy of the environment's knows nothing of a printer in this network
        return httpx.AsyncClient(
            headers=self._credentials.headers, timeout=LONGEST, trust_env=False, verify=verify
        )

    async def _load(self, client: "httpx.AsyncClient", path: str, root: str) -> bytes:
        import httpx

        place = quote(posixpath.relpath(path, root))
        try:
            answer = await client.get(f"{self._url}/server/files/config/{place}")
        except httpx.HTTPError as error:
            raise ConfigUnreadable(
                f"Moonraker did not serve {path}: {error or type(error).__name__}."
            ) from error
        if answer.status_code != httpx.codes.OK:
            raise ConfigUnreadable(
                f"Moonraker did not serve {path}: {answer.status_code} {answer.reason_phrase}."
            )
        return answer.content

    async def _upload(self, client: "httpx.AsyncClient", path: str, root: str, data: bytes) -> None:
        import httpx

        folder, name = posixpath.split(posixpath.relpath(path, root))
        form = {"root": "config", "path": folder, "checksum": hashlib.sha256(data).hexdigest()}
        try:
            answer = await client.post(
                f"{self._url}/server/files/upload", data=form, files={"file": (name, data)}
            )
        except httpx.HTTPError as error:
            raise ConfigUnreadable(
                f"Moonraker did not store {path}: {error or type(error).__name__}."
            ) from error
        if not answer.is_success:
            raise ConfigUnreadable(
                f"Moonraker did not store {path}: {answer.status_code} {answer.reason_phrase}."
            )

    async def backups(self) -> frozenset[str]:
        main, _, listed = await self._list()
        return _backups_of(main, listed)

    async def free(self) -> int | None:
        try:
            folder = mapping(await self._printer.call("server.files.get_directory", {"path": "config"}))
        except TransportError:
            return None
        free = mapping(folder.get("disk_usage")).get("free")
        return free if isinstance(free, int) else None

    async def _list(self) -> tuple[str, str, list[str]]:
        """printer.cfg's path, the folder that Moonraker hands out, and the paths of the files in it."""
        main, _ = await where(self._printer)
        try:
            roots = await self._printer.call("server.files.roots")
            files = await self._printer.call("server.files.list", {"root": "config"})
        except TransportError as error:
            raise ConfigUnreadable(f"Moonraker does not list its files: {error}") from error
        places = [mapping(root) for root in (roots if isinstance(roots, list) else ())]
        root = next((text(place.get("path")) for place in places if place.get("name") == "config"), None)
        if not root or not main.startswith(root.rstrip("/") + "/"):
            raise ConfigUnreadable(f"Klipper reads {main}, which is outside the files that Moonraker serves.")
        names = [text(mapping(file).get("path")) for file in (files if isinstance(files, list) else ())]
        return main, root, [posixpath.join(root, name) for name in names if name]


def next_backup(main: str, app: str) -> str:
    """The path of the backup that SAVE_CONFIG of this Klipper or fork would leave now."""
    folder, name = posixpath.split(main)
    stem, end = (name[:-4], ".cfg") if name.endswith(".cfg") else (name, "")
    place = posixpath.join(folder, KALICO_BACKUPS) if app == "Kalico" else folder
    return posixpath.join(place, f"{stem}-{datetime.now().strftime('%Y%m%d_%H%M%S')}{end}")


def finds_backup(config: ConfigText, app: str) -> tuple[str, str] | None:
    """The include line that would find the next backup, as its file and its pattern; None without one.

    klippy would then not start, since a file includes itself, or read the old values again.
    """
    backup = posixpath.abspath(next_backup(config.main, app))
    for source, pattern in config.included:
        if matches(backup, absolute(source, pattern), recursive=app == "Kalico"):
            return source, pattern
    return None


def kept_name(name: str) -> str:
    """The name under which a file is kept with which klippy did not start; no include pattern finds it."""
    return f"{name}.failed-{datetime.now().strftime('%Y%m%d_%H%M%S')}"


def same_text(data: bytes, text: str) -> bool:
    """Whether a file has this text; line ends do not count."""
    return _unix_ends(data) == _unix_ends(_encoded(text))


def _require_same(main: str | Path, data: bytes, text: str) -> None:
    if not same_text(data, text):
        raise ConfigUnreadable(f"{main} has changed since its diff was shown.")


def _unix_ends(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


async def local_main(printer: "Printer") -> str | None:
    """The path of printer.cfg if it is on this machine's disk, also where the printer is reached through Moonraker;
    None elsewhere."""
    try:
        main, hostname = await where(printer)
    except ConfigUnreadable:
        return None
    there = hostname == socket.gethostname() and await asyncio.to_thread(os.path.isfile, main)
    return main if there else None


async def where(printer: "Printer") -> tuple[str, str]:
    """printer.cfg's path and the name of the host it is on."""
    try:
        info = mapping(await printer.call("info"))
    except TransportError as error:
        raise ConfigUnreadable(f"Klipper does not report where its configuration is: {error}") from error
    main = text(info.get("config_file"))
    if not main:
        raise ConfigUnreadable("Klipper does not report where its configuration is.")
    return main, text(info.get("hostname")) or ""


async def _collect(
    main: str, load: Callable[[str], Awaitable[bytes]], find: Callable[[Find], list[str]]
) -> ConfigText:
    """Drive the reader with files from elsewhere. Raises ConfigUnreadable."""
    asking = collect(main)
    answer: Answer = None
    while True:
        try:
            request = asking.send(answer)
        except StopIteration as end:
            files = end.value
            assert isinstance(files, ConfigText)
            return files
        answer = find(request) if isinstance(request, Find) else await load(request.path)


def _sound(files: ConfigText) -> ConfigText:
    """The same files. Raises ConfigBroken or ConfigUnreadable for the first fault."""
    for fault in files.faults:
        raise (ConfigBroken if fault.broken else ConfigUnreadable)(str(fault))
    return files


def _backups_of(main: str, paths: list[str]) -> frozenset[str]:
    """Those of the paths that are backups of printer.cfg: beside it (Klipper), or in a folder of their own (Kalico)."""
    folder, name = posixpath.split(main)
    stem, end = (name[:-4], ".cfg") if name.endswith(".cfg") else (name, "")
    dated = re.compile(rf"{re.escape(stem)}-\d{{8}}_\d{{6}}{re.escape(end)}")
    places = (folder, posixpath.join(folder, KALICO_BACKUPS))
    return frozenset(
        path
        for path in paths
        if posixpath.dirname(path) in places and dated.fullmatch(posixpath.basename(path))
    )
