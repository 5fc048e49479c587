"""The tables of the queue, made and brought forward by us: the queue's own command does so on an empty database only.

It must never touch the ledger's tables. Losing these tables loses nothing: what is due is in the ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg
from procrastinate.schema import SchemaManager

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('tasklists queue ' || current_schema()))"
_TABLES: Final = ("procrastinate_jobs", "procrastinate_events", "procrastinate_workers")
_FOUND: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(%s)"

# What is left where somebody dropped a table: the queue's own script wants a place without any of its parts.
_CLEAR: Final = r"""
DO $$ DECLARE part text; BEGIN
    FOREACH part IN ARRAY ARRAY(
        SELECT format('TABLE IF EXISTS %I CASCADE', tablename) FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\_%'
    UNION ALL SELECT format('ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\_%'
    UNION ALL SELECT format('TYPE IF EXISTS %I CASCADE', typname) FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\_%'
        AND (typtype = 'e' OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
    ) LOOP EXECUTE 'DROP ' || part; END LOOP;
END $$
"""
_STEPS: Final = "CREATE TABLE IF NOT EXISTS queue_steps (name text PRIMARY KEY)"


def bring_queue_to_head(url: str) -> tuple[str, ...]:
    """Make the queue's tables, or run those of its steps that this database has not seen; return the steps run.

    Where one of them is gone all are made anew: what they held is in the ledger.
    Several processes may do so at once: one does, the others wait for it.
    """
    with psycopg.connect(url) as connection, connection.transaction():
        connection.execute(_LOCK)
        found = connection.execute(_FOUND, (list(_TABLES),)).fetchone()
        connection.execute(_STEPS)
        seen = {row[0] for row in connection.execute("SELECT name FROM queue_steps")}
        steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
        missing = [step for step in steps if step.name not in seen]
        if found is None or found[0] < len(_TABLES):
            connection.execute(_CLEAR)
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
