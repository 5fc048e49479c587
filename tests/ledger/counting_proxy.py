"""A wire to PostgreSQL that counts round trips: how often the client speaks after the server has answered.

Answers are held back a little, so that what is sent without waiting for them counts as one.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_HELD_BACK = 0.004


class Wire:
    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._far = (str(parts.hostname), int(parts.port or 5432))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = address.replace(f":{parts.port}/", f":{self._listener.getsockname()[1]}/")
        self._trips = 0
        self._lock = threading.Lock()

    def trips_of(self, step: Callable[[], object]) -> int:
        """How many round trips a step costs."""
        before = self._trips
        step()
        return self._trips - before

    def serve(self) -> None:
        """Carry every connection until the listener is closed."""
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.create_connection(self._far)
        answered = threading.Event()
        answered.set()
        back = threading.Thread(target=self._answer, args=(near, far, answered), daemon=True)
        back.start()
        with near, far, suppress(OSError):
            while data := near.recv(65536):
                if answered.is_set():
                    answered.clear()
                    with self._lock:
                        self._trips += 1
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
            back.join(5)

    def _answer(self, near: socket.socket, far: socket.socket, answered: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                time.sleep(_HELD_BACK)
                answered.set()
                near.sendall(data)

    def close(self) -> None:
        """Take no further connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def counted(address: str) -> Iterator[Wire]:
    """A wire to that server for the length of a block."""
    wire = Wire(address)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join(5)
