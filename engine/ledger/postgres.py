"""One PostgreSQL database, or one schema of it, as a SQLAlchemy engine: sessions, explicit transactions, locks.

Writers take turns by an advisory lock of the schema, as they do by SQLite's write lock. It must never be in
doubt which schema is meant, and never leave a lock with a process that is stopped or whose machine is gone.
The driver is imported only when somebody connects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from engine.core.errors import UserError
from engine.ledger.postgres_place import shown_place

if TYPE_CHECKING:
    import psycopg

_LIVENESS_SECONDS: Final = 5
_LIVENESS_TRIES: Final = 3
"""A machine that is gone is noticed after 20 s, by whichever side is left; less than a lease."""

_CONNECT_SECONDS: Final = 10

_SILENT: Final = 1000 * _LIVENESS_SECONDS * (_LIVENESS_TRIES + 1)

_LEAST_IDLE: Final = 1.0
"""Seconds. A process of ours that was not scheduled for so long inside a transaction is as good as stopped."""

# Also for a server whose administrator chose otherwise: ours to choose are the settings of our own sessions.
_SETTINGS: Final = """
SELECT set_config('search_path', quote_ident(current_schema()), false);
SELECT set_config(ours.name, ours.wanted, false) FROM (VALUES
    ('lock_timeout', '{busy}'), ('idle_in_transaction_session_timeout', '{idle}'),
    ('idle_session_timeout', '0'), ('statement_timeout', '0'), ('transaction_timeout', '0'),
    ('tcp_keepalives_idle', '{beat}'), ('tcp_keepalives_interval', '{beat}'), ('tcp_keepalives_count', '{tries}'),
    ('tcp_user_timeout', '{silent}'), ('bytea_output', 'hex'), ('client_min_messages', 'error')
) AS ours (name, wanted) JOIN pg_settings USING (name);
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
# One round trip; read committed, because the snapshot must not be older than the lock.
_BEGIN_WRITING: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
    " SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ledger', 0))"
)
_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LEASE: Final = "hashtextextended(current_schema() || ' lease ' || %s, 0)"


def connect(address: str, busy_seconds: float) -> Engine:
    """Return an engine on a database; connections open when they are first used.

    UserError without the driver, or for an address that cannot be read.
    """
    shown_place(address)
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError:
        raise UserError(
            "TASKLISTS_LEDGER names a PostgreSQL database, and the driver for it is not installed.",
            advice="pip install 'tasklists[postgres]', or let TASKLISTS_LEDGER name a file.",
        ) from None
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError:  # its words repeat what they complain of
        raise UserError(
            f"The address of the ledger {shown_place(address)} has a part that PostgreSQL does not know.",
            advice="Look at what follows its ? sign.",
        ) from None
    asked = make_conninfo(address, **{name: value for name, value in _OF_CLIENT.items() if name not in given})
    settings = _settings(busy_seconds).encode()

    def open_session() -> psycopg.Connection[Any]:
        # transactions are begun by us, below
        session = psycopg.connect(asked, autocommit=True, client_encoding="utf8")
        try:
            session.execute(settings, prepare=False)
        except BaseException:
            session.close()
            raise
        return session

    engine = create_engine(
        "postgresql+psycopg://",
        creator=open_session,
        poolclass=NullPool,  # they are kept by `Connections`
        pool_reset_on_return=None,
        use_native_hstore=False,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


_OF_CLIENT: Final[dict[str, str | int]] = {
    "application_name": "tasklists",
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": _LIVENESS_SECONDS,
    "keepalives_interval": _LIVENESS_SECONDS,
    "keepalives_count": _LIVENESS_TRIES,
    "tcp_user_timeout": _SILENT,
}
"""Unless the address says otherwise."""


def _settings(busy_seconds: float) -> str:
    # Half of what others wait: who is stopped inside a transaction is put out before they give up.
    idle = max(_LEAST_IDLE, busy_seconds / 2)
    return _SETTINGS.format(
        busy=max(1, round(busy_seconds * 1000)),  # 0 would be for ever
        idle=round(idle * 1000),
        beat=_LIVENESS_SECONDS,
        tries=_LIVENESS_TRIES,
        silent=_SILENT,
    )


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads_only", False)
    session_of(connection).execute((_BEGIN_READING if reads else _BEGIN_WRITING).encode(), prepare=False)


def session_of(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection below one of SQLAlchemy's."""
    session: Any = connection.connection.driver_connection
    assert session is not None  # it is open
    found: psycopg.Connection[Any] = session
    return found


def open_writer(engine: Engine) -> Connection:
    """A session whose transactions hold the write lock of the schema from their start."""
    return engine.connect()


def open_reader(engine: Engine) -> Connection:
    """A session whose transactions see one state and wait for nobody."""
    return engine.connect().execution_options(reads_only=True)


def is_lost(connection: Connection) -> bool:
    """Whether a session is over, so that nothing can have been done in it just now."""
    return connection.closed or connection.invalidated or session_of(connection).closed


def empty_the_log(_engine: Engine, _busy_seconds: float) -> bool:
    """Nothing to do: old rows go with PostgreSQL's own vacuum."""
    return True


def refuse_unsuitable(connection: Connection, shown: str) -> None:
    """UserError for a database that has no schema for us, or cannot hold every letter."""
    schema, encoding = connection.exec_driver_sql(
        "SELECT current_schema(), current_setting('server_encoding')"
    ).one()
    if schema is None:
        raise UserError(
            f"The ledger {shown} has no schema to be in: none of its search_path exists.",
            advice="Make it with CREATE SCHEMA, or leave options=-csearch_path out of TASKLISTS_LEDGER.",
        )
    if encoding != "UTF8":
        raise UserError(
            f"The database of the ledger {shown} is in {encoding}, which cannot hold every name.",
            advice="Make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.",
        )


def lock_lease(connection: Connection, name: str) -> bool:
    """Lock the name of a lease for as long as this session lives; False while another session has it."""
    row = session_of(connection).execute(f"SELECT pg_try_advisory_lock({_LEASE})".encode(), (name,)).fetchone()
    return row is not None and bool(row[0])


def unlock_leases(connection: Connection) -> None:
    """Give up all that this session has locked."""
    session_of(connection).execute(b"SELECT pg_advisory_unlock_all()")
