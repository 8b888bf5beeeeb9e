"""Pins: their description in printer.cfg, the board's aliases for them, and groups of pins that act as one.

Source: Klipper docs, Config_Reference, "Micro-controller configuration", "[board_pins]", "[multi_pin]".
"""

import re
from collections.abc import Iterator, Mapping

from zcal_tui.klipper_config.configuration import Configuration, Section, sections_named
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
_LOADED_LAST = ("stepper", "extruder")
"""Sections that klippy loads after all others, so that these may be anywhere in the file."""
_NOWHERE = Pin("")


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
        name = text.strip()
        pullup = {"^": 1, "~": -1}.get(name[:1], 0)
        name = name.lstrip("^~").strip()
        invert = name.startswith("!")
        chip, colon, name = name.removeprefix("!").strip().rpartition(":")
        chip, name = chip.strip(), name.strip()
        if not name or _NOT_OF_A_PIN.search(name) or _NOT_OF_A_PIN.search(chip):
            options.refuse(option, f"{text!r} is not a pin. Write [^~][!]NAME, for example ^!PB6.")
            return ()
        if chip == "multi_pin":
            return self._group(options, option, name, invert)
        if chip in self._scaled or chip in self._expanders:
            self._check_order(options, option, self._scaled.get(chip) or self._expanders[chip])
            return (self._scaled_pin(chip, name),) if chip in self._scaled else ()
        if colon and chip != MAIN and chip not in self._chips:
            if not _VIRTUAL_CHIPS.match(chip):
                options.refuse(option, f"There is no section for {chip}, which {text!r} names.")
            return ()
        return (Pin(self._full(chip if colon else MAIN, name), invert, pullup),)

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
        for option, value in section.options.items():
            if not _PIN_OPTION.search(option):
                continue
            for description in value.value.replace("\n", ",").split(","):
                if description.strip().lstrip("^~! ") and "virtual_endstop" not in description:
                    yield from (pin.name for pin in self.pins(options, option, description))

    def _full(self, chip: str, name: str) -> str:
        """The machine's name of a pin, its alias resolved."""
        name = self._aliases[chip].get(name, name)
        return name if chip == MAIN else f"{chip}:{name}"

    def _scaled_pin(self, chip: str, name: str) -> Pin:
        """A pin behind [adc_scaled]: on the micro-controller of its references."""
        reference = self.pin(Options(self._scaled[chip], self._refusals), "vref_pin").name
        return Pin(self._full(reference.partition(":")[0] if ":" in reference else MAIN, name))

    def _group(self, options: Options, option: str, name: str, invert: bool) -> tuple[Pin, ...]:
        group = self._multi.get(name)
        if group is None:
            options.refuse(option, f"There is no section [multi_pin {name}].")
            return ()
        self._check_order(options, option, group.section)
        return tuple(
            Pin(pin.name, pin.invert != invert, pin.pullup)
            for description in group.text("pins").replace("\n", ",").split(",")
            if description.strip() and "multi_pin:" not in description
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
                    alias, _, pin = entry.partition("=")
                    if pin.strip() and not pin.strip().startswith("<"):
                        found[alias.strip()] = found.get(pin.strip(), pin.strip())
        yield from found.items()
