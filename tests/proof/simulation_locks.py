"""Locks of the engine that are held across steps: who waits for one hands the baton on instead of blocking.

They must never let two holders in, and never leave a waiter asleep when they are free.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from baton import Endless, active
from simulation_strands import Strand


class BatonLock:
    """A lock of the engine's, held across steps: who waits for it hands the baton on instead of blocking."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[Strand] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as in threading
        while self._held:
            baton = active()
            if baton is None:
                raise Endless("a lock is held for ever")
            if not blocking or not baton.wait(self._waiting, None if timeout < 0 else timeout):
                return False
        self._held = True
        return True

    def release(self) -> None:
        self._held = False
        for strand in self._waiting:
            strand.ready = True

    def locked(self) -> bool:
        return self._held

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()


class _StandIn:
    """`threading` as the engine's modules see it in a simulation: the locks are ours."""

    Lock = BatonLock

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


@contextmanager
def baton_locks(*modules: Any) -> Iterator[None]:
    """Let these modules make our locks inside the block."""
    stand_in = _StandIn()
    for module in modules:
        module.threading = stand_in
    try:
        yield
    finally:
        for module in modules:
            module.threading = threading
