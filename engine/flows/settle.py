"""Open intents that no plan covers any more: their list was changed or removed, or their member left.

Each is looked for and adopted, or closed as never made. Nothing is ever sent from here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import replace

from whenever import Date, Time

from engine.core.calendar import Calendar
from engine.core.identity import Naming, Subject
from engine.core.plan import Plan
from engine.core.planner import make_plan
from engine.core.wanted import Expansion
from engine.flows.apply import Applied, Applier, Asked
from engine.flows.look import Looker
from engine.flows.run import Runner
from engine.flows.sent import wanted_of
from engine.flows.tenure import Tenure
from engine.ledger.values import OpenIntent, RunId

_NOT_WANTED = "it was never made, and nothing asks for it any more; if it is still wanted, run its list"


def settle(runner: Runner, tenure: Tenure, *, stuck: Set[RunId] = frozenset()) -> tuple[Applied, ...]:
    """Decide the open intents of the coworker whose lease is held, list by list; those in doubt stay open.

    Intents of a run that can still be gone on with are that run's: its list says whether they are still wanted.
    Of those that are `stuck`, what was made is adopted, and the rest stays open.

    Raises:
        Unreachable: Nexudus or the ledger gives no usable answer now.
        Stopped: asked to stop while waiting for a quiet period to end.
    """
    ledger = runner.tools.ledger
    unfinished = {run.id for run in ledger.unfinished(tenure.coworker_id)}
    intents = ledger.open_intents(tenure.coworker_id)
    closed = [one for one in intents if one.run_id not in unfinished]
    waiting = [one for one in intents if one.run_id in unfinished & stuck]
    settled = (
        _settle_list(runner, tenure, [one for one in some if one.tasklist == name], closes=some is closed)
        for some in (closed, waiting)
        for name in sorted({one.tasklist for one in some})
    )
    return tuple(applied for applied in settled if applied is not None)


def _settle_list(runner: Runner, tenure: Tenure, intents: Sequence[OpenIntent], *, closes: bool) -> Applied | None:
    expansion = _expansion_of(tenure.coworker_id, intents)
    plan = _plan(runner, expansion)
    times = [action.decides_at for action in plan.actions if action.decides_at is not None] if closes else []
    if times and runner.is_worth_waiting(max(times)):
        runner.wait_until(max(times), "open requests of an earlier run are decided")
        plan = _plan(runner, expansion)
    decided = {"adopt", "hold", "conflict"} if closes else {"adopt"}
    rest = replace(plan, actions=tuple(action for action in plan.actions if action.action in decided))
    missing = [action for action in plan.actions if action.action == "create"] if closes else []
    if not rest.actions and not missing:
        return None  # nothing to tell of: a run of nothing would only fill the history
    applier = Applier(runner.tools.client, runner.tools.ledger, tenure, runner.conduct)
    applier.begin(plan, Asked("resume"))
    applier.apply(rest)
    applier.withdraw(plan, missing, _NOT_WANTED)
    return applier.finish(replace(plan, actions=(*rest.actions, *missing)))


def _plan(runner: Runner, expansion: Expansion) -> Plan:
    tools, clock = runner.tools, runner.conduct.clock
    seen = Looker(tools.reader, tools.ledger, runner.policy, clock).look(expansion)
    return make_plan(expansion, seen, clock())


def _expansion_of(coworker_id: int, intents: Sequence[OpenIntent]) -> Expansion:
    """Return the intents of one list as what is wanted: they are looked for by what was sent."""
    wanted = tuple(wanted_of(coworker_id, intent) for intent in intents)
    first = json.loads(intents[0].payload)
    return Expansion(
        tasklist=intents[0].tasklist,
        version="",
        coworker_id=coworker_id,
        business_id=int(first["BusinessId"]),
        task_list_name=str(first["TaskListName"]),
        subject=Subject("coworker", coworker_id),
        cycle="",
        wanted=wanted,
        left_out=(),
        warnings=(),
        zone="UTC",
        calendar=_EVERY_DAY,
        naming=Naming("", intents[0].tasklist, {}, (), ""),
        contract_id=intents[0].contract_id,
        event_at=intents[0].event_at,
    )


_EVERY_DAY = Calendar(
    name="",
    working_days=frozenset(range(1, 8)),
    opening=Time(0, 0),
    closing=Time(23, 59),
    closed={},
    covers=(Date(2020, 1, 1), Date(2120, 1, 1)),
)
"""No date is resolved here: the dues are those that were sent."""
