"""A page is styled and drawn no more often than what it shows needs."""

import time
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from tests.tui.app_driver import Opener
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.screens.help import HelpScreen
from zcal_tui.tui.screens.history import HistoryScreen
from zcal_tui.tui.widgets.button import PlainButton


@pytest.mark.parametrize(("key", "page"), [("question_mark", HelpScreen), ("h", HistoryScreen)])
async def test_a_page_is_first_drawn_with_what_it_shows(
    key: str, page: type[HelpScreen] | type[HistoryScreen], opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    show, draw = page.show, Compositor.render_update

    def noted_show(screen: Any, snapshot: Snapshot) -> None:
        happened.append("show")
        show(screen, snapshot)

    async with opened(check=None) as driver:

        def noted_draw(compositor: Compositor, *given: Any, **named: Any) -> Any:
            if driver.screen == page.__name__:
                happened.append("draw")
            return draw(compositor, *given, **named)

        monkeypatch.setattr(page, "show", noted_show)
        monkeypatch.setattr(Compositor, "render_update", noted_draw)
        await driver.press(key)
        assert driver.screen == page.__name__
        assert happened[:2] == ["show", "draw"]
        happened.clear()
        await driver.press("escape", key)
        assert happened.index("show") < happened.index("draw")


async def test_a_tap_counts_from_when_the_page_has_what_it_shows(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, shown = HelpScreen.show, []

    def noted_show(screen: HelpScreen, snapshot: Snapshot) -> None:
        show(screen, snapshot)
        shown.append(time.monotonic())

    async with opened(check=None) as driver:
        monkeypatch.setattr(HelpScreen, "show", noted_show)
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        assert driver.app.screen.shown_at >= shown[0]


async def test_a_page_that_comes_to_the_front_keeps_its_styles(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[str] = []
    replace = Stylesheet.replace_rules.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Stylesheet], node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        replaced.append(repr(node))
        replace(cls, node, rules, animate)

    async with opened() as driver:
        screen = driver.app.screen
        driver.app.stylesheet.update(screen)
        monkeypatch.setattr(Stylesheet, "replace_rules", classmethod(noted))
        driver.app.stylesheet.update(screen)
        again = [
            name for name in replaced if not name.startswith("DOMNode")
        ]  # but parts of widgets, made each time
        assert again == []
        button = screen.query(PlainButton).first()
        button.set_class(True, "-active", update=False)
        driver.app.stylesheet.update(screen)
        assert [name for name in replaced if not name.startswith("DOMNode")] == [repr(button)]


async def test_a_button_is_styled_where_it_is_shown(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[DOMNode] = []
    apply = Stylesheet.apply

    def noted(sheet: Stylesheet, node: DOMNode, **named: Any) -> None:
        applied.append(node)
        apply(sheet, node, **named)

    async with opened() as driver:
        monkeypatch.setattr(Stylesheet, "apply", noted)
        button = PlainButton("Start", variant="primary")
        assert applied == []
        await driver.app.screen.mount(button)
        assert button in applied
        assert button.has_class("-primary")
        assert button.styles.line_pad == 1
