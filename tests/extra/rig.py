"""A real klippy with the Klipper modules, on a simulated printer."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim, Starter, wait_for_state

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "zcal_tui" / "sim" / "profiles"


@dataclass
class Machine:
    """A printer that runs klippy with [zcal], and a connection to it."""

    sim: PrinterSim
    client: KlippyClient

    def gcode(self, script: str) -> str:
        """Run a script; returns the console output. Raises KlippyError."""
        return "\n".join(self.client.gcode(script))

    def refused(self, script: str) -> str:
        """Run a script that must be refused while the printer stays ready; returns the error."""
        try:
            said = self.gcode(script)
        except KlippyError as error:
            assert self.client.state() == "ready", self.client.call("info")["state_message"]
            return str(error)
        raise AssertionError(f"{script} was carried out: {said}")

    def status(self, name: str = "zcal") -> dict[str, Any]:
        """A status object."""
        return self.client.status(name)

    @property
    def result(self) -> Any:
        """The result of the last command."""
        return self.status()["result"]

    def z(self) -> float:
        """The height of the toolhead."""
        return float(self.status("toolhead")["position"][2])

    def place(self) -> list[float]:
        """The position of the toolhead: X, Y and Z."""
        return [round(value, 3) for value in self.status("toolhead")["position"][:3]]

    def set_truth(self, **values: Any) -> None:
        """Change a true parameter of the simulated machine: two underscores for each dot of the path."""
        for path, value in values.items():
            self.sim.control.request("set", path=path.replace("__", "."), value=value)

    def samples(self) -> list[dict[str, Any]]:
        """The samples of the last run."""
        samples: list[dict[str, Any]] = self.client.call("zcal/samples")["samples"]
        return samples

    def eventually(self, condition: Callable[[], bool], timeout: float = 60.0) -> None:
        """Wait until a condition holds, polling klippy."""
        until = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < until, f"not so: {json.dumps(self.status())}"
            time.sleep(0.02)

    @contextmanager
    def meanwhile(self, script: str) -> Iterator[list[str]]:
        """Run a script on a connection of its own; the list gets its error, if it ends with one."""
        other = self.sim.connect()
        errors: list[str] = []

        def run() -> None:
            try:
                other.gcode(script)
            except KlippyError as error:
                errors.append(str(error))

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            yield errors
        finally:
            thread.join(60)
            other.close()
            assert not thread.is_alive(), "the gcode queue is not free"


def write_config(
    folder: Path, profile: Path, *, zcal: str = "", replace: dict[str, str] | None = None, more: str = ""
) -> Path:
    """A copy of a profile with a [zcal] section; returns its folder."""
    shutil.copytree(profile, folder, dirs_exist_ok=True)
    config = folder / "printer.cfg"
    text = config.read_text()
    for old, new in (replace or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(f"{text}\n[zcal]\n{zcal}\n{more}\n")
    return folder


def start_machine(start: Starter, folder: Path, *extras: Path, **options: Any) -> Machine:
    """Start it and wait until klippy is ready."""
    words = [word for extra in extras for word in ("--extra", str(extra))]
    sim = start(str(folder), options=tuple(words), **options)
    client = wait_for_state(sim, "ready")
    client.call("gcode/subscribe_output", response_template={"method": "console"})
    client.call("info")
    return Machine(sim, client)
