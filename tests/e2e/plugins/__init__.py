"""Stand-ins for plugins of Klipper, which the simulated printer runs."""
