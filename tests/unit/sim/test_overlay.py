"""Running klippy with extras of one's own leaves the checkout alone."""

from pathlib import Path

import pytest

from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.klippy_source import Klippy
from zcal_tui.sim.host.overlay import COMPANIONS, companions, with_extras


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "klipper"
    for name in ("klippy/klippy.py", "klippy/extras/probe.py", "klippy/plugins/__init__.py", ".git/index"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("mine")
    return root


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


@pytest.mark.parametrize(
    ("kind", "place"), [("klipper", "extras"), ("package", "extras"), ("kalico", "plugins")]
)
def test_an_extra_stands_beside_klippys_own(checkout: Path, tmp_path: Path, kind: str, place: str) -> None:
    before = files(checkout)
    klippy = with_extras(Klippy(kind, checkout, Path("python")), [tmp_path / "mine"], lambda _: None)
    overlay = klippy.root / "klippy"
    assert (overlay / place / "mine" / "__init__.py").read_text() == "mine"
    assert (overlay / "extras" / "probe.py").read_text() == "klippy/extras/probe.py"
    assert (overlay / "klippy.py").read_text() == "klippy/klippy.py"
    assert files(checkout) == before


def test_kalico_finds_a_module_with_neighbours_beside_them(checkout: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "beacon.py"
    plugin.write_text("import math\nfrom . import probe\n")
    klippy = with_extras(
        Klippy("kalico", checkout, Path("python")), [plugin, tmp_path / "mine"], lambda _: None
    )
    overlay = klippy.root / "klippy"
    assert (overlay / "extras" / "beacon.py").is_file()
    assert (overlay / "extras" / "probe.py").is_file()
    assert (overlay / "plugins" / "mine" / "__init__.py").is_file()
    assert (overlay / "plugins" / "__init__.py").is_file()


def test_git_is_not_reached_through_the_links(checkout: Path, tmp_path: Path) -> None:
    klippy = with_extras(Klippy("klipper", checkout, Path("python")), [tmp_path / "mine"], lambda _: None)
    assert not (klippy.root / ".git").exists()


def test_what_is_no_module_is_refused(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SimulatorError):
        with_extras(Klippy("klipper", checkout, Path("python")), [tmp_path / "empty"], lambda _: None)


def test_this_programs_extras_are_there_without_being_asked(checkout: Path) -> None:
    found = companions(checkout)
    assert [path.name for path in found] == list(COMPANIONS)
    assert all((path / "__init__.py").is_file() for path in found)


def test_none_stands_beside_one_of_klippys_own(checkout: Path) -> None:
    (checkout / "klippy/extras/z_calibration.py").touch()
    found = companions(checkout)
    assert [path.name for path in found] == ["zcal"]
