"""The wheels, built from the source distribution, in fresh environments: the demo, and the simulator alone."""

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from zcal_tui import __version__

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
THREE_LINES = """\
def test_homing(simulated_printer):
    simulated_printer.gcode("G28")
    assert simulated_printer.status("toolhead")["homed_axes"] == "xyz"
"""


def run(*command: "str | Path", home: Path | None = None, folder: Path | None = None) -> str:
    """What a command prints; with a `home` it has nothing of the tester's but the cache of downloads."""
    environment = dict(os.environ)
    if home is not None:
        home.mkdir(exist_ok=True)
        cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": cache, "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(word) for word in command],
        env=environment,
        cwd=folder or home,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Environment:
    """A fresh environment, filled by the tester's own pip: one of its own in each would take longer than a build."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder)
        self.python = folder / "bin" / "python"

    def install(self, *words: "str | Path") -> None:
        """Install with pip."""
        run(sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", *words)


class Distributions(NamedTuple):
    """What a release publishes."""

    source: Path
    program: Path
    simulator: Path


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Source distribution and wheels; the wheels are built from the former."""
    folder = tmp_path_factory.mktemp("dist")
    builder = Environment(folder / "builder")
    builder.install("setuptools>=77", "wheel")
    source = folder / "source"
    files = run("git", "-C", ROOT, "ls-files", "-z").split("\0")[:-1]
    for name in files:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    note = source / "zcal_tui" / "build.json"
    note.write_text(json.dumps({"commit": "1a2b3c4", "date": "2026-11-30"}))
    sdist = built(builder, "sdist", source, folder)
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    run("tar", "-xf", sdist, "-C", unpacked, "--strip-components=1")
    program = built(builder, "wheel", unpacked, folder)
    return Distributions(sdist, program, built(builder, "wheel", unpacked / "packaging" / "sim", folder))


def built(builder: Environment, kind: str, source: Path, folder: Path) -> Path:
    """The distribution of a kind, built in a folder from the sources in another."""
    build = f"import setuptools.build_meta as b; print(b.build_{kind}({str(folder)!r}))"
    return folder / run(builder.python, "-c", build, folder=source).splitlines()[-1]


def test_all_are_complete(distributions: Distributions) -> None:
    sdist, wheel, simulator = distributions
    tracked = set(run("git", "-C", ROOT, "ls-files").splitlines()) - {".gitignore"}
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked - in_sdist == set()
    packaged = {name for name in tracked if name.startswith(("zcal_tui/", "klippy_extra/"))}
    assert packaged - set(zipfile.ZipFile(wheel).namelist()) == set()
    alone = {
        name
        for name in packaged
        if name.startswith(("zcal_tui/sim/", "zcal_tui/klipper_config/", "klippy_extra/"))
    }
    for_developers = {name for name in alone if name.endswith((".in", "/renew", "/ruff.toml"))}
    assert alone - for_developers - set(zipfile.ZipFile(simulator).namelist()) == set()


def test_the_wheel_measures_in_a_clean_home(distributions: Distributions, tmp_path: Path) -> None:
    fresh = Environment(tmp_path / "env")
    fresh.install(distributions.program)
    program = fresh.python.parent / "zcal-tui"
    version = run(program, "--version", home=tmp_path / "home").strip()
    assert version == f"zcal-tui {__version__} (1a2b3c4, 2026-11-30)"
    out = run(
        *(program, "--demo", "--sim-speed", "20", "--headless", "--autopilot", "accuracy", "--json"),
        home=tmp_path / "home",
    )
    record = json.loads(out.splitlines()[-1])
    assert record["event"] == "record" and record["estimates"]["sigma"]["value"] > 0


def test_the_simulator_has_a_wheel_without_textual(distributions: Distributions, tmp_path: Path) -> None:
    fresh = Environment(tmp_path / "env")
    fresh.install(distributions.simulator)
    missing = "import importlib.util as u; print(u.find_spec('textual'), u.find_spec('zcal_tui.cli'))"
    assert run(fresh.python, "-c", missing, home=tmp_path / "home").split() == ["None", "None"]
    (tmp_path / "home" / "test_mine.py").write_text(THREE_LINES)
    assert "1 passed" in run(fresh.python, "-m", "pytest", "-q", "test_mine.py", home=tmp_path / "home")
    shown = run(fresh.python, "-m", "zcal_tui.sim", "--help", home=tmp_path / "home")
    assert shown.startswith("usage: python -m zcal_tui.sim ")
    checked = run(fresh.python, "-m", "zcal_tui.sim", "--check", home=tmp_path / "home")
    assert "can be simulated" in checked
