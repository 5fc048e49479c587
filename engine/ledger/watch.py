"""What a service watches over: doors, alerts, moments, and since when which list applies to whom.

One method is one transaction. It must never hold a secret or a member's text, and never call a clock.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from whenever import Instant

from engine.ledger import service_schema as tables
from engine.ledger.packing import instant, instant_or_none, milliseconds
from engine.ledger.prepared import Prepared
from engine.ledger.service_values import Alert, Door
from engine.ledger.transactions import Transactions, short

MARK_LENGTH: Final = 64
"""Characters of a secret's mark at most: a digest in hex."""

_NEVER: Final = (None, 0)
_door, _alert, _moment, _cover = tables.doors.c, tables.alerts.c, tables.moments.c, tables.coverage.c
_HERE: Final = (_door.location == bindparam("place")) & (_door.event == bindparam("what"))
_DOOR: Final = Prepared(select(_door.secret_mark, _door.verified_at, _door.refused_in_a_row).where(_HERE))
_MOMENT: Final = Prepared(select(_moment.at).where(_moment.name == bindparam("one")))
_COVERAGE: Final = Prepared(
    select(_cover.applies, _cover.first_seen)
    .where(_cover.tasklist == bindparam("list"))
    .order_by(_cover.key)
)


class Watch:
    def __init__(self, transactions: Transactions) -> None:
        self._reading = transactions.reading
        self._writing = transactions.writing

    def door(self, location: str, event: str, secret_mark: str) -> Door:
        """What is known of a path since the secret with that mark was set."""
        with self._reading() as connection:
            verified_at, refused = _known_of(connection, location, event, secret_mark)
        return Door(instant_or_none(verified_at), refused)

    def note_verified(self, location: str, event: str, secret_mark: str, now: Instant) -> None:
        """A delivery was found genuine: none is refused in a row any more."""
        with self._writing() as connection:
            _store_door(connection, location, event, (secret_mark, milliseconds(now), 0))

    def note_refused(  # noqa: PLR0913  where, of which secret, and how many, by name
        self, location: str, event: str, secret_mark: str, now: Instant, *, times: int = 1
    ) -> int:
        """Deliveries were refused; how many in a row by now."""
        del now  # of the same shape as its sibling
        with self._writing() as connection:
            verified_at, refused = _known_of(connection, location, event, secret_mark)
            _store_door(connection, location, event, (secret_mark, verified_at, refused + times))
        return refused + times

    def raise_alert(self, cause: str, kind: str, text: str, now: Instant) -> bool:
        """Remember that a person should know. True if this cause was not known, or cleared before.

        An open one keeps its moment and gets the newer text.
        """
        with self._writing() as connection:
            row = connection.execute(select(_alert.cleared_at).where(_alert.cause == cause)).one_or_none()
            if row is not None and row.cleared_at is None:
                _change_alert(connection, cause, kind=kind, text=short(text))
                return False
            connection.execute(delete(tables.alerts).where(_alert.cause == cause))
            told = {"cause": cause, "kind": kind, "text": short(text), "since": milliseconds(now)}
            connection.execute(insert(tables.alerts).values(told))
        return True

    def clear_alert(self, cause: str, now: Instant) -> bool:
        """The cause is gone; the next time it is told again. False if there is no open alert of it."""
        with self._writing() as connection:
            return _change_alert(connection, cause, cleared_at=milliseconds(now))

    def mark_told(self, cause: str, now: Instant) -> bool:
        """Somebody was told of an open alert."""
        with self._writing() as connection:
            return _change_alert(connection, cause, told_at=milliseconds(now))

    def alerts(self, *, open_only: bool = True) -> tuple[Alert, ...]:
        """Alerts, the oldest first."""
        chosen = select(tables.alerts).order_by(_alert.since, _alert.cause)
        if open_only:
            chosen = chosen.where(_alert.cleared_at.is_(None))
        with self._reading() as connection:
            found = connection.execute(chosen).all()
        return tuple(map(_as_alert, found))

    def moment(self, name: str) -> Instant | None:
        """A moment that was set, None if it never was."""
        with self._reading() as connection:
            row = _MOMENT.one(connection, {"one": name})
        return None if row is None else instant(row[0])

    def set_moment(self, name: str, at: Instant) -> None:
        """Remember a moment in place of an earlier one of that name."""
        with self._writing() as connection:
            connection.execute(delete(tables.moments).where(_moment.name == name))
            connection.execute(insert(tables.moments).values(name=name, at=milliseconds(at)))

    def cover(self, tasklist: str, applies: str, now: Instant) -> None:
        """Remember since when a list has this `applies` (JSON); nothing while it has the one that it had last."""
        with self._writing() as connection:
            known = _COVERAGE.all(connection, {"list": tasklist})
            if not known or known[-1][0] != applies:
                row = {"tasklist": tasklist, "applies": applies, "first_seen": milliseconds(now)}
                connection.execute(insert(tables.coverage).values(row))

    def coverage(self, tasklist: str) -> tuple[tuple[str, Instant], ...]:
        """Each `applies` (JSON) that a list had, one after the other, and when it was first seen; the oldest first."""
        with self._reading() as connection:
            found = _COVERAGE.all(connection, {"list": tasklist})
        return tuple((applies, instant(at)) for applies, at in found)


def _known_of(connection: Connection, location: str, event: str, secret_mark: str) -> tuple[int | None, int]:
    row = _DOOR.one(connection, {"place": location, "what": event})
    return (row[1], row[2]) if row is not None and row[0] == secret_mark else _NEVER


def _store_door(
    connection: Connection, location: str, event: str, known: tuple[str, int | None, int]
) -> None:
    mark, verified_at, refused = known
    assert len(mark) <= MARK_LENGTH, "a mark is a digest"
    connection.execute(delete(tables.doors).where((_door.location == location) & (_door.event == event)))
    row = {"location": location, "event": event, "secret_mark": mark}
    connection.execute(insert(tables.doors).values(row | {"verified_at": verified_at, "refused_in_a_row": refused}))


def _change_alert(connection: Connection, cause: str, **values: object) -> bool:
    row = update(tables.alerts).where((_alert.cause == cause) & _alert.cleared_at.is_(None))
    return bool(connection.execute(row.values(**values)).rowcount)


def _as_alert(row: Any) -> Alert:
    return Alert(
        cause=row.cause,
        kind=row.kind,
        text=row.text,
        since=instant(row.since),
        told_at=instant_or_none(row.told_at),
        cleared_at=instant_or_none(row.cleared_at),
    )
