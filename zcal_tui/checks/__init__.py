"""The checks: one package each, and the ports they use. No user interface, no sockets."""
