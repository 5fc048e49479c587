"""The last check before a write's first byte, and the end of its last one.

Between the two only one write of a process is on its way, so that a process which is stopped there has at most
one call that nobody checked again. It must never be entered before the connection stands: that may take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Protocol, Self

_FIRST_BYTE: Final = "http11.send_request_headers.started"
_LAST_BYTE: Final = frozenset(
    {"http11.send_request_body.complete", "http11.send_request_body.failed", "http11.send_request_headers.failed"}
)


class Gate(Protocol):
    def enter(self) -> None:
        """Check, and let one write through. What it raises stops the write before its first byte."""

    def leave(self) -> None:
        """The write is out, or has failed: the next one may come."""


class TellingGate:
    """A gate that tells when a write is out: the check may have taken a while. `told` must raise nothing."""

    def __init__(self, gate: Gate, told: Callable[[], None]) -> None:
        self._gate = gate
        self._told = told

    def enter(self) -> None:
        """Check, and let one write through."""
        self._gate.enter()

    def leave(self) -> None:
        """The write is out: let the next one come, and tell."""
        self._gate.leave()
        self._told()


class Passage:
    """One write's way through a gate, as the connection pool's trace tells it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._inside = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def enter(self) -> None:
        """Go in, once."""
        if not self._inside:
            self._gate.enter()
            self._inside = True

    def leave(self) -> None:
        """Come out, if still inside."""
        if self._inside:
            self._inside = False
            self._gate.leave()

    @property
    def trace(self) -> Callable[[str, Mapping[str, Any]], None]:
        """For the `trace` extension of the pool's request, which is called at each step of it."""

        def told(event: str, _: Mapping[str, Any]) -> None:
            if event == _FIRST_BYTE:
                self.enter()
            elif event in _LAST_BYTE:
                self.leave()

        return told
