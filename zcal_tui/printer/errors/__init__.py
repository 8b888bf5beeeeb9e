"""Klipper's errors explained: what happened, the likely cause, what to do."""
