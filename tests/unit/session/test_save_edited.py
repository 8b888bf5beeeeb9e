"""Edits of printer.cfg since Klipper started: the restart of a save applies them, and they may stop Klipper."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.printer.config_files import LocalConfigFiles
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

READ = {"printer": {"kinematics": "cartesian"}, "probe": {"z_offset": "1.5"}}
TEXT = "[printer]\nkinematics: cartesian\n[probe]\nz_offset: 1.5\n"
EDITED = [TEXT + "speeed: 5\n", TEXT.replace("cartesian", "corexy"), TEXT.replace("[printer]", "[printed]")]


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    machine.objects["configfile"]["config"] = READ
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


def config(klipper: Klipper, folder: Path, text: str) -> None:
    (folder / "printer.cfg").write_text(text)
    klipper.machine.info_extra = {
        "config_file": str(folder / "printer.cfg"),
        "hostname": socket.gethostname(),
    }


def nobody() -> Person:
    person = Person()
    person.present = False
    return person


@pytest.mark.parametrize("text", EDITED)
async def test_save_always_does_not_apply_them(
    text: str, printer: Printer, klipper: Klipper, tmp_path: Path
) -> None:
    config(klipper, tmp_path, text)
    done = await save(printer, nobody(), policy="always", files=LocalConfigFiles(printer))
    assert done.state == "proposed", done.messages
    assert "edits made since Klipper started" in done.messages
    assert "RESTART first" in done.messages
    assert (klipper.saved, klipper.pending) == (0, {})


async def test_save_always_saves_into_files_that_were_not_edited(
    printer: Printer, klipper: Klipper, tmp_path: Path
) -> None:
    config(klipper, tmp_path, TEXT)
    done = await save(printer, nobody(), policy="always", files=LocalConfigFiles(printer))
    assert (done.state, klipper.saved) == ("saved", 1), done.messages


@pytest.mark.parametrize(("yes", "state"), [(True, "saved"), (False, "proposed")])
async def test_a_person_is_asked_about_them(
    yes: bool, state: str, printer: Printer, klipper: Klipper, tmp_path: Path
) -> None:
    config(klipper, tmp_path, EDITED[0])
    done = await save(printer, Person(apply_edits=yes), policy="always", files=LocalConfigFiles(printer))
    assert [question.key for question in done.asked] == ["apply-edits"]
    assert "speeed: 5 (was unset)" in done.asked[0].detail
    assert done.state == state, done.messages


async def test_the_usual_question_names_them_already(
    printer: Printer, klipper: Klipper, tmp_path: Path
) -> None:
    config(klipper, tmp_path, EDITED[0])
    done = await save(printer, Person(save=True), files=LocalConfigFiles(printer))
    assert [question.key for question in done.asked] == ["save"]
    assert "edits made since Klipper started" in done.asked[0].detail
    assert done.state == "saved"
