"""A printer: its state, commands, console, configuration, geometry, and its errors explained."""
