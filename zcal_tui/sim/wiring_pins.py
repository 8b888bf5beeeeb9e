"""Pins: their description in printer.cfg, the board's aliases for them, and groups of pins that act as one.

Source: Klipper docs, Config_Reference, "Micro-controller configuration", "[board_pins]", "[multi_pin]".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, Section, sections_named
from zcal_tui.sim import wiring_replicape
from zcal_tui.sim.refusals import Options, Refusals
from zcal_tui.sim.sections import kind_name
from zcal_tui.sim.wiring_types import MAIN, Pin

_PIN_OPTION = re.compile(r"(^|_)pins?$")
_NOT_OF_A_PIN = re.compile(r"[\s^~!:]")
_NO_PINS_IN = (
    "board_pins",
    "duplicate_pin_override",
    "gcode_macro",
    "delayed_gcode",
    "multi_pin",
    "samd_sercom",
)
_VIRTUAL_CHIPS = re.compile(r"^(probe|bltouch|load_cell_probe|dockable_probe|tmc\d+_.+)$")
_PULLUPS = {"^": 1, "~": -1}
_LOADED_LAST = ("stepper", "extruder")
"""Sections that klippy loads after all others, so that these may be anywhere in the file."""
_NOWHERE = Pin("")


@dataclass(frozen=True, slots=True)
class PinDescription:
    """A pin as it is written, its parts apart: [^~][!][CHIP:]NAME."""

    pullup: str
    """`^`, `~` or nothing."""
    invert: bool
    chip: str
    """Empty where none is written."""
    name: str

    @property
    def is_sound(self) -> bool:
        """Whether klippy accepts it."""
        return bool(self.name) and not _NOT_OF_A_PIN.search(self.name) and not _NOT_OF_A_PIN.search(self.chip)


def read_pin(text: str) -> PinDescription:
    """The parts of a pin's description, in the order in which klippy takes them off."""
    text = text.strip()
    pullup = text[:1] if text[:1] in ("^", "~") else ""
    text = text.removeprefix(pullup).strip()
    invert = text.startswith("!")
    chip, colon, name = text.removeprefix("!").strip().partition(":")
    return PinDescription(pullup, invert, *((chip.strip(), name.strip()) if colon else ("", chip.strip())))


def read_pins(text: str) -> Iterator[tuple[str, PinDescription]]:
    """Each pin of a list, as it is written and its parts."""
    for description in text.replace("\n", ",").split(","):
        if description.strip():
            yield description, read_pin(description)


class WiringPins:
    """Reads the pins of one configuration."""

    def __init__(self, configuration: Configuration, refusals: Refusals) -> None:
        self._configuration = configuration
        self._refusals = refusals
        self._chips = tuple(
            section.name.split(maxsplit=1)[1]
            for section in sections_named(configuration, "mcu")
            if " " in section.name
        )
        self._order = {name: number for number, name in enumerate(configuration.sections)}
        self._scaled = {
            section.name.split(maxsplit=1)[1]: section
            for section in sections_named(configuration, "adc_scaled")
            if " " in section.name
        }
        self._expanders = {
            f"sx1509_{section.name.split(maxsplit=1)[1]}": section
            for section in sections_named(configuration, "sx1509")
            if " " in section.name
        }
        self._replicape = configuration.sections.get(wiring_replicape.KIND)
        self._reserved: dict[tuple[str, str], str] = {}
        self._aliases = {chip: dict(self._read_aliases(chip)) for chip in (MAIN, *self._chips)}
        self._multi: Mapping[str, Options] = {
            section.name.split(maxsplit=1)[1]: Options(section, refusals)
            for section in sections_named(configuration, "multi_pin")
            if " " in section.name
        }

    def pin(self, options: Options, option: str, description: str | None = None) -> Pin:
        """The pin that an option names; the first one where it names a [multi_pin]."""
        found = self.pins(options, option, description)
        return found[0] if found else _NOWHERE

    def optional(self, options: Options, option: str) -> Pin | None:
        """The same; None without such an option, or where it names a pin of another chip."""
        if options.optional(option) is None:
            return None
        found = self.pins(options, option)
        return found[0] if found else None

    def pins(self, options: Options, option: str, description: str | None = None) -> tuple[Pin, ...]:
        """All pins that one description stands for; none for a pin of a chip that is no micro-controller."""
        text = options.text(option) if description is None else description
        if not text.strip():
            return ()
        written = read_pin(text)
        chip, name, invert = written.chip, written.name, written.invert
        if not written.is_sound:
            options.refuse(option, f"{text!r} is not a pin. Write [^~][!]NAME, for example ^!PB6.")
            return ()
        if chip == "multi_pin":
            return self._group(options, option, name, invert)
        if chip in self._scaled or chip in self._expanders:
            self._check_order(options, option, self._scaled.get(chip) or self._expanders[chip])
            return (self._scaled_pin(chip, name),) if chip in self._scaled else ()
        if chip == wiring_replicape.KIND and self._replicape is not None:
            self._check_order(options, option, self._replicape)
            return self._replicape_pin(self._replicape, options, option, written)
        if chip and chip != MAIN and chip not in self._chips:
            if not _VIRTUAL_CHIPS.match(chip):
                options.refuse(option, f"There is no section for {chip}, which {text!r} names.")
            return ()
        reserved = self._reserved.get((chip or MAIN, name))
        if reserved is not None:
            options.refuse(option, f"[board_pins] reserves the pin {name} for {reserved}.")
            return ()
        return (Pin(self._full(chip or MAIN, name), invert, _PULLUPS.get(written.pullup, 0)),)

    @property
    def chips(self) -> tuple[str, ...]:
        """The names of the further micro-controllers."""
        return self._chips

    def all(self) -> tuple[str, ...]:
        """The name of every pin that the configuration uses."""
        return tuple(
            dict.fromkeys(
                pin for section in self._configuration.sections.values() for pin in self.of(section)
            )
        )

    def of(self, section: Section) -> Iterator[str]:
        """The names of the pins that a section uses."""
        if section.kind in _NO_PINS_IN:
            return
        options = Options(section, self._refusals)
        if section.kind == wiring_replicape.KIND and section.get("enable_pin") is None:
            default = wiring_replicape.DEFAULT_ENABLE_PIN
            yield from (found.name for found in self.pins(options, "enable_pin", default))
        for option, value in section.options.items():
            if not _PIN_OPTION.search(option):
                continue
            for description, pin in read_pins(value.value):
                if pin.name and "virtual_endstop" not in description:
                    yield from (found.name for found in self.pins(options, option, description))

    def written(self, section: Section) -> Iterator[tuple[str, str, str]]:
        """Pins of micro-controllers that a section uses: the option, the name as it is written, the machine's name."""
        if section.kind in _NO_PINS_IN:
            return
        for option, value in section.options.items():
            if not _PIN_OPTION.search(option):
                continue
            for _, pin in read_pins(value.value):
                if pin.is_sound and (pin.chip or MAIN) in self._aliases:
                    yield option, pin.name, self._full(pin.chip or MAIN, pin.name)

    def _full(self, chip: str, name: str) -> str:
        """The machine's name of a pin, its alias resolved."""
        name = self._aliases[chip].get(name, name)
        return name if chip == MAIN else f"{chip}:{name}"

    def _scaled_pin(self, chip: str, name: str) -> Pin:
        """A pin behind [adc_scaled]: on the micro-controller of its references."""
        reference = self.pin(Options(self._scaled[chip], self._refusals), "vref_pin").name
        return Pin(self._full(reference.partition(":")[0] if ":" in reference else MAIN, name))

    def _replicape_pin(
        self, section: Section, options: Options, option: str, pin: PinDescription
    ) -> tuple[Pin, ...]:
        """An output of a Replicape: on the micro-controller of its host."""
        host = wiring_replicape.host_of(section)
        name = wiring_replicape.output_name(section, options, option, pin.name, invert=pin.invert)
        if name is None or host not in self._aliases:
            return ()
        return (Pin(self._full(host, name), pin.invert),)

    def _group(self, options: Options, option: str, name: str, invert: bool) -> tuple[Pin, ...]:
        group = self._multi.get(name)
        if group is None:
            options.refuse(option, f"There is no section [multi_pin {name}].")
            return ()
        self._check_order(options, option, group.section)
        return tuple(
            Pin(pin.name, pin.invert != invert, pin.pullup)
            for description, member in read_pins(group.text("pins"))
            if member.chip != "multi_pin"
            for pin in self.pins(group, "pins", description)
        )

    def references(self) -> Mapping[str, float]:
        """What the pins read that [adc_scaled] compares others with, as fractions of full scale."""
        found: dict[str, float] = {}
        for section in self._scaled.values():
            options = Options(section, self._refusals)
            found[self.pin(options, "vssa_pin").name] = 0.0
            found[self.pin(options, "vref_pin").name] = 1.0
        return found

    def _check_order(self, options: Options, option: str, chip: Section) -> None:
        """Klippy knows a chip only below its section."""
        below = self._order[options.name] > self._order[chip.name]
        if not below and kind_name(options.name) not in _LOADED_LAST:
            options.refuse(option, f"[{chip.name}] must be above this section.")

    def _read_aliases(self, chip: str) -> Iterator[tuple[str, str]]:
        found: dict[str, str] = {}
        for section in sections_named(self._configuration, "board_pins"):
            chips = [name.strip() for name in (section.get("mcu") or MAIN).split(",")]
            if chip not in chips:
                continue
            names = ("aliases", *(option for option in section.options if option.startswith("aliases_")))
            for option in names:
                for entry in (section.get(option) or "").replace("\n", ",").split(","):
                    alias, _, pin = (part.strip() for part in entry.partition("="))
                    if pin.startswith("<"):
                        self._reserved[chip, alias] = pin.strip("<>")
                    elif pin:
                        found[alias] = found.get(pin, pin)
        yield from found.items()
