"""zcal-tui on the screen of a KlipperScreen host: what is installed, and the check before KlipperScreen is replaced."""
