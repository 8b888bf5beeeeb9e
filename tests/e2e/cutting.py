"""A unix socket in front of klippy's, which cuts the link where a test wants it cut."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

Rule = Callable[[bytes], str]
"""What to do with a piece that a client sends: "pass", "cut" (it does not arrive), "pass and cut", or "hold"."""


class CuttingProxy:
    """Passes everything on, but for what its rule says. Connections may be made again after a cut."""

    def __init__(self, path: Path, target: str, rule: Rule = lambda piece: "pass") -> None:
        self.path = path
        self.rule = rule
        self.acted = threading.Event()
        self._target = target
        self._closed = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_off(self) -> None:
        """Cut every connection, and each new one until `let_in`."""
        self._closed = True
        self._sockets, cut = self._sockets[:1], self._sockets[1:]
        for one in cut:
            _shut(one)

    def let_in(self) -> None:
        """Let connections be made again."""
        self._closed = False

    def close(self) -> None:
        """End it with every connection."""
        for one in self._sockets:
            _shut(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._closed:
                    _shut(client)
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    _shut(client)
                    continue
                self._sockets += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                what = self.rule(data)
                if what.startswith("pass"):
                    server.sendall(data)
                if what != "pass":
                    self.acted.set()
                if what.endswith("cut"):
                    break
        _shut(client)
        _shut(server)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                client.sendall(data)
        _shut(client)
        _shut(server)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
