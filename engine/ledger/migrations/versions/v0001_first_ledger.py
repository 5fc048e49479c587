"""The first ledger: account, runs, batches, tasks, payloads, results, caches, pace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[int]:
    if key:
        return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)
    return sa.Column(name, sa.BigInteger, nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _sixteen_bytes(name: str, *, null: bool = False, key: bool = False) -> sa.Column[bytes]:
    if key:
        return sa.Column(name, sa.LargeBinary(16), primary_key=True)
    return sa.Column(name, sa.LargeBinary(16), nullable=null)


def _one() -> sa.Column[int]:
    return sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False)


def _counted() -> sa.Column[int]:
    return sa.Column("key", sa.Integer, primary_key=True)


def _run() -> sa.Column[int]:
    return sa.Column("run_key", sa.Integer, sa.ForeignKey("runs.key"), nullable=False)


def _batch() -> sa.Column[int]:
    return sa.Column("batch_key", sa.Integer, sa.ForeignKey("batches.key"), nullable=False)


def upgrade() -> None:
    """Make every table; nothing exists before."""
    _make_account_and_runs()
    _make_tasks()
    _make_caches()
    _make_pace()


def _make_account_and_runs() -> None:
    op.create_table(
        "account",
        _one(),
        _text("owner"),
        _text("account"),
        _number("since_at"),
        sa.Column("hash_key", sa.LargeBinary(32), nullable=False),
        _number("created_at"),
    )
    op.create_table(
        "runs",
        _counted(),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        _text("tasklist"),
        _text("version"),
        _number("coworker_id"),
        _number("business_id"),
        _text("cause"),
        _text("checksum"),
        _text("actions"),
        _number("started_at"),
        _number("seen_at"),
        _number("finished_at", null=True),
        _text("outcomes", null=True),
    )
    op.create_index("runs_by_coworker", "runs", ["coworker_id", "key"])


def _make_tasks() -> None:
    one_batch = ("coworker_id", "kind", "subject_id", "tasklist", "cycle")
    op.create_table(
        "batches",
        _counted(),
        _number("coworker_id"),
        *(_text(name) for name in one_batch[1:]),
        sa.Column("name", sa.LargeBinary(8), nullable=False),
        _number("first_task_id", null=True),
        sa.UniqueConstraint(*one_batch, name="one_batch"),
    )
    op.create_table("items", _counted(), sa.Column("item", sa.Text, nullable=False, unique=True))
    op.create_table(
        "tasks",
        _number("coworker_id", key=True),
        _sixteen_bytes("identity", key=True),
        sa.Column("state", sa.SmallInteger, nullable=False),
        _run(),
        _batch(),
        sa.Column("item_key", sa.Integer, sa.ForeignKey("items.key"), nullable=False),
        _number("thing_id", null=True),
        _number("at"),
        *(_number(name, null=True) for name in ("task_id", "due_at", "contract_id", "event_at")),
        sa.Column("fingerprints", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payloads",
        _number("coworker_id", key=True),
        _sixteen_bytes("identity", key=True),
        _text("key"),
        _text("payload"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "results",
        _counted(),
        _run(),
        _sixteen_bytes("identity"),
        _text("outcome"),
        _number("at"),
        _number("task_id", null=True),
        _text("error"),
    )
    op.create_index("results_by_run", "results", ["run_key"])


def _make_caches() -> None:
    op.create_table(
        "verdicts",
        _number("coworker_id", key=True),
        _number("task_id", key=True),
        _sixteen_bytes("identity", null=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "memberships",
        _number("coworker_id", key=True),
        _number("contract_id", key=True),
        _number("chain_id"),
        sqlite_with_rowid=False,
    )
    op.create_table("directory", sa.Column("key", sa.Text, primary_key=True), _text("value"), _number("at"))


def _make_pace() -> None:
    is_write = sa.Column("is_write", sa.SmallInteger, nullable=False)
    op.create_table("calls", _counted(), _number("at"), is_write)
    op.create_index("calls_by_moment", "calls", ["at", "is_write"])
    op.create_table("pause", _one(), _number("until"))
