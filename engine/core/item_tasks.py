"""One item and one coworker -> its wanted tasks: the rounds, who is in, and then each task with its date and person.

Pure. It must never make half a task: what stands in its way is noted in full, and then there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from whenever import Date

from engine.core.applies import facts_said
from engine.core.expanding import Expanding, Turn
from engine.core.expansion_troubles import Missing
from engine.core.fact_values import Value
from engine.core.forms import Responsible
from engine.core.identity import Subject, identities
from engine.core.order import Progress, creation, together
from engine.core.overrides import target_text
from engine.core.people import Chosen, NotLookedUp, choose_person
from engine.core.people_facts import NamesNobody, named_by_fact
from engine.core.prepared import Path, ReadyItem
from engine.core.rounds import Round, rounds_of, wrong_keys
from engine.core.subjects import made_for_team
from engine.core.task_dues import Dated, dated
from engine.core.task_texts import name_of, notes_of, phase_of
from engine.core.wanted import Explanation, LeftOut, Waits, Wanted
from engine.core.words import nearest

SKIPPED: Final = "left out by --skip"


def turns_of(work: Expanding, path: Path, ready: ReadyItem) -> Iterator[Turn]:
    """Yield the rounds of an item that are wanted; what is left out, and what is wrong, is noted."""
    if reason := _left_out_whole(work, ready):
        work.left_out.append(LeftOut(ready.item.id, "", reason))
        return
    rounds = _rounds(work, path, ready)
    _check_keys(work, path, ready, rounds)
    for one in rounds:
        if work.overrides.given.skips(ready.item.id, one.key):
            work.left_out.append(LeftOut(ready.item.id, one.key, SKIPPED))
            continue
        turn = _told(work, Turn(path, ready, one))
        if turn is not None:
            yield turn


def _left_out_whole(work: Expanding, ready: ReadyItem) -> str:
    """Why an item is not made at all, whatever its rounds; '' when it may be."""
    if (ready.item.id, None) in work.overrides.given.skip:
        return SKIPPED
    if ready.once_per != "team" or work.prepared.per_team:
        return ""
    return made_for_team(work.facts)


def _rounds(work: Expanding, path: Path, ready: ReadyItem) -> Sequence[Round]:
    loop, at = ready.loop, (*path, "for_each")
    if loop is None:
        return [Round("", work.read.values)]
    try:
        make = partial(rounds_of, loop, work.read.values)
        rounds = work.attempt(at, ready.item.id, make, optional=ready.optional)
    except Missing as missing:
        work.left_out.append(LeftOut(ready.item.id, "", _optional(missing)))
        return ()
    if rounds is not None and not rounds:
        work.left_out.append(LeftOut(ready.item.id, "", f"{'.'.join(loop.source)} is empty"))
    for what in wrong_keys(rounds or ()):
        work.trouble(at, ready.item.id, what)
    return rounds or ()


def _optional(missing: Missing) -> str:
    return f"optional: {missing.reason.rstrip('.')}"


def _check_keys(work: Expanding, path: Path, ready: ReadyItem, rounds: Sequence[Round]) -> None:
    """An override for a task that is not there would be lost without a word."""
    keys = [one.key for one in rounds if one.key]
    for option, target in work.overrides.given.targets():
        item, key = target
        if item == ready.item.id and key is not None and key not in keys and not work.overrides.given.stored:
            known = f"its keys: {', '.join(keys)}" if keys else "it has no keys"
            close = nearest(key, keys)
            near = f", nearest: {close}" if close else ""
            what = f"{option} names {target_text(target)}, and there is no such task for this coworker ({known}{near})."
            work.trouble(path, item, what)


def _told(work: Expanding, turn: Turn) -> Turn | None:
    """Return the turn with what its conditions say; None when one is false, or cannot be decided."""
    ready, one = turn.ready, turn.one
    told: list[str] = []
    for condition in ready.when:
        make = partial(condition.evaluate, one.values)
        try:
            verdict = work.attempt((*turn.path, "when"), ready.item.id, make, optional=ready.optional)
        except Missing as missing:
            work.left_out.append(LeftOut(ready.item.id, one.key, _optional(missing)))
            return None
        if verdict is None:
            return None
        said = facts_said(condition.explain(one.values))
        told.append(f"{condition.source} is {str(verdict).lower()}: {said}")
        if not verdict:
            reason = f"condition false: {condition.source} ({said})"
            work.left_out.append(LeftOut(ready.item.id, one.key, reason))
            return None
    return replace(turn, told=tuple(told))


def task_of(work: Expanding, turn: Turn, progress: Progress) -> Wanted | None:
    """Return the wanted task of a turn, and note it in `progress`; None, with the reasons noted, if there is none."""
    before = len(work.troubles)
    try:
        made = _task(work, turn, progress)
    except Missing as missing:
        del work.troubles[before:]  # what else is wrong with a task that is left out stops nobody
        work.left_out.append(LeftOut(turn.ready.item.id, turn.one.key, _optional(missing)))
        return None
    progress.add(turn.ready.item.id, turn.one.key)
    return made


def _task(work: Expanding, turn: Turn, progress: Progress) -> Wanted | None:
    path, ready, one, who = turn.path, turn.ready, turn.one, turn.who
    before = len(work.troubles)
    name = name_of(work, (*path, "name"), who, ready.name, values=one.values, optional=ready.optional)
    notes = notes_of(work, turn)
    phase = phase_of(work, turn)
    subject = work.subject((*path, "once_per"), who, ready.once_per, optional=ready.optional)
    item, key = ready.item.id, one.key
    waits, done = progress.waits(item, key), progress.done(item, key)
    make = partial(dated, work, ready, key, waits=waits, done=done)
    due = work.attempt((*path, "due"), who, make, optional=ready.optional)
    chosen = _person(work, turn, subject, due.day if due else None)
    if len(work.troubles) > before or subject is None or chosen is None or due is None:
        return None
    work.loads[chosen.person.id] = work.loads.get(chosen.person.id, 0) + 1
    create = _creation(work, turn, due)
    number, *others = identities(
        work.prepared.organisation.owner, subject, work.prepared.refs_of(ready, key, work.cycle)
    )
    work.warnings.extend(f"{who}: passed over {person}" for person in chosen.passed_over)
    return Wanted(
        item=item,
        key=key,
        identity=number,
        alternatives=tuple(others),
        business_id=work.business_id,
        coworker_id=work.facts.coworker_id,
        name=name or "",
        notes=notes or "",
        responsible_id=chosen.person.id,
        responsible_name=chosen.person.name,
        due_at=due.at,
        late=due.late,
        notify_by_email=ready.notify_by_email,
        display_to_everyone=ready.display_to_everyone,
        rolled_from=due.rolled_from,
        phase=phase,
        waits=together([waits, create]),
        explanation=Explanation(due.steps, chosen.steps, turn.told),
    )


def _creation(work: Expanding, turn: Turn, due: Dated) -> Waits | None:
    """Return the wait for the moment that `create` names; None without one, or without a date to count from."""
    rule, at = turn.ready.create, due.at
    if rule is None or at is None:
        return None
    zone, calendar = work.facts.zone, work.facts.calendar
    return work.attempt((*turn.path, "create"), turn.who, lambda: creation(rule, at, zone=zone, calendar=calendar))


def _person(work: Expanding, turn: Turn, subject: Subject | None, on: Date | None) -> Chosen | None:
    """Return who does it, on a local day; None when nobody can be told, or people must be looked up first."""
    if subject is None:
        return None
    ready, key = turn.ready, turn.one.key
    given = work.overrides.responsible_for(ready.item.id, key)
    responsible = given or ready.responsible
    if ready.optional:
        _check_named(responsible, turn.one.values)
    make = partial(_choice, work, responsible, subject=f"{subject.kind}:{subject.id}", on=on, values=turn.one.values)
    try:
        chosen = work.attempt((*turn.path, "responsible"), turn.who, make)
    except NotLookedUp as needed:
        work.needed |= {str(holder): holder for holder in needed.holders}
        return None
    if chosen is None or given is None:
        return chosen
    return replace(chosen, steps=("by --responsible", *chosen.steps))


def _choice(
    work: Expanding, responsible: Responsible, *, subject: str, on: Date | None, values: Mapping[str, Value]
) -> Chosen:
    return choose_person(
        responsible,
        organisation=work.prepared.organisation,
        location=work.facts.location,
        subject=subject,
        directory=work.facts.people,
        on=on,
        loads=work.loads,
        values=values,
    )


def _check_named(responsible: Responsible, values: Mapping[str, Value]) -> None:
    """Raise Missing when the fact that names the responsible is empty and no role stands in."""
    if responsible.source is None or responsible.fallback is not None:
        return
    try:
        named_by_fact(responsible.source, values)
    except NamesNobody as nobody:
        if nobody.is_empty:
            raise Missing(str(nobody)) from nobody
