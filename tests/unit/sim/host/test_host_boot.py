"""The first thing that runs in klippy's process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zcal_tui.sim.host.boot import TOP_LEVEL
from zcal_tui.sim.host.environments import BOOT


def boot(parent: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    command = [sys.executable, str(BOOT), str(parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_module_runs_with_its_arguments_and_without_our_folder() -> None:
    done = boot(os.getpid(), "module", "json.tool", "--help")
    assert done.returncode == 0
    assert "json.tool" in done.stdout


def test_our_modules_are_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "klippy").mkdir()
    (tmp_path / "klippy" / "errors.py").write_text("print('theirs')\n")
    (tmp_path / "klippy" / "klippy.py").write_text(
        "import sys\nimport errors\nprint(__name__, sys.argv[1:])\nassert 'control' not in sys.modules\n"
    )
    done = boot(os.getpid(), "klippy-checkout", str(tmp_path), "printer.cfg", "-v")
    assert done.stdout == "theirs\n__main__ ['printer.cfg', '-v']\n", done.stderr


@pytest.mark.parametrize("packaged", [False, True])
def test_clients_are_judged_in_real_time_in_each_layout(packaged: bool, tmp_path: Path) -> None:
    folder = tmp_path / "klippy"
    folder.mkdir()
    if packaged:
        (folder / "__init__.py").write_text("NAME = 'Kalico'\n")
    own = "from . import NAME\n" if packaged else ""
    (folder / "webhooks.py").write_text(
        own + "class ServerSocket:\n    def stats(self, t):\n        return True, ''\n"
    )
    where = "klippy.webhooks" if packaged else "webhooks"
    (folder / "klippy.py").write_text(
        f"from {where} import ServerSocket\nserver = ServerSocket()\nprint(server.stats(1.0), server.stats(2.0))\n"
    )
    done = boot(os.getpid(), "klippy-checkout", str(tmp_path))
    assert done.stdout == "(True, '') (False, '')\n", done.stderr


def test_the_package_s_modules_answer_to_every_name(tmp_path: Path) -> None:
    package = tmp_path / "klippy"
    for name in ("kinematics", "extras", "chelper"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    for name in set(TOP_LEVEL) - {"kinematics", "extras", "chelper"}:
        (package / f"{name}.py").touch()
    (package / "kinematics" / "cartesian.py").write_text("from . import stepper\nimport chelper\n")
    (package / "klippy.py").write_text(
        "def main():\n"
        "    import mcu, klippy.mcu, klippy.kinematics.cartesian as cartesian, klippy.stepper\n"
        "    assert mcu is klippy.mcu and cartesian.stepper is klippy.stepper\n"
        "    print('same')\n"
    )
    done = boot(os.getpid(), "klippy-package", str(tmp_path))
    assert done.stdout == "same\n", done.stderr


def test_it_does_not_run_for_a_parent_that_is_gone() -> None:
    assert boot(1, "module", "this").stdout == ""


def test_it_dies_with_its_parent() -> None:
    program = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, {str(BOOT)!r}, str(os.getpid()), 'module', 'http.server', '0'],\n"
        "                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.3)  # long enough for the child to ask the kernel for it
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_klippy_writes_to_the_folder_for_temporary_files_is_in_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    (run / "tmp").mkdir(parents=True)
    (tmp_path / "klippy").mkdir()
    outside = Path("/tmp") / f"zcal-test-{os.getpid()}.csv"
    (tmp_path / "klippy" / "klippy.py").write_text(
        "import tempfile\n"
        f"with open({str(outside)!r}, 'w') as file:\n    file.write('curve')\n"
        f"print(open({str(outside)!r}).read(), tempfile.gettempdir())\n"
        f"open({str(run / 'own')!r}, 'w').close()\n"
    )
    monkeypatch.setenv("TMPDIR", str(run / "tmp"))
    done = boot(os.getpid(), "klippy-checkout", str(tmp_path))
    assert done.stdout == f"curve {run / 'tmp'}\n", done.stderr
    assert not outside.exists()
    assert (run / "tmp" / outside.name).read_text() == "curve"
    assert (run / "own").exists()
