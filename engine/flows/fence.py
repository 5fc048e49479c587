"""The fence before each send: a process that lost a task while it slept sends it no more (promise A09)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.core.errors import TasklistsError
from engine.nexudus.conversation import Pace


class Overtaken(TasklistsError):
    """Another run has taken the task while this one was silent; nothing was sent."""

    def __init__(self) -> None:
        super().__init__("another run has taken this task in the meantime; run again to see what came of it")


class Fence:
    """A pace that asks, after its wait and right before a write, whether the task is still ours to send.

    What it raises ends the call before its first byte.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._holds: Callable[[], bool] | None = None

    def acquire(self, *, write: bool) -> None:
        """Wait for the pace, then check. Raises Overtaken."""
        self._pace.acquire(write=write)
        if write and self._holds is not None and not self._holds():
            raise Overtaken

    def throttled(self, seconds: float) -> None:
        """Hand on what the service asked for."""
        self._pace.throttled(seconds)

    @contextmanager
    def guarding(self, holds: Callable[[], bool]) -> Iterator[None]:
        """Check with `holds` before each write inside the block."""
        self._holds = holds
        try:
            yield
        finally:
            self._holds = None
