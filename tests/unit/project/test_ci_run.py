""".ci/run installs what is missing as root and nothing else, and the workflow runs nothing but .ci/run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import packages

ROOT = Path(__file__).parents[3]
APT = "apt-get"


class Machine:
    """A PATH of stubs that note how they are called, beside the few tools that the script itself uses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"
        for tool in ("bash", "dirname"):
            found = shutil.which(tool)
            assert found is not None
            (folder / tool).symlink_to(found)
        self.stub("id", "echo 0")
        for program in (*packages(), APT, "python3"):
            self.stub(program, f'echo "{program} $*" >>{self._log}')

    def stub(self, name: str, line: str) -> None:
        """Install a program that runs this line of shell."""
        path = self._folder / name
        path.write_text(f"#!/bin/bash\n{line}\n")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        """Uninstall a program."""
        (self._folder / name).unlink()

    def run(self) -> tuple[list[str], str]:
        """Run .ci/run: what was called, and what it printed as an error."""
        done = subprocess.run(
            ["bash", ROOT / ".ci" / "run"],
            env={"PATH": str(self._folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        return self._log.read_text().splitlines(), done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_installed_where_all_is_there(machine: Machine) -> None:
    called, errors = machine.run()
    assert not [line for line in called if line.startswith(APT)]
    assert called[-1] == "make lint test PYTHON=python3"
    assert not errors


def test_root_installs_what_is_missing(machine: Machine) -> None:
    machine.remove("tmux")
    machine.remove("gcc")
    machine.stub("python3", "exit 1")
    called, _ = machine.run()
    assert next(line for line in called if line.startswith(APT)).startswith("apt-get update")
    (install,) = [line for line in called if line.startswith("apt-get install")]
    assert install.endswith(" gcc libc6-dev tmux python3-venv")
    assert called[-1].startswith("make lint test")


def test_others_are_told_what_to_install(machine: Machine) -> None:
    machine.stub("id", "echo 1000")
    machine.remove("tmux")
    called, errors = machine.run()
    assert not [line for line in called if line.startswith(APT)]
    assert "sudo apt-get install tmux" in errors
    assert called[-1].startswith("make lint test")


def test_the_workflow_runs_nothing_but_ci_run() -> None:
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert re.findall(r"^\s*(?:- )?run: *(.*)$", text, re.MULTILINE) == ["bash .ci/run"]
    assert re.findall(r"^\s*- uses: *([\w/-]+)", text, re.MULTILINE) == ["actions/checkout"]
