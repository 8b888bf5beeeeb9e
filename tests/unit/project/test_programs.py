"""A missing program skips a test on a developer's machine and fails it under CI."""

import re

import pytest

from tests.programs import LIST, needs, packages, require

ROOT = LIST.parents[1]


def missing(_: str) -> None:
    return None


def test_a_program_that_is_there_lets_the_test_run() -> None:
    require("tmux", which=lambda name: f"/bin/{name}", environment={"CI": "true"})


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}])
def test_a_missing_program_skips_with_what_to_install(environment: dict[str, str]) -> None:
    with pytest.raises(
        pytest.skip.Exception, match=r"tmux is not installed\. On Debian: apt-get install tmux"
    ):
        require("tmux", which=missing, environment=environment)


def test_a_missing_program_fails_under_ci() -> None:
    with pytest.raises(pytest.fail.Exception, match="tmux is not installed"):
        require("tmux", which=missing, environment={"CI": "true"})


def test_a_program_that_ci_would_not_install_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="not listed"):
        needs("no-such-program")


def test_ci_installs_nothing_that_nobody_needs() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    used = {
        name
        for text in sources
        for names in re.findall(r"\bneeds\(([^)]*)\)", text)
        for name in names.split('"')
    }
    assert set(packages()) - {"make", "gcc"} <= used
