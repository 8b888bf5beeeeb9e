"""The sequence of CALIBRATE_Z: scripts, moves, speeds, samples that count, and the state after each way out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from klippy_extra.z_calibration.attachment import AttachmentCheck
from klippy_extra.z_calibration.calibration import (
    CalibrationResult,
    CalibrationScripts,
    CalibrationTargets,
    OffsetCalibration,
)
from klippy_extra.z_calibration.options import CalibrationSettings, ProbeConfiguration
from klippy_extra.z_calibration.sampling import HeightSampler
from klippy_extra.z_calibration.stopping import StopRequest

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

NOZZLE, SWITCH, BED = (206.0, 256.0), (206.0, 232.0), (125.0, 125.0)
PROBE = ProbeConfiguration(3, 0.02, 4, "median", 2.0, 11.0, (0.0, 20.0, 6.4))
SETTINGS = CalibrationSettings(
    samples=3,
    samples_tolerance=0.02,
    samples_tolerance_retries=1,
    samples_result="median",
    lift_speed=11.0,
    speed=50.0,
    safe_z_height=12.8,
    clearance=None,
    probing_speed=8.0,
    second_speed=3.0,
    retract_dist=2.0,
    position_min=-3.0,
    first_fast=False,
    wiggle=None,
)


class CommandError(Exception):
    """Klipper's."""


class Command:
    """The command CALIBRATE_Z as Klipper passes it."""

    error = CommandError

    def __init__(self) -> None:
        self.said: list[str] = []

    def get_command(self) -> str:
        return "CALIBRATE_Z"

    def respond_info(self, text: str) -> None:
        self.said.append(text)


class Printer:
    """A machine with given heights that records its calls."""

    def __init__(self, *, endstop: list[float] | None = None, attached: bool = True) -> None:
        self.log: list[str] = []
        self.position = (100.0, 100.0, 5.0)
        self._endstop = iter(endstop or [0.5] * 3 + [6.4] * 3)
        self._attached = attached

    def move(
        self, speed: float, *, x: float | None = None, y: float | None = None, z: float | None = None
    ) -> None:
        self.position = tuple(  # type: ignore[assignment]
            now if given is None else given for now, given in zip(self.position, (x, y, z), strict=True)
        )
        axes = "".join(
            f" {name}{value:g}" for name, value in zip("XYZ", (x, y, z), strict=True) if value is not None
        )
        self.log.append(f"move{axes} at {speed:g}")

    def descend_to_endstop(self, position_min: float, speed: float) -> tuple[float, float, float]:
        return self._touch("endstop", next(self._endstop), position_min, speed)

    def descend_to_bed(self, position_min: float, speed: float) -> tuple[float, float, float]:
        return self._touch("bed", 6.3, position_min, speed)

    def _touch(self, what: str, z: float, position_min: float, speed: float) -> tuple[float, float, float]:
        self.log.append(f"{what} to {position_min:g} at {speed:g}")
        self.position = (*self.position[:2], z)
        return self.position

    @contextlib.contextmanager
    def probing(self, speed: float) -> Iterator[None]:
        self.log.append("probing")
        try:
            yield
        finally:
            self.log.append("not probing")

    def script(self, name: str) -> Callable[[], None]:
        return lambda: self.log.append(name)

    def wait(self) -> None:
        pass

    def homed(self) -> bool:
        return True

    def step(self) -> float:
        return 0.00125

    def probe_triggered(self) -> bool:
        return not self._attached

    def probe_settings(self) -> ProbeConfiguration:
        return PROBE

    def twist(self, x: float, y: float) -> float:
        return 0.0

    def mesh_height(self, point: tuple[float, float]) -> float:
        return 0.0


def calibrate(
    printer: Printer, settings: CalibrationSettings = SETTINGS
) -> tuple[CalibrationResult, list[str]]:
    """Run a calibration; returns its result and its messages."""
    command = Command()
    machine: Any = printer
    sampler = HeightSampler(machine, settings, StopRequest(), cast("GCodeCommand", command))
    start, before_switch, end = (printer.script(name) for name in ("start", "before_switch", "end"))
    scripts = CalibrationScripts(start, before_switch, end, True)
    found: list[CalibrationResult] = []
    calibration = OffsetCalibration(machine, sampler, scripts, AttachmentCheck(True, False))
    calibration.measure(CalibrationTargets(NOZZLE, SWITCH, [BED], 0.5, False), found.append)
    return found[0], command.said


def test_the_whole_order() -> None:
    printer = Printer()
    found, _ = calibrate(printer)
    on_the_endstop = ["endstop to -3 at 3", "move Z2.5 at 11"] * 3
    assert printer.log == [
        "start",
        "move Z12.8 at 11",
        "move X206 at 50",  # X alone first, past a dock
        "move X206 Y256 at 50",
        *on_the_endstop,
        "before_switch",
        "probing",
        "move Z12.8 at 11",
        "move X206 Y232 at 50",
        *[line.replace("Z2.5", "Z8.4") for line in on_the_endstop],
        "move Z12.8 at 11",
        "move X125 Y105 at 50",  # the probe is over the point, not the nozzle
        *["bed to -3 at 3", "move Z8.3 at 11"] * 3,
        "not probing",
        "end",
    ]
    # The formula of the plugin: probe offset = probed height - (probe height - nozzle height + switch offset)
    assert found.offset == pytest.approx(6.3 - (6.4 - 0.5 + 0.5))


def test_a_first_fast_sample_does_not_count() -> None:
    printer = Printer(endstop=[0.9, *[0.5] * 3, 6.9, *[6.4] * 3])
    found, said = calibrate(printer, SETTINGS._replace(first_fast=True))
    samples = [line for line in printer.log if line.startswith(("endstop", "bed"))]
    for point in (samples[:4], samples[4:8], samples[8:]):
        assert [line.rpartition(" at ")[2] for line in point] == ["8", "3", "3", "3"]
    assert found.offset == pytest.approx(-0.1)
    assert "exceed" not in "".join(said)


@pytest.mark.parametrize(("result", "nozzle"), [("median", 0.5), ("average", 0.502)])
def test_samples_are_put_together_as_configured(result: str, nozzle: float) -> None:
    printer = Printer(endstop=[0.5, 0.499, 0.507, *[6.4] * 3])
    found, _ = calibrate(printer, SETTINGS._replace(samples_result=result))
    assert found.heights.nozzle.value == pytest.approx(nozzle)


def test_samples_that_differ_too_much_are_all_taken_again() -> None:
    printer = Printer(endstop=[0.5, 0.53, 0.51, 0.512, 0.511, *[6.4] * 3])
    found, said = calibrate(printer)
    assert found.heights.nozzle.samples == [0.51, 0.512, 0.511]
    assert said[2] == "CALIBRATE_Z: probe samples exceed tolerance. Retrying..."


def test_after_the_last_retry_it_ends_lifted_and_with_the_probe_away() -> None:
    printer = Printer(endstop=[0.5, 0.53, 0.5, 0.53])
    with pytest.raises(CommandError, match="probe samples exceed tolerance"):
        calibrate(printer)
    assert printer.log[-2:] == ["move Z12.8 at 11", "end"]
    assert "before_switch" not in printer.log


def test_without_the_probe_nothing_goes_down_after_the_nozzle() -> None:
    printer = Printer(attached=False)
    with pytest.raises(CommandError, match="probe not attached"):
        calibrate(printer)
    assert sum(line.startswith("endstop") for line in printer.log) == 3
    assert printer.log[-3:] == ["move X206 Y232 at 50", "not probing", "end"]
    assert printer.position[2] == 12.8


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ({}, "move Z12.8 at 11"),  # lift to it
        ({"clearance": 9.0}, "move Z14 at 11"),  # the older option: lift by it
        ({"clearance": 4.0}, "move X206 at 50"),  # already higher
        ({"safe_z_height": 5.0}, "move X206 at 50"),
    ],
)
def test_how_far_it_lifts_before_it_goes_sideways(settings: dict[str, Any], first: str) -> None:
    printer = Printer()
    calibrate(printer, SETTINGS._replace(**settings))
    assert printer.log[1] == first


def test_the_nozzle_is_wiggled_and_nothing_else() -> None:
    printer = Printer()
    calibrate(printer, SETTINGS._replace(wiggle=(1.0, -2.0)))
    assert printer.log.count("move X207 Y254 at 50") == 3
    assert not any("X207 Y230" in line or "X126" in line for line in printer.log)
