"""One run at a time per coworker, and runs that go on later: leases, requests, findings, `runs.resumes_at`.

It only adds: no row of the first ledger is read or changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables and one column."""
    op.add_column("runs", sa.Column("resumes_at", sa.BigInteger))
    op.create_table(
        "requests",
        sa.Column("coworker_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("run_key", sa.Integer, sa.ForeignKey("runs.key"), primary_key=True, autoincrement=False),
        sa.Column("request", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "findings",
        sa.Column("question", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
