"""The tables of the queue, made and brought forward by us: the queue's own command does so on an empty database only.

It must never touch the ledger's tables. Losing these tables loses nothing: what is due is in the ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg
from procrastinate.schema import SchemaManager

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('tasklists queue ' || current_schema()))"
_STEPS: Final = "CREATE TABLE IF NOT EXISTS queue_steps (name text PRIMARY KEY)"


def bring_queue_to_head(url: str) -> tuple[str, ...]:
    """Make the queue's tables, or run those of its steps that this database has not seen; return the steps run.

    Several processes may do so at once: one does, the others wait for it.
    """
    with psycopg.connect(url) as connection, connection.transaction():
        connection.execute(_LOCK)
        found = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
        connection.execute(_STEPS)
        seen = {row[0] for row in connection.execute("SELECT name FROM queue_steps")}
        steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
        missing = [step for step in steps if step.name not in seen]
        if found is None or not found[0]:
            connection.execute(SchemaManager.get_schema())
            missing, run = steps, []
        else:
            run = missing
            for step in run:
                connection.execute(step.read_bytes())
        with connection.cursor() as cursor:
            names = [(step.name,) for step in missing]
            cursor.executemany("INSERT INTO queue_steps VALUES (%s) ON CONFLICT DO NOTHING", names)
    return tuple(step.name for step in run)
