"""What was read from the service and need not be read again. Inside a transaction of the caller.

Verdicts, memberships, the directory, and what `probe` found. It must never hold a member's text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from engine.ledger import schema
from engine.ledger.packing import instant, milliseconds
from engine.ledger.values import Finding


def verdicts(connection: Connection, coworker_id: int) -> dict[int, UUID | None]:
    """Task id -> the identity that its row turned out to be, None for a row that is not ours."""
    table = schema.verdicts.c
    rows = connection.execute(select(table.task_id, table.identity).where(table.coworker_id == coworker_id))
    return {row.task_id: UUID(bytes=row.identity) if row.identity else None for row in rows}


def add_verdicts(connection: Connection, coworker_id: int, found: Mapping[int, UUID | None]) -> None:
    """Remember what rows turned out to be; the first verdict stays."""
    table = schema.verdicts
    known = select(table.c.task_id).where(table.c.coworker_id == coworker_id)
    missing = found.keys() - set(connection.execute(known).scalars())
    if missing:
        rows = [_verdict_row(coworker_id, one, found[one]) for one in sorted(missing)]
        connection.execute(insert(table), rows)


def _verdict_row(coworker_id: int, task_id: int, found: UUID | None) -> dict[str, Any]:
    return {"coworker_id": coworker_id, "task_id": task_id, "identity": found.bytes if found else None}


def chains(connection: Connection, coworker_id: int) -> dict[int, int]:
    """Contract id -> id of the membership chain that the contract was first seen in (design 5.1)."""
    table = schema.memberships.c
    rows = connection.execute(select(table.contract_id, table.chain_id).where(table.coworker_id == coworker_id))
    return {row.contract_id: row.chain_id for row in rows}


def add_to_chain(
    connection: Connection, coworker_id: int, contract_ids: Collection[int], chain_id: int
) -> int:
    """Remember which chain contracts belong to and return the chain's id in force."""
    known = chains(connection, coworker_id)
    shared = {known[contract] for contract in contract_ids if contract in known}
    chain = chain_id if chain_id in shared else min(shared, default=chain_id)
    missing = sorted(set(contract_ids) - known.keys())
    if missing:
        rows = [{"coworker_id": coworker_id, "contract_id": one, "chain_id": chain} for one in missing]
        connection.execute(insert(schema.memberships), rows)
    return chain


def directory(connection: Connection, key: str, *, now: int, max_age: float) -> object | None:
    """A cached directory read, None if there is none or it is too old (or from a later clock)."""
    table = schema.directory.c
    row = connection.execute(select(table.value, table.at).where(table.key == key)).one_or_none()
    if row is None or not 0 <= now - row.at <= max_age:
        return None
    found: object = json.loads(row.value)
    return found


def store_directory(connection: Connection, key: str, value: object, now: int) -> None:
    """Cache a directory read in place of an earlier one."""
    table = schema.directory
    connection.execute(delete(table).where(table.c.key == key))
    connection.execute(insert(table).values(key=key, value=_json(value), at=now))


def findings(connection: Connection) -> dict[str, Finding]:
    """What is known about this account, by question."""
    rows = connection.execute(select(schema.findings).order_by(schema.findings.c.question))
    return {row.question: Finding(row.question, json.loads(row.value), instant(row.at)) for row in rows}


def store_finding(connection: Connection, finding: Finding) -> None:
    """Remember one in place of an earlier one."""
    table = schema.findings
    connection.execute(delete(table).where(table.c.question == finding.question))
    row = {"question": finding.question, "value": _json(finding.value), "at": milliseconds(finding.at)}
    connection.execute(insert(table).values(row))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
