"""What a calibration is: one module a check, and the ports it uses. No user interface, no sockets."""
