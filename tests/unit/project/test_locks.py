"""The locked dependencies satisfy pyproject.toml on every supported Python and processor, each with its hashes."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN: list[str] = PROJECT["dependencies"]
TOOLS: list[str] = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
"""What all extras need."""
LOCKS = {"requirements.lock": RUN, "requirements-dev.lock": RUN + TOOLS}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PROCESSORS = ("x86_64", "aarch64")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(name: str) -> list[tuple[Requirement, int]]:
    """The lock's packages, each with the number of its hashes; nothing else may be in it."""
    found = []
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        hashes = HASH.findall(line)
        found.append((Requirement(HASH.sub("", line).strip()), len(hashes)))
    return found


HERE = {name: str(value) for name, value in default_environment().items()}


def environment(python: str, processor: str) -> dict[str, str]:
    """The environment of markers on Linux."""
    versions = {"python_version": python, "python_full_version": f"{python}.1"}
    return {**HERE, **versions, "platform_machine": processor, "sys_platform": "linux"}


def locked(name: str, where: dict[str, str]) -> dict[str, str]:
    """The one version of each package that the lock installs in an environment."""
    found: dict[str, str] = {}
    for entry, _ in entries(name):
        if entry.marker is None or entry.marker.evaluate(where):
            assert entry.name not in found, f"{name} has two versions of {entry.name}"
            (pin,) = entry.specifier
            assert pin.operator == "=="
            found[canonicalize_name(entry.name)] = pin.version
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_has_hashes_and_no_address_is_named(name: str) -> None:
    assert all(hashes for _, hashes in entries(name))
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host|^-", text, re.MULTILINE)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_pyproject(name: str, processor: str, python: str) -> None:
    where = environment(python, processor)
    versions = locked(name, where)
    for wanted in map(Requirement, LOCKS[name]):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


def test_both_locks_name_the_same_versions() -> None:
    for python in PYTHONS:
        where = environment(python, "x86_64")
        ours, all_of_them = locked("requirements.lock", where), locked("requirements-dev.lock", where)
        assert ours.items() <= all_of_them.items()


def test_the_tools_are_not_installed_where_a_printer_runs() -> None:
    assert "klippy-stubs" not in locked("requirements.lock", environment("3.11", "x86_64"))


@pytest.mark.parametrize("name", LOCKS)
def test_what_the_packages_need_is_locked_too(name: str) -> None:
    versions = locked(name, HERE)
    missing = []
    for package in versions:
        try:
            needed = [Requirement(text) for text in requires(package) or ()]
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed here")
        for one in needed:
            if one.marker is not None and not one.marker.evaluate({"extra": ""}):
                continue
            version = versions.get(canonicalize_name(one.name))
            if version is None or not one.specifier.contains(version, prereleases=True):
                missing.append(f"{package} needs {one}, locked is {version}")
    assert not missing


def test_each_extra_is_compiled_into_the_lock_with_the_tools() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"--extra (\w+)", text) == sorted(PROJECT["optional-dependencies"])


def test_the_makefile_installs_by_hash() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes --requirement" in line or "--no-deps" in line for line in installs)


def test_the_audit_reads_both_locks() -> None:
    text = (ROOT / ".github" / "workflows" / "audit.yml").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "pip-audit --require-hashes" in line]
    assert re.findall(r"--requirement (\S+)", line) == list(LOCKS)
    assert "detect-secrets-hook" in text
