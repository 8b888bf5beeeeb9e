"""printer.cfg over Moonraker's file server: written whole, kept first, never over somebody else's edit."""

import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from zcal_tui.printer.config_files import ConfigUnreadable, MoonrakerConfigFiles, kept_name
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.moonraker import Credentials

ROOT = "/home/pi/printer_data/config"


class Server:
    """The files of a Moonraker, and what is asked of it."""

    def __init__(self) -> None:
        self.files = {"printer.cfg": b"[probe]\r\nz_offset: 1.5\r\n"}
        self.refuses = 0
        self.directory: Any = {"dirs": [], "files": [], "disk_usage": {"total": 9, "used": 4, "free": 5}}
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.keys.append(self.headers["X-Api-Key"])
                self._answer(200, outer.files[self.path.removeprefix("/server/files/config/")])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.keys.append(self.headers["X-Api-Key"])
                if outer.refuses:
                    self._answer(outer.refuses, b"")
                    return
                assert b'name="root"\r\n\r\nconfig\r\n' in body
                found = re.search(rb'filename="([^"]+)"\r\n.*?\r\n\r\n(.*)\r\n--', body, re.DOTALL)
                assert found is not None
                outer.files[found[1].decode()] = found[2]
                self._answer(201, b"{}")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


class FakePrinter:
    """What Moonraker reports of its files."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        match method:
            case "info":
                return {"config_file": f"{ROOT}/printer.cfg", "hostname": "pi"}
            case "server.files.get_directory":
                return self._server.directory
            case "server.files.roots":
                return [{"name": "config", "path": ROOT}]
            case _:
                return [{"path": name} for name in self._server.files]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def files(server: Server) -> MoonrakerConfigFiles:
    url = f"http://127.0.0.1:{server.http.server_address[1]}"
    return MoonrakerConfigFiles(cast(Printer, FakePrinter(server)), url, Credentials(api_key="secret"))


async def test_the_old_file_is_kept_and_the_new_one_takes_its_place(
    server: Server, files: MoonrakerConfigFiles
) -> None:
    old = server.files["printer.cfg"]
    kept = await files.replace("[probe]\nz_offset: 1.5\n", "[probe]\nz_offset: 1.4 # µ\n")
    assert server.files.pop("printer.cfg") == "[probe]\nz_offset: 1.4 # µ\n".encode()
    ((name, data),) = server.files.items()
    assert kept == f"{ROOT}/{name}"
    assert data == old
    assert set(server.keys) == {"secret"}


async def test_somebody_elses_edit_is_not_overwritten(server: Server, files: MoonrakerConfigFiles) -> None:
    before = dict(server.files)
    with pytest.raises(ConfigUnreadable, match=r"has changed since its diff was shown"):
        await files.replace("[probe]\nz_offset: 1.6\n", "[probe]\n")
    assert server.files == before


async def test_a_server_that_lets_nobody_write_is_named_and_nothing_is_changed(
    server: Server, files: MoonrakerConfigFiles
) -> None:
    before = dict(server.files)
    server.refuses = 403
    with pytest.raises(ConfigUnreadable, match=r"Moonraker did not store .*: 403 Forbidden\."):
        await files.replace("[probe]\nz_offset: 1.5\n", "[probe]\n")
    assert server.files == before


async def test_a_redirect_gets_neither_the_file_nor_the_key(
    server: Server, files: MoonrakerConfigFiles
) -> None:
    server.refuses = 307
    with pytest.raises(ConfigUnreadable, match="307"):
        await files.replace("[probe]\nz_offset: 1.5\n", "[probe]\n")


def test_no_include_pattern_finds_a_kept_file() -> None:
    assert not kept_name("printer.cfg").endswith(".cfg")


@pytest.mark.parametrize(
    ("directory", "free"),
    [(None, None), ({}, None), ({"disk_usage": {"free": "much"}}, None), ({"disk_usage": {"free": 12}}, 12)],
)
async def test_what_moonraker_reports_as_free(
    directory: Any, free: int | None, server: Server, files: MoonrakerConfigFiles
) -> None:
    server.directory = directory
    assert await files.free() == free
