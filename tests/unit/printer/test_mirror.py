import asyncio
import math
from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.moonraker import FakeMoonraker
from tests.unit.fakes.virtual import VirtualLink
from tests.unit.fakes.waiting import until
from zcal_tui.printer.mirror import instance_of
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress, parse_address
from zcal_tui.transport.opening import open_transport
from zcal_tui.transport.reconnect import LinkedTransport


async def test_the_first_look_tells_everything(printer: Printer, machine: Machine) -> None:
    state = printer.state
    assert state.ready
    assert (state.klippy, state.message) == ("ready", "Printer is ready")
    assert (state.software_version, state.hostname, state.app) == ("v0.12.0-1", "fakehost", "Klipper")
    assert state.homed()
    assert state.position == (100.0, 100.0, 10.0)
    assert state.axis_minimum == (0.0, 0.0, -2.0)
    assert state.gcode_position == (100.0, 100.0, 10.0)
    assert {name: heater.temperature for name, heater in state.heaters.items()} == {
        "extruder": 24.0,
        "heater_bed": 23.0,
    }
    assert state.sensors == {"temperature_sensor chamber": 25.5}
    assert state.settings["probe"]["z_offset"] == 1.5
    assert state.config["probe"]["z_offset"] == "1.5"
    assert state.has_command("PROBE_ACCURACY") is True
    assert state.has_command("TESTZ") is False
    assert state.eventtime == machine.eventtime


async def test_changes_make_new_states_and_leave_the_old_one_alone(
    printer: Printer, machine: Machine
) -> None:
    before = printer.state
    machine.change("toolhead", homed_axes="x", position=[1.0, 2.0, 3.0], extruder="extruder1")
    machine.change("gcode_move", homing_origin=[0.0, 0.0, -0.05, 0.0])
    await until(lambda: printer.state.homing_origin == (0.0, 0.0, -0.05))
    assert printer.state.extruder == "extruder1"
    assert printer.state.position == (1.0, 2.0, 3.0)
    assert not printer.state.homed("xy")
    assert before.homed()
    assert before.position == (100.0, 100.0, 10.0)


async def test_a_part_of_an_object_changes_only_that_part(printer: Printer, machine: Machine) -> None:
    machine.change("extruder", target=60.0)
    await until(lambda: printer.state.heaters["extruder"].target == 60.0)
    assert printer.state.heaters["extruder"].temperature == 24.0


async def test_the_paper_test_and_what_it_stages(printer: Printer, machine: Machine) -> None:
    machine.change(
        "manual_probe", is_active=True, z_position=0.2, z_position_lower=None, z_position_upper=5.0
    )
    machine.change(
        "configfile", save_config_pending=True, save_config_pending_items={"probe": {"z_offset": "1.523"}}
    )
    await until(lambda: printer.state.save_config.pending)
    paper = printer.state.manual_probe
    assert (paper.is_active, paper.z_position, paper.lower, paper.upper) == (True, 0.2, None, 5.0)
    assert printer.state.save_config.items == {"probe": {"z_offset": "1.523"}}


async def test_prints_and_pauses_are_seen(printer: Printer, machine: Machine) -> None:
    machine.change("print_stats", state="printing")
    await until(lambda: printer.state.printing)
    assert printer.state.busy
    machine.change("print_stats", state="paused")
    await until(lambda: printer.state.paused)
    assert printer.state.busy
    machine.change("print_stats", state="complete")
    await until(lambda: not printer.state.busy)


async def test_odd_values_do_no_harm(printer: Printer, machine: Machine) -> None:
    machine.change("extruder", temperature=math.nan, target="warm")
    machine.change("toolhead", position=[None, 1.0], homed_axes=None)
    machine.change("manual_probe", is_active="yes", z_position=math.inf)
    machine.change("heater_bed", temperature=40.0)
    await until(lambda: printer.state.heaters["heater_bed"].temperature == 40.0)
    assert "extruder" not in printer.state.heaters
    assert printer.state.position is None
    assert printer.state.homed_axes == ""
    assert printer.state.manual_probe.z_position is None


async def test_absent_objects_leave_their_fields_empty(transport: LinkedTransport, machine: Machine) -> None:
    for name in ("probe", "manual_probe", "gcode", "extruder", "heater_bed", "idle_timeout", "print_stats"):
        del machine.objects[name]
    printer = Printer(transport)
    await printer.start()
    assert printer.state.ready
    assert printer.state.probe is None
    assert printer.state.has_command("TESTZ") is None
    assert not printer.state.heaters
    assert not printer.state.manual_probe.is_active
    await printer.close()


async def test_kalico_is_recognised(transport: LinkedTransport, machine: Machine) -> None:
    machine.info_extra = {"app": "Kalico"}
    printer = Printer(transport)
    await printer.start()
    assert printer.state.app == "Kalico"
    await printer.close()


async def test_a_shutdown_is_seen_with_its_message(printer: Printer, machine: Machine) -> None:
    machine.halt("MCU 'mcu' shutdown: Timer too close")
    await until(lambda: printer.state.klippy == "shutdown")
    assert "Timer too close" in printer.state.message
    assert not printer.state.ready


async def test_a_config_error_is_seen_on_the_first_look(transport: LinkedTransport, machine: Machine) -> None:
    machine.objects["webhooks"] = {"state": "error", "state_message": "Section 'foo' is not valid\n"}
    printer = Printer(transport)
    await printer.start()
    assert printer.state.klippy == "error"
    assert printer.state.message == "Section 'foo' is not valid"
    machine.objects["webhooks"] = {"state": "ready", "state_message": "Printer is ready"}
    await until(lambda: printer.state.ready)
    await printer.close()


async def test_everything_is_read_anew_after_a_restart_over_klippys_socket(
    klippy: FakeKlippy, machine: Machine
) -> None:
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    starts = printer.state.starts
    machine.objects["configfile"]["settings"]["probe"]["z_offset"] = 1.75
    machine.objects["toolhead"]["homed_axes"] = ""
    del machine.objects["temperature_sensor chamber"]
    klippy.drop_clients()
    await until(lambda: not printer.state.ready)
    assert printer.state.klippy == "disconnected"
    assert printer.state.link
    await until(lambda: printer.state.ready)
    assert printer.state.starts == starts + 1
    assert printer.state.settings["probe"]["z_offset"] == 1.75
    assert printer.state.homed_axes == ""
    assert not printer.state.sensors
    machine.change("toolhead", homed_axes="xy")
    await until(lambda: printer.state.homed_axes == "xy")
    await printer.close()
    await link.close()


async def test_everything_is_read_anew_after_klippy_left_moonraker(
    moonraker: FakeMoonraker, machine: Machine
) -> None:
    link = open_transport(parse_address(moonraker.url))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    machine.leave()
    await until(lambda: printer.state.klippy == "disconnected")
    assert printer.state.connected
    machine.objects["toolhead"]["homed_axes"] = ""
    machine.come_back()
    await until(lambda: printer.state.ready)
    assert printer.state.starts == 2
    machine.change("toolhead", homed_axes="z")
    await until(lambda: printer.state.homed_axes == "z")
    await printer.close()
    await link.close()


async def test_a_late_word_of_readiness_reads_nothing_twice(
    moonraker: FakeMoonraker, machine: Machine
) -> None:
    link = open_transport(parse_address(moonraker.url))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    moonraker.notify("notify_klippy_ready")
    machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.42, 0.0])
    await until(lambda: printer.state.homing_origin[2] == 0.42)
    await printer.refresh()
    assert printer.state.starts == 1
    await printer.close()
    await link.close()


async def test_a_moonraker_without_klippy_is_waited_for(moonraker: FakeMoonraker, machine: Machine) -> None:
    moonraker.klippy_connected = False
    link = open_transport(parse_address(moonraker.url))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    assert printer.state.connected
    assert printer.state.klippy == "disconnected"
    assert "Klipper" in printer.state.message
    moonraker.klippy_connected = True
    await until(lambda: printer.state.ready)
    await printer.close()
    await link.close()


async def test_a_change_in_the_same_breath_as_the_subscription_is_not_lost(
    klippy: FakeKlippy, machine: Machine
) -> None:
    # both are then read from the socket at once, the change before the subscriber has run again
    klippy.after["objects/subscribe"] = lambda: machine.change(
        "gcode_move", homing_origin=[0.0, 0.0, 0.77, 0.0]
    )
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    await until(lambda: printer.state.homing_origin[2] == 0.77, limit=0.5)
    await printer.close()
    await link.close()


async def test_listeners_get_every_state(printer: Printer, machine: Machine) -> None:
    seen: list[Any] = []
    stop = printer.subscribe(seen.append)
    machine.change("extruder", temperature=50.0)
    await until(lambda: seen)
    assert seen[-1] is printer.state
    stop()
    count = len(seen)
    machine.change("extruder", temperature=51.0)
    await until(lambda: printer.state.heaters["extruder"].temperature == 51.0)
    assert len(seen) == count


async def test_only_what_is_needed_is_subscribed(klippy: FakeKlippy, machine: Machine) -> None:
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    told: list[Any] = []
    printer.subscribe(told.append)
    machine.change("configfile", settings={"huge": {}})
    machine.change("print_stats", total_duration=12.0)
    machine.tick()
    await asyncio.sleep(0.05)
    assert len(told) == 1
    await printer.close()
    await link.close()


@pytest.mark.parametrize(
    ("config_file", "instance"),
    [
        ("/home/pi/printer_data/config/printer.cfg", ""),
        ("/home/pi/printer_2_data/config/printer.cfg", "2"),
        ("/home/pi/printer_big_voron_data/config/printer.cfg", "big_voron"),
        ("/home/pi/klipper_config/printer.cfg", ""),
        ("/tmp/zcal-sim-voron-k3_x9q2a/config/printer.cfg", "voron"),
        ("/tmp/zcal-sim-k3_x9q2a/config/printer.cfg", ""),
        ("", ""),
    ],
)
def test_several_printers_on_one_host_are_told_apart(config_file: str, instance: str) -> None:
    assert instance_of(config_file) == instance


async def test_while_a_query_is_unanswered_updates_do_not_pile_up() -> None:
    machine = Machine()
    asked, answered = asyncio.Event(), asyncio.Event()

    class Slow(VirtualLink):
        async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
            reply = await super().call(method, params)
            if method == "objects/subscribe":
                asked.set()
                await answered.wait()
            return reply

    printer = Printer(Slow(machine, lambda method, params: {}))
    starting = asyncio.create_task(printer.start())
    await asked.wait()
    for n in range(20_000):
        machine.objects["extruder"]["temperature"] = 24.0 + n / 1000
        machine.change("extruder", temperature=24.0 + n / 1000)
    mirror = printer._mirror
    assert len(mirror._early) < 10
    answered.set()
    await starting
    assert printer.state.heaters["extruder"].temperature == pytest.approx(43.999)
    await printer.close()
