"""A Beacon's samples by the [zcal] module: always by its coil, whatever its own default is."""

from typing import Any

import pytest

from klippy_extra.zcal.host.probe import HostProbe


class FakeBeacon:
    """beacon_klipper 7c71e98 with `default_probe_method: contact`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.method = "contact"

    def get_status(self, _: float) -> dict[str, Any]:
        return {"name": self.name}

    def multi_probe_begin(self) -> None:
        pass

    def multi_probe_end(self) -> None:
        pass

    def get_offsets(self) -> tuple[float, float, float]:
        return (0.0, 0.0, 0.0) if self.method == "contact" else (0.0, 21.0, 2.0)

    def run_probe(self, command: dict[str, str]) -> list[float]:
        self.method = command.get("PROBE_METHOD", "contact")
        return [100.0, 100.0, 0.01 if self.method == "contact" else 2.01]


class FakePrinter:
    def __init__(self, probe: FakeBeacon) -> None:
        self.objects: dict[str, Any] = {"probe": probe, "gcode": self}

    def lookup_object(self, name: str, default: object = None) -> Any:
        return self.objects.get(name, default)

    def create_gcode_command(self, _: str, __: str, parameters: dict[str, str]) -> dict[str, str]:
        return parameters


@pytest.mark.parametrize(("name", "method"), [("beacon", "proximity"), ("probe", None)])
def test_a_beacon_is_sampled_by_its_coil(name: str, method: str | None) -> None:
    printer: Any = FakePrinter(FakeBeacon(name))
    motion: Any = None
    probe = HostProbe(printer, motion)
    probe._probe, probe.section = printer.lookup_object("probe"), name
    with probe.session({"PROBE_SPEED": "5"}) as session:
        sample = session.sample()
        assert session._command.get("PROBE_METHOD") == method
    if method:
        assert (sample.trigger_z, sample.bed_z) == pytest.approx((2.01, 0.01))
