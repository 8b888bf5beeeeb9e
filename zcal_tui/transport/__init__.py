"""How bytes reach a printer: framing and calls without sockets, klippy's socket, Moonraker's two, reconnecting."""
