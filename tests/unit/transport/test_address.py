from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.transport.address import AddressError, SocketAddress, UrlAddress, parse_address, usual_addresses


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("printer.local", "ws://printer.local:7125/websocket", "http://printer.local:7125"),
        ("192.168.1.20:80", "ws://192.168.1.20:80/websocket", "http://192.168.1.20:80"),
        ("[fe80::1]:7125", "ws://[fe80::1]:7125/websocket", "http://[fe80::1]:7125"),
        ("http://mainsail", "ws://mainsail/websocket", "http://mainsail"),
        ("http://mainsail/", "ws://mainsail/websocket", "http://mainsail"),
        (
            "https://farm.example/printer1/",
            "wss://farm.example/printer1/websocket",
            "https://farm.example/printer1",
        ),
        ("printer.local/voron", "ws://printer.local:7125/voron/websocket", "http://printer.local:7125/voron"),
        ("ws://pi:7125/websocket", "ws://pi:7125/websocket", "http://pi:7125"),
        (" wss://pi/moon/websocket ", "wss://pi/moon/websocket", "https://pi/moon"),
        ("http://pi?token=AB%2FC&x=1", "ws://pi/websocket?token=AB%2FC", "http://pi"),
    ],
)
def test_urls_and_hosts(text: str, url: str, shown: str) -> None:
    address = parse_address(text)
    assert address == UrlAddress(url)
    assert str(address) == shown


def test_what_is_shown_leads_to_the_same_place() -> None:
    for text in ("printer.local", "https://farm.example/printer1/", "[::1]:80", "http://pi"):
        address = parse_address(text)
        assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["/tmp/klippy_uds", "./klippy.sock", "printer.sock", "../x/klippy.sock"])
def test_sockets(text: str) -> None:
    assert parse_address(text) == SocketAddress(Path(text))


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/pi")
    assert parse_address("~/printer_data/comms/klippy.sock") == SocketAddress(
        Path("/home/pi/printer_data/comms/klippy.sock")
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("ftp://pi", "does not support"),
        ("http://", "names no host"),
        ("http://user:secret@pi", "ZCAL_API_KEY"),
        ("pi:99999", "range"),
        ("http://pi:port", "Port"),
        ("two words", "not a host name"),
        ("http://two words/", "space"),
        ("http://[::1", "address"),
    ],
)
def test_what_is_no_address_is_explained(text: str, why: str) -> None:
    with pytest.raises(AddressError, match="Give the path") as refused:
        parse_address(text)
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_in_words(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError as error:
        assert str(error)
    else:
        assert isinstance(address, SocketAddress | UrlAddress)
        assert str(address)


HOME = Path("/home/pi")


def test_this_machines_klippy_comes_before_its_moonraker() -> None:
    assert usual_addresses(HOME) == [
        SocketAddress(HOME / "printer_data/comms/klippy.sock"),
        UrlAddress("ws://localhost:7125/websocket"),
    ]
