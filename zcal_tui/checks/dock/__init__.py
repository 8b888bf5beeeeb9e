"""Attaching a docked probe, docking it again, and what its switch must read."""
