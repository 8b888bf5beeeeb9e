"""The one query for Moonraker servers of the network, and what is made of answers."""

import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.transport import mdns
from zcal_tui.transport.mdns import FoundServer, query, search, servers

SENDER = "192.168.1.9"


def name(*labels: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in labels)


SERVICE = name("_moonraker", "_tcp", "local") + b"\0"
TO_SERVICE = b"\xc0\x0c"
"""A pointer to the question's name, which begins after the header."""


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack(">2HIH", kind, 0x8001, 120, len(data)) + data


def answer(*records: bytes, flags: int = 0x8400) -> bytes:
    header = struct.pack(">6H", 0, flags, 1, len(records), 0, 0)
    return header + SERVICE + struct.pack(">2H", 12, 1) + b"".join(records)


INSTANCE = name("Voron") + TO_SERVICE
HOST = name("voron", "local") + b"\0"
SRV = record(INSTANCE, 33, struct.pack(">3H", 0, 0, 7125) + HOST)
ADDRESS = record(HOST, 1, bytes([192, 168, 1, 20]))


def test_an_answer_gives_name_address_and_port() -> None:
    pointer = record(TO_SERVICE, 12, INSTANCE)
    assert servers(answer(pointer, SRV, ADDRESS), SENDER) == (FoundServer("voron", "192.168.1.20", 7125),)
    assert servers(answer(SRV), SENDER) == (FoundServer("voron", SENDER, 7125),)


def test_what_is_no_answer_of_moonraker_gives_nothing() -> None:
    other = record(name("tv", "_cast", "_tcp", "local") + b"\0", 33, struct.pack(">3H", 0, 0, 80) + HOST)
    assert servers(answer(other, ADDRESS), SENDER) == ()
    assert servers(answer(SRV, flags=0), SENDER) == (), "a question"
    assert servers(query(), SENDER) == ()
    endless = answer(record(b"\xc0\xff", 33, b"\0" * 8))
    assert servers(endless, SENDER) == ()


def test_a_name_hides_no_address_and_controls_no_terminal() -> None:
    long = name("x" * 20 + "\x1b[2J\n", "y" * 40) + TO_SERVICE
    (found,) = servers(answer(record(long, 33, struct.pack(">3H", 0, 0, 7125) + HOST), ADDRESS), SENDER)
    assert found.name == "x" * 20 + "[2j." + "y" * 6
    assert found.address == "192.168.1.20:7125"


@given(st.binary(max_size=200), st.integers(0, 120))
def test_no_packet_breaks_it(noise: bytes, at: int) -> None:
    servers(noise, SENDER)
    whole = answer(SRV, ADDRESS)
    servers(whole[:at] + noise + whole[at:], SENDER)


def test_a_search_is_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as responder:
        responder.bind(("127.0.0.1", 0))
        responder.settimeout(2.0)
        monkeypatch.setattr(mdns, "GROUP", responder.getsockname())

        def respond() -> None:
            try:
                while True:
                    data, sender = responder.recvfrom(2000)
                    heard.append(data)
                    responder.sendto(answer(SRV, ADDRESS), sender)
                    responder.sendto(answer(SRV, ADDRESS), sender)
            except TimeoutError:
                return

        thread = threading.Thread(target=respond)
        thread.start()
        found = search(0.4)
        thread.join()
    assert found == (FoundServer("voron", "192.168.1.20", 7125),)
    assert heard == [query()]


def test_no_network_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdns, "GROUP", ("255.255.255.255", 5353))  # refused without SO_BROADCAST
    assert search(0.1) == ()
