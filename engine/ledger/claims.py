"""Claiming intents and settling tasks, inside a transaction of the caller that holds the write lock.

It must never let two runs hold one identity, and never forget a task id that the service gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Insert, Table, bindparam, delete, insert, select, update

from engine.ledger import schema
from engine.ledger.history import batch_row
from engine.ledger.packing import digest, milliseconds_or_none
from engine.ledger.prepared import Prepared
from engine.ledger.values import BatchKey, Intent

_LARGEST_ID: Final = 2**63 - 1


class Holder(NamedTuple):
    """A run as the rows know it."""

    key: int
    coworker_id: int


_task = schema.tasks.c
ONE = (_task.coworker_id == bindparam("coworker")) & (_task.identity == bindparam("one"))
_ONE_PAYLOAD = (schema.payloads.c.coworker_id == bindparam("coworker")) & (
    schema.payloads.c.identity == bindparam("one")
)
_STATES: Final = Prepared(
    select(_task.identity, _task.state, _task.at, schema.runs.c.id, schema.runs.c.seen_at)
    .join(schema.runs, schema.runs.c.key == _task.run_key)
    .where(_task.coworker_id == bindparam("coworker"))
)
_INSERT_BATCH: Final = insert(schema.batches)
_KEYS: Final = ("run_key", "batch_key", "item_key", "person_key", "thing_id")
_MEANT: Final = ("coworker_id", "identity", "state", "at", "due_at", "contract_id", "event_at")
_INSERT_TASKS: Final = Prepared(insert(schema.tasks), (*_MEANT, *_KEYS))
_INSERT_PAYLOADS: Final = Prepared(insert(schema.payloads), ("coworker_id", "identity", "key", "payload"))
FORGET_TASK: Final = Prepared(delete(schema.tasks).where(ONE))
FORGET_PAYLOAD: Final = Prepared(delete(schema.payloads).where(_ONE_PAYLOAD))
_OPEN_TEXT: Final = Prepared(
    select(schema.payloads.c.coworker_id)
    .where(schema.payloads.c.coworker_id == bindparam("coworker"))
    .union_all(
        select(schema.requests.c.coworker_id).where(schema.requests.c.coworker_id == bindparam("coworker"))
    )
    .limit(1)
)


class _Held(NamedTuple):
    """What is remembered of an identity that is to be claimed."""

    state: int
    at: int
    run_id: str
    seen_at: int


class SmallKeys:
    """The small numbers that stand for items or people. What is inserted is remembered only once it is read back."""

    def __init__(self, table: Table, column: str) -> None:
        self._table = table
        self._column = column
        self._known: dict[Any, int] = {}

    def keys(self, connection: Connection, wanted: Set[Any]) -> Mapping[Any, int]:
        """The number of each, made if it has none yet."""
        if wanted <= self._known.keys():
            return self._known
        table = self._table
        # Only committed rows get remembered: a transaction that rolls back takes its new numbers along.
        self._known = {row._mapping[self._column]: row.key for row in connection.execute(select(table))}
        made = {
            one: _key_of_new(connection, insert(table), **{self._column: one})
            for one in sorted(wanted - self._known.keys())
        }
        return self._known | made


class Keys:
    """What one ledger remembers of the numbers of items and people."""

    def __init__(self) -> None:
        self.items = SmallKeys(schema.items, "item")
        self.people = SmallKeys(schema.people, "user_id")


def claim_intents(
    connection: Connection, run: Holder, intents: Sequence[Intent], *, now: int, keys: Keys
) -> tuple[Intent, ...]:
    """Write the intents that nobody holds and that are not settled; return them."""
    rows = _STATES.all(connection, {"coworker": run.coworker_id})
    present = {row[0]: _Held(*row[1:]) for row in rows}
    distinct = {intent.identity: intent for intent in intents}
    held = {identity: present.get(identity.bytes) for identity in distinct}
    free = tuple(intent for identity, intent in distinct.items() if _is_free(intent, held[identity]))
    if not free:
        return ()
    taken_over = [
        {"coworker": run.coworker_id, "one": one.identity.bytes} for one in free if held[one.identity]
    ]
    if taken_over:
        FORGET_TASK.run_many(connection, taken_over)
        FORGET_PAYLOAD.run_many(connection, taken_over)
    batches = {key: _batch_key(connection, run, key, name) for key, name in _names(free).items()}
    items = keys.items.keys(connection, {intent.item for intent in free})
    given_to = {intent.responsible_id for intent in free} - {None}
    people: Mapping[Any, int] = keys.people.keys(connection, given_to) if given_to else {}
    _INSERT_TASKS.run_many(
        connection,
        [
            _task_row(run, intent, _first_meant(held[intent.identity], now))
            | {"batch_key": batches[intent.batch], "item_key": items[intent.item]}
            | {"person_key": people.get(intent.responsible_id)}
            for intent in free
        ],
    )
    _INSERT_PAYLOADS.run_many(connection, [_payload_row(run, intent) for intent in free])
    return free


def _is_free(intent: Intent, held: _Held | None) -> bool:
    if held is None or held.state == schema.FAILED:
        return True
    if held.state != schema.INTENDED or not intent.reclaim:
        return False
    if intent.held_by is not None and intent.held_by != held.run_id:
        return False
    seen_at = milliseconds_or_none(intent.held_seen_at)
    return seen_at is None or seen_at == held.seen_at


def _first_meant(held: _Held | None, now: int) -> int:
    """An open intent keeps its first moment: its task may have been created from then on."""
    return held.at if held is not None and held.state == schema.INTENDED else now


def _names(intents: Sequence[Intent]) -> dict[BatchKey, str]:
    return {intent.batch: intent.batch_name for intent in intents}


def _batch_key(connection: Connection, run: Holder, key: BatchKey, name: str) -> int:
    """The batch's row; until it has a task, the name that is meant now is the one that counts."""
    table = schema.batches
    found = batch_row(connection, run.coworker_id, key)
    if found is None:
        return _key_of_new(
            connection,
            _INSERT_BATCH,
            coworker_id=run.coworker_id,
            kind=key.kind,
            subject_id=key.subject_id,
            tasklist=key.tasklist,
            cycle=key.cycle,
            name=digest(name),
        )
    if found.first_task_id is None and found.name.hex() != name:
        connection.execute(update(table).where(table.c.key == found.key).values(name=digest(name)))
    return int(found.key)


def _key_of_new(connection: Connection, statement: Insert, **values: object) -> int:
    made = connection.execute(statement, values).inserted_primary_key
    assert made is not None  # one row, one key
    return int(made[0])


def _task_row(run: Holder, intent: Intent, at: int) -> dict[str, Any]:
    """The row of an intent: all that stays after the result, and nothing that may be a member's text."""
    return {
        "coworker_id": run.coworker_id,
        "identity": intent.identity.bytes,
        "state": schema.INTENDED,
        "run_key": run.key,
        "thing_id": _id_or_none(intent.key),
        "at": at,
        "due_at": milliseconds_or_none(intent.due_at),
        "contract_id": intent.contract_id,
        "event_at": milliseconds_or_none(intent.event_at),
    }


def _id_or_none(key: str) -> int | None:
    """A for_each key that is a Nexudus id; another may be a text about a member and goes with the payload."""
    if not key.isdecimal() or not key.isascii() or key.startswith("0") or int(key) > _LARGEST_ID:
        return None
    return int(key)


def _payload_row(run: Holder, intent: Intent) -> dict[str, Any]:
    return {
        "coworker_id": run.coworker_id,
        "identity": intent.identity.bytes,
        "key": intent.key,
        "payload": intent.payload,
    }


def has_open_text(connection: Connection, coworker_id: int) -> bool:
    """True while a payload of this coworker waits for its result, or a request for the end of its run."""
    return _OPEN_TEXT.one(connection, {"coworker": coworker_id}) is not None
