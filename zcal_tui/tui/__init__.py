"""The terminal user interface: reads the session's snapshots, asks through its port, never waits for the printer."""

from zcal_tui.tui.terminal import prepare_environment

# Textual reads its environment when it is imported, and every module of this package imports it.
prepare_environment()
