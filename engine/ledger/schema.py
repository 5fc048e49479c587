"""The tables of the ledger, as the newest migration leaves them.

Moments are integer epoch milliseconds in UTC, identities 16 raw bytes, states and runs small
integers: a million tasks must stay small. No column here may hold a member's text for longer
than its intent is open or its run undone; only `payloads` and `requests` hold it at all, and
`bodies` among the tables of the service, which are in `service_schema`.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from engine.core.known import State

HEAD: Final = "0004"
"""The newest migration. Kept by hand so that opening a ledger at head need not import Alembic."""

KNOWN_REVISIONS: Final = frozenset({"0001", "0002", "0003", "0004"})
"""Every released schema; any other was written by a newer version of this program."""

STATES: Final[tuple[State, ...]] = ("intended", "created", "adopted", "failed")
"""A task's state is stored as its place here; only append."""

INTENDED, CREATED, ADOPTED, FAILED = range(4)

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),  # always 1: one account per ledger
    Column("owner", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("hash_key", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tasklist", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("coworker_id", BigInteger, nullable=False),
    Column("business_id", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("outcomes", Text),
    Column("resumes_at", BigInteger),
    Index("runs_by_coworker", "coworker_id", "key"),
)

requests = Table(  # what was asked of a run, apart from it, because it goes when the run is done
    "requests",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_key", Integer, ForeignKey("runs.key"), primary_key=True, autoincrement=False),
    Column("request", Text, nullable=False),
    sqlite_with_rowid=False,
)

leases = Table(  # a row stays for ever: its fence must never start again
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # empty: given back
    Column("fence", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("coworker_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("tasklist", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("name", LargeBinary(8), nullable=False),  # keyed hash of the TaskListName, never its text
    Column("first_task_id", BigInteger),
    UniqueConstraint("coworker_id", "kind", "subject_id", "tasklist", "cycle", name="one_batch"),
)

items = Table(  # an item's id once, not once a task
    "items",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("item", Text, nullable=False, unique=True),
)

people = Table(  # a user's id once, not once a task
    "people",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("user_id", BigInteger, nullable=False, unique=True),
)

tasks = Table(
    "tasks",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("identity", LargeBinary(16), primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    Column("batch_key", Integer, ForeignKey("batches.key"), nullable=False),
    Column("item_key", Integer, ForeignKey("items.key"), nullable=False),
    Column("thing_id", BigInteger),  # the for_each key where it is an id; other keys are in payloads
    Column("at", BigInteger, nullable=False),
    Column("task_id", BigInteger),
    Column("due_at", BigInteger),
    Column("contract_id", BigInteger),
    Column("event_at", BigInteger),
    Column("fingerprints", LargeBinary),
    Column("person_key", Integer, ForeignKey("people.key")),  # whom it was given to, by us
    # Whole seconds, unlike all other moments: two bytes less a task.
    Column("completed_at", BigInteger),  # as far as we saw it: null says nothing
    Column("gone_at", BigInteger),  # when the service first said that it is no more
    sqlite_with_rowid=False,  # the rows of one coworker lie side by side
)

payloads = Table(  # apart from tasks, so that a text that comes and goes leaves no holes between them
    "payloads",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("identity", LargeBinary(16), primary_key=True),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    sqlite_with_rowid=False,
)

results = Table(  # what `tasks` does not tell by itself: all outcomes but a first creation or adoption
    "results",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    Column("identity", LargeBinary(16), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("task_id", BigInteger),
    Column("error", Text, nullable=False),
    Index("results_by_run", "run_key"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("identity", LargeBinary(16)),  # null: not ours
    sqlite_with_rowid=False,
)

memberships = Table(
    "memberships",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("contract_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chain_id", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

directory = Table(
    "directory",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    Column("question", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("is_write", SmallInteger, nullable=False),
    Index("calls_by_moment", "at", "is_write"),
)

pause = Table(
    "pause",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),  # always 1
    Column("until", BigInteger, nullable=False),
)

waits = Table(  # batches of which something is not made yet because something else comes first
    "waits",
    metadata,
    Column("coworker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Column("tasklist", Text, primary_key=True),
    Column("cycle", Text, primary_key=True),
    Column("request", Text, nullable=False),  # what was asked: it goes with the row
    Column("items", Text, nullable=False),
    Column("next_look_at", BigInteger),  # null: only when a task of the coworker changed
    Column("looked_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),  # failed ones in a row
    Column("ended_at", BigInteger),  # it waits no more, though not all was made
    Column("why", Text, nullable=False),
    sqlite_with_rowid=False,
)

reassignments = Table(
    "reassignments",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("coworker_id", BigInteger, nullable=False),
    Column("identity", LargeBinary(16), nullable=False),
    Column("task_id", BigInteger, nullable=False),
    Column("before_id", BigInteger, nullable=False),
    Column("after_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),  # null: it may or may not have happened
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("reassignments_open", "settled_at"),
)
