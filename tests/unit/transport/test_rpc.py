import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.transport.rpc import Failure, Framer, FrameTooLong, Pushed, Reply, Rpc, Unusable

messages = st.lists(st.binary(min_size=1, max_size=40).filter(lambda data: b"\x03" not in data), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(marks)]


@given(messages, st.lists(st.integers(min_value=0, max_value=10_000), max_size=10))
def test_messages_come_out_whole_however_the_stream_is_cut(sent: list[bytes], places: list[int]) -> None:
    framer = Framer()
    stream = b"".join(message + b"\x03" for message in sent)
    received = [message for piece in cut(stream, places) for message in framer.feed(piece)]
    assert received == sent


@given(messages, st.binary(min_size=1, max_size=20).filter(lambda data: b"\x03" not in data))
def test_an_unfinished_message_is_kept_back(sent: list[bytes], unfinished: bytes) -> None:
    framer = Framer()
    assert framer.feed(b"".join(message + b"\x03" for message in sent) + unfinished) == sent
    assert framer.feed(b"\x03") == [unfinished]


def test_a_message_without_end_is_refused() -> None:
    framer = Framer(limit=10)
    framer.feed(b"12345")
    with pytest.raises(FrameTooLong):
        framer.feed(b"678901")


def test_a_finished_message_over_the_limit_is_refused_too() -> None:
    with pytest.raises(FrameTooLong):
        Framer(limit=3).feed(b"1234\x03")


@pytest.mark.parametrize("jsonrpc", [True, False])
def test_replies_find_their_request_in_any_order(jsonrpc: bool) -> None:
    rpc = Rpc(jsonrpc)
    first, data = rpc.request("info", {})
    second, _ = rpc.request("gcode/script", {"script": "G28"})
    assert first != second
    assert ("jsonrpc" in json.loads(data)) is jsonrpc
    assert rpc.receive(json.dumps({"id": second, "result": {}})) == Reply(second, "gcode/script", {})
    assert rpc.receive(json.dumps({"id": first, "result": {"state": "ready"}})) == Reply(
        first, "info", {"state": "ready"}
    )
    assert not rpc.pending


def test_klippys_and_moonrakers_errors_are_both_understood() -> None:
    rpc = Rpc(jsonrpc=False)
    first, _ = rpc.request("gcode/script", {})
    error = {"error": "WebRequestError", "message": "Must home before probe\nsecond line"}
    assert rpc.receive(json.dumps({"id": first, "error": error})) == Failure(
        first, "gcode/script", "Must home before probe\nsecond line", None
    )
    second, _ = rpc.request("gcode/script", {})
    assert rpc.receive(json.dumps({"id": second, "error": {"code": 400, "message": "no"}})) == Failure(
        second, "gcode/script", "no", 400
    )


def test_an_answer_counts_once() -> None:
    rpc = Rpc(jsonrpc=False)
    number, _ = rpc.request("info", {})
    reply = json.dumps({"id": number, "result": 1})
    assert isinstance(rpc.receive(reply), Reply)
    assert isinstance(rpc.receive(reply), Unusable)


def test_nan_is_read_but_never_sent() -> None:
    rpc = Rpc(jsonrpc=False)
    number, _ = rpc.request("objects/query", {})
    reply = rpc.receive(b'{"id": %d, "result": {"temperature": NaN}}' % number)
    assert isinstance(reply, Reply)
    assert math.isnan(reply.result["temperature"])
    with pytest.raises(ValueError, match="JSON"):
        rpc.request("zcal/lease", {"seconds": math.inf})
    with pytest.raises(ValueError, match="serializable"):
        rpc.request("zcal/lease", {"seconds": object()})
    assert not rpc.pending


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_arrives_nothing_is_raised(data: bytes) -> None:
    rpc = Rpc(jsonrpc=True)
    rpc.request("info", {})
    assert isinstance(rpc.receive(data), Reply | Failure | Pushed | Unusable)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": json_values,
            "method": json_values,
            "params": json_values,
            "error": json_values,
            "result": json_values,
        },
    )
)
def test_odd_messages_never_answer_a_request_that_was_not_made(message: dict[str, Any]) -> None:
    rpc = Rpc(jsonrpc=True)
    event = rpc.receive(json.dumps(message))
    assert isinstance(event, Pushed | Unusable)
