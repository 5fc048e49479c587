"""Being told to stop while tasks are made: the first signal lets the calls under way end, the second ends at once.

It must never leave a process running longer than ten seconds after the first one.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.flows.stopping import Stop

INTERRUPTED: Final = 130
GRACE_SECONDS: Final = 9.0
"""For the calls under way; what has no answer by then stays an open intent, which the next run settles."""

Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None

_LISTEN_SECONDS: Final = 0.1

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_LEFT: Final = b"interrupted: nothing is lost, the same command settles what was under way, and so does resume\n"
_TOLD: Final = b"\nstopping: what is under way is finished first; once more ends at once, and is as safe\n"


@contextmanager
def stop_on_signals(
    grace: float = GRACE_SECONDS, left: bytes = _LEFT, told: bytes = _TOLD, *, terminated: int = INTERRUPTED
) -> Iterator[Stop]:
    """Yield what a run listens to; SIGINT and SIGTERM ask it to stop until the block ends.

    `told` is said at the first signal, `left` when the process has to end after `grace` seconds, or by a second one:
    with exit code 130, or `terminated` if the first was SIGTERM.
    """
    from engine.flows.stopping import Stop

    stop, over = Stop(), threading.Event()

    def end() -> None:
        end_now(left, terminated if stop.signal_number == signal.SIGTERM else INTERRUPTED)

    # Started now: a handler must not start a thread, since its own may be in the middle of doing so.
    threading.Thread(target=_end_in_time, args=(stop, over, grace, end), name="stop", daemon=True).start()

    def asked(number: int, _frame: FrameType | None) -> None:
        if stop.requested:
            end()
        stop.request(number)
        os.write(2, told)  # a buffered stream may be in use at this very moment

    before = _install(asked)
    try:
        yield stop
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def at_a_prompt() -> Iterator[None]:
    """While a person is asked, a signal interrupts the question: nothing is under way."""
    before = _install(signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_in_time(stop: Stop, over: threading.Event, grace: float, end: Callable[[], None]) -> None:
    """Wait for a request to stop, and end the process where that takes too long."""
    while not over.wait(_LISTEN_SECONDS):
        if stop.requested:
            if not over.wait(grace):
                end()
            return


def end_now(left: bytes, code: int) -> None:
    """End the process without waiting for its threads, as an ordinary end would: all that counts is on the disk."""
    os.write(2, left)
    os._exit(code)


def _install(handler: Handler) -> dict[int, Handler]:
    """Set the handlers and return the old ones; only the main thread of a program may do that."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in _SIGNALS}
