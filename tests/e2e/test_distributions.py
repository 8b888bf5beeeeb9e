"""The wheel, built from the source distribution, in fresh environments: the demo, and the simulator alone."""

import json
import os
import subprocess
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

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


def environment(folder: Path) -> Path:
    """The interpreter of a fresh environment."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Source distribution and wheel; the wheel is built from the former."""
    folder = tmp_path_factory.mktemp("dist")
    python = environment(folder / "builder")
    run(python, "-m", "pip", "install", "--quiet", "setuptools>=77", "wheel")
    source = folder / "source"
    files = run("git", "-C", ROOT, "ls-files", "-z").split("\0")[:-1]
    for name in files:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    note = source / "zcal_tui" / "build.json"
    note.write_text(json.dumps({"commit": "1a2b3c4", "date": "2026-11-30"}))
    build = f"import setuptools.build_meta as b; print(b.build_sdist({str(folder)!r}))"
    sdist = folder / run(python, "-c", build, folder=source).splitlines()[-1]
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, sdist)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def test_both_are_complete(distributions: tuple[Path, Path]) -> None:
    sdist, wheel = distributions
    tracked = set(run("git", "-C", ROOT, "ls-files").splitlines()) - {".gitignore"}
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked - in_sdist == set()
    packaged = {name for name in tracked if name.startswith(("zcal_tui/", "klippy_extra/"))}
    assert packaged - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_measures_in_a_clean_home(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--quiet", distributions[1])
    program = python.parent / "zcal-tui"
    assert run(program, "--version", home=tmp_path / "home").strip().endswith("(1a2b3c4, 2026-11-30)")
    out = run(
        *(program, "--demo", "--sim-speed", "20", "--headless", "--autopilot", "accuracy", "--json"),
        home=tmp_path / "home",
    )
    record = json.loads(out.splitlines()[-1])
    assert record["event"] == "record" and record["estimates"]["sigma"]["value"] > 0


def test_the_simulator_alone_needs_no_textual(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", distributions[1])
    run(python, "-m", "pip", "install", "--quiet", "pytest>=8.4", "numpy", "platformdirs")
    missing = "import importlib.util as u; print(u.find_spec('textual'), u.find_spec('websockets'))"
    assert run(python, "-c", missing).split() == ["None", "None"]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "test_mine.py").write_text(THREE_LINES)
    assert "1 passed" in run(python, "-m", "pytest", "-q", "test_mine.py", home=tmp_path / "home")
