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
from engine.ledger import schema
from engine.ledger.disk import holds_nothing, make_private_file, refuse_network_disk, tighten
from engine.ledger.faults import NOT_A_LEDGER_ADVICE, explained
from engine.ledger.ledger import Ledger
from engine.ledger.packing import instant, milliseconds
from engine.ledger.sqlite import BUSY_SECONDS, connect, reading, use_write_ahead_log, writing
from engine.ledger.view import Account, LedgerView

_HASH_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class _Asked:
    owner: str
    account: str
    since: Instant
    now: Instant


def open_ledger(  # noqa: PLR0913  the five things that a ledger is bound to, by name
    path: Path, *, owner: str, account: str, since: Instant, now: Instant, busy_seconds: float = BUSY_SECONDS
) -> Ledger:
    """Open the ledger at `path`, make it if there is none, migrate it if it is older.

    `account` is the base URL of the service, `since` the first moment of use (design section 4).
    UserError: another owner or account, a wrong `since`, a newer schema, a file that is no ledger.
    Unreachable: locked for `busy_seconds`, full, or not writable; nothing is changed then.
    """
    asked = _Asked(owner, _same_spelling(account), since, now)
    _refuse_future(asked)
    with explained(path):
        make_private_file(path)
        engine = connect(path, busy_seconds)
        try:
            if _is_ledger(engine, path):
                tighten(path)
            use_write_ahead_log(engine, busy_seconds)
            return Ledger(engine, path, _bring_to_head(engine, path, asked), busy_seconds)
        except BaseException:
            engine.dispose()
            raise


def open_ledger_to_look(  # noqa: PLR0913  the same as above
    path: Path, *, owner: str, account: str, since: Instant, now: Instant, busy_seconds: float = BUSY_SECONDS
) -> LedgerView | None:
    """Open the ledger for reading, caches and pace; None if there is none. Never makes or migrates one.

    Errors as `open_ledger`, and UserError for an older schema. An earlier `since` holds for this
    process only; the next run stores it.
    """
    asked = _Asked(owner, _same_spelling(account), since, now)
    _refuse_future(asked)
    with explained(path):
        if holds_nothing(path):
            return None
        refuse_network_disk(path)
        engine = connect(path, busy_seconds)
        try:
            found = _look(engine, path, asked)
        except BaseException:
            engine.dispose()
            raise
        if found is None:
            engine.dispose()
            return None
        return LedgerView(engine, path, found, busy_seconds)


def _is_ledger(engine: Engine, path: Path) -> bool:
    """True for a ledger of a schema that we know, False for a file without tables."""
    with reading(engine, path) as connection:
        return _revision(connection, path) is not None


def _look(engine: Engine, path: Path, asked: _Asked) -> Account | None:
    with reading(engine, path) as connection:
        revision = _revision(connection, path)
        if revision is None:
            return None
        if revision != schema.HEAD:
            raise UserError(
                f"The ledger {path} is of an older version (schema {revision}, now {schema.HEAD}).",
                advice="`tasklists run` migrates it.",
            )
        stored = _stored(connection)
        return _checked(stored, path, asked) if stored else None


def _bring_to_head(engine: Engine, path: Path, asked: _Asked) -> Account:
    """Look first: usually there is nothing to write, and then nobody else has to wait."""
    with reading(engine, path) as connection:
        stored = _stored(connection) if _revision(connection, path) == schema.HEAD else None
        if stored and _checked(stored, path, asked) == stored:
            return stored
    with writing(engine, path) as connection:
        # Again under the lock: another process may have made or migrated it by now.
        if _revision(connection, path) != schema.HEAD:
            _migrate(connection)
        stored = _stored(connection)
        if stored is None:
            return _bind(connection, asked)
        return _earlier_since(connection, _checked(stored, path, asked))


def _migrate(connection: Connection) -> None:
    """Run the missing steps inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    place = str(Path(__file__).with_name("migrations"))
    configuration.set_main_option("script_location", place.replace("%", "%%"))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _revision(connection: Connection, path: Path) -> str | None:
    """The schema of the file, None if it holds no table. UserError for what is not ours to touch."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if not {"alembic_version", "account", "runs"} <= tables:
        raise UserError(
            f"{path} is a database, but no ledger (its tables: {', '.join(sorted(tables)[:5])}).",
            advice=NOT_A_LEDGER_ADVICE,
        )
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision not in schema.KNOWN_REVISIONS:
        raise UserError(
            f"The ledger {path} was written by a newer version (schema {revision}, ours is {schema.HEAD}).",
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


def _checked(stored: Account, path: Path, asked: _Asked) -> Account:
    """The account with the earlier `since` of the two. UserError if this ledger is not for what was asked."""
    if stored.owner != asked.owner:
        raise UserError(
            f"The ledger {path} belongs to owner {stored.owner!r}, organisation.yaml says {asked.owner!r}:"
            " the owner is part of every identity, with another one every task would be made again.",
            advice=f"Write `owner: {stored.owner}`, or set TASKLISTS_LEDGER to another file.",
        )
    if stored.account != asked.account:
        raise UserError(
            f"The ledger {path} is for the account at {stored.account}, and this is {asked.account}.",
            advice="Set TASKLISTS_LEDGER to another file for this account.",
        )
    if asked.since > stored.since:
        raise UserError(
            f"organisation.yaml says `since: {_day(asked.since)}`, and the ledger {path} knows"
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
