"""The writers of one process take turns, in the order in which they asked.

SQLite's own waiting is blind: it sleeps longer and longer between two looks, and who asks often keeps
others out. Here nobody looks twice and nobody is overtaken. It must never leave a turn to nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Queue:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Be the only writer inside the block. TimeoutError after so many seconds of waiting."""
        self._take(seconds)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, seconds: float) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            if mine.acquire(timeout=seconds):
                return
            if not self._step_out(mine):
                return  # it was handed on to us in this very moment
        except BaseException:  # interrupted while waiting
            if not self._step_out(mine):
                self._hand_on()
            raise
        raise TimeoutError(f"another thread has been writing for {seconds:g} s")

    def _step_out(self, mine: threading.Lock) -> bool:
        """Wait no more. False if the turn is ours by now."""
        with self._guard:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
