"""Servers that answer like klippy and Moonraker, for tests that need their faults on demand."""
