"""Every action by name, for the command palette."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette

from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui import messages
from zcal_tui.tui.desk import Desk
from zcal_tui.tui.screens.base import Follower
from zcal_tui.tui.widgets.statusbar import StatusBar

if TYPE_CHECKING:
    from zcal_tui.tui.app import ZcalApp


class Palette(Follower, CommandPalette):
    """Textual's command palette under our bar, so that STOP stays within reach."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """The bar, then the palette."""
        yield StatusBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Show how things are from the first moment."""
        self.call_after_refresh(lambda: self.show(self.desk.snapshot))

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        self.query_one(StatusBar).show(snapshot)


def commands(app: "ZcalApp") -> Iterable[SystemCommand]:
    """The commands that make sense now."""
    yield SystemCommand("STOP", "Emergency stop, at once (F12)", app.action_stop)
    desk = app.desk
    if desk.running is not None:
        running = desk.running
        yield SystemCommand(
            f"Watch: {desk.checks[running].title}",
            "The running check",
            lambda: _send(app, messages.RunWatched(running)),
        )
        yield SystemCommand("Cancel the run", "It ends after the present move", app.action_cancel_run)
    else:
        for name, check in desk.checks.items():
            if desk.can_start and desk.standing(name).unfit is None:
                start = messages.StartRequested(name)
                yield SystemCommand(
                    f"Start: {check.title}", check.learn, lambda start=start: _send(app, start)
                )
            form = messages.SettingsRequested(name)
            yield SystemCommand(
                f"Settings: {check.title}", "How it is run", lambda form=form: _send(app, form)
            )
    yield SystemCommand("Plan", "All checks", app.action_plan)
    yield SystemCommand("Console", "What the printer says; send G-code", app.action_console)
    yield SystemCommand("Firmware restart", "Bring klippy back after a shutdown", app.action_firmware_restart)
    yield SystemCommand("Help", "This screen and its keys", app.action_help)
    yield SystemCommand("Theme", "Other colours", app.action_change_theme)
    yield SystemCommand("Save a picture", "The screen as an SVG file", app.deliver_screenshot)
    yield SystemCommand(
        "Quit", "Leave; a run is cancelled and cleaned up", lambda: cast(None, app.action_leave())
    )


def _send(app: "ZcalApp", message: messages.Request) -> None:
    app.post_message(message)
