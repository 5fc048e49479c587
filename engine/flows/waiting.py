"""What a look leaves for later: completions that were seen, and batches that wait, kept for the next look.

It must never keep a row for a batch of which nothing waits, nor touch the ledger for a list where nothing can wait.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.plan import Plan
from engine.core.wire_dates import wire_moment
from engine.flows.batch_names import batch_key
from engine.ledger.ledger import Ledger
from engine.ledger.values import StoredWait

LOOK_AGAIN_HOURS: Final = 24
"""What waits is looked at so often even when nobody told of a change: a notice can be missed, and members leave."""

_SPREAD_SECONDS: Final = 6 * 3600
_STRIDE: Final = 7919
"""A prime: ids that follow each other lie hours apart. A thousand who were asked for in one go are not looked at so."""


def note_ends(ledger: Ledger, plan: Plan, now: Instant) -> None:
    """Remember what a plan's look found to be completed, open again or gone, where that is news."""
    ends = plan.ends
    if ends.completed or ends.deleted:
        ledger.note_ends(plan.expansion.coworker_id, ends.completed, ends.deleted, now)


def note_waits(ledger: Ledger, plan: Plan, request: str, now: Instant) -> bool:
    """Remember what of a plan waits, or that nothing does. False if the ledger cannot be written now.

    `request` is the text of what was asked. A list where nothing can wait costs nothing.
    """
    if not plan.expansion.ordered:
        return True
    wait = wait_of(plan, request, now)
    try:
        if wait is None:
            ledger.waits_no_more(plan.expansion.coworker_id, batch_key(plan.expansion))
        else:
            ledger.keep_waiting(replace(wait, next_look_at=now) if _ended_meanwhile(ledger, plan) else wait)
    except TasklistsError:
        return False
    return True


def _ended_meanwhile(ledger: Ledger, plan: Plan) -> bool:
    """Whether somebody else noted a completion since the plan looked: they hastened a row that was not there yet."""
    remembered = {task.identity: task for task in ledger.known(plan.expansion.coworker_id)}
    for wanted in plan.expansion.wanted:
        numbers = (wanted.identity, *wanted.alternatives)
        known = next((task for n in numbers if (task := remembered.get(n)) and task.task_id is not None), None)
        if known is not None and known.completed_at is not None and (wanted.item, wanted.key) not in plan.ends.done:
            return True
    return False


def is_stuck(wait: StoredWait) -> bool:
    """Return whether a task of a batch waits for one that staff deleted: it waits for ever."""
    return any(item["stuck"] for item in json.loads(wait.items))


def looked_at_again(coworker_id: int, now: Instant) -> Instant:
    """Return when somebody is looked at again though nobody told of a change (UTC): 18 to 24 hours later."""
    early = coworker_id * _STRIDE % _SPREAD_SECONDS
    return now.add(hours=LOOK_AGAIN_HOURS).subtract(seconds=early)


def wait_of(plan: Plan, request: str, now: Instant) -> StoredWait | None:
    """Return what of a plan waits, and when to look again at the latest (UTC); None when nothing waits."""
    waiting = [action for action in plan.actions if action.action == "wait" and action.wanted.waits is not None]
    if not waiting:
        return None
    moments = [action.decides_at for action in waiting if action.decides_at is not None]
    latest = looked_at_again(plan.expansion.coworker_id, now)
    told = [
        {
            "item": action.wanted.item,
            "key": action.wanted.key,
            "for": list(waits.items),
            "until": None if action.decides_at is None else wire_moment(action.decides_at),
            "stuck": waits.stuck,
            "reason": waits.reason,
        }
        for action in waiting
        if (waits := action.wanted.waits) is not None
    ]
    return StoredWait(
        coworker_id=plan.expansion.coworker_id,
        key=batch_key(plan.expansion),
        request=request,
        items=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        next_look_at=min([latest, *moments]),
        looked_at=now,
    )
