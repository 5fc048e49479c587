"""Planning: wanted tasks against what is remembered and what is live -> exactly one action for each.

Pure: nothing here writes, waits or looks at a clock. `preview` and `run` use the same planner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from whenever import Instant

from engine.core.completions import ends_of
from engine.core.errors import UserError
from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask, State, fingerprint
from engine.core.overriding import overrides_said
from engine.core.plan import Action, ActionName, Drift, Plan, Situation
from engine.core.resolve import late_due
from engine.core.wanted import Expansion, Explanation, Wanted
from engine.core.wire_dates import local_text, wire_moment

MOST_RELOOK_SECONDS = 30
"""Until a list that could not be read, or not to its end, is read again: long enough for a service that restarts."""

_BELIEF: tuple[State, ...] = ("created", "adopted", "intended", "failed")


def make_plan(expansion: Expansion, situation: Situation, now: Instant) -> Plan:
    """Return the plan: one action for each wanted task, sorted by due, item and key.

    Raises:
        UserError: tasks whose `late` policy is `fail` are late; all of them are named.
    """
    name = situation.task_list_name or expansion.task_list_name
    planner = _Planner(expansion, situation, name, now)
    actions = sorted((planner.action(wanted) for wanted in expansion.wanted), key=_order)
    if planner.too_late:
        raise UserError(
            f"these tasks would be late, and their rule says fail: {'; '.join(planner.too_late)}.",
            advice="Choose another `late` in the list, or another --event or contract.",
        )
    making = any(action.action == "create" for action in actions)
    warnings = (
        *expansion.warnings,
        *(situation.warnings if making else ()),
        *_no_longer_wanted(expansion, situation),
        *overrides_said(expansion, tuple(actions), situation),
    )
    ends = ends_of(expansion, situation, now)
    return Plan(expansion, name, now, tuple(actions), tuple(sorted(expansion.left_out)), warnings, ends)


def _order(action: Action) -> tuple[bool, str, str, str]:
    due = "" if action.due_at is None else wire_moment(action.due_at)
    return (action.due_at is None, due, action.wanted.item, action.wanted.key)


def _no_longer_wanted(expansion: Expansion, situation: Situation) -> Iterable[str]:
    """Say which live tasks of this very batch the list lacks now; another contract's or cycle's are not meant."""
    for task in unwanted(expansion, situation):
        if task.task_id in situation.live and not expansion.overrides.skips(task.item, task.key):
            where = f"{task.item} [{task.key}]" if task.key else task.item
            yield f"task {task.task_id} ({where}) is no longer wanted by this list; it is left as it is"


def is_waiting(wanted: Wanted, now: Instant) -> bool:
    """Return whether a task must not be made at `now` (UTC): something comes first, or its moment lies ahead."""
    waits = wanted.waits
    return waits is not None and (bool(waits.items) or waits.until is None or now < waits.until)


def unwanted(expansion: Expansion, situation: Situation) -> Iterable[KnownTask]:
    """Return the remembered tasks of this very batch that the list lacks now, by item and key."""
    wanted = {number for task in expansion.wanted for number in (task.identity, *task.alternatives)}
    for number, task in sorted(situation.known.items(), key=lambda pair: (pair[1].item, pair[1].key, pair[0])):
        if number in wanted or task.tasklist != expansion.tasklist:
            continue
        if number in expansion.naming.identities(task.item, task.key):
            yield task


class _Planner:
    def __init__(self, expansion: Expansion, situation: Situation, name: str, now: Instant) -> None:
        self.expansion = expansion
        self.situation = situation
        self.name = name
        self.now = now
        self.too_late: list[str] = []

    def action(self, wanted: Wanted) -> Action:
        known = self._remembered(wanted)
        if known is not None and known.state in {"created", "adopted"}:
            return self._settled(wanted, known)
        rows = self._seen(wanted)
        if len(rows) > 1:
            numbers = ", ".join(str(row.task_id) for row in rows)
            reason = (
                f"{len(rows)} live tasks carry this task's mark: {numbers}; delete all but one in Nexudus"
            )
            return self._keep("conflict", wanted, reason)
        if rows:
            return self._adopt(wanted, rows[0], known)
        if self.situation.incomplete:
            reason = f"the task list of the coworker could not be read to its end: {self.situation.incomplete}"
            again = (self.situation.looked_at or self.now).add(seconds=self._relook_seconds())
            return self._hold(wanted, f"{reason}; {self._settled_by()}", again)
        own = (wanted.identity, *wanted.alternatives)
        other = next((self.situation.elsewhere[n] for n in own if n in self.situation.elsewhere), None)
        if other is not None:
            reason = f"a request for coworker {other}, who paid for the team before, is open"
            return self._hold(wanted, f"{reason}: settled by `tasklists resume --coworker {other}`", None)
        held = self._in_doubt(wanted, known) if known is not None and known.state == "intended" else None
        return held or (self._wait if is_waiting(wanted, self.now) else self._create)(wanted, known)

    def _wait(self, wanted: Wanted, known: KnownTask | None) -> Action:
        """Return that a task is not made yet; an intent of it that was certainly not carried out is taken back."""
        assert wanted.waits is not None  # it waits
        until = wanted.waits.until
        waits = self._keep("wait", wanted, wanted.waits.reason)
        waits = replace(waits, decides_at=until if until is not None and until > self.now else None)
        if known is None or known.state != "intended":
            return waits
        return self._taking_over(replace(waits, baseline_texts=wanted.texts()), known)

    def _in_doubt(self, wanted: Wanted, known: KnownTask) -> Action | None:
        """Return the hold of an open intent that cannot be decided yet; None when its task was certainly not made."""
        request = f"request of run {known.run_id}, last at work at {wire_moment(known.seen_at)},"
        over = known.seen_at.add(seconds=self.situation.quiet_seconds)
        if (self.situation.looked_at or self.now) < over:
            reason = f"a {request} may have been sent and still arrive; decided after {wire_moment(over)}"
            return self._hold(wanted, f"{reason}, {self._settled_by()}", over)
        namesake = self.situation.doubtful.get(wanted.identity)
        if namesake is None:
            return None
        made = f"task {namesake} may be what the unanswered {request} made, and carries no mark"
        does = f"write `ref: {mark_of(wanted.identity)}` into its notes if it is, else delete it; then"
        return self._hold(wanted, f"{made}: {does} {self._settled_by()}", None)

    def _hold(self, wanted: Wanted, reason: str, decides_at: Instant | None) -> Action:
        return replace(self._keep("hold", wanted, reason), decides_at=decides_at)

    def _settled_by(self) -> str:
        return f"settled by `tasklists resume --coworker {self.expansion.coworker_id}`"

    def _relook_seconds(self) -> float:
        return min(self.situation.quiet_seconds, MOST_RELOOK_SECONDS)

    def _remembered(self, wanted: Wanted) -> KnownTask | None:
        """Of several memories of one task the settled one counts, then an open intent: a failure never hides them."""
        numbers = (wanted.identity, *wanted.alternatives)
        known = [self.situation.known[n] for n in numbers if n in self.situation.known]
        return min(known, key=lambda task: _BELIEF.index(task.state), default=None)

    def _seen(self, wanted: Wanted) -> tuple[LiveTask, ...]:
        rows = {
            row.task_id: row
            for number in (wanted.identity, *wanted.alternatives)
            for row in self.situation.found.get(number, ())
        }
        return tuple(rows[number] for number in sorted(rows))

    def _settled(self, wanted: Wanted, known: KnownTask) -> Action:
        made = f"{known.state} {known.at.to_tz(self.expansion.zone).date()} by run {known.run_id}"
        others = _other_list(self.expansion, known)
        made += f" of {others}" if others else ""
        if known.task_id in self.situation.gone:
            gone = f"{made}, since deleted in Nexudus; it is not made again"
            reason = f"{gone} (--again LABEL makes the whole list once more)"
            return replace(self._keep("skip", wanted, reason), task_id=known.task_id)
        row = self.situation.live.get(known.task_id or 0)
        said = f"{made}; completed" if row and row.completed else made
        was = _was(row, known, self.situation.key)
        kept = self._keep("keep", wanted, said)
        return replace(kept, task_id=known.task_id, drift=self._drift(wanted, known, was))

    def _drift(self, wanted: Wanted, known: KnownTask, was: Mapping[str, str]) -> tuple[Drift, ...]:
        if _other_list(self.expansion, known):
            return ()  # that list's words made it, and it tells how they have changed
        compared: Wanted | None = wanted
        origin = (known.contract_id, known.event_at)
        if origin != (self.expansion.contract_id, self.expansion.event_at):
            compared = self.situation.origins.get(origin, {}).get(known.identity)
        if compared is None:
            return ()
        texts = compared.texts()
        if compared.waits is not None and compared.due_at is None:
            del texts["DueDate"]  # it counted from a completion that staff took back since
        return tuple(
            Drift(name, was.get(name), text)
            for name, text in texts.items()
            if name in known.fingerprints
            and known.fingerprints[name] != fingerprint(self.situation.key, name, text)
        )

    def _adopt(self, wanted: Wanted, row: LiveTask, known: KnownTask | None) -> Action:
        live = wanted.texts() | {"Name": row.name}
        late = wanted.due_at is not None and row.created_at is not None and wanted.due_at < row.created_at
        if row.due_at is not None and not late:
            live["DueDate"] = wire_moment(row.due_at)
        drift = tuple(
            Drift(name, live[name], text) for name, text in wanted.texts().items() if live[name] != text
        )
        reason = f"found in Nexudus as task {row.task_id}" + ("; completed" if row.completed else "")
        adopted = replace(self._keep("adopt", wanted, reason), task_id=row.task_id, drift=drift)
        return replace(adopted, baseline_texts=live, again=known is not None)

    def _keep(self, name: ActionName, wanted: Wanted, reason: str) -> Action:
        return Action(name, wanted, self._payload(wanted, wanted.due_at), wanted.due_at, reason)

    def _create(self, wanted: Wanted, known: KnownTask | None) -> Action:
        again = known is not None
        reason = "an earlier attempt did not succeed" if again else "not made yet"
        action = Action("create", wanted, {}, wanted.due_at, reason, baseline_texts=wanted.texts())
        if known is not None:
            action = self._taking_over(action, known)
        if wanted.due_at is not None and wanted.due_at < self.now:
            action = self._late(action)
        return replace(action, payload=self._payload(action.wanted, action.due_at))

    def _taking_over(self, action: Action, known: KnownTask) -> Action:
        return replace(action, again=True, held_by=known.run_id, held_seen_at=known.seen_at)

    def _late(self, action: Action) -> Action:
        wanted, due = action.wanted, action.due_at
        assert due is not None  # only a due can be late
        if wanted.late == "closing":
            moved, step = late_due(
                due, now=self.now, zone=self.expansion.zone, calendar=self.expansion.calendar
            )
            told = _explained(wanted, step)
            return replace(action, wanted=told, due_at=moved, late_from=due, reason=step)
        past = f"was due {local_text(due.to_tz(self.expansion.zone))}, past already"
        if wanted.late == "skip":
            return replace(action, action="skip", reason=f"late: {past}; the list says skip")
        if wanted.late == "fail":
            who = f"{wanted.item} [{wanted.key}]" if wanted.key else wanted.item
            self.too_late.append(f"{who} {past}")
        return replace(action, reason=f"late: {past}; kept")

    def _payload(self, wanted: Wanted, due_at: Instant | None) -> dict[str, Any]:
        return wanted.payload(task_list_name=self.name, due_at=due_at, with_mark=self.situation.with_mark)


def _other_list(expansion: Expansion, known: KnownTask) -> str:
    """Return the list that made a task which is the same as one of this list (`same_as`); '' when this one did."""
    return "" if known.tasklist in {"", expansion.tasklist, expansion.naming.tasklist_id} else known.tasklist


def _explained(wanted: Wanted, step: str) -> Wanted:
    told: Explanation = replace(wanted.explanation, due=(*wanted.explanation.due, step))
    return replace(wanted, explanation=told)


def _was(row: LiveTask | None, known: KnownTask, key: bytes) -> dict[str, str]:
    """Return the old values that can still be told: the due from memory, the name while nobody edited it."""
    told = {"DueDate": "" if known.due_at is None else wire_moment(known.due_at)}
    if row is not None and known.fingerprints.get("Name") == fingerprint(key, "Name", row.name):
        told["Name"] = row.name
    return told
