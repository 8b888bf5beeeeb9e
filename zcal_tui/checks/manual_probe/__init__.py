"""Taking over a manual probe that something else opened: a calibration of Klipper or a plugin, or another screen."""
