"""zcal-tui: a guided Z calibration for Klipper printers, in the terminal."""

__version__ = "0.2.0"
