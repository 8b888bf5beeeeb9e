"""What saving meets: a person who answers, a Klipper that stages and restarts, and its failures."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.model.events import ChangesUpdated, Event, Notice
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep
from zcal_tui.model.record import Change, Problem
from zcal_tui.printer.config_files import ConfigFiles, ConfigUnreadable
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_interface import INTERFACE
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving.saver import Saver

FOUND = Change("probe", "z_offset", "1.500", "1.520", saves=True)


class NoFiles:
    """A printer whose files this program cannot read."""

    async def read(self) -> ConfigText:
        raise ConfigUnreadable("They are elsewhere.")

    async def backups(self) -> frozenset[str]:
        raise ConfigUnreadable("They are elsewhere.")

    async def free(self) -> int | None:
        return None

    async def replace(self, before: str, after: str) -> str:
        raise ConfigUnreadable("They are elsewhere.")


class Person:
    """Answers questions by their keys, and those about a group's parts one after the other; None cancels."""

    present = True

    def __init__(
        self, *, of_group: str | None = "save", parts: Sequence[bool] = (), **answers: bool | None
    ) -> None:
        self._answers = answers
        self._of_group = of_group
        self._parts = list(parts)
        self.asked: list[Confirm] = []
        self.chosen: list[Choose] = []
        self.before: Callable[[], None] = lambda: None

    async def confirm(self, question: Confirm) -> bool:
        self.asked.append(question)
        self.before()
        if question.key == "save-part":
            return self._parts.pop(0)
        answer = self._answers[question.key.replace("-", "_")]
        if answer is None:
            raise CheckCancelled
        return answer

    async def choose(self, question: Choose) -> str:
        self.chosen.append(question)
        self.before()
        if self._of_group is None:
            raise CheckCancelled
        return self._of_group

    async def paper(self, question: PaperStep) -> PaperMove:
        raise AssertionError(question)

    async def jog(self, question: JogStep) -> JogMove:
        raise AssertionError(question)


class Klipper:
    """What the fake machine does with staged values: klippy's part of saving, and its failures."""

    def __init__(self, machine: Machine, server: FakeKlippy) -> None:
        self.machine = machine
        self.server = server
        self.saved = 0
        self.refusal = ""
        self.forgets = False
        """Whether the restart comes back with the old values."""
        self.stages: Callable[[float], float] = lambda value: value
        self.reads: Callable[[str], object] = float
        machine.objects["zcal"] = {"version": ".".join(map(str, INTERFACE)), "unavailable": {}}
        machine.handlers |= {
            "ZCAL_STAGE": self._stage,
            "SAVE_CONFIG": self._save,
            "SET_GCODE_OFFSET": self._offset,
            "Z_OFFSET_APPLY_PROBE": self._apply,
        }

    @property
    def pending(self) -> dict[str, Any]:
        items: dict[str, Any] = self.machine.objects["configfile"]["save_config_pending_items"]
        return items

    def without_extra(self) -> None:
        del self.machine.objects["zcal"]
        self.machine.objects["gcode"]["commands"]["Z_OFFSET_APPLY_PROBE"] = {}

    def set_pending(self, section: str, option: str, value: str) -> None:
        items = {**self.pending, section: {**self.pending.get(section, {}), option: value}}
        self.machine.change("configfile", save_config_pending=True, save_config_pending_items=items)

    async def _stage(self, parameters: dict[str, str]) -> None:
        section = parameters["SECTION"].strip('"')
        value = self.stages(float(parameters["VALUE"]))
        self.set_pending(section, parameters["OPTION"], f"{value:.3f}")

    async def _offset(self, parameters: dict[str, str]) -> None:
        self.machine.change("gcode_move", homing_origin=[0.0, 0.0, float(parameters["Z"]), 0.0])

    async def _apply(self, parameters: dict[str, str]) -> None:
        offset = self.machine.objects["gcode_move"]["homing_origin"][2]
        self.set_pending("probe", "z_offset", f"{self.stages(1.5 - offset):.3f}")

    async def _save(self, parameters: dict[str, str]) -> None:
        if self.refusal:
            raise Refused(self.refusal)
        self.saved += 1
        self.restart()

    def restart(self) -> None:
        """Restart with what is pending, as SAVE_CONFIG does."""
        configfile = self.machine.objects["configfile"]
        if not self.forgets:
            for section, options in self.pending.items():
                settings = configfile["settings"].setdefault(section.lower(), {})
                settings.update({option: self.reads(value) for option, value in options.items()})
        self.machine.objects["webhooks"] = {"state": "startup", "state_message": "Printer is not ready"}

        def leave() -> None:
            configfile.update(save_config_pending=False, save_config_pending_items={})
            self.server.drop_clients()

        asyncio.get_running_loop().call_later(0.05, leave)
        asyncio.get_running_loop().call_later(0.1, self.machine.come_back)


@dataclass
class Outcome:
    """What came of it."""

    problem: Problem | None
    changes: tuple[Change, ...]
    notices: list[str] = field(default_factory=list)
    asked: list[Confirm] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.changes[0].state

    @property
    def messages(self) -> str:
        problem = self.problem
        words = [] if problem is None else [problem.what, problem.cause, problem.remedy]
        return "\n".join([*self.notices, *words])


TAKEN = {"holder": "another program", "until": 99.0, "holds": []}
"""The lease, as another program's."""


async def save(
    printer: Printer,
    person: Person | None = None,
    *changes: Change,
    policy: Any = "ask",
    cancelled: Callable[[], bool] = lambda: False,
    files: ConfigFiles | None = None,
    group: Sequence[FoundValues] = (),
) -> Outcome:
    """Save as a run does at its end."""
    await printer.start()
    person = person or Person(save=True, discard_pending=False)
    now = changes or (FOUND,)
    notices: list[str] = []

    def emit(event: Event) -> None:
        nonlocal now
        match event:
            case ChangesUpdated(updated):
                now = updated
            case Notice(text):
                notices.append(text)

    saver = Saver(printer, person, files or NoFiles(), emit, cancelled, policy, group)
    problem = await saver.save(now)
    return Outcome(problem, now, notices, person.asked)
