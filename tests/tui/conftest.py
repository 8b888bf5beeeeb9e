"""What the interface's tests share: an app over a scripted session, and pictures to compare with."""

import difflib
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.tui.app_driver import NORMAL, AppDriver, Opener
from tests.tui.onscreen import svg_text
from tests.tui.scripted import NOW, ScriptedSession
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.tui.app import ZcalApp
from zcal_tui.tui.app_state import AppState

SNAPSHOTS = Path(__file__).parent / "snapshots"
MADE_WITH = SNAPSHOTS / "textual-version"
UPDATE = bool(os.environ.get("SNAPSHOT_UPDATE"))


@pytest.fixture
def opened() -> Opener:
    """Opens an app over a scripted session: `async with opened(session, size=…) as driver`."""

    @asynccontextmanager
    async def open_app(
        session: ScriptedSession | None = None,
        *,
        size: tuple[int, int] = NORMAL,
        term: str = "xterm-256color",
        check: str | None = "accuracy",
        **options: Any,
    ) -> AsyncIterator[AppDriver]:
        session = session or ScriptedSession()
        app_state = AppState(session, CHECKS, now=lambda: NOW)
        app = ZcalApp(session, CHECKS, app_state=app_state, environ={"TERM": term}, check=check, **options)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = AppDriver(app, session, pilot)
            await driver.settle()
            yield driver

    return open_app


_parsed: dict[object, list[RuleSet]] = {}
_parse_rules = Stylesheet._parse_rules


@pytest.fixture(autouse=True)
def _style_sheets_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse each style sheet once for all apps of a worker, as Textual does within one app."""

    def parse(sheet: Stylesheet, *given: Any, **named: Any) -> list[RuleSet]:
        key = (given, tuple(named.items()), tuple(sheet._variables.items()))
        if key not in _parsed:
            _parsed[key] = _parse_rules(sheet, *given, **named)
        return _parsed[key]

    monkeypatch.setattr(Stylesheet, "_parse_rules", parse)


def normal(svg: str) -> str:
    """A picture without what differs from run to run."""
    return re.sub(r"terminal-\d+-", "terminal-", svg)


@pytest.fixture
def same_snapshot(request: pytest.FixtureRequest) -> Callable[[AppDriver, str], None]:
    """Compares the screen with the stored picture of that name; SNAPSHOT_UPDATE=1 stores it instead."""

    def compare(driver: AppDriver, name: str) -> None:
        path = SNAPSHOTS / f"{name}.svg"
        picture = normal(driver.app.export_screenshot(title="zcal-tui"))
        if UPDATE:
            path.write_text(picture, encoding="utf-8")
            MADE_WITH.write_text(textual.__version__ + "\n", encoding="utf-8")
            return
        made_with = MADE_WITH.read_text(encoding="utf-8").strip()
        if made_with != textual.__version__:
            pytest.skip(f"the pictures were made with Textual {made_with}, this is {textual.__version__}")
        stored = path.read_text(encoding="utf-8")
        if picture == stored:
            return
        got = Path(request.config.rootpath) / ".pytest_cache" / f"{name}.svg"
        got.parent.mkdir(exist_ok=True)
        got.write_text(picture, encoding="utf-8")
        diff = "\n".join(
            difflib.unified_diff(
                svg_text(stored).splitlines(),
                svg_text(picture).splitlines(),
                "stored",
                "now",
                lineterm="",
            )
        )
        pytest.fail(f"{name} looks different (see {got}):\n{diff or 'only colours or styles differ'}")

    return compare
