"""Runs checks on a thread of its own: owns the transport, the mirror and the run; snapshots out, answers in."""
