"""Storing deliveries that came in, many in one transaction of the caller that holds the write lock.

It must never store one content twice, never keep more than a few that were never verified, and never make a
delivery new again because a copy came.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.ledger import delivery_rows as rows
from engine.ledger import service_schema as tables
from engine.ledger.ids import numbered_id
from engine.ledger.packing import milliseconds
from engine.ledger.prepared import Prepared
from engine.ledger.service_values import Accepted, DeliveryId, NewDelivery

MOST_UNVERIFIED: Final = 100
"""Enough to tell a mistyped secret from an attack; a flood of forged deliveries fills no disk."""

TURNED_AWAY: Final = "unverified deliveries not kept"

_c = tables.counters.c
_COUNTER: Final = Prepared(select(_c.value).where(_c.name == bindparam("one")))


@dataclass
class _Content:
    """All deliveries of one content in one batch."""

    first: NewDelivery
    places: list[int] = field(default_factory=list)
    last_at: int = 0

    def add(self, place: int, delivery: NewDelivery) -> None:
        if self.first.verified == "unverified":
            self.first = delivery  # of equal ones, that which is genuine
        self.places.append(place)
        self.last_at = max(self.last_at, milliseconds(delivery.received_at))


def digest_of(key: bytes, delivery: NewDelivery) -> bytes:
    """What tells two deliveries apart: where they came in, for which event, and their bytes. Keyed: no text at rest."""
    place = f"{delivery.location}\0{delivery.event}\0".encode()
    return hmac.digest(key, place + delivery.body, "sha256")


def store(connection: Connection, key: bytes, deliveries: Sequence[NewDelivery]) -> tuple[Accepted, ...]:
    """Store what is not known yet, and count the copies of what is; one answer a delivery, in order."""
    contents: dict[bytes, _Content] = {}
    for place, delivery in enumerate(deliveries):
        contents.setdefault(digest_of(key, delivery), _Content(delivery)).add(place, delivery)
    known = rows.by_digest(connection, list(contents))
    answers: dict[int, Accepted] = {}
    for digest, copy in known.items():
        is_new = _take_copy(connection, copy, contents[digest])
        _answer(answers, contents[digest], copy.id, is_new=is_new)
    plain = [(copy, len(contents[one].places), contents[one].last_at) for one, copy in known.items()]
    rows.count_copies(connection, plain)
    _store_unknown(connection, {one: content for one, content in contents.items() if one not in known}, answers)
    return tuple(answers[place] for place in range(len(deliveries)))


def _answer(answers: dict[int, Accepted], content: _Content, delivery_id: DeliveryId, *, is_new: bool) -> None:
    for number, place in enumerate(content.places):
        answers[place] = Accepted(delivery_id, is_new and number == 0)


def _take_copy(connection: Connection, copy: rows.Copy, content: _Content) -> bool:
    """True if a delivery that was never verified is found genuine by this copy: then it is new."""
    genuine = content.first
    if copy.verified != tables.UNVERIFIED or genuine.verified == "unverified":
        return False
    moment = milliseconds(genuine.received_at)
    verified = tables.PROOFS.index(genuine.verified)
    fresh = {"state": tables.NEW, "tries": 0, "waits_since": moment, "due_at": moment, "settled_at": None, "why": ""}
    rows.change(connection, copy.key, verified=verified, **fresh)
    rows.store_body(connection, copy, genuine.body)
    return True


def _store_unknown(
    connection: Connection, contents: Mapping[bytes, _Content], answers: dict[int, Accepted]
) -> None:
    stored: list[dict[str, Any]] = []
    turned_away = 0
    key = rows.last_key(connection)
    room = _room_for_unverified(connection, contents)
    for digest, content in contents.items():
        genuine = content.first.verified != "unverified"
        if not genuine and room <= 0:
            turned_away += len(content.places)
            _answer(answers, content, DeliveryId(""), is_new=False)
            continue
        room -= not genuine
        key += 1
        row = _row(key, digest, content)
        stored.append(row)
        _answer(answers, content, row["id"], is_new=genuine)
    rows.insert_all(connection, stored)
    if turned_away:
        _count(connection, turned_away)


def _room_for_unverified(connection: Connection, contents: Mapping[bytes, _Content]) -> int:
    if all(content.first.verified != "unverified" for content in contents.values()):
        return 0
    return MOST_UNVERIFIED - rows.unverified_aside(connection)


def _row(key: int, digest: bytes, content: _Content) -> dict[str, Any]:
    delivery = content.first
    at = milliseconds(delivery.received_at)
    genuine = delivery.verified != "unverified"
    return {
        "key": key,
        "id": DeliveryId(numbered_id(at, key)),
        "delivery_key": key,
        "body": delivery.body,
        "digest": digest,
        "location": delivery.location,
        "event": delivery.event,
        "verified": tables.PROOFS.index(delivery.verified),
        "state": tables.NEW if genuine else tables.ASIDE,
        "received_at": at,
        "last_at": content.last_at,
        "copies": len(content.places),
        "tries": 0,
        "waits_since": at,
        "due_at": at,
        "settled_at": None if genuine else at,
        "why": "" if genuine else "not verified: its signature fits no secret of this path",
        "trouble": "",
    }


def turned_away(connection: Connection) -> int:
    """How many that were never verified were counted and not kept."""
    row = _COUNTER.one(connection, {"one": TURNED_AWAY})
    return 0 if row is None else int(row[0])


def _count(connection: Connection, more: int) -> None:
    if _COUNTER.one(connection, {"one": TURNED_AWAY}) is None:
        connection.execute(insert(tables.counters).values(name=TURNED_AWAY, value=more))
    else:
        row = update(tables.counters).where(_c.name == TURNED_AWAY)
        connection.execute(row.values(value=_c.value + more))
