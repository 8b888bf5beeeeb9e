"""What a check is given, over the fake klippy."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.person import Nobody
from zcal_tui.checks.base import Context
from zcal_tui.checks.lease.temporary_settings import TemporarySettings
from zcal_tui.checks.operator import Operator
from zcal_tui.model.events import Event, Notice
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_module import ZcalModule

Kind = TypeVar("Kind")


class FakeClock:
    """A clock that stands still but for `sleep`, which calls `passed` with the new time."""

    def __init__(self, passed: Callable[[float], None] = lambda now: None) -> None:
        self.time = 0.0
        self._passed = passed

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        self._passed(self.time)


class FakeSampler:
    """Reports these samples, then fails with `error`, if any."""

    def __init__(self, samples: Sequence[Sample], error: Exception | None = None) -> None:
        self._touches = samples
        self._error = error

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        for sample in self._touches:
            if cancelled():
                return
            yield sample
        if self._error is not None:
            raise self._error


@dataclass
class Bench:
    """A printer that is followed, and what a check on it has said."""

    machine: Machine
    klippy: FakeKlippy
    printer: Printer
    said: list[Event] = field(default_factory=list)
    cancelled: bool = False

    def context(self, operator: Operator | None = None, **others: Any) -> Context:
        """A context with this person, and with these fields instead of the usual ones."""
        zcal = ZcalModule(self.printer)
        given: dict[str, Any] = {
            "printer": self.printer,
            "sampler": FakeSampler(()),
            "clock": FakeClock(),
            "emit": self.said.append,
            "cancelled": lambda: self.cancelled,
            "operator": operator or Nobody(),
            "zcal": zcal,
            "holder": TemporarySettings(self.printer, zcal, self.said.append),
        }
        return Context(**{**given, **others})

    def told(self, kind: type[Kind]) -> list[Kind]:
        """The events of a kind."""
        return [event for event in self.said if isinstance(event, kind)]

    @property
    def notices(self) -> str:
        """All notices, a line each."""
        return "\n".join(notice.text for notice in self.told(Notice))
