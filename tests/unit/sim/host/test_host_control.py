"""The control socket and its client."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.sim.host.control import ControlServer, Handler
from zcal_tui.sim.host.control_client import ControlClient, ControlError
from zcal_tui.sim.host.errors import SimulatorError


async def echo(text: str, times: int = 1) -> dict[str, Any]:
    return {"said": text * times}


async def nothing() -> None:
    return None


async def refuse() -> None:
    raise SimulatorError("Not now.", "It is late.", "Come back tomorrow.")


async def fail() -> None:
    raise ZeroDivisionError


HANDLERS: dict[str, Handler] = {"echo": echo, "nothing": nothing, "refuse": refuse, "fail": fail}


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    """A server's path."""
    server = ControlServer(tmp_path / "control.sock", HANDLERS)
    await server.start()
    yield tmp_path / "control.sock"
    await server.stop()


async def test_a_command_is_answered(socket: Path) -> None:
    def talk() -> None:
        with ControlClient(socket) as client:
            assert client.request("echo", text="ab", times=2) == {"said": "abab"}
            assert client.request("nothing") == {}
            with pytest.raises(ControlError, match=r"Not now\. It is late\. Come back tomorrow\."):
                client.request("refuse")
            with pytest.raises(ControlError, match="echo, fail, nothing, refuse"):
                client.request("shout")
            with pytest.raises(ControlError, match="missing"):
                client.request("echo")
            with pytest.raises(ControlError, match="loud"):
                client.request("echo", text="a", loud=True)

    await asyncio.to_thread(talk)


async def test_a_fault_of_ours_is_said_and_does_not_end_the_connection(
    socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def talk() -> None:
        with ControlClient(socket) as client:
            with pytest.raises(ControlError, match="ZeroDivisionError"):
                client.request("fail")
            assert client.request("nothing") == {}

    await asyncio.to_thread(talk)
    assert "control command fail failed" in caplog.text


async def test_clients_do_not_wait_for_each_other(socket: Path) -> None:
    def talk() -> None:
        with ControlClient(socket), ControlClient(socket) as second:
            assert second.request("nothing") == {}

    await asyncio.to_thread(talk)


def test_nobody_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="Is it running"):
        ControlClient(tmp_path / "none.sock")


@given(st.one_of(st.binary(max_size=60), st.from_type(dict).map(repr).map(str.encode)))
def test_any_line_has_an_answer(line: bytes) -> None:
    answer = asyncio.run(ControlServer(Path("unused"), HANDLERS).answer(line))
    assert answer["ok"] is False
    assert isinstance(answer["error"], str)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), json_values), st.sampled_from([*HANDLERS, "other", 3]))
def test_any_request_has_an_answer_in_json(arguments: dict[str, Any], command: Any) -> None:
    arguments.pop("times", None)
    line = json.dumps({**arguments, "command": command}).encode()
    answer = asyncio.run(ControlServer(Path("unused"), HANDLERS).answer(line))
    assert isinstance(answer["ok"], bool)
    json.dumps(answer)
