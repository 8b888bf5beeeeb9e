"""The pytest fixture `simulated_printer`, for authors of Klipper modules (docs/sim-for-authors.md).

pytest loads it wherever zcal-tui or zcal-tui-sim is installed. Only a test that uses the fixture starts a printer.
"""

from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import pytest

MARKER = "simulated_printer(profile, *, truth, extra, speed, seed, klipper): the printer of the fixture of that name"


class SimulatedPrinterFixture:
    """A printer under a real klippy, ready for commands."""

    def __init__(self, profile: str, **options: Any) -> None:
        """Start it. Raises AssertionError where it does not become ready."""
        from zcal_tui.sim.testing import start_printer, wait_for_state  # only where a printer is wanted

        self._wait = wait_for_state
        self._printer = start_printer(profile, **options)
        try:
            self._client = wait_for_state(self._printer, "ready")
        except BaseException:
            self._printer.stop()
            raise

    def gcode(self, script: str) -> list[str]:
        """Run G-code to the end of its moves; the console lines that it gave. Raises KlippyError."""
        return self._client.gcode(script)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of klippy's API, such as an endpoint of your module. Raises KlippyError."""
        return self._client.call(method, **parameters)

    def status(self, name: str) -> dict[str, Any]:
        """A status object, such as `toolhead`."""
        return self._client.status(name)

    def set(self, path: str, value: object) -> None:
        """Change a true value of the machine while it runs, such as `probe.noise` (docs/truth.md)."""
        self._printer.control.request("set", path=path, value=value)

    def fault(self, name: str, **arguments: object) -> dict[str, Any]:
        """A command of the simulator's control socket, such as `unplug` or `detach_probe` (docs/simulator.md)."""
        return self._printer.control.request(name, **arguments)

    def report(self) -> dict[str, Any]:
        """How the machine truly is now."""
        return self._printer.report()

    def restart(self, *, firmware: bool = True) -> None:
        """Restart klippy, and wait until it is ready again."""
        self._client.send("FIRMWARE_RESTART" if firmware else "RESTART")
        self._client.drain()
        self._client = self._wait(self._printer, "ready")

    @property
    def log(self) -> str:
        """What klippy has logged."""
        return self._printer.log

    @property
    def config(self) -> Path:
        """The printer.cfg that klippy reads and SAVE_CONFIG writes."""
        return self._printer.config

    @property
    def klippy(self) -> str:
        """The path of klippy's socket."""
        return self._printer.klippy

    def close(self) -> None:
        """Stop it."""
        self._client.close()
        if self._printer.process.poll() is None:
            self._printer.stop()
        for stream in (self._printer.process.stdout, self._printer.process.stderr):
            if stream is not None:
                stream.close()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def simulated_printer(request: pytest.FixtureRequest) -> Iterator[SimulatedPrinterFixture]:
    """A simulated printer, ready; `@pytest.mark.simulated_printer(…)` says which."""
    marker = request.node.get_closest_marker("simulated_printer")
    printer = SimulatedPrinterFixture(*_profile(marker), **_options(marker))
    yield printer
    printer.close()


def _profile(marker: pytest.Mark | None) -> tuple[str]:
    return (fspath(marker.args[0]) if marker is not None and marker.args else "voron",)


def _options(marker: pytest.Mark | None) -> dict[str, Any]:
    """The options of `start_printer` for those of the marker. Raises TypeError for an unknown one."""
    return _start_options(**(marker.kwargs if marker is not None else {}))


def _start_options(
    *,
    truth: "PathLike[str] | str | None" = None,
    extra: "Sequence[PathLike[str] | str]" = (),
    speed: float = 20.0,
    seed: int | None = None,
    klipper: "PathLike[str] | str | None" = None,
) -> dict[str, Any]:
    words = [word for path in extra for word in ("--extra", fspath(path))]
    if klipper is not None:
        words += ["--klipper", fspath(klipper)]
    return {
        "truth": Path(truth) if truth is not None else None,
        "speed": speed,
        "seed": seed,
        "options": tuple(words),
    }
