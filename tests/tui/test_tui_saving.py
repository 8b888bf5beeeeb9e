"""The result first, then Save: from the result's button to the question, and what is said of values not saved."""

from dataclasses import replace

import pytest
from textual.widgets import Button

from tests.tui.app_driver import NORMAL, SMALL, AppDriver, Opener, at_sizes
from tests.tui.onscreen import cut_off
from tests.tui.scenes import SCENES, z_offset_found
from tests.tui.scripted import FINISHED, SAVE, ScriptedSession
from zcal_tui.model.events import ChangesUpdated, Notice, RunEnded
from zcal_tui.model.questions import HEAT, Choose, Confirm, Option
from zcal_tui.model.record import Outcome
from zcal_tui.session.saving.save_group import SaveGroupParameters
from zcal_tui.tui.screens import verdict as verdict_module
from zcal_tui.tui.widgets.text import Plain


def focused(driver: AppDriver) -> str:
    widget = driver.app.screen.focused
    return "" if widget is None else str(widget.id)


@at_sizes(NORMAL, SMALL)
async def test_the_result_shows_the_change_in_a_line_and_offers_save(
    size: tuple[int, int], opened: Opener
) -> None:
    async with opened(size=size) as driver:
        await z_offset_found(driver)
        assert driver.screen == "VerdictScreen"
        words = driver.words()
        assert "z_offset 1.245 → 1.251 ± 4.9 µm: the nozzle will be 6 µm closer to the bed" in words
        assert focused(driver) == "save"
        assert "Save shows the change to printer.cfg first, then asks before the restart." in words
        follows = str(driver.app.screen.query_one("#follows", Plain).content)
        assert follows.startswith("→ Save the new value, or continue without saving.")
        assert "Set z_offset to 1.251" not in follows, "it is in the line above and on the button"
        labels = [
            str(button.label).replace("\n", " ")
            for button in driver.app.screen.query("#buttons Button").results(Button)
        ]
        assert labels == [
            "Save and restart…",
            "Continue without saving",
            "Repeat",
            "Discard this result",
            "Plan",
        ]
        assert driver.app.screen.query("#discard")
        assert cut_off(driver.app.screen) == []
        assert driver.session.options.collect, "the run leaves its values to the person"


async def test_save_starts_the_save_of_that_run_and_writes_nothing_by_itself(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.press("enter")
        assert driver.session.asked[-1] == ("start", SaveGroupParameters("run-1"))
        driver.session.ask(SAVE)
        await driver.settle()
        assert driver.screen == "QuestionModal"
        assert focused(driver) == "no"
        await driver.press("enter")
        assert driver.session.answers == [False], "a stray Enter does not save"


async def saving(driver: AppDriver, state: str, outcome: Outcome = Outcome.FINISHED) -> None:
    """The save that the result's button started ends, with the value in this state."""
    session = driver.session
    found = session.snapshot.last["z-offset"]
    written = replace(found.changes[0], state=state)
    kept = replace(written, state="proposed") if state == "declined" else written
    session.emit(Notice("Saved and read back. Backup of the previous file: printer-20261129.cfg."))
    session.emit(ChangesUpdated((written,)))
    amended = replace(found, changes=(kept, *found.changes[1:]))
    session.update(last={**session.snapshot.last, "z-offset": amended})
    run = session.snapshot.run
    assert run is not None
    session.emit(
        RunEnded(replace(run.record, finished=FINISHED, outcome=outcome, parameters={"run": found.id}))
    )
    await driver.settle()


async def test_after_the_save_the_result_shows_it_with_the_backup(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.press("ctrl+s")
        await saving(driver, "saved")
        assert driver.screen == "VerdictScreen"
        assert "Saved in printer.cfg" in driver.words()
        assert "printer-20261129.cfg" in driver.words()
        assert not driver.app.screen.query("#save, #discard")
        await driver.press("q")
        assert driver.screen == "LeavingModal", "nothing is left to remind of"


async def test_a_value_that_is_not_saved_is_named_once_on_quitting(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.press("q")
        assert driver.screen == "ConfirmModal"
        assert "Z offset found z_offset 1.251, which is not saved." in driver.words()
        assert focused(driver) == "no"
        await driver.press("escape")
        assert driver.screen == "VerdictScreen"
        await driver.press("q")
        assert driver.screen == "LeavingModal"


async def test_declining_leaves_save_on_the_result_and_is_no_reason_to_remind(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.press("enter")
        await saving(driver, "declined")
        assert driver.screen == "VerdictScreen"
        assert "Not saved: you kept the old value. You can still save the new one." in driver.words()
        assert driver.app.screen.query("#save")
        await driver.press("q")
        assert driver.screen == "LeavingModal"


@pytest.mark.parametrize("policy", ["always", "never"])
async def test_other_policies_save_or_not_within_the_run(policy: str, opened: Opener) -> None:
    async with opened(save=policy) as driver:
        await z_offset_found(driver)
        assert not driver.session.options.collect
        assert not driver.app.screen.query("#save")
        await driver.press("q")
        assert driver.screen == "LeavingModal"


async def test_a_stale_result_or_an_older_one_offers_no_save(opened: Opener) -> None:
    async with opened(check="z-offset") as driver:
        await z_offset_found(driver)
        driver.session.update(stale={"z-offset": "the gantry was levelled since"})
        await driver.settle()
        await driver.press("p", "l")
        assert driver.screen == "VerdictScreen"
        assert not driver.app.screen.query("#save")


async def test_the_plan_names_what_is_not_saved_and_the_last_result_offers_it(opened: Opener) -> None:
    async with opened(check="z-offset") as driver:
        await z_offset_found(driver)
        await driver.press("p")
        assert "z_offset 1.251, not saved" in driver.words()
        await driver.press("l")
        assert focused(driver) == "save"


async def test_a_printer_that_cannot_be_asked_disables_save(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        driver.session.printer(klippy="shutdown", message="Lost")
        await driver.settle()
        assert driver.app.screen.query_one("#save").disabled
        before = len(driver.session.asked)
        await driver.press("ctrl+s")
        assert len(driver.session.asked) == before


async def test_discarding_asks_and_keeps_the_record(opened: Opener) -> None:
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.click("#discard")
        assert driver.screen == "ConfirmModal"
        await driver.press("enter")
        assert driver.screen == "VerdictScreen"
        assert driver.session.asked_for("discard") == 0
        await driver.press("d", "y")
        assert driver.session.asked[-1] == ("discard", "run-1")
        assert driver.screen == "PlanScreen"


HEATS = Confirm(HEAT, "Heat the bed to 60 °C for up to 50 min?", yes="Heat", no="Do not heat", consent=True)
GROUP = Choose(
    "save",
    "Save z_offset?",
    (Option("save", "Save and restart"), Option("none", "Keep the old value")),
    consent=True,
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [(SAVE, False), (HEATS, False), (GROUP, "none")],
    ids=lambda value: str(value)[:20],
)
async def test_enter_gives_no_consent(question: Confirm | Choose, answer: bool | str, opened: Opener) -> None:
    session = ScriptedSession()
    async with opened(session) as driver:
        await SCENES["first_touch"](driver)
        session.ask(question)
        await driver.settle()
        await driver.press("enter")
        assert session.answers == [answer]


async def test_enter_does_not_start_the_full_calibration(opened: Opener) -> None:
    async with opened() as driver:
        await SCENES["plan_consent"](driver)
        await driver.press("enter")
        assert driver.session.answers == ["not-now"]


async def test_a_no_pressed_twice_does_not_start_the_next_check(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_module, "KEY_GUARD", 600.0)
    async with opened() as driver:
        await z_offset_found(driver)
        await driver.press("enter")
        await saving(driver, "declined")
        before = driver.session.asked_for("start")
        await driver.press("n")
        assert driver.session.asked_for("start") == before and driver.screen == "VerdictScreen"
        monkeypatch.setattr(verdict_module, "KEY_GUARD", 0.0)
        await driver.press("n")
        assert driver.session.asked_for("start") == before + 1
