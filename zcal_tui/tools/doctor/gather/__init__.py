"""What there is on this machine and at the printer: read only, each with a time limit."""
