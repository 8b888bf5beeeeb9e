"""A file of printers through the program: what only reads moves nothing, and moves need to be allowed."""

import json
import subprocess
from pathlib import Path

from tests.e2e import program
from tests.e2e.simulated import Starter


def run(tmp_path: Path, farm: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        program.command("--headless", "--json", "--printers", str(farm), *words),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        timeout=120,
    )


def test_the_printers_of_a_file_are_read_and_moved_only_where_allowed(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    farm = tmp_path / "farm.toml"
    farm.write_text(
        f'[[printer]]\nname = "bay-1"\naddress = "{printer.klippy}"\n[printer.accuracy]\nsamples = 4\n'
        f'[[printer]]\nname = "bay-2"\naddress = "{tmp_path / "missing.sock"}"\n'
    )
    read = run(tmp_path, farm, "ready")
    assert read.returncode == 3, read.stderr
    *lines, summary = [json.loads(line) for line in read.stdout.splitlines()]
    assert {(line["printer_name"], line["at"]) for line in lines} == {("bay-1", printer.klippy)}
    assert [one["exit_code"] for one in summary["printers"]] == [0, 3]
    assert "[bay-2] No printer at" in read.stderr
    client = printer.connect()
    status = client.call("objects/query", objects={"toolhead": ["homed_axes"]})["status"]
    client.close()
    assert status["toolhead"]["homed_axes"] == "", "ready has only read"

    refused = run(tmp_path, farm, "accuracy")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "add --allow-moves" in refused.stderr

    moved = run(tmp_path, farm, "--allow-moves", "accuracy", "--homings", "0")
    assert moved.returncode == 3, moved.stderr
    here, missing = json.loads(moved.stdout.splitlines()[-1])["printers"]
    assert (here["exit_code"], len(here["record"]["samples"])) == (0, 4)
    assert here["record"]["printer"]["name"] == "bay-1"
    assert missing["record"] is None
