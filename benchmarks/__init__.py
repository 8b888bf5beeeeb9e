"""Benchmarks of the program: each figure with a named reference that is measured in the same run.

Seconds on one machine show little about another, and a busy machine shows nothing; a ratio to something known, measured
side by side, does. Nothing here passes or fails.
"""
