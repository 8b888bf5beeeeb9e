"""The plan page's widgets in a bare Textual app, fed from the same klippy: the reference for CPU time.

`python -m benchmarks.bare_page SOCKET`. A thread reads the socket, keeps the newest status and the console's last
500 lines; a timer shows at 4 Hz what has changed. It does nothing else: no model, no checks, no reconnecting.
"""

import sys
import threading
from collections import deque
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Footer, OptionList, Static

from benchmarks.klippy_client import KlippyClient

WORD = "reference"
CHECKS = (
    "ready",
    "probe-xy",
    "z-offset",
    "accuracy",
    "bias",
    "temperature",
    "backlash",
    "auto-z",
    "first-layer",
    "all",
)
POLL_SECONDS = 0.25
SUBSCRIBED: dict[str, list[str]] = {
    "toolhead": ["homed_axes", "position", "estimated_print_time"],
    "gcode_move": ["gcode_position"],
    "extruder": ["temperature", "target", "power"],
    "heater_bed": ["temperature", "target", "power"],
    "temperature_sensor chamber": ["temperature"],
}


class Feed:
    """The reading thread and its newest status."""

    def __init__(self, path: str) -> None:
        self.status: dict[str, dict[str, Any]] = {}
        self.console: deque[str] = deque(maxlen=500)
        self.count = 0
        self._client = KlippyClient(path, timeout=None)
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    def _read(self) -> None:
        client = self._client
        client.send("gcode/subscribe_output", response_template={"method": "console"})
        client.send("objects/subscribe", objects=SUBSCRIBED, response_template={"method": "status"})
        while (message := client.next_message()) is not None:
            if message.get("method") == "console":
                self.console.append(message["params"]["response"])
            elif status := message.get("params", message.get("result", {})).get("status"):
                for name, fields in status.items():
                    self.status.setdefault(name, {}).update(fields)
            self.count += 1


class BarePage(App[None]):
    """As many widgets as the plan page has, of the same kinds, one of which changes with every status."""

    CSS = """
    #bar { dock: top; height: 2; background: $panel; }
    #state { width: 1fr; height: 2; padding: 0 1; }
    #stop { width: 12; min-width: 12; height: 2; border: none; }
    #trouble { display: none; }
    #left { width: 2fr; max-width: 44; }
    OptionList { height: 1fr; border: round $primary; }
    #facts { height: auto; padding: 0 1; border: round $primary; }
    #detail { width: 3fr; padding: 0 1; border: round $primary; }
    #about { height: 1fr; }
    #buttons { height: 3; }
    """
    BINDINGS: ClassVar = [("q", "quit", "Quit"), ("c", "console", "Console"), ("s", "settings", "Settings")]

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._shown = 0

    def compose(self) -> ComposeResult:
        """The page."""
        with Horizontal(id="bar"):
            yield Static(id="state", markup=False)
            yield Button("STOP", id="stop")
        yield Static(id="trouble")
        with Horizontal(id="page"):
            with Vertical(id="left"):
                yield OptionList(*CHECKS, id="list")
                yield Static(
                    "klippy  v0.13.0\nframe   corexy\nprobe   z_offset 1.245\nmesh    none", id="facts"
                )
            with Vertical(id="detail"):
                with VerticalScroll(id="about"):
                    yield Static(f"The {WORD} page says something about the check that is chosen.\n" * 8)
                with Horizontal(id="buttons"):
                    yield Button("Start", variant="success")
                    yield Button("Settings")
        yield Footer()

    def on_mount(self) -> None:
        """Start showing; the list takes the keys."""
        self.query_one(OptionList).focus()
        self.query_one(OptionList).highlighted = 0
        self.set_interval(POLL_SECONDS, self.poll)

    def poll(self) -> None:
        """Show the newest status, if there is a new one."""
        if self._feed.count == self._shown:
            return
        self._shown, status = self._feed.count, self._feed.status
        if "toolhead" not in status or "extruder" not in status or "heater_bed" not in status:
            return
        x, y, z = status["toolhead"]["position"][:3]
        nozzle, bed = status["extruder"]["temperature"], status["heater_bed"]["temperature"]
        place = f"homed xyz   X {x:.1f}  Y {y:.1f}  Z {z:.3f}"
        text = f"benchmark{'ready':>57}\n{place}   nozzle {nozzle:.0f}  bed {bed:.0f}"
        self.query_one("#state", Static).update(text, layout=False)


if __name__ == "__main__":
    BarePage(Feed(sys.argv[1])).run()
