"""The thread and its event loop on which printer I/O and running checks live: of one session, or of many."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

LOOK_UPS = 32
"""Host names that are looked up at the same time: one that hangs keeps its place until the resolver aborts it."""


class SessionEventLoop(asyncio.SelectorEventLoop):
    """An event loop that looks up host names on threads of their own.

    asyncio's own way shares the few threads of `asyncio.to_thread`: a name server that does not answer would hold up
    everything that other sessions do there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._look_ups = asyncio.Semaphore(LOOK_UPS)

    async def getaddrinfo(self, host: Any, port: Any, **hints: int) -> Any:
        """As `socket.getaddrinfo`. Raises OSError."""
        async with self._look_ups:
            found = self.create_future()

            def deliver(answer: Callable[[], Any]) -> None:
                if not found.done():
                    answer()

            def look_up() -> None:
                try:
                    addresses = socket.getaddrinfo(host, port, **hints)
                except OSError as error:
                    failure = error
                    self._threadsafe(deliver, lambda: found.set_exception(failure))
                else:
                    self._threadsafe(deliver, lambda: found.set_result(addresses))

            # A daemon: the program does not wait at its end for a name server
            threading.Thread(target=look_up, name="zcal name lookup", daemon=True).start()
            return await found

    def _threadsafe(self, callback: Callable[..., object], *arguments: Any) -> None:
        try:
            self.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop was closed meanwhile
            return


class SessionLoop:
    """A thread that runs an event loop until it is stopped."""

    def __init__(self) -> None:
        self.loop = SessionEventLoop()
        self._thread = threading.Thread(target=self._serve, name="zcal session", daemon=True)
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread; does nothing if it has been started."""
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    @property
    def is_own_thread(self) -> bool:
        """Whether this is called on the loop's thread."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """End the loop, from any thread. What still runs on it is abandoned."""
        if self._thread.ident is None:
            self.loop.close()
            self._stopped.set()
        elif not self._stopped.is_set():
            self.loop.call_soon_threadsafe(self.loop.stop)

    def wait_stopped(self, timeout: float) -> bool:
        """Wait until the loop has ended, from another thread. Returns whether it has."""
        return self._stopped.wait(timeout)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            self.loop.close()
            self._stopped.set()
