"""Runs checks on its own thread: owns the transport, the mirror and the run; snapshots out, answers in."""
