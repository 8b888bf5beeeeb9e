"""After SAVE_CONFIG: a Klipper that does not restart, or does not start again."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.model.record import DID_NOT_START
from zcal_tui.printer import printer as printer_module
from zcal_tui.printer.config_files import LocalConfigFiles
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

BEFORE = b"[printer]\nkinematics: cartesian\n[probe]\nz_offset: 1.5\n"
AFTER = (
    b"[printer]\nkinematics: cartesian\n[probe]\n#z_offset: 1.5\n\n"
    b"#*# <---------------------- SAVE_CONFIG ---------------------->\n"
    b"#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n"
    b"#*# [probe]\n#*# z_offset = 1.520\n"
)
MESSAGE = "Option 'z_offset' in section 'probe' is not fine"


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


@pytest.fixture
def config(klipper: Klipper, klippy: FakeKlippy, tmp_path: Path) -> Path:
    """A printer.cfg on this machine that SAVE_CONFIG writes, and with which klippy then does not start."""
    main = tmp_path / "printer.cfg"
    main.write_bytes(BEFORE)
    machine = klipper.machine
    machine.info_extra = {"config_file": str(main), "hostname": socket.gethostname()}

    async def fail(_: dict[str, str]) -> None:
        (tmp_path / "printer-20260101_120000.cfg").write_bytes(main.read_bytes())
        main.write_bytes(AFTER)
        machine.objects["webhooks"] = {"state": "error", "state_message": MESSAGE}
        klippy.drop_clients()

    def restart() -> None:
        configfile = machine.objects["configfile"]
        configfile.update(save_config_pending=False, save_config_pending_items={})
        if main.read_bytes() == BEFORE:
            machine.objects["webhooks"] = {"state": "startup", "state_message": "Printer is not ready"}
            klippy.drop_clients()
            machine.come_back()

    machine.handlers["SAVE_CONFIG"] = fail
    klippy.after["gcode/restart"] = restart
    return main


def content(file: Path) -> bytes:
    return file.read_bytes()


def rewrite(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def kept(config: Path) -> Path:
    """The file with which klippy did not start."""
    (failed,) = config.parent.glob("printer.cfg.failed-*")
    return failed


async def test_a_macro_over_save_config_is_reported_with_what_is_pending(
    printer: Printer, klipper: Klipper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_module, "RESTART_BEGINS", 0.2)
    klipper.machine.handlers["SAVE_CONFIG"] = klipper.machine.handlers["G28"]
    klipper.machine.objects["configfile"]["settings"]["gcode_macro save_config"] = {
        "rename_existing": "BASE_SAVE_CONFIG"
    }
    klipper.server.after["gcode/restart"] = lambda: klipper.machine.objects["configfile"].update(
        save_config_pending=False, save_config_pending_items={}
    )
    done = await save(printer, Person(save=True, discard_pending=False))
    assert [question.key for question in done.asked] == ["save", "discard-pending"]
    assert "SAVE_CONFIG is a macro on this printer" in done.asked[0].detail
    assert done.state == "staged"
    assert "[gcode_macro SAVE_CONFIG] has replaced Klipper's command" in done.messages
    assert "Pending in Klipper now: [probe] z_offset: 1.520" in done.messages
    assert "YYYY" not in done.messages
    done = await save(printer, Person(save=True, discard_pending=True))
    assert done.state == "proposed"
    assert klipper.pending == {}


async def test_the_backup_is_put_back_by_consent(printer: Printer, config: Path) -> None:
    backup = config.with_name("printer-20260101_120000.cfg")
    done = await save(printer, Person(save=True, restore_backup=True), files=LocalConfigFiles(printer))
    assert [question.key for question in done.asked] == ["save", "restore-backup"], done.messages
    detail = done.asked[1].detail
    for line in ("-#z_offset: 1.5", "+z_offset: 1.5", "-#*# z_offset = 1.520", str(backup), MESSAGE):
        assert line in detail
    assert content(config) == BEFORE
    failed = kept(config)
    assert content(failed) == AFTER
    assert str(failed) in done.messages
    assert done.state == "proposed"
    assert done.problem is not None
    assert done.problem.key == DID_NOT_START
    assert "Klipper runs with the previous values" in done.problem.remedy
    assert printer.state.ready


async def test_the_backup_stays_where_it_is_without_consent(printer: Printer, config: Path) -> None:
    done = await save(printer, Person(save=True, restore_backup=False), files=LocalConfigFiles(printer))
    assert content(config) == AFTER
    assert done.state == "staged"
    assert done.problem is not None
    assert "printer-20260101_120000.cfg" in done.problem.remedy
    assert f"cp -p {config.parent}/printer-20260101_120000.cfg {config}" in done.problem.remedy


async def test_it_is_not_put_back_over_an_edit(printer: Printer, config: Path) -> None:
    edited = AFTER + b"# a person's\n"
    person = Person(save=True, restore_backup=True)

    def edit() -> None:
        if person.asked[-1].key == "restore-backup":
            rewrite(config, edited)

    person.before = edit
    done = await save(printer, person, files=LocalConfigFiles(printer))
    assert content(config) == edited
    assert "has changed since its diff was shown" in done.messages
    assert done.state == "staged"


async def test_it_is_not_offered_over_an_edit(printer: Printer, klipper: Klipper, config: Path) -> None:
    fail = klipper.machine.handlers["SAVE_CONFIG"]

    async def fail_and_edit(parameters: dict[str, str]) -> None:
        await fail(parameters)
        rewrite(config, AFTER + b"# a person's\n")

    klipper.machine.handlers["SAVE_CONFIG"] = fail_and_edit
    done = await save(printer, Person(save=True), files=LocalConfigFiles(printer))
    assert [question.key for question in done.asked] == ["save"]
    assert "has changed since it was saved" in done.messages


async def test_on_another_host_there_are_commands_to_type(
    printer: Printer, klipper: Klipper, config: Path
) -> None:
    klipper.machine.info_extra["hostname"] = "elsewhere"
    done = await save(printer, Person(save=True))
    assert content(config) == AFTER
    assert done.problem is not None
    assert "on elsewhere" in done.problem.remedy
    assert f"ls -t {config.parent}" in done.problem.remedy
    assert "YYYY" not in done.messages


async def test_it_is_not_put_back_while_klipper_runs_with_the_new_file(
    printer: Printer, klipper: Klipper, klippy: FakeKlippy, config: Path
) -> None:
    """A power cycle of the board while the question is open, and a print after it."""
    machine = klipper.machine
    person = Person(save=True, restore_backup=True)
    restarts = []
    klippy.after["gcode/restart"] = lambda: restarts.append("restart")

    def before() -> None:
        if person.asked[-1].key == "restore-backup":
            machine.objects["webhooks"] = {"state": "ready", "state_message": "Printer is ready"}
            machine.objects["print_stats"] = {"state": "printing"}

    person.before = before
    done = await save(printer, person, files=LocalConfigFiles(printer))
    assert restarts == []
    assert content(config) != BEFORE
    assert "Klipper runs with the new file now." in done.messages
