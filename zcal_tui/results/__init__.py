"""Stored results: one append-only file for each run, one folder for each printer."""
