"""Programs beyond Python that tests need: a test without its program is skipped, and fails under CI."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

LIST = Path(__file__).parents[1] / ".ci" / "programs"


def packages() -> dict[str, str]:
    """The Debian packages of each program, as .ci/run installs them."""
    lines = (line.split(maxsplit=1) for line in LIST.read_text(encoding="utf-8").splitlines())
    return {words[0]: words[1] for words in lines if words and not words[0].startswith("#")}


def needs(*programs: str) -> pytest.MarkDecorator:
    """Mark a test, or a module by `pytestmark`, that needs these programs. Each must be listed in .ci/programs."""
    known = packages()
    for program in programs:
        if program not in known:
            raise ValueError(f"{program} is not listed in .ci/programs")
    return pytest.mark.needs(*programs)


def require(
    program: str,
    *,
    which: Callable[[str], str | None] = shutil.which,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Skip the running test where the program is missing; with CI=true fail it."""
    if which(program) is not None:
        return
    reason = f"{program} is not installed. On Debian: apt-get install {packages()[program]}"
    if environment.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
