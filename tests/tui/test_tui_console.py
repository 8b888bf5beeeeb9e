"""The console: commands are completed from what the printer knows and what was typed."""

from textual.widgets import Input

from tests.tui.app_driver import LARGE, AppDriver, Opener
from zcal_tui.tui.completion import candidates, completed

KNOWN = frozenset({"QUERY_PROBE", "QUERY_ENDSTOPS", "G28", "PROBE"})


def test_a_command_is_completed_as_far_as_it_is_certain() -> None:
    assert completed("qu", KNOWN) == ("QUERY_", ["QUERY_ENDSTOPS", "QUERY_PROBE"])
    assert completed("query_p", KNOWN) == ("QUERY_PROBE ", ["QUERY_PROBE"])
    assert completed("G28 X", KNOWN) == ("G28 X", [])
    assert completed("zz", KNOWN) == ("zz", [])
    assert completed("", KNOWN) == ("", [])


def test_what_was_typed_is_suggested_before_what_is_known() -> None:
    assert candidates("p", ["PROBE SAMPLES=3"], KNOWN) == ["PROBE SAMPLES=3", "PROBE"]
    assert candidates("", ["PROBE"], KNOWN) == []
    assert candidates("g28 ", ["G28 X"], KNOWN) == ["G28 X"]


def entry(driver: AppDriver) -> str:
    return driver.app.screen.query_one(Input).value


async def test_tab_completes_and_shows_the_choice(opened: Opener) -> None:
    async with opened() as driver:
        driver.session.printer(commands=KNOWN)
        await driver.press("c", "q", "u", "tab")
        assert entry(driver) == "QUERY_"
        await driver.press("tab")
        assert "QUERY_ENDSTOPS QUERY_PROBE" in driver.words()
        await driver.press("p", "tab", "enter")
        assert driver.session.asked[-1] == ("gcode", "QUERY_PROBE")


async def test_the_footer_names_the_key_that_works_while_a_line_is_typed(opened: Opener) -> None:
    async with opened(size=LARGE) as driver:
        assert "? Help" in driver.words()
        await driver.press("c")
        words = driver.words()
        assert "f1 Help" in words and "? Help" not in words
        await driver.press("f1")
        assert driver.screen == "HelpScreen"
