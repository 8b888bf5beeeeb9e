"""Attaching a docked probe, docking it again, and the readings of its switch."""
