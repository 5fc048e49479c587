"""Alembic's entry: runs the steps inside the transaction of the connection that it is given.

It must never open a connection or commit by itself: all steps land together or not at all.
"""

from __future__ import annotations

from alembic import context

from engine.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite and PostgreSQL can both roll back DDL; Alembic assumes it only of one
)
with context.begin_transaction():
    context.run_migrations()
