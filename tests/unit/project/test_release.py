"""What a release is made from: the changelog's section, a tag that is the version, and complete distributions."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zcal_tui import __version__

ROOT = Path(__file__).parents[3]


def changelog(version: str) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [sys.executable, ROOT / ".ci" / "changelog", version]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_this_version_has_a_section_in_the_changelog() -> None:
    found = changelog(__version__)
    assert found.returncode == 0, found.stderr
    assert "### Added" in found.stdout
    assert "\n## " not in found.stdout


def test_changes_after_a_release_have_their_place() -> None:
    """Keep a Changelog: newest first, with a date each, and above all of them what is not released yet."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d", headings[1])


def test_a_version_without_a_section_ends_the_release() -> None:
    found = changelog("99.0.0")
    assert found.returncode == 1
    assert "no section 99.0.0" in found.stderr


def test_the_workflow_reads_the_version_where_it_is() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    (expression,) = re.findall(r"sed -n '(.*)' zcal_tui/__init__\.py", text)
    found = subprocess.run(
        ["sed", "-n", expression, ROOT / "zcal_tui" / "__init__.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == __version__


def requirements(folder: Path) -> dict[str, str]:
    """What a pyproject.toml requires, with its extra `sim`: versions by package."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project.get("optional-dependencies", {}).get("sim", [])
    found = [re.fullmatch(r"([a-z-]+)(.*)", line) for line in lines]
    return {match[1]: match[2] for match in found if match}


def test_the_simulators_wheel_requires_no_interface_and_the_versions_of_the_program() -> None:
    simulator = requirements(ROOT / "packaging" / "sim")
    assert set(simulator) == {"numpy", "platformdirs", "pytest"}
    program = requirements(ROOT)
    assert simulator == {name: program[name] for name in simulator}


def test_the_simulators_wheel_has_every_module_that_it_imports() -> None:
    """Of ours, those in its packages and those that its pyproject.toml lists one by one."""
    setup = tomllib.loads((ROOT / "packaging" / "sim" / "pyproject.toml").read_text(encoding="utf-8"))[
        "tool"
    ]["setuptools"]
    folders = [name.rstrip("*") for name in setup["packages"]["find"]["include"]]
    imported = {
        name
        for folder in folders
        for file in (ROOT / folder.replace(".", "/")).rglob("*.py")
        for name in re.findall(
            r"^\s*from (zcal_tui[\w.]*) import", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert "zcal_tui.profile_names" in imported
    elsewhere = {name for name in imported if not name.startswith(tuple(folders))}
    assert elsewhere <= set(setup["py-modules"]) | {"zcal_tui"}


@pytest.mark.parametrize("name", ["CHANGELOG.md", "requirements.lock", "setup.py", "MANIFEST.in"])
def test_what_a_release_needs_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
