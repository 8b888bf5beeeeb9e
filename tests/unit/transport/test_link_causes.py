"""What is between this program and Moonraker is named for what it is. A login goes to the named address alone."""

import asyncio
import contextlib
import http
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from tests.programs import needs
from tests.unit.fakes.moonraker import FakeMoonraker
from zcal_tui.transport.address import AddressError, UrlAddress, parse_address
from zcal_tui.transport.failures import HandshakeRefused, TransportError, Unauthorized, Unreachable
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import open_transport
from zcal_tui.transport.tls import CertificateProblem, tls_context

KEY = Credentials(api_key="a-secret-key", token="a-secret-token")


class WebServer:
    """A server that answers every request with one HTTP answer and keeps what it was sent."""

    def __init__(self, code: int, **headers: str) -> None:
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.requests: list[Request] = []
        self.port = 0
        self.body = b"no"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["WebServer"]:
        async def refuse(connection: ServerConnection) -> None:
            await connection.close()

        async with serve(refuse, "127.0.0.1", 0, process_request=self._answer) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield self

    def _answer(self, connection: ServerConnection, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.code, http.HTTPStatus(self.code).phrase, Headers(self.headers), self.body)


async def failure(url: str, credentials: Credentials | None = None) -> TransportError:
    """Why a connection is not made."""
    transport = open_transport(parse_address(url), credentials)
    with pytest.raises((Unreachable, Unauthorized)) as failed:
        await transport.connect()
    await transport.close()
    return failed.value


@pytest.mark.parametrize("scheme", ['Basic realm="printers"', "Digest nonce=x", "basic"])
@pytest.mark.parametrize("credentials", [None, KEY])
async def test_a_web_servers_own_login_is_not_moonrakers(
    scheme: str, credentials: Credentials | None
) -> None:
    async with WebServer(401, WWW_Authenticate=scheme).running() as server:
        error = await failure(server.url, credentials)
    assert isinstance(error, HandshakeRefused)
    assert "web server before Moonraker" in error.cause
    assert scheme.split()[0].capitalize() in error.cause
    assert "ZCAL_API_KEY" not in str(error)
    assert "7125" in error.remedy


async def test_a_missing_login_and_a_wrong_one_are_two_things(moonraker: FakeMoonraker) -> None:
    moonraker.trusting = False
    missing = await failure(moonraker.url)
    assert isinstance(missing, Unauthorized)
    assert not missing.rejected
    assert "Set ZCAL_API_KEY" in str(missing)
    key = await failure(moonraker.url, Credentials(api_key="guess"))
    assert isinstance(key, Unauthorized)
    assert key.rejected
    assert "not this Moonraker's" in str(key)
    assert "Set ZCAL_API_KEY" not in str(key)
    token = await failure(moonraker.url, Credentials(token="old"))
    assert isinstance(token, Unauthorized)
    assert token.rejected
    assert "expired" in str(token)
    for error in (key, token):
        assert "guess" not in str(error)
        assert "old" not in str(error)


async def test_a_server_that_refuses_the_login_in_its_answer_is_explained_alike() -> None:
    async with WebServer(401).running() as server:
        without, wrong = await failure(server.url), await failure(server.url, Credentials(api_key="guess"))
    assert isinstance(without, Unauthorized)
    assert "Set ZCAL_API_KEY" in str(without)
    assert isinstance(wrong, Unauthorized)
    assert wrong.rejected


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_login_stays_here(code: int, moonraker: FakeMoonraker) -> None:
    async with WebServer(code, Location=f"ws://127.0.0.1:{moonraker.port}/websocket").running() as server:
        error = await failure(server.url, KEY)
    assert isinstance(error, HandshakeRefused)
    assert len(server.requests) == 1
    assert not moonraker.paths, "nothing at all goes to another origin"
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://printers.example/websocket", "https://printers.example"),
        (
            "https://me:hidden@printers.example:8443/moon/websocket?token=hidden",  # pragma: allowlist secret
            "https://printers.example:8443/moon",
        ),
        ("/moonraker/websocket", "http://127.0.0.1:PORT/moonraker"),
        ("ftp://elsewhere/", "another address"),
        ("http://[", "another address"),
    ],
)
async def test_a_redirect_names_the_address_to_use(location: str, named: str) -> None:
    async with WebServer(301, Location=location).running() as server:
        error = await failure(server.url, KEY)
    assert isinstance(error, HandshakeRefused)
    target = named.replace("PORT", str(server.port))
    assert f"redirects to {target} (HTTP 301)" in error.cause
    assert target in error.remedy
    assert "hidden" not in str(error)
    assert parse_address(target) if "://" in target else True


async def test_the_files_are_not_read_from_another_origin(moonraker: FakeMoonraker) -> None:
    """httpx follows no redirect by itself; the credentials are this client's."""
    import httpx

    async with (
        WebServer(308, Location=f"{moonraker.url}/server/files/config/printer.cfg").running() as server,
        httpx.AsyncClient(headers=KEY.headers, trust_env=False) as client,
    ):
        answer = await client.get(f"{server.url}/server/files/config/printer.cfg")
    assert answer.status_code == 308
    assert not moonraker.paths


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, made as a web page about nginx says."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    key = file.with_name("key.pem")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=printer"
    )
    extra = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(file)]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    return file


@pytest.fixture
async def encrypted(moonraker: FakeMoonraker, certificate: Path) -> FakeMoonraker:
    """Moonraker behind the certificate."""
    await moonraker.stop()
    moonraker.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    moonraker.tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
    await moonraker.start()
    return moonraker


@needs("openssl")
async def test_a_self_signed_certificate_is_refused_until_it_is_named(
    encrypted: FakeMoonraker, certificate: Path
) -> None:
    error = await failure(encrypted.url, KEY)
    assert isinstance(error, HandshakeRefused)
    assert "certificate is not trusted" in error.cause
    assert "self-signed" in error.cause or "self signed" in error.cause
    assert "--ca-file" in error.remedy
    assert not encrypted.paths, "the login is not sent to a server that is not known"
    transport = open_transport(parse_address(encrypted.url), Credentials(ca_file=certificate))
    await transport.connect()
    assert (await transport.call("info"))["state"] == "ready"
    await transport.close()


@needs("openssl")
async def test_a_certificate_for_another_name_is_named_so(
    encrypted: FakeMoonraker, certificate: Path
) -> None:
    url = f"https://localhost:{encrypted.port}"
    error = await failure(url, Credentials(ca_file=certificate))
    assert isinstance(error, HandshakeRefused)
    assert "another name" in error.cause
    assert "--ca-file" not in error.remedy


@needs("openssl")
async def test_http_on_an_encrypted_port(encrypted: FakeMoonraker) -> None:
    error = await failure(f"http://127.0.0.1:{encrypted.port}", KEY)
    assert isinstance(error, HandshakeRefused)
    assert error.cause == "this port is encrypted"
    assert f"https://127.0.0.1:{encrypted.port}" in error.remedy


async def test_http_on_nginxs_encrypted_port() -> None:
    server = WebServer(400)
    server.body = b"<center>The plain HTTP request was sent to HTTPS port</center>"
    async with server.running():
        error = await failure(server.url)
    assert "this port is encrypted" in str(error)


async def test_https_on_a_plain_port(moonraker: FakeMoonraker) -> None:
    error = await failure(moonraker.url.replace("http:", "https:"), KEY)
    assert isinstance(error, HandshakeRefused)
    assert error.cause == "this port is not encrypted"
    assert f"--printer {moonraker.url}" in error.remedy


@pytest.mark.parametrize("text", [None, "no certificate\n"])
async def test_a_certificate_file_that_is_none(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "printer.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CertificateProblem):
        tls_context(file)
    error = await failure("https://127.0.0.1:1", Credentials(ca_file=file))
    assert str(file) in str(error)
    assert "--ca-file" in str(error)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("fd70:616c::1", "[fd70:616c::1]"),
        ("::1", "[::1]"),
        ("http://fe80::2/moon", "http://[fe80::2]/moon"),
        ("2001:db8::7125", "[2001:db8::7125]"),
    ],
)
def test_an_ipv6_address_without_brackets(text: str, named: str) -> None:
    with pytest.raises(AddressError, match="square brackets") as refused:
        parse_address(text)
    assert named in str(refused.value)
    assert isinstance(parse_address(named), UrlAddress)


@pytest.mark.parametrize("host", ["a" * 64, ".".join(["abc"] * 100), "ü" * 70])
def test_a_host_name_that_is_too_long(host: str) -> None:
    for text in (host, f"http://{host}:7125"):
        with pytest.raises(AddressError, match="too long") as refused:
            parse_address(text)
        assert len(str(refused.value)) < 500


def test_no_token_is_in_a_message_or_a_representation() -> None:
    address = parse_address("http://pi?token=hidden")
    assert "hidden" not in repr(address)
    assert "hidden" not in str(address)
    for text in (
        "http://pi:99999?token=hidden",
        "ftp://pi?token=hidden",
        "http://me:hidden@pi/",  # pragma: allowlist secret
    ):
        with pytest.raises(AddressError) as refused:
            parse_address(text)
        assert "hidden" not in str(refused.value)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No key in what is logged at any level: checked over each test of this file."""
    import logging

    seen: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    handler = Keep()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield
    root.removeHandler(handler)
    root.setLevel(before)
    assert not [line for line in seen if "secret" in line]


async def test_a_server_that_hangs_up_is_not_called_encrypted() -> None:
    async def hang_up(_: object, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        error = await failure(f"http://127.0.0.1:{port}")
    assert "encrypted" not in str(error)


@pytest.mark.parametrize(
    ("code", "headers", "words"),
    [
        (
            401,
            {"WWW_Authenticate": "Basic"},
            "the web server before Moonraker asks for a name and a password",
        ),
        (401, {}, "The API key is not this Moonraker's"),
        (308, {"Location": "https://printers.example/websocket"}, "--printer https://printers.example"),
    ],
)
async def test_the_whole_program_explains_it_and_keeps_the_key(
    code: int, headers: dict[str, str], words: str, tmp_path: Path
) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZCAL_")},
        "ZCAL_API_KEY": ' "a-secret-key" \r\n',
        "ZCAL_DATA": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    async with WebServer(code, **headers).running() as server:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zcal_tui", "--headless", "ready", "--printer", server.url),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 3
    assert words in " ".join(said.decode().split())
    assert {request.headers["X-Api-Key"] for request in server.requests} == {"a-secret-key"}
    kept = said + b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"a-secret-key" not in kept
