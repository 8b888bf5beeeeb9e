"""The person at a simulated printer, over a small control socket."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zcal_tui.printer.state import PrinterState
from zcal_tui.session.simulated_person import SimulatedPerson, SimulatedPersonGone, simulates
from zcal_tui.tui.simulated_person import describe_scene

Reply = Callable[[dict[str, Any]], bytes]


class Control:
    """A control socket that answers each request by `reply`, on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[dict[str, Any]] = []
        self.reply: Reply = lambda request: said(ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            with link, link.makefile("rb") as file:
                request = json.loads(file.readline())
                self.requests.append(request)
                answer = self.reply(request)
                with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
                    link.sendall(answer)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5.0)


def said(**answer: Any) -> bytes:
    return json.dumps(answer).encode() + b"\n"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    made = Control(tmp_path / "control.sock")
    yield made
    made.close()


@pytest.fixture
def person(control: Control) -> SimulatedPerson:
    return SimulatedPerson(str(control.path), timeout=5.0)


def test_what_is_felt_and_seen_is_passed_on(control: Control, person: SimulatedPerson) -> None:
    answers: dict[str, dict[str, Any]] = {
        "feel": {"feel": "drags"},
        "report": {"report": {"gap": 0.25, "probe": {"state": "docked"}}},
        "see": {"mark": [1.5, -2]},
        "truth": {"value": 12.5},
    }
    control.reply = lambda request: said(ok=True, **answers[request["command"]])
    assert person.drag() == "drags"
    assert person.gap() == 0.25
    assert person.probe_state() == "docked"
    assert person.see() == (1.5, -2.0)
    assert person.truth("probe.x_offset") == 12.5
    assert control.requests[-1] == {"command": "truth", "path": "probe.x_offset"}


def test_what_is_not_there_is_none(control: Control, person: SimulatedPerson) -> None:
    control.reply = lambda request: said(ok=True, report={"gap": None}, mark=None, value=None)
    assert person.gap() is None
    assert person.probe_state() is None, "a scanner is no probe of the machine"
    assert person.see() is None
    assert person.truth("probe.x_offset") is None


async def test_the_scene_of_a_printer_with_a_scanner_has_no_probe(control: Control) -> None:
    control.reply = lambda request: said(ok=True, report={"gap": 12.0})
    assert await describe_scene(str(control.path)) == "the gap below the nozzle is 12.00 mm"
    control.reply = lambda request: said(ok=True, report={"gap": 12.0, "probe": {"state": "docked"}})
    scene = await describe_scene(str(control.path))
    assert scene is not None and scene.endswith("the probe is docked")


def test_what_a_person_does_is_passed_on(control: Control, person: SimulatedPerson) -> None:
    person.mark()
    person.new_test()
    person.wipe()
    assert [request["command"] for request in control.requests] == ["mark", "new_test", "wipe"]


def test_a_refusal_is_shown_verbatim(control: Control, person: SimulatedPerson) -> None:
    control.reply = lambda request: said(ok=False, error="there is no bed below the probe")
    with pytest.raises(SimulatedPersonGone, match="no bed below the probe"):
        person.mark()


@pytest.mark.parametrize("answer", [b"", b'{"ok": tr', b"[]\n", b"nonsense\n"])
def test_a_printer_that_ends_in_the_middle_is_gone(
    control: Control, person: SimulatedPerson, answer: bytes
) -> None:
    control.reply = lambda request: answer
    with pytest.raises(SimulatedPersonGone, match="has ended"):
        person.drag()


def test_a_printer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulatedPersonGone, match=r"nowhere\.sock"):
        SimulatedPerson(str(tmp_path / "nowhere.sock")).drag()


def test_a_printer_that_does_not_answer_is_not_waited_for_for_ever(control: Control) -> None:
    wait = threading.Event()

    def slow(_: dict[str, Any]) -> bytes:
        wait.wait(5.0)
        return b""

    control.reply = slow
    with pytest.raises(SimulatedPersonGone, match="does not answer"):
        SimulatedPerson(str(control.path), timeout=0.05).drag()
    wait.set()


def test_its_answers_are_for_the_printer_of_the_same_simulator_only(tmp_path: Path) -> None:
    control = str(tmp_path / "control.sock")
    own = str(tmp_path / "mcu")

    def printer(**sections: dict[str, object]) -> PrinterState:
        return PrinterState(
            connected=True, settings={name.replace("_", " "): s for name, s in sections.items()}
        )

    assert simulates(control, printer(mcu={"serial": own}, mcu_toolhead={"serial": f"{own}-1"}))
    assert not simulates(control, printer(mcu={"serial": "/dev/serial/by-id/usb-Klipper"}))
    assert not simulates(control, printer(mcu={"serial": own}, mcu_toolhead={"canbus_uuid": "11"}))
    assert not simulates(control, printer(printer={"kinematics": "corexy"})), "nothing is known of it"
