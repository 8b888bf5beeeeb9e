"""A report from the interface: format, file, nothing replaced without a yes, errors in sentences, where it is."""

import asyncio
import json
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from tests.tui import stored_runs
from tests.tui.app_driver import NORMAL, SMALL, AppDriver, Opener
from tests.tui.scripted import NOW, ScriptedSession
from zcal_tui.results.report import make
from zcal_tui.results.report.make import CannotWrite
from zcal_tui.tui import reporting
from zcal_tui.tui.widgets.text import Plain

NAME = f"zcal-voron24-{NOW:%Y-%m-%d}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def session(tmp_path: Path) -> ScriptedSession:
    """A printer with a past."""
    stored_runs.keep(tmp_path)
    return ScriptedSession(folder=tmp_path)


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return [path.name for path in folder.iterdir()]


def box(driver: AppDriver) -> str:
    """What the box in front says, however it is wrapped."""
    return "\n".join(str(plain.content) for plain in driver.app.screen.query("#box Plain").results(Plain))


async def until(driver: AppDriver, screen: str) -> None:
    """Let the thread that writes come back, and what it says be seen."""
    async with asyncio.timeout(20):
        while driver.screen != screen:
            await driver.pilot.pause(0.02)
    await driver.settle()


async def written(driver: AppDriver) -> None:
    """Wait for the word that it was written."""
    async with asyncio.timeout(20):
        while not driver.app._notifications:
            await driver.pilot.pause(0.02)
    await driver.settle()


async def to_the_file(driver: AppDriver, number: str, name: str, then: str = "PlanScreen") -> None:
    """Choose a format, type a name, write."""
    await driver.press("r", number)
    driver.app.screen.query_one(Input).value = name
    await driver.press("enter")
    await until(driver, then)


@pytest.mark.parametrize(
    ("number", "end", "begins"),
    [
        ("1", "html", "<!doctype html>"),
        ("2", "md", "# Z calibration of voron24"),
        ("3", "json", '{"event": "report"'),
    ],
)
async def test_each_format_goes_to_a_file_at_home(
    number: str, end: str, begins: str, opened: Opener, session: ScriptedSession, home: Path
) -> None:
    async with opened(session) as driver:
        await driver.press("r", number, "enter")
        await written(driver)
        words = driver.words()
        assert "The report was written" in words and f"{NAME}.{end}" in words.replace(" ", "")
        assert "2 of the runs could not be read." in words
        assert driver.screen == "PlanScreen"
    text = (home / f"{NAME}.{end}").read_text(encoding="utf-8")
    assert text.startswith(begins)
    if end == "json":
        told = json.loads(text)["printers"][0]["checks"]
        assert set(told) >= {"accuracy", "z-offset", "bias"} and told["accuracy"]["record"]["samples"]


@pytest.mark.parametrize("size", [SMALL, NORMAL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_by_taps_alone(
    size: tuple[int, int], opened: Opener, session: ScriptedSession, home: Path
) -> None:
    async with opened(session, size=size) as driver:
        await driver.press("h")
        await driver.click("#report")
        await driver.click("#option2")
        await driver.click("#go")
        await written(driver)
        assert (home / f"{NAME}.md").is_file()
        assert driver.screen == "HistoryScreen"


async def test_nothing_is_replaced_without_a_yes(
    opened: Opener, session: ScriptedSession, home: Path
) -> None:
    file = home / f"{NAME}.md"
    file.write_text("mine")
    async with opened(session) as driver:
        await driver.press("r", "2")
        assert "exists; asks before replacing it" in driver.words()
        await driver.press("enter")
        await until(driver, "ConfirmModal")
        assert "already exists" in box(driver)
        await driver.press("n")
        await until(driver, "TypedModal")
        assert driver.app.screen.query_one(Input).value == str(file)
        assert file.read_text() == "mine"
        await driver.press("enter")
        await until(driver, "ConfirmModal")
        await driver.press("y")
        await written(driver)
        assert driver.screen == "PlanScreen" and "The report was written" in driver.words()
        assert file.read_text().startswith("# Z calibration")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/no/such/r.md", "folder /no/such does not exist"),
        ("/tmp", "this is a folder"),
        ("~nobody-x/a", "~nobody-x/a"),
    ],
)
async def test_a_name_that_cannot_be_is_refused_while_it_is_typed(
    name: str, told: str, opened: Opener, session: ScriptedSession, home: Path
) -> None:
    async with opened(session) as driver:
        await driver.press("r", "1")
        driver.app.screen.query_one(Input).value = name
        await driver.settle()
        assert told in driver.words()
        assert driver.app.screen.query_one("#go", Button).disabled
        await driver.press("enter")
        assert driver.screen == "TypedModal"
        await driver.press("escape")
        assert driver.screen == "PlanScreen" and not names(home)


async def test_what_keeps_it_from_being_written_is_told_and_another_name_can_be_given(
    opened: Opener, session: ScriptedSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str, *, replace: bool) -> None:
        raise CannotWrite(f"{path} cannot be written: no space left on device.")

    monkeypatch.setattr(reporting, "write", full)
    async with opened(session) as driver:
        await to_the_file(driver, "2", str(home / "other.md"), "ProblemModal")
        assert "other.md cannot be written: no space left on device." in box(driver)
        assert "Choose another name or folder." in box(driver)
        monkeypatch.setattr(reporting, "write", make.write)
        await driver.press("escape")
        await until(driver, "TypedModal")
        await driver.press("enter")
        await written(driver)
        assert (home / "other.md").is_file() and names(home) == ["other.md"]


async def test_without_a_home_it_goes_to_the_folder_of_the_results(
    opened: Opener, session: ScriptedSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/no/such/home")
    async with opened(session) as driver:
        await driver.press("r", "3")
        assert driver.app.screen.query_one(Input).value == str(tmp_path / f"{NAME}.json")


async def test_it_can_be_left_at_every_step(opened: Opener, session: ScriptedSession, home: Path) -> None:
    async with opened(session) as driver:
        await driver.press("r", "escape")
        assert driver.screen == "PlanScreen"
        await driver.press("r", "1", "escape")
        assert driver.screen == "PlanScreen" and not names(home)
