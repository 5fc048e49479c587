"""Opening a ledger: make it, migrate it, refuse what is not ours.

A ledger at head is opened without importing Alembic. Nothing here may leave a half-made ledger:
all tables and the account row land in one transaction, and a killed process leaves an empty file.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection, Engine, insert, inspect, select, text, update
from whenever import Instant

from engine.core.errors import UserError
from engine.ledger import postgres, schema
from engine.ledger.connections import reading, writing
from engine.ledger.disk import holds_nothing, make_private_file, refuse_network_disk, tighten
from engine.ledger.faults import NOT_A_LEDGER_ADVICE, explained
from engine.ledger.ledger import Ledger
from engine.ledger.packing import instant, milliseconds
from engine.ledger.postgres_place import shown_place
from engine.ledger.sqlite import BUSY_SECONDS, connect, use_write_ahead_log
from engine.ledger.view import Account, LedgerView

_HASH_KEY_BYTES: Final = 32

_OF_QUEUE: Final = "procrastinate_"
"""Tables of the workers' queue, which stand beside the ledger's on PostgreSQL and may outlive them."""


@dataclass(frozen=True)
class _Asked:
    owner: str
    account: str
    since: Instant
    now: Instant


def open_ledger(  # noqa: PLR0913  the five things that a ledger is bound to, by name
    place: Path | str, *, owner: str, account: str, since: Instant, now: Instant, busy_seconds: float = BUSY_SECONDS
) -> Ledger:
    """Open the ledger at `place`, make it if there is none, migrate it if it is older.

    `place` is a file, or the address of a PostgreSQL database as text. `account` is the base URL of the
    service, `since` the first moment of use (design section 4).
    UserError: another owner or account, a wrong `since`, a newer schema, what is no ledger, no driver.
    Unreachable: locked for `busy_seconds`, full, not writable, no server; nothing is changed then.
    """
    asked = _Asked(owner, _same_spelling(account), since, now)
    _refuse_future(asked)
    shown = shown_place(place)
    with explained(shown):
        if isinstance(place, Path):
            make_private_file(place)
        engine = _engine(place, busy_seconds)
        try:
            if isinstance(place, Path):
                if _is_ledger(engine, shown):
                    tighten(place)
                use_write_ahead_log(engine, busy_seconds)
            return Ledger(engine, shown, _bring_to_head(engine, shown, asked), busy_seconds)
        except BaseException:
            engine.dispose()
            raise


def open_ledger_to_look(  # noqa: PLR0913  the same as above
    place: Path | str, *, owner: str, account: str, since: Instant, now: Instant, busy_seconds: float = BUSY_SECONDS
) -> LedgerView | None:
    """Open the ledger for reading, caches and pace; None if there is none. Never makes or migrates one.

    Errors as `open_ledger`, and UserError for an older schema. An earlier `since` holds for this
    process only; the next run stores it.
    """
    asked = _Asked(owner, _same_spelling(account), since, now)
    _refuse_future(asked)
    shown = shown_place(place)
    with explained(shown):
        if isinstance(place, Path):
            if holds_nothing(place):
                return None
            refuse_network_disk(place)
        engine = _engine(place, busy_seconds)
        try:
            found = _look(engine, shown, asked)
        except BaseException:
            engine.dispose()
            raise
        if found is None:
            engine.dispose()
            return None
        return LedgerView(engine, shown, found, busy_seconds)


def holds_ledger(address: str, busy_seconds: float = BUSY_SECONDS) -> bool:
    """Whether there is a ledger in a PostgreSQL database; none is made. UserError for what is no ledger."""
    shown = shown_place(address)
    engine = _engine(address, busy_seconds)
    try:
        return _is_ledger(engine, shown)
    finally:
        engine.dispose()


def _engine(place: Path | str, busy_seconds: float) -> Engine:
    return connect(place, busy_seconds) if isinstance(place, Path) else postgres.connect(place, busy_seconds)


def _is_ledger(engine: Engine, place: str) -> bool:
    """True for a ledger of a schema that we know, False for a database without tables."""
    with reading(engine, place) as connection:
        return _revision(connection, place) is not None


def _look(engine: Engine, place: str, asked: _Asked) -> Account | None:
    with reading(engine, place) as connection:
        revision = _revision(connection, place)
        if revision is None:
            return None
        if revision != schema.HEAD:
            raise UserError(
                f"The ledger {place} is of an older version (schema {revision}, now {schema.HEAD}).",
                advice="`tasklists run` migrates it.",
            )
        stored = _stored(connection)
        return _checked(stored, place, asked) if stored else None


def _bring_to_head(engine: Engine, place: str, asked: _Asked) -> Account:
    """Look first: usually there is nothing to write, and then nobody else has to wait."""
    with reading(engine, place) as connection:
        stored = _stored(connection) if _revision(connection, place) == schema.HEAD else None
        if stored and _checked(stored, place, asked) == stored:
            return stored
    with writing(engine, place) as connection:
        # Again under the lock: another process may have made or migrated it by now.
        if _revision(connection, place) != schema.HEAD:
            _migrate(connection)
        stored = _stored(connection)
        if stored is None:
            return _bind(connection, asked)
        return _earlier_since(connection, _checked(stored, place, asked))


def _migrate(connection: Connection) -> None:
    """Run the missing steps inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    place = str(Path(__file__).with_name("migrations"))
    configuration.set_main_option("script_location", place.replace("%", "%%"))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _revision(connection: Connection, place: str) -> str | None:
    """The schema of the database, None if it holds no table. UserError for what is not ours to touch."""
    if connection.dialect.name != "sqlite":
        postgres.refuse_unsuitable(connection, place)
    tables = {name for name in inspect(connection).get_table_names() if not name.startswith(_OF_QUEUE)}
    if not tables:
        return None
    if not {"alembic_version", "account", "runs"} <= tables:
        raise UserError(
            f"{place} is a database, but no ledger (its tables: {', '.join(sorted(tables)[:5])}).",
            advice=NOT_A_LEDGER_ADVICE,
        )
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision not in schema.KNOWN_REVISIONS:
        raise UserError(
            f"The ledger {place} was written by a newer version (schema {revision}, ours is {schema.HEAD}).",
            advice="Update tasklists; the ledger was not changed.",
        )
    return str(revision)


def _stored(connection: Connection) -> Account | None:
    row = connection.execute(select(schema.account)).one_or_none()
    return Account(row.owner, row.account, instant(row.since_at), row.hash_key) if row else None


def _bind(connection: Connection, asked: _Asked) -> Account:
    bound = Account(asked.owner, asked.account, asked.since, secrets.token_bytes(_HASH_KEY_BYTES))
    connection.execute(
        insert(schema.account).values(
            id=1,
            owner=bound.owner,
            account=bound.account,
            since_at=milliseconds(bound.since),
            hash_key=bound.hash_key,
            created_at=milliseconds(asked.now),
        )
    )
    return bound


def _earlier_since(connection: Connection, account: Account) -> Account:
    connection.execute(update(schema.account).values(since_at=milliseconds(account.since)))
    return account


def _checked(stored: Account, place: str, asked: _Asked) -> Account:
    """The account with the earlier `since` of the two. UserError if this ledger is not for what was asked."""
    if stored.owner != asked.owner:
        raise UserError(
            f"The ledger {place} belongs to owner {stored.owner!r}, organisation.yaml says {asked.owner!r}:"
            " the owner is part of every identity, with another one every task would be made again.",
            advice=f"Write `owner: {stored.owner}`, or set TASKLISTS_LEDGER to another place.",
        )
    if stored.account != asked.account:
        raise UserError(
            f"The ledger {place} is for the account at {stored.account}, and this is {asked.account}.",
            advice="Set TASKLISTS_LEDGER to another file, or to another database or schema, for this account.",
        )
    if asked.since > stored.since:
        raise UserError(
            f"organisation.yaml says `since: {_day(asked.since)}`, and the ledger {place} knows"
            f" {_day(stored.since)}: tasks made in between would no longer be taken for ours.",
            advice=f"Write `since: {_day(stored.since)}` or an earlier day.",
        )
    return Account(stored.owner, stored.account, asked.since, stored.hash_key)


def _refuse_future(asked: _Asked) -> None:
    if asked.since > asked.now:
        raise UserError(
            f"organisation.yaml says `since: {_day(asked.since)}`, which is a future day.",
            advice="Write the first day of use, today or earlier: older tasks are never taken for ours.",
        )


def _day(moment: Instant) -> str:
    return str(moment)[:10]  # ISO 8601 in UTC


def _same_spelling(base_url: str) -> str:
    """One account has one spelling: no trailing slash, scheme and host in lower case."""
    parts = urlsplit(base_url.strip())
    place = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), query="", fragment="")
    return urlunsplit(place).rstrip("/")
