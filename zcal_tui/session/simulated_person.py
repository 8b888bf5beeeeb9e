"""The simulated person at a simulated printer, over its control socket: the paper's drag, the position of the mark."""

import json
import socket
from pathlib import Path
from typing import Any

from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text


def simulates(control: str, state: PrinterState) -> bool:
    """Whether this control socket belongs to the simulator of this printer: its micro-controllers are the simulator's,
    whose ports are beside the socket."""
    folder = Path(control).resolve().parent
    ports = [
        text(options.get("serial")) or ""
        for section, options in state.settings.items()
        if section == "mcu" or section.startswith("mcu ")
    ]
    return bool(ports) and all(port and Path(port).parent.resolve() == folder for port in ports)


class SimulatedPersonGone(Exception):
    """The simulated printer does not answer or refuses; the text says why."""


class SimulatedPerson:
    """A client of the control socket (docs/simulator.md). Blocking, but answered within milliseconds; every method
    raises SimulatedPersonGone."""

    def __init__(self, path: str, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout

    def drag(self) -> str:
        """The paper below the nozzle: free, drags or stuck."""
        return str(self._request("feel")["feel"])

    def gap(self) -> float | None:
        """The gap between nozzle and bed in mm, as a person sees it; None if there is no bed below."""
        gap = self._request("report")["report"]["gap"]
        return None if gap is None else float(gap)

    def probe_state(self) -> str | None:
        """Where the probe is: fixed, attached, docked, lost, stowed, deployed, alarm. None for a scanner, whose coil is
        no probe of the simulated machine."""
        probe = self._request("report")["report"].get("probe")
        return None if probe is None else str(probe["state"])

    def see(self) -> tuple[float, float] | None:
        """The mark's position relative to the nozzle in mm; None without a mark."""
        mark = self._request("see")["mark"]
        return None if mark is None else (float(mark[0]), float(mark[1]))

    def mark(self) -> None:
        """Mark the bed below the probe."""
        self._request("mark")

    def new_test(self) -> None:
        """Begin a new test with a fresh sheet of paper."""
        self._request("new_test")

    def wipe(self) -> None:
        """Wipe the nozzle clean."""
        self._request("wipe")

    def truth(self, path: str) -> Any:
        """One value of the truth; None if it is as configured."""
        return self._request("truth", path=path)["value"]

    def _request(self, command: str, **arguments: object) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(self._timeout)
                link.connect(self._path)
                link.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
                with link.makefile("rb") as file:
                    line = file.readline()
        except OSError as error:
            raise SimulatedPersonGone(
                f"The simulated printer does not answer at {self._path}: {error}."
            ) from error
        try:
            answer = json.loads(line)
        except ValueError:  # incomplete or empty
            answer = None
        if not isinstance(answer, dict):
            raise SimulatedPersonGone("The simulated printer has ended.")
        if not answer.get("ok"):
            raise SimulatedPersonGone(str(answer.get("error")))
        return answer
