"""The sessions that hold this process's leases on PostgreSQL: who is only stopped is not overtaken.

A lease there is a row, as on SQLite, and beside it a lock of the server that ends with its session. It must never
call a lease held whose session is gone, unless the lock could be had again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection

from engine.ledger.connections import Connections
from engine.ledger.postgres import is_lost, lock_lease, session_of, unlock_leases
from engine.ledger.values import Lease


class _Pin:
    def __init__(self, holder: str, connection: Connection) -> None:
        self.holder = holder
        self.connection = connection
        self.guard = threading.Lock()
        """One transaction at a time: the sender's look, and the thread that keeps the lease."""

    def lives(self) -> bool:
        with self.guard:
            if is_lost(self.connection):
                return False
            try:
                session_of(self.connection).execute(b"SELECT 1")
            except Exception:
                if not is_lost(self.connection):
                    raise
                return False
            return True


class Pins:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._guard = threading.Lock()
        self._locking = threading.Lock()
        self._pins: dict[str, _Pin] = {}

    def hold(self, name: str, holder: str) -> bool:
        """Lock a lease for its holder in a session of its own, or see that it is locked still.

        False while another session has the lock, or another holder of this process.
        """
        with self._connections.explained():
            pin = self._pins.get(name)
            if pin is not None and (pin.holder != holder or pin.lives()):
                return pin.holder == holder
            with self._locking:
                now = self._pins.get(name)
                if now is not None and now is not pin:  # the thread that keeps the lease was here first
                    return now.holder == holder
                if now is not None:
                    self._drop(name, now)
                return self._lock(name, holder)

    def _lock(self, name: str, holder: str) -> bool:
        connection, is_locked = self._connections.on_reader(lambda session: lock_lease(session, name))
        if is_locked:
            with self._guard:
                self._pins[name] = _Pin(holder, connection)
        else:
            self._connections.keep_reader(connection)
        return is_locked

    @contextmanager
    def reading(self, lease: Lease) -> Iterator[Connection | None]:
        """One transaction that reads in the session of a lease; None if that is gone and the lock is another's."""
        with self._connections.explained(), ExitStack() as stack:
            pin = self._begun(lease, stack) or self._held_again(lease, stack)
            yield None if pin is None else pin.connection

    def _begun(self, lease: Lease, stack: ExitStack) -> _Pin | None:
        """Begin in the session of the lease, as long as there is one."""
        pin = self._pins.get(lease.name)
        if pin is None or pin.holder != lease.holder:
            return None
        with ExitStack() as entered:
            entered.enter_context(pin.guard)
            if is_lost(pin.connection):
                return None
            try:
                entered.enter_context(pin.connection.begin())
            except Exception:
                if not is_lost(pin.connection):
                    raise
                return None
            stack.push(entered.pop_all())
        return pin

    def _held_again(self, lease: Lease, stack: ExitStack) -> _Pin | None:
        return self._begun(lease, stack) if self.hold(lease.name, lease.holder) else None

    def let_go(self, name: str, holder: str) -> None:
        """Unlock a lease; nothing happens if it is not this holder's. Never an error: a session that ends unlocks."""
        with self._guard:
            pin = self._pins.get(name)
            if pin is None or pin.holder != holder:
                return
            del self._pins[name]
        with pin.guard:
            try:
                unlock_leases(pin.connection)
            except Exception:
                pin.connection.close()
            else:
                self._connections.keep_reader(pin.connection)

    def _drop(self, name: str, pin: _Pin) -> None:
        with self._guard:
            if self._pins.get(name) is pin:
                del self._pins[name]
        with pin.guard:
            pin.connection.close()

    def close(self) -> None:
        """End all sessions, as the death of this process would."""
        for name, pin in list(self._pins.items()):
            self._drop(name, pin)
