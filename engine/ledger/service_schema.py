"""The tables of the service: what came in, what it asks for, and what is watched. Part of `schema.metadata`.

Moments are integer epoch milliseconds in UTC, states small integers. Only `bodies` holds a member's text, and a body
goes as soon as its delivery is done.
"""

from __future__ import annotations

from typing import Final, get_args

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text

from engine.ledger.schema import metadata
from engine.ledger.service_values import Cause, DeliveryState, JobState, Proof

DELIVERY_STATES: Final[tuple[DeliveryState, ...]] = get_args(DeliveryState)
JOB_STATES: Final[tuple[JobState, ...]] = get_args(JobState)
PROOFS: Final[tuple[Proof, ...]] = get_args(Proof)
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
"""Each is stored as its place; only append."""

NEW = OPEN = 0
DONE, ASIDE, FAILED = 1, 2, 3
"""The same places for deliveries and jobs."""

UNVERIFIED: Final = PROOFS.index("unverified")

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # keyed: of location, event and body
    Column("location", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("verified", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("waits_since", BigInteger, nullable=False),  # when it last became new
    Column("due_at", BigInteger, nullable=False),  # of a new one
    Column("settled_at", BigInteger),
    Column("why", Text, nullable=False),
    Column("trouble", Text, nullable=False),  # why a job of it is aside or failed; empty: its state is its own
    Column("record_id", BigInteger),
    Column("coworker_id", BigInteger),
    Index("deliveries_by_state", "state", "due_at"),
)

bodies = Table(  # apart from deliveries, because they go when these are done
    "bodies",
    metadata,
    Column("delivery_key", Integer, ForeignKey("deliveries.key"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tasklist", Text, nullable=False),
    Column("coworker_id", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("cause", SmallInteger, nullable=False),
    Column("contract_id", BigInteger),
    Column("team_id", BigInteger),
    Column("record_id", BigInteger),
    Column("event_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("waits_since", BigInteger, nullable=False),  # since when it could be done; ahead while it waits by design
    Column("state", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("run_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Index("jobs_by_state", "state", "due_at"),
    Index("jobs_by_coworker", "coworker_id", "state"),
)

causes = Table(  # which deliveries asked for which job
    "causes",
    metadata,
    Column("job_key", Integer, ForeignKey("jobs.key"), primary_key=True, autoincrement=False),
    Column("delivery_key", Integer, ForeignKey("deliveries.key"), primary_key=True, autoincrement=False),
    Index("causes_by_delivery", "delivery_key"),
)

sightings = Table(  # which events were noticed, by a delivery or by the sweep
    "sightings",
    metadata,
    Column("event", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

doors = Table(
    "doors",
    metadata,
    Column("location", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("secret_mark", Text, nullable=False),  # a keyed digest: of another secret the row means nothing
    Column("verified_at", BigInteger),
    Column("refused_in_a_row", Integer, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("told_at", BigInteger),
    Column("cleared_at", BigInteger),
)

moments = Table(
    "moments",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

coverage = Table(  # what a list's `applies` said, and since when
    "coverage",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("tasklist", Text, nullable=False),
    Column("applies", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Index("coverage_by_list", "tasklist"),
)
