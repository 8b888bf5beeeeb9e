"""Whatever a printer, a server or a file sends, the screens draw it as text: no control of the terminal, no markup."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.app_driver import SMALL, AppDriver, Opener
from tests.tui.scenes import running
from tests.tui.scripted import CHOOSE, JOG, PAPER, READY, RISKY, SAVE, UP, ScriptedSession
from tests.unit.fakes import records
from tests.unit.fakes.hostile import ATTACKS, harmful, poisoned
from zcal_tui import tui
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Option, Question
from zcal_tui.model.record import Level, Problem, Verdict
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import LinkState, PrinterLink

ALL = "".join(ATTACKS)


def check(driver: AppDriver) -> None:
    """What goes to the terminal is harmless, and no text of the printer's became a link or a style with an action."""
    rows = driver.app.screen._compositor.render_strips()
    segments = [segment for row in rows for segment in row if not segment.control]
    assert not harmful("".join(segment.text for segment in segments))
    actions = [segment.style.meta.get("@click") for segment in segments if segment.style is not None]
    assert "emergency_stop" not in str(actions)
    assert not any(segment.style.link for segment in segments if segment.style is not None)
    assert {row.cell_length for row in rows} == {driver.app.size.width}
    assert driver.session.asked_for("stop") == 0


def nasty(text: str) -> ScriptedSession:
    """A session whose printer's name, address and settings are hostile."""
    link = replace(UP, name=f"{UP.name}{text}", address=f"{UP.address}{text}", text=text)
    printer = replace(
        READY,
        hostname=f"voron{text}",
        software_version=f"v0.13{text}",
        settings={"printer": {"kinematics": "cartesian"}, "probe": {"z_offset": 1.2, f"o{text}": text}},
    )
    return ScriptedSession(link=link, printer=printer)


@pytest.mark.parametrize("text", [ALL, *ATTACKS[::9]], ids=range(4))
async def test_a_name_and_the_console_are_drawn_as_text(opened: Opener, text: str) -> None:
    async with opened(nasty(text)) as driver:
        check(driver)
        driver.app.notify(f"Note {text}", title="Title", markup=False)
        driver.session.console(f"!! {text}")
        driver.session.console(f"echo {text}")
        await driver.press("c")
        assert driver.screen == "ConsoleScreen"
        check(driver)


@pytest.mark.parametrize("size", [SMALL])
async def test_a_run_its_problem_and_its_verdict_are_drawn_as_text(
    opened: Opener, size: tuple[int, int]
) -> None:
    async with opened(nasty(ALL), size=size) as driver:
        await running(driver)
        driver.session.emit(Stage("touch", f"Probing {ALL}"), Notice(f"Note {ALL}"), Notice(f"{ALL}\n{ALL}"))
        await driver.settle()
        check(driver)
        driver.session.finish(Verdict(Level.WARN, f"Good {ALL}", (f"Because {ALL}", ALL)))
        await driver.settle()
        check(driver)
        await running(driver)
        driver.session.fail(Problem(f"What {ALL}", f"Why {ALL}", f"Fix {ALL}", ALL))
        await driver.settle()
        assert driver.screen == "ProblemModal"
        check(driver)


QUESTIONS: list[Question] = [
    replace(SAVE, text=f"Save? {ALL}", detail=f"{SAVE.detail}\n{ALL}", yes=f"Save {ALL}"),
    replace(RISKY, text=ALL, detail=ALL),
    replace(CHOOSE, text=ALL, detail=ALL, options=(Option("a", f"One {ALL}", ALL), Option("b", ALL))),
    replace(PAPER, text=ALL, detail=ALL),
    replace(JOG, text=ALL, detail=ALL),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: type(question).__name__)
async def test_questions_are_drawn_as_text(opened: Opener, question: Question) -> None:
    async with opened() as driver:
        await running(driver)
        driver.session.ask(question)
        await driver.settle()
        assert driver.screen != "RunScreen"
        check(driver)


async def test_a_printer_that_cannot_be_reached_is_drawn_as_text(opened: Opener) -> None:
    why = Problem(f"Nothing at {ALL}", ALL, ALL, ALL)
    session = ScriptedSession(link=PrinterLink(LinkState.FAILED, ALL, ALL, ALL, why), printer=PrinterState())
    async with opened(session) as driver:
        check(driver)


async def test_a_shutdown_is_drawn_as_text(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.printer(klippy="shutdown", message=ALL)
        driver.session.update(klippy_problem=Problem(ALL, ALL, ALL, ALL))
        await driver.settle()
        check(driver)


async def test_stored_runs_are_drawn_as_text(opened: Opener, tmp_path: Path) -> None:
    session = ScriptedSession(folder=tmp_path)
    session.update(printer=replace(READY, hostname="voron"), link=replace(UP, name="voron"))
    for n, record in enumerate((records.accuracy(1), records.accuracy(2), records.z_offset(3))):
        hostile = replace(poisoned(record, ALL), printer={"name": "voron"})
        records.keep(
            session.store, replace(hostile, check=f"unknown{ALL}", id=f"run{n}") if n == 2 else hostile
        )
    session.update(interrupted=(replace(records.bias(4), started=f"2026{ALL}", check=ALL),))
    async with opened(session, check=None) as driver:
        await driver.press("escape", "h")
        await until_shown(driver, "HistoryScreen")
        for key in ("down", "enter", "escape", "up", "ctrl+p"):
            await driver.press(key)
            check(driver)


async def until_shown(driver: AppDriver, screen: str) -> None:
    """Wait for a screen that reads from the disk first."""
    for _ in range(50):
        if driver.screen == screen:
            return
        await driver.settle()
    raise AssertionError(driver.screen)


def test_no_screen_uses_a_widget_that_parses_markup() -> None:
    folder = Path(tui.__file__).parent
    parsing = re.compile(
        r"from textual\.widgets import .*\b(?:Button|Label|Static|Markdown|OptionList|Link)\b"
    )
    found = [path.name for path in folder.rglob("*.py") if parsing.search(path.read_text(encoding="utf-8"))]
    assert sorted(found) == ["button.py", "text.py"]
