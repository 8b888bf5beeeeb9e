"""Load cells: the firmware reads an HX711 or HX717, reports its data in bulk and feeds a trigger.

Behaviour after Klipper src/sensor_hx71x.c, and, with the commands of before trigger_analog, after Kalico's.
"""

from zcal_tui.sim.mcu.bulk_sensor import BYTES_PER_SAMPLE, BulkReports, BulkSensor
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.load_cell_probe import LoadCellTrigger
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown
from zcal_tui.sim.mcu.trigger_analog import TriggerAnalog

_POLLS_A_CONVERSION = 10
"""Klippy has the chip polled ten times as often as it converts; the chip's rate is set by a pin of its own."""


class Hx71x(BulkSensor):
    """The firmware's driver of a chip. Its name in the machine is that of its data pin."""

    def __init__(self, firmware: Firmware, oid: int, data_pin: str, reports: BulkReports) -> None:
        super().__init__(firmware, oid, reports)
        self._data_pin = data_pin
        self.trigger: TriggerAnalog | LoadCellTrigger | None = None

    @property
    def is_converting(self) -> bool:
        """See BulkSensor."""
        return True

    @property
    def is_homing(self) -> bool:
        """See BulkSensor."""
        return self.trigger is not None and self.trigger.homing

    def conversion_ticks(self, rest_ticks: int) -> float:
        """See BulkSensor."""
        return float(rest_ticks * _POLLS_A_CONVERSION)

    def measure(self, view: View, clock: int) -> int:
        """See BulkSensor."""
        return view.load_cell(self._data_pin, clock)

    def take(self, data: int) -> bytes:
        """See BulkSensor."""
        if self.trigger is not None:
            self.trigger.update(data)
        return data.to_bytes(BYTES_PER_SAMPLE, "little", signed=True)


class Hx71xs:
    """The commands of HX711 and HX717; `older` for those of before trigger_analog."""

    def __init__(self, firmware: Firmware, *, older: bool) -> None:
        self._firmware = firmware
        self._reports = BulkReports(firmware)
        firmware.command("config_hx71x oid=%c gain_channel=%c dout_pin=%u sclk_pin=%u", self._config)
        firmware.command("query_hx71x oid=%c rest_ticks=%u", self._query)
        firmware.command("query_hx71x_status oid=%c", self._query_status)
        if older:
            firmware.command("hx71x_attach_load_cell_probe oid=%c load_cell_probe_oid=%c", self._attach_older)
        else:
            firmware.command("hx71x_attach_trigger_analog oid=%c trigger_analog_oid=%c", self._attach)
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, gain_channel: int, data_pin: int, clock_pin: int) -> None:
        if not 1 <= gain_channel <= 4:
            raise FirmwareShutdown("HX71x gain/channel out of range 1-4")
        self._firmware.output_pin(clock_pin)
        name = self._firmware.input_pin(data_pin)
        self._firmware.assign(oid, Hx71x(self._firmware, oid, name, self._reports))

    def _query(self, oid: int, rest_ticks: int) -> None:
        self._firmware.lookup(oid, Hx71x).query(rest_ticks)

    def _query_status(self, oid: int) -> None:
        self._firmware.lookup(oid, Hx71x).send_status()

    def _attach(self, oid: int, trigger_oid: int) -> None:
        self._firmware.lookup(oid, Hx71x).trigger = self._firmware.lookup(trigger_oid, TriggerAnalog)

    def _attach_older(self, oid: int, trigger_oid: int) -> None:
        self._firmware.lookup(oid, Hx71x).trigger = self._firmware.lookup(trigger_oid, LoadCellTrigger)

    def _shutdown(self) -> None:
        for sensor in self._firmware.objects(Hx71x):
            sensor.query(0)
