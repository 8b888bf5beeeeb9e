"""A required package that is missing is named at once, with the command that installs it: never by a traceback."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from zcal_tui.printer.config_files import ConfigUnreadable, MoonrakerConfigFiles
from zcal_tui.printer.printer import Printer
from zcal_tui.required_packages import INTERFACE, PACKAGES, first_missing, missing_package, required_versions
from zcal_tui.transport.moonraker import Credentials

ROOT = Path(__file__).parents[2]

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HIDE = """
import os
from importlib.machinery import PathFinder
real = PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in os.environ["HIDDEN"].split(",") else real(name, path, target)
PathFinder.find_spec = staticmethod(find_spec)
"""
"""A sitecustomize module after which a Python does not find what HIDDEN names."""


@pytest.fixture
def run_without(tmp_path: Path) -> Run:
    """Run a Python that lacks a package: with its arguments, in an empty home."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(HIDE)

    def run(hidden: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "HOME": str(tmp_path),
            "HIDDEN": hidden,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{tmp_path / 'hide'}{os.pathsep}{ROOT}",
        }
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=60,
            check=False,
        )

    return run


def assert_named(printed: str, package: str) -> None:
    """A message for people: what is missing, and the command."""
    assert "Traceback" not in printed
    assert f"The Python package {package} is not installed." in printed
    wanted = required_versions()[package]
    assert f"{Path(sys.executable).parent}/python -m pip install '{package}{wanted}'" in printed


@pytest.mark.parametrize("package", [name for name in PACKAGES if name not in INTERFACE])
def test_a_headless_check_names_the_package_before_it_starts(run_without: Run, package: str) -> None:
    done = run_without(package, "-m", "zcal_tui", "--headless", "accuracy", "--printer", "/nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert_named(done.stderr, package)


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("numpy", ("-m", "zcal_tui", "sim", "--check")),
        ("platformdirs", ("-m", "zcal_tui", "sim", "--check")),
        ("numpy", ("-m", "zcal_tui.sim", "--check")),
        ("platformdirs", ("-m", "zcal_tui", "history")),
        ("platformdirs", ("-m", "zcal_tui", "doctor")),
        ("platformdirs", ("-m", "zcal_tui", "bug-report")),
        ("platformdirs", ("-m", "zcal_tui", "resume")),
    ],
)
def test_every_other_command_names_it_too(run_without: Run, package: str, arguments: tuple[str, ...]) -> None:
    done = run_without(package, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert_named(done.stderr, package)


def test_a_program_that_started_the_simulator_reads_it_as_an_event(run_without: Run) -> None:
    done = run_without("numpy", "-m", "zcal_tui.sim", "--json")
    event = json.loads(done.stdout)
    assert (done.returncode, done.stderr, event["event"]) == (2, "", "error")
    assert_named(f"{event['what']} {event['remedy']}", "numpy")


def test_the_doctor_goes_on_without_a_library_for_moonraker(run_without: Run) -> None:
    done = run_without("websockets", "-m", "zcal_tui", "doctor", "--json", "--printer", "http://127.0.0.1:1")
    assert "Traceback" not in done.stderr
    report = json.dumps(json.loads(done.stdout))
    assert "library-websockets" in report
    assert "http://127.0.0.1:1" in report


def test_the_interface_names_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in INTERFACE:
        with monkeypatch.context() as hidden:
            hidden.setattr(
                "zcal_tui.required_packages.find_spec",
                lambda name, package=package: None if name == package.replace("-", "_") else object(),
            )
            missing = first_missing(PACKAGES)
        assert missing is not None
        assert_named(str(missing), package)


def test_reading_files_over_the_network_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    files = MoonrakerConfigFiles(cast(Printer, None), "http://printer", Credentials())
    with pytest.raises(ConfigUnreadable) as refused:
        files._client()
    assert_named(str(refused.value), "httpx")


def test_every_requirement_of_the_package_is_tested_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.match(r"[a-z-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]
    assert set(PACKAGES) == required


def test_a_package_that_is_broken_is_not_called_missing() -> None:
    """As numpy without OpenBLAS: its own error has no name, what caused it has."""
    cause = ImportError("libopenblas.so.0: cannot open shared object file", name="numpy._core._multiarray")
    error = ImportError("advice of many lines\n\nOriginal error was: libopenblas.so.0: cannot open\n")
    error.__cause__ = cause
    missing = missing_package(error)
    assert missing is not None
    assert missing.what == "numpy cannot be imported: Original error was: libopenblas.so.0: cannot open."
    assert "--force-reinstall 'numpy>=" in missing.remedy


def test_what_a_package_needs_itself_is_named() -> None:
    missing = missing_package(ModuleNotFoundError("No module named 'rich.text'", name="rich.text"))
    assert missing is not None and "The Python package rich is not installed." in missing.what


def test_a_part_of_python_is_not_looked_for_at_an_index() -> None:
    missing = missing_package(ModuleNotFoundError("No module named '_ctypes'", name="_ctypes"))
    assert missing is not None
    assert missing.what == "This Python has no module _ctypes."
    assert "pip" not in missing.remedy


def test_a_module_of_our_own_is_an_internal_error() -> None:
    assert missing_package(ModuleNotFoundError("No module named 'zcal_tui.x'", name="zcal_tui.x")) is None
    assert missing_package(ImportError("cannot import name 'x'")) is None
