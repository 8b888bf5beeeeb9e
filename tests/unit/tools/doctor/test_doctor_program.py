"""How the doctor examines the installation: versions, libraries in another process, and what it makes of them."""

from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.program import gather_program, judge_program, would_build

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM


PROGRAM = [
    ({"installed_as": "0.0.9"}, "version-mixed", NOTE, "installed as 0.0.9"),
    ({"other": Path("/usr/bin/zcal-tui")}, "other-copy", NOTE, "/usr/bin/zcal-tui"),
    ({"sudo": True}, "sudo", NOTE, "under sudo"),
    ({"libraries": (seen.library(found=None),)}, "library-textual", PROBLEM, "not installed"),
    (
        {"libraries": (seen.library(found="7.9"),)},
        "library-textual",
        PROBLEM,
        "is version 7.9; >=8.2,<9 is required",
    ),
    ({"libraries": (seen.library(error="ImportError: x"),)}, "library-textual", PROBLEM, "ImportError: x"),
    (
        {"libraries": (seen.library("numpy", error="ImportError: libopenblas.so.0: cannot open"),)},
        "library-numpy",
        PROBLEM,
        "libopenblas.so.0",
    ),
    ({"crash": "Testing numpy ended with SIGILL."}, "libraries-crash", PROBLEM, "SIGILL"),
    ({"libraries": (seen.library(seconds=9.0),)}, "slow-import", NOTE, "9 s"),
    ({"arithmetic": 3.0}, "slow-numpy", NOTE, "3.0 s"),
    ({"builds_numpy": True}, "numpy-from-source", NOTE, "build numpy from source"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), PROGRAM)
def test_program(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_program(seen.program(**facts)), key)
    assert found.grade is grade
    assert words in found.what
    assert found.why
    assert found.fix


def test_a_missing_openblas_is_fixed_by_its_package() -> None:
    broken = seen.library("numpy", error="ImportError: libopenblas.so.0: cannot open shared object file")
    assert seen.of(judge_program(seen.program(libraries=(broken,))), "library-numpy").commands == (
        "sudo apt install libopenblas0",
    )


async def test_the_libraries_are_tried_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = ("platformdirs", "zcal-no-such-module")
    monkeypatch.setattr("zcal_tui.tools.doctor.program.PACKAGES", libraries)
    facts = await gather_program()
    whole, missing = facts.libraries
    assert (whole.error, whole.wanted) == ("", ">=4.2")
    assert whole.found is not None
    assert "ModuleNotFoundError" in missing.error
    assert missing.found is None
    assert (facts.crash, facts.arithmetic) == ("", None)


async def test_a_library_that_kills_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "illegal.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("zcal_tui.tools.doctor.program.PACKAGES", ("illegal",))
    assert (await gather_program()).crash == "Testing illegal ended with SIGILL."


async def test_a_library_that_never_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("zcal_tui.tools.doctor.program.PACKAGES", ("endless",))
    monkeypatch.setattr("zcal_tui.tools.doctor.program.LONGEST", 0.5)
    assert (await gather_program()).crash == "Testing endless took longer than 0 s."


@pytest.mark.parametrize(
    ("machine", "bits", "indexes", "builds"),
    [
        ("armv7l", 32, "", True),
        ("aarch64", 32, "[global]\nindex-url = https://pip.example/simple", True),
        ("armv6l", 32, "", True),
        ("armv7l", 32, "[global]\nextra-index-url=https://www.piwheels.org/simple", False),
        ("aarch64", 64, "", False),
        ("x86_64", 64, "", False),
    ],
)
def test_numpy_is_built_from_source_on_32_bit_arm_without_piwheels(
    machine: str, bits: int, indexes: str, builds: bool
) -> None:
    assert would_build(machine, 2 ** (bits - 1) - 1, indexes) is builds
