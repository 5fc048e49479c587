"""What comes first, and who has it: responsible and end of a task, batches that wait, changes of the responsible.

It only adds: no row of an earlier ledger is read or changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def upgrade() -> None:
    """Add three tables and three columns."""
    op.create_table(
        "people",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False, unique=True),
    )
    _give_tasks_people_and_ends()
    _make_waits()
    _make_reassignments()


def _give_tasks_people_and_ends() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which takes a reference only with the column itself
        op.execute("ALTER TABLE tasks ADD COLUMN person_key INTEGER REFERENCES people (key)")
    else:
        op.add_column("tasks", sa.Column("person_key", sa.Integer, sa.ForeignKey("people.key")))
    for name in ("completed_at", "gone_at"):
        op.add_column("tasks", _number(name, null=True))


def _make_waits() -> None:
    op.create_table(
        "waits",
        sa.Column("coworker_id", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "subject_id", "tasklist", "cycle")),
        _text("request"),
        _text("items"),
        _number("next_look_at", null=True),
        _number("looked_at"),
        sa.Column("tries", sa.Integer, nullable=False),
        _number("ended_at", null=True),
        _text("why"),
        sqlite_with_rowid=False,
    )


def _make_reassignments() -> None:
    op.create_table(
        "reassignments",
        sa.Column("key", sa.Integer, primary_key=True),
        _number("coworker_id"),
        sa.Column("identity", sa.LargeBinary(16), nullable=False),
        *(_number(name) for name in ("task_id", "before_id", "after_id", "at")),
        _number("settled_at", null=True),
        _text("outcome"),
        _text("why"),
    )
    op.create_index("reassignments_open", "reassignments", ["settled_at"])
