"""What was run before: the list, the trend, a run opened, two compared; what is broken is told and never breaks it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Button

from tests.tui import stored_runs
from tests.tui.app_driver import LARGE, NORMAL, SMALL, AppDriver, Opener, at_sizes
from tests.tui.history_scenes import (
    PICTURED,
    SCENES,
    compared,
    drawn,
    history,
    one_check,
    opened_run,
    press,
    read,
    unreadable,
)
from tests.tui.onscreen import cut_off
from tests.tui.scripted import ScriptedSession
from zcal_tui.model.record import Level, Outcome, Verdict
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store
from zcal_tui.tui.history_model import HistoryModel, read_runs
from zcal_tui.tui.screens import history as module
from zcal_tui.tui.screens.plan import PlanScreen
from zcal_tui.tui.widgets.runlist import RunList
from zcal_tui.tui.widgets.trendplot import TrendPlot

SIZES = at_sizes(SMALL, NORMAL, LARGE)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The history tells this computer's time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def session(tmp_path: Path) -> ScriptedSession:
    """A printer with a past."""
    stored_runs.keep(tmp_path)
    newest = {record.check: record for record in stored_runs.past()}
    session = ScriptedSession(folder=tmp_path)
    session.update(last=newest)
    return session


@SIZES
@pytest.mark.parametrize("name", SCENES)
async def test_nothing_is_cut_off_and_stop_is_there(
    name: str, size: tuple[int, int], opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session, size=size) as driver:
        await SCENES[name](driver)
        screen = driver.app.screen
        assert cut_off(screen) == []
        for widget in screen.query("RunList, TrendPlot, #outcome, Button").results():
            assert not widget.display or screen.find_widget(widget).visible_region == widget.region, widget
        await driver.press("f12")
        assert session.asked_for("stop") == 1


@at_sizes(SMALL, NORMAL)
@pytest.mark.parametrize("name", PICTURED)
async def test_pictures(
    name: str,
    size: tuple[int, int],
    opened: Opener,
    session: ScriptedSession,
    same_snapshot: Callable[[AppDriver, str], None],
) -> None:
    async with opened(session, size=size) as driver:
        await SCENES[name](driver)
        same_snapshot(driver, f"{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("name", ["history", "compared"])
async def test_on_a_text_console_every_button_can_be_reached(
    name: str, opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session, term="linux") as driver:
        await SCENES[name](driver)
        assert cut_off(driver.app.screen) == []
        assert "◆" not in driver.text() and "✓" not in driver.text()


async def test_the_newest_is_first_and_each_says_how_it_ended(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session, size=(100, 40)) as driver:
        await history(driver)
        rows = [line.strip(" │▌") for line in driver.text().splitlines() if "│" in line]
        assert rows[0].startswith("✗ 2026-06-11 08:00  Repeatability        unreadable")
        assert rows[1].startswith("— 2026-06-10 09:30  Location bias        interrupted")
        assert rows[2].startswith("— 2026-06-09 09:30  Backlash             printer error")
        assert rows[3].startswith("— 2026-06-08 09:30  Temperature          cancelled")
        assert rows[4].startswith("! 2026-06-07 09:30  Ready                warning")
        assert rows[5].startswith(
            "✓ 2026-06-05 11:30  Z offset             passed         1.2455 mm ± 6.0 µm"
        )
        assert "All checks · 20 runs" in driver.text()
        await driver.press("end")
        last = drawn(driver, RunList).splitlines()[-1]
        assert "✗ —                 what is this.jsonl   unreadable" in last, "files of another name are last"


@pytest.mark.parametrize(
    ("down", "told"),
    [
        (0, "Cannot be read: it contains no run. 20260611T080000-000001-accuracy.jsonl"),
        (1, "Interrupted: 2 samples stored."),
        (2, "The probe did not trigger [/oops]."),
        (3, "Cancelled: 7 samples stored."),
        (4, "Ready, but the mesh is [old] and 8 weeks of age."),
        (5, "The z_offset is 1.246 mm."),
    ],
)
async def test_what_the_chosen_run_came_to(
    down: int, told: str, opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session) as driver:
        await history(driver)
        await driver.press(*["down"] * down)
        assert told in driver.words()


async def test_left_and_right_and_the_button_show_one_check_alone(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session) as driver:
        await history(driver)
        await driver.press("right")
        assert "Ready · 1 run" in driver.text()
        await driver.press("right")
        assert "Z offset · 4 runs" in driver.text() and "Repeatability" not in driver.text()
        await driver.press("left", "left")
        assert "All checks · 20 runs" in driver.text()
        await driver.click("#filter")
        assert "Ready · 1 run" in driver.text()
        await driver.press("left", "left")
        assert "Backlash · 1 run" in driver.text(), "round and round"


async def test_the_button_of_the_plan_shows_the_chosen_checks_runs(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session, check="z-offset") as driver:
        await one_check(driver)
        assert driver.screen == "HistoryScreen" and "Z offset · 4 runs" in driver.text()
        await driver.press("escape")
        assert driver.screen == "PlanScreen"


async def test_a_check_that_was_never_run_has_no_earlier_results(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session, check="first-layer") as driver:
        assert isinstance(driver.app.screen, PlanScreen)
        assert driver.app.screen.query_one("#earlier", Button).disabled


async def test_the_trend_shows_intervals_the_chosen_run_and_what_is_left_out(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session) as driver:
        await one_check(driver)
        await driver.press("down", "down")
        plot = drawn(driver, TrendPlot)
        assert plot.count("◆") == 1 and plot.count("●") == 6 and plot.count("○") == 2
        assert "│" in plot and "µm ┤" in plot and "2026-02-01" in plot and "2026-04-17" in plot
        assert "per 30 days" in driver.words() and "Circles: [probe] speed was different." in driver.words()
        at = plot.index("◆")
        await driver.press("down")
        assert drawn(driver, TrendPlot).index("◆") != at


async def test_a_check_with_a_limit_is_drawn_with_it(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session, check="bias") as driver:
        await one_check(driver)
        assert "25 µm ┤---" in drawn(driver, TrendPlot)


async def test_a_run_is_opened_to_be_read_only(opened: Opener, session: ScriptedSession) -> None:
    session.update(changed=(Changed("nozzle", "2026-06-20T10:00:00Z", "0.6 mm [new]"),))
    async with opened(session, size=(100, 50)) as driver:
        await opened_run(driver)
        assert driver.screen == "StoredRunScreen"
        words = driver.words()
        for told in (
            "PASSED The z_offset is 1.246 mm.",
            "✓ Saved in printer.cfg",
            "[probe] z_offset 1.245 → 1.246",
            "Stale: the nozzle was changed on",
            "2026-06-20 10:00: the nozzle was changed: 0.6 mm [new].",
            "when 2026-06-05 11:30, took 4 min",
            "nozzle 24 °C, bed 23 °C",
            "homed xyz, gantry levelled",
            "[probe] x_offset -25, y_offset 0, z_offset 1.245, speed 5",
        ):
            assert told in words, told
        names = {button.id for button in driver.app.screen.query(Button)}
        assert names == {"stop", "back", "show-plot", "plan"}
        await driver.press("r", "n", "s")
        assert session.runs == 0 and driver.screen == "StoredRunScreen"
        await driver.press("v")
        assert driver.screen == "PlotScreen"
        await driver.press("escape", "escape")
        assert driver.screen == "HistoryScreen"


async def test_a_run_that_was_cut_off_is_opened_as_far_as_it_got(
    opened: Opener, session: ScriptedSession
) -> None:
    async with opened(session) as driver:
        await press(driver, "h", "down", "enter")
        assert driver.screen == "StoredRunScreen"
        assert "2 samples are stored" in driver.words()


async def test_a_file_that_cannot_be_read_is_explained(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session) as driver:
        await unreadable(driver)
        assert driver.screen == "ProblemModal"
        assert "This run cannot be read." in driver.words() and "it contains no run" in driver.words()
        assert "Restore the file from a backup, or delete it." in driver.words()
        await press(driver, "escape", "end", "enter")
        assert driver.screen == "ProblemModal" and "what is this.jsonl" in driver.words()


async def test_a_run_that_goes_while_it_is_looked_at(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session) as driver:
        await press(driver, "h", *["down"] * 5)
        entry = driver.app.screen.query_one(RunList).entry
        assert entry is not None
        entry.path.unlink()
        await press(driver, "enter")
        assert driver.screen == "ProblemModal" and "No such file" in driver.words()


async def test_two_marked_runs_are_compared(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session, check="z-offset") as driver:
        await one_check(driver)
        await driver.press("d")
        assert driver.screen == "HistoryScreen", "nothing is marked yet"
        await driver.press("space", "down", "space", "down", "space")
        assert "A ✓" in driver.text() and "B ✓" in driver.text()
        await driver.press("d")
        assert driver.screen == "CompareScreen"
        words = driver.words()
        assert "A 2026-04-05 11:30" in words and "B 2026-05-05 11:30" in words, "the earlier one is A"
        assert "z_offset −2.0 µm (−10 µm … +6.5 µm) not significant" in words
        assert "A 1.2490 mm" in words and "B 1.2470 mm" in words
        await driver.press("escape")
        assert driver.screen == "HistoryScreen"


async def test_runs_of_two_checks_are_not_compared(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session) as driver:
        await history(driver)
        await driver.press(*["down"] * 4, "space", "down")
        assert driver.app.screen.query_one("#compare", Button).disabled
        await driver.press("d")
        assert driver.screen == "HistoryScreen"
        await driver.press("home", "space", "end", "d")
        assert driver.screen == "HistoryScreen", "one of them cannot be read"


async def test_what_else_was_different_is_told(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session, size=(100, 60)) as driver:
        await compared(driver)
        words = driver.words()
        assert "Repeatability: B against A" in words
        assert "[probe] speed 3 → 5" in words and "[probe] z_offset — → 1.245" in words


async def test_mouse_alone_gets_through(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session) as driver:
        await one_check(driver)
        runs = driver.app.screen.query_one(RunList)
        await driver.pilot.click(runs, offset=(10, 3))
        await driver.settle()
        assert runs.chosen == 2
        await driver.click("#mark")
        await driver.pilot.click(runs, offset=(10, 5))
        await driver.click("#compare")
        assert driver.screen == "CompareScreen"
        await driver.click("#back")
        await driver.pilot.click(runs, offset=(10, 5))
        await read(driver)
        assert driver.screen == "StoredRunScreen", "a second tap opens"
        await driver.click("#back")
        await driver.click("#back")
        assert driver.screen == "PlanScreen"


async def test_the_wheel_scrolls_without_choosing(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session) as driver:
        await history(driver)
        runs = driver.app.screen.query_one(RunList)
        assert "1–6 of 20" in driver.text()
        assert await driver.pilot._post_mouse_events([MouseScrollDown], runs, (10, 3), button=0)
        await driver.settle()
        assert "4–9 of 20" in driver.text() and runs.chosen == 0
        assert await driver.pilot._post_mouse_events([MouseScrollUp], runs, (10, 3), button=0)
        await driver.settle()
        assert "1–6 of 20" in driver.text()
        await driver.press("end")
        assert "15–20 of 20" in driver.text()


async def test_a_run_that_ends_meanwhile_comes_into_the_list(
    opened: Opener, session: ScriptedSession, tmp_path: Path
) -> None:
    async with opened(session) as driver:
        await history(driver)
        await driver.press("down", "down")
        fresh = stored_runs.record("first-layer", 6, 12, verdict=Verdict(Level.FAIL, "Too close."))
        stored_runs.write(tmp_path, fresh)
        session.update(last={**session.snapshot.last, "first-layer": fresh})
        await driver.settle()
        await read(driver)
        assert "All checks · 21 runs" in driver.text()
        entry = driver.app.screen.query_one(RunList).entry
        assert entry is not None and entry.check == "backlash", "the chosen run stays chosen"


async def test_a_printer_without_a_past(opened: Opener) -> None:
    async with opened(ScriptedSession()) as driver:
        await history(driver)
        assert "No check has been run on this printer yet." in driver.words()
        await driver.press("enter", "space", "d", "left", "right", "end", "pagedown")
        assert driver.screen == "HistoryScreen"


async def test_a_thousand_runs_do_not_hold_up_the_keys(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "printers" / "voron24"
    first = stored_runs.write(tmp_path, stored_runs.accuracy(1, 1))
    text = first.read_text()
    for number in range(999):
        stem = f"2025{number // 90 + 1:02d}01T{number % 90:06d}-000001-accuracy"
        (folder / f"{stem}.jsonl").write_text(text)
    reading: list[bool] = []
    async with opened(ScriptedSession(folder=tmp_path)) as driver:
        real = read_runs

        def slow(store: Store, printer: str) -> HistoryModel:
            reading.append(True)
            time.sleep(0.5)  # as a card does; a key pressed meanwhile is answered all the same
            return real(store, printer)

        monkeypatch.setattr(module, "read_runs", slow)
        await driver.press("h")
        while not reading:
            await driver.pilot.pause()
        assert "reading …" in driver.text()
        await driver.press("escape")
        assert driver.screen == "PlanScreen", "before it was read"
        await press(driver, "h")
        assert "1000 runs" in driver.text() and "1–6 of 1000" in driver.text()
        await driver.press("end")
        assert "995–1000 of 1000" in driver.text()


async def test_the_palette_and_the_help_have_it(opened: Opener, session: ScriptedSession) -> None:
    async with opened(session, size=LARGE) as driver:
        titles = {command.title for command in driver.app.get_system_commands(driver.app.screen)}
        assert {"History", "Report", "Earlier results: Z offset"} <= titles
        assert "Earlier results: First layer" not in titles
        await driver.app.run_action("history('z-offset')")
        await read(driver)
        assert "Z offset · 4 runs" in driver.text()
        await driver.press("f1")
        for told in ("Open", "Mark", "The diamond is the selected run"):
            assert told in driver.words()


async def test_a_run_without_a_verdict_or_with_an_unknown_check_is_shown(
    opened: Opener, tmp_path: Path
) -> None:
    stored_runs.write(tmp_path, replace(stored_runs.record("levelness", 6, 1), verdict=None))
    stored_runs.write(
        tmp_path, replace(stored_runs.record("wobble", 6, 2), outcome=Outcome.REFUSED, verdict=None)
    )
    async with opened(ScriptedSession(folder=tmp_path)) as driver:
        await history(driver)
        assert "levelness            no verdict" in driver.text()
        assert "wobble               not started" in driver.text()
        await press(driver, "enter")
        assert driver.screen == "StoredRunScreen" and "Not started" in driver.words()
