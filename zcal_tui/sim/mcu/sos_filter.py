"""A filter of second order sections in fixed point arithmetic, as firmware without a floating point unit has it.

Behaviour after Klipper src/sos_filter.c.
"""

from dataclasses import dataclass, field

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


class FilterOverflowError(ArithmeticError):
    """A value does not fit in 32 bits on its way through the filter."""


@dataclass(slots=True)
class FilterSection:
    """One section: b0, b1, b2, a1, a2, and its two values of state."""

    coefficients: tuple[int, ...] = (0, 0, 0, 0, 0)
    state: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class SosFilter:
    """Offset, scale, and up to `len(sections)` sections."""

    sections: list[FilterSection]
    active: int = 0
    coefficient_bits: int = 0
    offset: int = 0
    scale: int = 0
    scale_bits: int = 0
    auto_offset: bool = field(default=False)

    def apply(self, raw: int) -> int:
        """The filtered value. Raises FilterOverflowError."""
        if self.auto_offset:
            self.offset = -raw
            self.auto_offset = False
        value = _multiply(self.scale, _fits(raw + self.offset), self.scale_bits)
        bits = self.coefficient_bits
        for section in self.sections[: self.active]:
            b0, b1, b2, a1, a2 = section.coefficients
            first, second = section.state
            out = _wrap(_multiply(b0, value, bits) + first)
            section.state = (
                _wrap(_multiply(b1, value, bits) - _multiply(a1, out, bits) + second),
                _wrap(_multiply(b2, value, bits) - _multiply(a2, out, bits)),
            )
            value = out
        return value

    def section(self, index: int) -> FilterSection:
        """A section about to be changed: that makes the filter inactive until it is activated again."""
        self.active = 0
        if index >= len(self.sections):
            raise FirmwareShutdown("Filter section index larger than max_sections")
        return self.sections[index]

    def activate(self, count: int, coefficient_bits: int) -> None:
        """Use the first `count` sections."""
        if count > len(self.sections):
            raise FirmwareShutdown("Filter section index larger than max_sections")
        self.active = count
        self.coefficient_bits = coefficient_bits & 0x3F


class SosFilters:
    """The filter commands; `older` for those without offset and scale."""

    def __init__(self, firmware: Firmware, *, older: bool = False) -> None:
        self._firmware = firmware
        self._scale = 1 if older else 0
        firmware.command("config_sos_filter oid=%c max_sections=%c", self._config)
        firmware.command(
            "sos_filter_set_section oid=%c section_idx=%c sos0=%i sos1=%i sos2=%i sos3=%i sos4=%i",
            self._set_section,
        )
        firmware.command("sos_filter_set_state oid=%c section_idx=%c state0=%i state1=%i", self._set_state)
        if older:
            firmware.command(
                "sos_filter_set_active oid=%c n_sections=%c coeff_int_bits=%c", self._set_active_older
            )
            return
        firmware.command(
            "sos_filter_set_offset_scale oid=%c offset=%i scale=%i scale_frac_bits=%c auto_offset=%c",
            self._set_offset_scale,
        )
        firmware.command("sos_filter_set_active oid=%c n_sections=%c coeff_frac_bits=%c", self._set_active)

    def _config(self, oid: int, max_sections: int) -> None:
        sections = [FilterSection() for _ in range(max_sections)]
        self._firmware.assign(oid, SosFilter(sections, scale=self._scale))

    def _set_section(self, oid: int, index: int, *coefficients: int) -> None:
        self._firmware.lookup(oid, SosFilter).section(index).coefficients = coefficients

    def _set_state(self, oid: int, index: int, first: int, second: int) -> None:
        self._firmware.lookup(oid, SosFilter).section(index).state = (first, second)

    def _set_offset_scale(self, oid: int, offset: int, scale: int, bits: int, auto_offset: int) -> None:
        sos_filter = self._firmware.lookup(oid, SosFilter)
        sos_filter.offset = offset
        sos_filter.scale = scale
        sos_filter.scale_bits = bits & 0x3F
        sos_filter.auto_offset = bool(auto_offset)

    def _set_active_older(self, oid: int, count: int, integer_bits: int) -> None:
        self._set_active(oid, count, 31 - integer_bits)

    def _set_active(self, oid: int, count: int, coefficient_bits: int) -> None:
        self._firmware.lookup(oid, SosFilter).activate(count, coefficient_bits)


def _multiply(coefficient: int, value: int, bits: int) -> int:
    product = coefficient * value
    if bits:
        product = product + (1 << (bits - 1)) >> bits
    return _fits(product)


def _fits(value: int) -> int:
    if not INT32_MIN <= value <= INT32_MAX:
        raise FilterOverflowError
    return value


def _wrap(value: int) -> int:
    return (value - INT32_MIN & 0xFFFFFFFF) + INT32_MIN
