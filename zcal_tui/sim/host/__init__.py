"""The host of the simulated printer: its clock, its port, and the programs that run on it."""
