"""The service: deliveries with their bodies, jobs with their causes, sightings, doors, alerts, moments, coverage.

It only adds: no row of an earlier ledger is read or changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _counted() -> sa.Column[int]:
    return sa.Column("key", sa.Integer, primary_key=True)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _unique_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, unique=True)


def _moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _key_of(name: str, table: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.key"), primary_key=True, autoincrement=False)


def upgrade() -> None:
    """Add ten tables."""
    _make_deliveries()
    _make_jobs()
    _make_watch()


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        _counted(),
        _unique_text("id"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        _text("location"),
        _text("event"),
        _small("verified"),
        _small("state"),
        _moment("received_at"),
        _moment("last_at"),
        _count("copies"),
        _count("tries"),
        _moment("waits_since"),
        _moment("due_at"),
        _moment("settled_at", null=True),
        _text("why"),
        _text("trouble"),
        *(sa.Column(name, sa.BigInteger) for name in ("record_id", "coworker_id")),
    )
    op.create_index("deliveries_by_state", "deliveries", ["state", "due_at"])
    body = sa.Column("body", sa.LargeBinary, nullable=False)
    op.create_table("bodies", _key_of("delivery_key", "deliveries"), body)


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        _counted(),
        _unique_text("id"),
        _text("tasklist"),
        sa.Column("coworker_id", sa.BigInteger, nullable=False),
        _text("event"),
        _small("cause"),
        *(sa.Column(name, sa.BigInteger) for name in ("contract_id", "team_id", "record_id", "event_at")),
        _moment("received_at"),
        _moment("due_at"),
        _moment("waits_since"),
        _small("state"),
        _count("tries"),
        _text("why"),
        _text("run_id", null=True),
        _moment("created_at"),
        _moment("settled_at", null=True),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "due_at"])
    op.create_index("jobs_by_coworker", "jobs", ["coworker_id", "state"])
    op.create_table("causes", _key_of("job_key", "jobs"), _key_of("delivery_key", "deliveries"))
    op.create_index("causes_by_delivery", "causes", ["delivery_key"])
    op.create_table("sightings", _name("event"), _name("key"), _moment("at"))


def _make_watch() -> None:
    op.create_table(
        "doors",
        _name("location"),
        _name("event"),
        _text("secret_mark"),
        _moment("verified_at", null=True),
        _count("refused_in_a_row"),
    )
    op.create_table(
        "alerts",
        _name("cause"),
        _text("kind"),
        _text("text"),
        _moment("since"),
        _moment("told_at", null=True),
        _moment("cleared_at", null=True),
    )
    op.create_table("moments", _name("name"), _moment("at"))
    op.create_table("counters", _name("name"), sa.Column("value", sa.BigInteger, nullable=False))
    op.create_table("coverage", _counted(), _text("tasklist"), _text("applies"), _moment("first_seen"))
    op.create_index("coverage_by_list", "coverage", ["tasklist"])
