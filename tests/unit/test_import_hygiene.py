"""What a start may import, so that it stays quick on a small board and headless stays headless."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("textual", "rich", "numpy", "textual_plot", "httpx", "websockets", "scipy", "zcal_tui.sim")


def imported_by(code: str, tmp_path: Path) -> set[str]:
    """The modules in memory after running `code` in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    return set(done.stderr.splitlines())


def run_main(*arguments: str) -> str:
    return (
        "import contextlib, io, zcal_tui.__main__ as m, sys\n"
        f"sys.argv = ['zcal-tui', *{list(arguments)!r}]\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()), "
        "contextlib.redirect_stderr(io.StringIO()):\n    m.main()"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("accuracy", "--help"),
        ("--headless", "accuracy", "--samples", "1"),
        ("history", "--data", "nothing"),
        ("report", "--data", "nothing", "--format", "html"),
        ("resume", "--data", "nothing"),
        ("--headless", "accuracy", "--printer", "/nowhere/klippy.sock"),
        ("bug-report", "--data", "nothing", "--printer", "/nowhere/klippy.sock"),
        ("doctor", "--data", "nothing", "--printer", "/nowhere/klippy.sock"),
    ],
)
def test_what_needs_no_screen_and_no_numbers_imports_neither(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    modules = imported_by(run_main(*arguments), tmp_path)
    assert "zcal_tui.cli" in modules
    assert {name for name in HEAVY if name in modules} == set()


def test_the_terminal_interface_starts_without_numpy_and_plots(tmp_path: Path) -> None:
    modules = imported_by("import zcal_tui.start, zcal_tui.tui.app", tmp_path)
    assert "textual" in modules
    assert {"numpy", "textual_plot", "websockets", "httpx"} & modules == set()


def test_statistics_and_the_extra_do_without_the_rest_of_us(tmp_path: Path) -> None:
    modules = imported_by("import zcal_tui.stats.repeatability, zcal_tui.stats.thermal", tmp_path)
    ours = {name for name in modules if name.startswith("zcal_tui.")}
    assert {name for name in ours if not name.startswith("zcal_tui.stats")} == set()


def test_decision_rules_add_only_the_limits_and_how_numbers_are_written(tmp_path: Path) -> None:
    modules = imported_by("import zcal_tui.stats.verdicts.repeatability", tmp_path)
    ours = {name for name in modules if name.startswith("zcal_tui.")}
    others = {name for name in ours if not name.startswith("zcal_tui.stats")}
    assert others == {"zcal_tui.model", "zcal_tui.model.limits", "zcal_tui.model.units"}


@pytest.mark.slow
def test_the_simulator_and_its_fixture_need_nothing_but_what_their_wheel_requires(tmp_path: Path) -> None:
    """Every module is imported where no other package that the program requires can be."""
    wheel = tomllib.loads((ROOT / "packaging" / "sim" / "pyproject.toml").read_text(encoding="utf-8"))
    required = {re.split("[<>=]", line)[0] for line in wheel["project"]["dependencies"]}
    others = [name for name in HEAVY if name not in required and "." not in name]
    assert {"textual", "rich", "httpx", "websockets"} <= set(others)
    code = (
        "import importlib, pkgutil, sys\n"
        f"sys.modules.update(dict.fromkeys({others!r}))\n"
        "import zcal_tui.sim, zcal_tui.sim.pytest_plugin\n"
        "names = [one.name for one in pkgutil.walk_packages(zcal_tui.sim.__path__, 'zcal_tui.sim.')]\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'):\n"
        "        importlib.import_module(name)\n"
        "assert len(names) > 50\n"
    )
    modules = imported_by(code, tmp_path)
    assert {"zcal_tui.sim.testing", "zcal_tui.sim.pytest_plugin", "numpy"} <= modules


def test_every_test_file_has_a_name_of_its_own() -> None:
    """pytest imports them by their bare names, so that two alike stop the whole run before it begins."""
    names = [path.name for path in Path(__file__).parents[1].rglob("test_*.py")]
    assert len(names) > 100
    assert sorted(set(names)) == sorted(names)
