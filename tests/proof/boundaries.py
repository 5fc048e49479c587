"""The places of promises.md section 5 at which a run can be made to die, wrapped around the engine from outside.

`install` must be called before the rest of the engine is imported: modules that take a function by its name then
take the wrapped one. No product code knows of this. It must never change what the engine does, only end it.

Not here: 9 (server committed) and half of 10, which a real SIGKILL from outside does when the far side says so,
and 20 to 22, which belong to the webhook service.
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOUNDARIES = {
    "plan-made": 1,
    "plan-shown": 2,
    "lease-taken": 3,
    "intent-written": 4,
    "intent-committed": 5,
    "socket-open": 6,
    "half-sent": 7,
    "all-sent": 8,
    "half-answer-read": 10,
    "answer-parsed": 11,
    "result-written": 12,
    "result-committed": 13,
    "between-tasks": 14,
    "in-the-quiet-wait": 15,
    "list-page-read": 16,
    "list-end": 17,
    "adoption-written": 18,
    "lease-given-back": 19,
    "in-a-migration": 23,
}
"""Name -> number in promises.md section 5."""

DEAD = 137
"""The exit code of a process that SIGKILL ended, as a shell shows it."""

_FIRST_BYTES_OF_AN_ANSWER = 64
_CREATION = re.compile(rb"POST \S*/coworkertasks[ ?]", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class Crash:
    """Counts how often each boundary is reached, and ends the process at the one that was asked for."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._name, self._nth = "", 0
        self._lock = threading.Lock()
        self._inside = threading.local()

    def arm(self, where: str) -> None:
        """`name:nth`, or an empty text for none. LookupError if there is no such boundary."""
        name, _, nth = where.partition(":")
        if name and name not in BOUNDARIES:
            raise LookupError(f"there is no boundary {name!r}")
        self._name, self._nth = name, int(nth or "1")

    def is_due(self, name: str) -> bool:
        """Count one more time; whether this is the one."""
        with self._lock:
            self.seen[name] += 1
            return name == self._name and self.seen[name] == self._nth

    def reach(self, name: str) -> None:
        """Die here if this is the one."""
        if self.is_due(name):
            die()

    @property
    def inside(self) -> str:
        """The method of the ledger or client that this thread is in, as far as it matters here."""
        return getattr(self._inside, "name", "")

    def enter(self, name: str) -> str:
        before, self._inside.name = self.inside, name
        return before

    def write_census(self, file: Path) -> None:
        """Leave the counts for whoever wants to choose among them."""
        file.write_text(json.dumps(self.seen))


def die() -> None:
    """No handler, no flush, no rollback: the next instruction is never run."""
    os._exit(DEAD)


def install(crash: Crash) -> None:
    """Wrap everything. Imports the modules that are wrapped, before those that use them."""
    _wrap_planning(crash)
    _wrap_ledger(crash)
    _wrap_wire(crash)


def _after(
    crash: Crash, owner: Any, method: str, boundary: str, *, told: Callable[[Any], bool] = lambda _: True, tag: str = ""
) -> None:
    """Reach `boundary` when `owner.method` returns what `told` accepts; inside it `crash.inside` is `tag`."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def wrapped(*args: Any, **named: Any) -> Any:
        before = crash.enter(tag or crash.inside)
        try:
            found = original(*args, **named)
        finally:
            crash.enter(before)
        if boundary and told(found):
            crash.reach(boundary)
        return found

    setattr(owner, method, wrapped)


def _wrap_planning(crash: Crash) -> None:
    from engine.cli import showing
    from engine.core import planner

    _after(crash, planner, "make_plan", "plan-made")
    _after(crash, showing, "show_preview", "plan-shown")


def _wrap_ledger(crash: Crash) -> None:
    from sqlalchemy import Engine, event

    from engine.ledger import opening
    from engine.ledger.ledger import Ledger

    _after(crash, Ledger, "take_lease", "lease-taken", told=lambda lease: lease is not None)
    _after(crash, Ledger, "claim", "intent-committed", told=bool, tag="claim")
    _after(crash, Ledger, "record", "result-committed", tag="record")
    _after(crash, Ledger, "adopt", "adoption-written", told=bool)
    _after(crash, Ledger, "give_back_lease", "lease-given-back")
    _after(crash, opening, "_migrate", "", tag="migrate")

    @event.listens_for(Engine, "commit")
    def _before_commit(_: Any) -> None:
        if crash.inside in {"claim", "record"}:
            crash.reach("intent-written" if crash.inside == "claim" else "result-written")

    @event.listens_for(Engine, "after_cursor_execute")
    def _after_statement(*_: Any) -> None:
        if crash.inside == "migrate":
            crash.reach("in-a-migration")


def _wrap_wire(crash: Crash) -> None:
    from engine.flows.stopping import Stop
    from engine.nexudus import line, paging
    from engine.nexudus.client import NexudusClient, NexudusReader

    _after(crash, NexudusReader, "tasks_of", "list-end", tag="tasks")
    _after_when_inside(crash, paging.Reading, "add", "list-page-read", tag="tasks")
    _after(crash, NexudusClient, "create_task", "answer-parsed")
    _wrap_between(crash, NexudusClient)
    _wrap_waits(crash, Stop)
    _wrap_stream(crash, line._Stream)


def _after_when_inside(crash: Crash, owner: Any, method: str, boundary: str, *, tag: str) -> None:
    original = getattr(owner, method)

    @functools.wraps(original)
    def wrapped(*args: Any, **named: Any) -> Any:
        found = original(*args, **named)
        if crash.inside == tag:
            crash.reach(boundary)
        return found

    setattr(owner, method, wrapped)


def _wrap_between(crash: Crash, client: Any) -> None:
    """Between two tasks is before any creation but the first."""
    original = client.create_task
    begun = Counter[str]()

    @functools.wraps(original)
    def wrapped(*args: Any, **named: Any) -> Any:
        begun["creations"] += 1
        if begun["creations"] > 1:
            crash.reach("between-tasks")
        return original(*args, **named)

    client.create_task = wrapped


def _wrap_waits(crash: Crash, stop: Any) -> None:
    """Half of a wait is waited, so that it ends neither at its begin nor at its end."""
    original = stop.sleep

    @functools.wraps(original)
    def wrapped(self: Any, seconds: float) -> None:
        due = crash.is_due("in-the-quiet-wait")
        original(self, seconds / 2 if due else seconds)
        if due:
            die()

    stop.sleep = wrapped


class _Way:
    """How far one creation on one connection has come, in bytes."""

    def __init__(self, head: bytes) -> None:
        body = _LENGTH.search(head)
        self.total = head.index(b"\r\n\r\n") + 4 + int(body[1] if body else 0)
        self.sent = 0


def _wrap_stream(crash: Crash, stream: Any) -> None:
    """Every byte of a creation goes through `write`, every byte of its answer through `read`."""
    write, read = stream.write, stream.read

    def wrapped_write(self: Any, buffer: bytes, timeout: float | None = None) -> None:
        if _CREATION.match(buffer):
            self.way = _Way(buffer)
            crash.reach("socket-open")
        way: _Way | None = getattr(self, "way", None)
        if way is None:
            write(self, buffer, timeout)
            return
        half = (way.total + 1) // 2
        if way.sent < half <= way.sent + len(buffer) and crash.is_due("half-sent"):
            write(self, buffer[: half - way.sent], timeout)
            die()
        write(self, buffer, timeout)
        way.sent += len(buffer)
        if way.sent - len(buffer) < way.total <= way.sent:
            crash.reach("all-sent")

    def wrapped_read(self: Any, max_bytes: int, timeout: float | None = None) -> bytes:
        way: _Way | None = getattr(self, "way", None)
        if way is not None and way.sent >= way.total:
            self.way = None
            if crash.is_due("half-answer-read"):
                read(self, _FIRST_BYTES_OF_AN_ANSWER, timeout)
                die()
        found: bytes = read(self, max_bytes, timeout)
        return found

    stream.write, stream.read = wrapped_write, wrapped_read
