"""The durable memory of what was meant and what was done. One method is one transaction.

The order that keeps the promise of design 5.3: `claim` before the first byte is sent, `record`
as soon as the answer is known. No method may send anything, read a clock, or keep a payload
after its result.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from whenever import Instant

from engine.ledger import schema
from engine.ledger.claims import (
    FIND,
    Holder,
    ItemKeys,
    claim_intents,
    fail,
    fix_batch,
    has_open_text,
    holds_task,
    settle,
)
from engine.ledger.packing import milliseconds, pack_fingerprints
from engine.ledger.sqlite import reading, writing
from engine.ledger.values import Intent, NewRun, RunId
from engine.ledger.view import Account, LedgerView

ERROR_LETTERS: Final = 500
"""Enough for every field error of one answer; an HTML page in place of an answer is cut here."""

FRESH_MILLISECONDS: Final = 100
"""A sign of life this young need not be written again: no quiet period is that short in earnest."""

_NEVER_COMMITTED: Final = frozenset({"failed", "parked"})
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # 32 letters in ASCII order, without i, l, o, u


_run = schema.runs.c
_HOLDER: Final = select(_run.key, _run.coworker_id).where(_run.id == bindparam("run"))
_SEE: Final = (
    update(schema.runs)
    .where(_run.key == bindparam("run"))
    .where(_run.seen_at < bindparam("moment"))
    .values(seen_at=bindparam("moment"))
)


class Ledger(LedgerView):
    def __init__(self, engine: Engine, path: Path, account: Account, busy_seconds: float) -> None:
        super().__init__(engine, path, account, busy_seconds)
        self._items = ItemKeys()
        self._holders: dict[RunId, Holder] = {}

    def begin_run(self, run: NewRun) -> RunId:
        """Record that a plan is about to be applied; the id is new and sorts by `started_at`."""
        run_id = _new_run_id(milliseconds(run.started_at))
        with writing(self._engine, self.path) as connection:
            connection.execute(
                insert(schema.runs).values(
                    id=run_id,
                    tasklist=run.tasklist,
                    version=run.version,
                    coworker_id=run.coworker_id,
                    business_id=run.business_id,
                    cause=run.cause,
                    checksum=run.checksum,
                    actions=_counts(run.actions),
                    started_at=milliseconds(run.started_at),
                    seen_at=milliseconds(run.started_at),
                )
            )
        return run_id

    def claim(self, run_id: RunId, intents: Sequence[Intent], now: Instant) -> frozenset[UUID]:
        """Write intents of the run's coworker durably; only the returned identities may be sent.

        Not claimed: what is settled, and what is intended already, by whichever run; unless the
        intent says `reclaim` and its `held_by` still holds it. A failed one is taken over.
        """
        with writing(self._engine, self.path) as connection:
            run = self._holder(connection, run_id)
            claimed = claim_intents(connection, run, intents, now=milliseconds(now), items=self._items)
            _see(connection, run, now)
        self._text_in_log = self._text_in_log or bool(claimed)
        return frozenset(intent.identity for intent in claimed)

    def record(  # noqa: PLR0913  what came of one task, by name
        self,
        run_id: RunId,
        identity: UUID,
        outcome: str,
        *,
        now: Instant,
        task_id: int | None = None,
        error: str = "",
        fingerprints: Mapping[str, str] | None = None,
    ) -> bool:
        """Record an outcome. True unless another task is remembered for this identity already.

        created, adopted: settled with `task_id`, even if another run holds the intent by now.
        failed, parked: certainly not committed, so the next claim takes it over.
        held: the intent stays open. All others change no task. `error` must hold no member's text.
        """
        with writing(self._engine, self.path) as connection:
            run = self._holder(connection, run_id)
            _see(connection, run, now)
            if outcome in {"created", "adopted"}:
                values = _settled(outcome, task_id, fingerprints or {}, now)
                told = self._settle(connection, run, identity, values)
            else:
                told = True
                self._leave_or_fail(connection, run, identity, outcome)
            if error or not told or outcome not in {"created", "adopted"}:
                _tell(connection, run, identity, outcome, task_id=task_id, error=error, now=now)
            texts_wait = has_open_text(connection, run.coworker_id)
        if not texts_wait:
            self._tidy()
        return told

    def adopt(
        self, run_id: RunId, intent: Intent, *, task_id: int, fingerprints: Mapping[str, str], now: Instant
    ) -> bool:
        """Take a task that was found for one of ours, intended or not.

        False, and nothing changed, if the identity is settled or the task is another identity's.
        """
        with writing(self._engine, self.path) as connection:
            run = self._holder(connection, run_id)
            found = connection.execute(FIND, _one(run, intent.identity)).one_or_none()
            settled = found is not None and found.task_id is not None
            if settled or holds_task(connection, run.coworker_id, task_id):
                return False
            _see(connection, run, now)
            if found is None:
                claim_intents(connection, run, [intent], now=milliseconds(now), items=self._items)
            self._settle(connection, run, intent.identity, _settled("adopted", task_id, fingerprints, now))
        self._text_in_log = True
        self._tidy()
        return True

    def confirm(self, run_id: RunId, identity: UUID, now: Instant) -> bool:
        """Right before a send: whether the run still holds the intent; its sign of life is then fresh.

        Together with `held_seen_at` of a claim this is the fence: who was silent past the quiet period
        and was taken over sends nothing more, and who lives is not taken over.
        """
        with reading(self._engine, self.path) as connection:
            holds, seen_at = _held(connection, run_id, identity)
        if not holds or milliseconds(now) - seen_at < FRESH_MILLISECONDS:
            return holds
        with writing(self._engine, self.path) as connection:
            holds, _ = _held(connection, run_id, identity)
            if holds:
                _see(connection, self._holder(connection, run_id), now)
        return holds

    def touch(self, run_id: RunId, now: Instant) -> None:
        """A sign of life: the quiet period of this run's intents counts from here."""
        with writing(self._engine, self.path) as connection:
            _see(connection, self._holder(connection, run_id), now)

    def finish_run(self, run_id: RunId, counts: Mapping[str, int], now: Instant) -> None:
        """Close a run with how many tasks had which outcome. Its open intents stay open."""
        with writing(self._engine, self.path) as connection:
            run = self._holder(connection, run_id)
            _see(connection, run, now)
            connection.execute(
                update(schema.runs)
                .where(schema.runs.c.key == run.key)
                .values(finished_at=milliseconds(now), outcomes=_counts(counts))
            )
        self._tidy()

    def record_membership(self, coworker_id: int, contract_ids: Collection[int], chain_id: int) -> int:
        """Remember which chain contracts belong to and return the chain's id in force.

        A contract keeps its first chain; a chain that shares a contract with a known one keeps that id.
        """
        table = schema.memberships
        mine = table.c.coworker_id == coworker_id
        with writing(self._engine, self.path) as connection:
            rows = connection.execute(select(table.c.contract_id, table.c.chain_id).where(mine))
            known = {row.contract_id: row.chain_id for row in rows}
            shared = {known[contract] for contract in contract_ids if contract in known}
            chain = chain_id if chain_id in shared else min(shared, default=chain_id)
            missing = sorted(set(contract_ids) - known.keys())
            if missing:
                connection.execute(
                    insert(table),
                    [{"coworker_id": coworker_id, "contract_id": one, "chain_id": chain} for one in missing],
                )
        return chain

    def _holder(self, connection: Connection, run_id: RunId) -> Holder:
        """The row of a run; it never changes or goes away, so it is looked up once."""
        if (known := self._holders.get(run_id)) is not None:
            return known
        row = connection.execute(_HOLDER, {"run": run_id}).one_or_none()
        if row is None:
            raise LookupError(f"no run {run_id!r} in the ledger")
        found = Holder(row.key, row.coworker_id)
        self._holders = {run_id: found}  # of the last run only: a service has many
        return found

    def _settle(self, connection: Connection, run: Holder, identity: UUID, values: dict[str, Any]) -> bool:
        found = connection.execute(FIND, _one(run, identity)).one_or_none()
        if found is None:
            raise LookupError(f"no intent for {identity} in the ledger: claim before sending")
        task_id, name = values["task_id"], values.pop("batch_name")
        if found.task_id is not None:
            return bool(found.task_id == task_id)
        settle(connection, run, identity.bytes, values | {"run_key": run.key})
        if found.first_task_id is None:
            fix_batch(connection, found.batch_key, task_id, name)
        return True

    def _leave_or_fail(self, connection: Connection, run: Holder, identity: UUID, outcome: str) -> None:
        """Only the run that holds an intent can say that it was never committed."""
        found = connection.execute(FIND, _one(run, identity)).one_or_none()
        if found is None or outcome not in _NEVER_COMMITTED:
            return
        if found.state == schema.INTENDED and found.run_key == run.key:
            fail(connection, run, identity.bytes)


def _one(run: Holder, identity: UUID) -> dict[str, Any]:
    return {"coworker": run.coworker_id, "one": identity.bytes}


def _settled(
    outcome: str, task_id: int | None, fingerprints: Mapping[str, str], now: Instant
) -> dict[str, Any]:
    if task_id is None:
        raise ValueError(f"{outcome} needs the id of the task")
    return {
        "state": schema.CREATED if outcome == "created" else schema.ADOPTED,
        "task_id": task_id,
        "at": milliseconds(now),
        "fingerprints": pack_fingerprints(fingerprints),
        "batch_name": fingerprints.get("TaskListName"),
    }


def _see(connection: Connection, run: Holder, now: Instant) -> None:
    """Move the last sign of life forward; a clock that went back does not take it back."""
    connection.execute(_SEE, {"run": run.key, "moment": milliseconds(now)})


def _tell(  # noqa: PLR0913  one row, by name
    connection: Connection,
    run: Holder,
    identity: UUID,
    outcome: str,
    *,
    task_id: int | None,
    error: str,
    now: Instant,
) -> None:
    connection.execute(
        insert(schema.results).values(
            run_key=run.key,
            identity=identity.bytes,
            outcome=outcome,
            at=milliseconds(now),
            task_id=task_id,
            error=error[:ERROR_LETTERS],
        )
    )


def _held(connection: Connection, run_id: RunId, identity: UUID) -> tuple[bool, int]:
    """Whether a run holds an open intent, and its last sign of life."""
    task, run = schema.tasks.c, schema.runs.c
    row = connection.execute(
        select(task.state, run.seen_at)
        .join(schema.runs, run.key == task.run_key)
        .where((run.id == run_id) & (task.coworker_id == run.coworker_id) & (task.identity == identity.bytes))
    ).one_or_none()
    return (row is not None and row.state == schema.INTENDED, row.seen_at if row is not None else 0)


def _counts(counts: Mapping[str, int]) -> str:
    return json.dumps(dict(counts), sort_keys=True, separators=(",", ":"))


def _new_run_id(moment: int) -> RunId:
    """Ten letters of milliseconds, then six at random: 50 bits last for thousands of years."""
    time_part = "".join(_ALPHABET[moment >> shift & 31] for shift in range(45, -1, -5))
    return RunId(time_part + "".join(secrets.choice(_ALPHABET) for _ in range(6)))
