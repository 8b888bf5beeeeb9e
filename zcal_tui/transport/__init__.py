"""The link to a printer: framing and calls without sockets, klippy's socket, Moonraker's socket and websocket."""
