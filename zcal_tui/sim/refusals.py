"""Reasons why a printer.cfg cannot be simulated: all of them at once, each with section, option, file and line."""

from collections.abc import Iterable
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, Section, boolean
from zcal_tui.klipper_config.files import FileLocation

MISSING = "Klipper needs this option: add it."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. `section` is empty where a file itself is the problem, `option` where the whole section is."""

    place: FileLocation
    section: str
    option: str
    reason: str
    """Sentences."""

    def __str__(self) -> str:
        subject = f" [{self.section}]" if self.section else ""
        subject += f" {self.option}" if self.option else ""
        return f"{self.place}:{subject + ':' if subject else ''} {self.reason}"


class WiringError(Exception):
    """This printer.cfg cannot be simulated. `str()` has a line for each reason."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(map(str, self.refusals)))


class Refusals:
    """Collects reasons while reading goes on, each once, in the order of the file."""

    def __init__(self, configuration: Configuration) -> None:
        self._main = configuration.files.main
        self._files = {file: number for number, file in enumerate(configuration.files.texts)}
        self._found: dict[tuple[str, str, str, str], Refusal] = {}
        for fault in configuration.faults:
            self._add(Refusal(fault.place, "", "", fault.text))

    def section(self, section: Section, reason: str) -> None:
        """A section cannot be simulated."""
        self._add(Refusal(section.place, section.name, "", reason))

    def option(self, section: Section, option: str, reason: str) -> None:
        """An option cannot be simulated, or is missing."""
        self._add(Refusal(section.where(option), section.name, option, reason))

    def has(self, section: Section, option: str) -> bool:
        """Whether there is a reason about a section as a whole, or about this option of it."""
        return any(
            found.section == section.name and found.option in ("", option) for found in self._found.values()
        )

    def whole(self, reason: str) -> None:
        """The configuration as a whole cannot be simulated."""
        self._add(Refusal(FileLocation(self._main), "", "", reason))

    def all(self) -> tuple[Refusal, ...]:
        """The reasons, file by file and line by line."""
        return tuple(
            sorted(
                self._found.values(),
                key=lambda refusal: (
                    self._files.get(refusal.place.file, len(self._files)),
                    refusal.place.file,
                    refusal.place.line,
                ),
            )
        )

    def check(self) -> None:
        """Raise WiringError if there is a reason."""
        if self._found:
            raise WiringError(self.all())

    def _add(self, refusal: Refusal) -> None:
        key = (str(refusal.place), refusal.section, refusal.option, refusal.reason)
        self._found.setdefault(key, refusal)


class Options:
    """The options of one section. What is missing or wrong is refused, and a stand-in is returned to read on."""

    def __init__(self, section: Section, refusals: Refusals) -> None:
        self.section = section
        self.name = section.name
        self._refusals = refusals

    def text(self, option: str, default: str | None = None) -> str:
        """A value; mandatory where no default is given."""
        value = self.section.get(option)
        if value is not None:
            return value
        if default is None:
            self.refuse(option, MISSING)
        return default or ""

    def optional(self, option: str) -> str | None:
        """A value that may be missing."""
        return self.section.get(option)

    def number(self, option: str, default: float | None = None) -> float:
        """A number; mandatory where no default is given."""
        if default is not None and self.section.get(option) is None:
            return default
        value = self.text(option)
        try:
            return float(value)
        except ValueError:
            if self.section.get(option) is not None:
                self.refuse(option, f"{value!r} is not a number.")
            return 1.0

    def flag(self, option: str, default: bool) -> bool:
        """A boolean, as Python's configparser reads it."""
        value = self.section.get(option)
        if value is None:
            return default
        found = boolean(value)
        if found is None:
            self.refuse(option, f"{value!r} is neither True nor False.")
        return bool(found)

    def refuse(self, option: str, reason: str) -> None:
        """This option cannot be simulated."""
        self._refusals.option(self.section, option, reason)
