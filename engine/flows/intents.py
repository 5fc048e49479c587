"""What is remembered of a task about to be made: the intent, and the fingerprints that tell an edit from ours. Pure."""

from __future__ import annotations

from engine.core.edits import SENT_DUE
from engine.core.known import fingerprint
from engine.core.plan import Action, Plan, body_of
from engine.core.wire_dates import parse_moment
from engine.flows.batch_names import batch_key
from engine.ledger.values import Intent


def intent_of(plan: Plan, action: Action, key: bytes) -> Intent:
    """Return the intent of one action; `key` is the ledger's for fingerprints."""
    wanted = action.wanted
    return Intent(
        identity=wanted.identity,
        item=wanted.item,
        batch=batch_key(plan.expansion),
        batch_name=fingerprint(key, "TaskListName", plan.task_list_name),
        key=wanted.key,
        payload=body_of(action.payload).decode(),
        due_at=parse_moment(action.baseline_texts["DueDate"]),
        contract_id=plan.expansion.contract_id,
        event_at=plan.expansion.event_at,
        responsible_id=wanted.responsible_id,
        reclaim=action.again,
        held_by=action.held_by,
        held_seen_at=action.held_seen_at,
    )


def fingerprints_of(plan: Plan, action: Action, key: bytes) -> dict[str, str]:
    """Return what is kept of a task's fields: of one that was created also what was sent besides its texts.

    The planner may have worked without a ledger's key, so they are made here. Who adopted a task did not send it:
    whom it was given to then is not known.
    """
    told = dict(action.baseline_texts)
    if action.action == "create":
        told |= {name: str(action.payload[name]) for name in ("ResponsibleId", "BusinessId")}
        if action.late_from is not None:
            told[SENT_DUE] = str(action.payload["DueDate"] or "")
    told["TaskListName"] = plan.task_list_name
    return {name: fingerprint(key, name, text) for name, text in told.items()}
