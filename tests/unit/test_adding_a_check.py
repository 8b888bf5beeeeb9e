"""docs/adding-a-check.md, followed word by word: its two files, added to a copy of the program, are a whole check."""

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy

ROOT = Path(__file__).parents[2]
SQUARE = ("--ac", "141.42", "--bd", "141.42", "--ad", "100")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with the check `skew`."""
    folder = tmp_path_factory.mktemp("program")
    shutil.copytree(ROOT / "zcal_tui", folder / "zcal_tui", ignore=shutil.ignore_patterns("__pycache__"))
    page = (ROOT / "docs" / "adding-a-check.md").read_text(encoding="utf-8")
    files = re.findall(r'```python title="([^"]+)"\n(.*?)```', page, flags=re.DOTALL)
    assert len(files) == 2, "one description and one module"
    for name, text in files:
        assert not (folder / name).exists()
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def run(program: Path, home: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the copy; never waits longer than a minute."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zcal_tui",
        *arguments,
        cwd=program,
        env={**os.environ, "PYTHONPATH": str(program), "XDG_DATA_HOME": str(home), "HOME": str(home)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_command_line_has_it(program: Path, tmp_path: Path) -> None:
    code, out, _ = await run(program, tmp_path, "--help")
    assert code == 0 and "Are the X and Y axes at right angles?" in out
    code, out, _ = await run(program, tmp_path, "skew", "--help")
    assert code == 0 and "--ac" in out and "diagonal A to C" in out
    code, _, err = await run(program, tmp_path, "--headless", "skew", "--ac", "-1")
    assert code == 2 and "at least 0" in err


async def test_it_runs_and_its_record_is_in_history_report_and_staleness(
    program: Path, tmp_path: Path, klippy: FakeKlippy
) -> None:
    code, out, err = await run(
        program, tmp_path, "--headless", "--json", "skew", *SQUARE, "--printer", str(klippy.path)
    )
    assert code in (0, 7), err
    record = json.loads(out.splitlines()[-1])
    assert record["event"] == "record" and record["check"] == "skew"
    assert record["estimates"]["skew"]["low"] <= 0.0 <= record["estimates"]["skew"]["high"]

    _, history, _ = await run(program, tmp_path, "history")
    assert "skew" in history
    _, changed, _ = await run(program, tmp_path, "changed", "motion")
    assert re.search(r"skew +the angle between the axes may have changed", changed)
    _, history, _ = await run(program, tmp_path, "history")
    assert "the angle between the axes may have changed" in history

    page = tmp_path / "page.md"
    code, _, err = await run(program, tmp_path, "report", "-o", str(page))
    assert code == 0, err
    assert "## " in page.read_text(encoding="utf-8") and "Skew" in page.read_text(encoding="utf-8")


async def test_the_plan_shows_it(program: Path, tmp_path: Path) -> None:
    script = (
        "from zcal_tui.checks.catalogue import CHECKS; from zcal_tui.tui.presenters import presenter_of\n"
        "print(list(CHECKS)[-1], type(presenter_of('skew')).__name__)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        cwd=program,
        env={**os.environ, "PYTHONPATH": str(program)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert out.decode().split() == ["skew", "PlainPresenter"]
