"""Read a printer.cfg and what it includes as klippy does. Imports nothing of ours, so that every room may use it."""
