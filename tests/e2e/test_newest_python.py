"""The project on the newest Python that is installed. Each other supported one is skipped by its name."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLED = ("zcal_tui", "klippy_extra", "pyproject.toml", "README.md", "COPYING")
SUPPORTED = (11, 12, 13, 14)
"""Python 3.…"""
LIMIT = 170.0
"""Seconds for each of installing and running."""


def version(python: Path) -> tuple[int, int]:
    """The version of an interpreter, (0, 0) where it does not run, as pyenv's shims of versions that are not chosen."""
    done = subprocess.run(
        [python, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    major, minor = done.stdout.split() if done.returncode == 0 else (0, 0)
    return int(major), int(minor)


def installed() -> dict[tuple[int, int], Path]:
    """An interpreter of each version: pyenv's, those on the path, and the one that runs the tests."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    found = [*sorted(pyenv.glob("versions/3.*/bin/python")), Path(sys.executable)]
    found += [Path(path) for minor in SUPPORTED if (path := shutil.which(f"python3.{minor}"))]
    return {version(python): python for python in found}


@pytest.mark.parametrize("minor", SUPPORTED)
def test_the_demo_and_a_check_run_on_the_newest_python(minor: int, tmp_path: Path) -> None:
    found = installed()
    python, newest = found.get((3, minor)), max(found)[1]
    if python is None:
        pytest.skip(f"Python 3.{minor} is not installed")
    if (3, minor) == sys.version_info[:2]:
        pytest.skip(f"Python 3.{minor} runs all other tests")
    if minor < newest:
        pytest.skip(f"Python 3.{minor} is not the newest that is installed: 3.{newest} runs this test")
    source = tmp_path / "source"  # what is built would be left in the repository
    source.mkdir()
    for name in INSTALLED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, source / name)
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True, timeout=LIMIT)
    programs = tmp_path / "venv" / "bin"
    subprocess.run(
        [programs / "python", "-m", "pip", "install", "--quiet", source], check=True, timeout=LIMIT
    )
    demo = ("--demo", "voron", "--sim-speed", "20")
    done = subprocess.run(
        [programs / "zcal-tui", "--data", tmp_path / "data", *demo, "--headless", "accuracy", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["outcome"] == "finished"
    assert record["verdict"]["level"] in ("pass", "warn")
