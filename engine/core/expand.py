"""Expansion: one ready list and one coworker's facts -> wanted tasks, or everything that stands in the way.

Pure and deterministic: equal facts give equal tasks, whatever the order of keys, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.applies import check_applies
from engine.core.expanding import Expanding, Turn
from engine.core.expansion_troubles import CannotExpand, HoldersNeeded, Trouble
from engine.core.facts import Facts
from engine.core.identity import Naming, Subject
from engine.core.item_tasks import task_of, turns_of
from engine.core.languages import chosen_languages
from engine.core.order import Order, Progress, order_of
from engine.core.prepared import Prepared
from engine.core.task_texts import name_of
from engine.core.typed_facts import Read, read_facts
from engine.core.wanted import Expansion, Wanted

__all__ = ["CannotExpand", "HoldersNeeded", "Trouble", "expand"]


def expand(
    prepared: Prepared, facts: Facts, *, version: str, cycle: str = "", anyway: bool = False
) -> Expansion:
    """Return all that the list wants for the coworker, and what it leaves out, with the reasons.

    `cycle` is the label of a wanted repetition. `anyway` ignores the list's `applies`.

    Raises:
        DoesNotApply: `applies` leaves the coworker out.
        UserError: a custom field that the list names has a value of another type.
        CannotExpand: items whose text, person, date or identity cannot be told; all of them.
        HoldersNeeded: people must be looked up first.
        CalendarCoverage: a date lies outside the days that the calendar knows.
    """
    here = prepared.at(facts.location)
    read = read_facts(
        facts,
        prepared.organisation,
        named=prepared.facts_named(),
        days=here.days,
        anchors=here.own_anchors_named(),
        clock_change=here.tasklist.clock_change,
    )
    if not anyway:
        check_applies(prepared, facts, read)
    return _expanded(_begun(here, facts, read, cycle), version)


def _begun(here: Prepared, facts: Facts, read: Read, cycle: str) -> Expanding:
    spoken = chosen_languages(
        here.spoken, organisation=here.organisation, location=facts.location, values=read.values
    )
    warnings = [*read.warnings, *([spoken.odd] if spoken.odd else [])]
    return Expanding(
        here, facts, read, here.overrides, spoken.tags, cycle, loads=dict(facts.loads), warnings=warnings
    )


def _expanded(work: Expanding, version: str) -> Expansion:
    here, facts = work.prepared, work.facts
    name = name_of(work, ("name",), "", here.name, values=work.read.values)
    subject = work.subject(("once_per",), "", here.once_per)
    counted = [(index, ready) for index, ready in enumerate(here.items) if here.counts(ready)]
    turns = [turn for index, ready in counted for turn in turns_of(work, ("items", index), ready)]
    order = order_of([ready for _, ready in counted])
    wanted = _in_order(work, turns, order)
    work.check()
    assert name is not None
    assert subject is not None
    return Expansion(
        tasklist=here.tasklist.tasklist,
        version=version,
        coworker_id=facts.coworker_id,
        business_id=work.business_id,
        task_list_name=name,
        subject=subject,
        cycle=work.cycle,
        wanted=wanted,
        left_out=tuple(work.left_out),
        warnings=tuple(dict.fromkeys(work.warnings)),
        zone=facts.zone,
        calendar=facts.calendar,
        naming=_naming(work),
        contract_id=facts.contract_id,
        event_at=facts.event.at if facts.event else None,
        ordered=not order.is_plain or any(ready.create for _, ready in counted),
        overrides=work.overrides.given,
    )


def _in_order(work: Expanding, turns: Iterable[Turn], order: Order) -> tuple[Wanted, ...]:
    """Make the tasks of what comes first first, and return them in the order of the file."""
    turns = list(turns)
    progress = Progress(order, work.facts.done, work.facts.gone, passed=work.facts.passed)
    place = {item: number for number, item in enumerate(order.sequence)}
    made: dict[int, Wanted] = {}
    for number, turn in sorted(enumerate(turns), key=lambda pair: place[pair[1].ready.item.id]):
        task = task_of(work, turn, progress)
        if task is not None:
            made[number] = task
    return tuple(made[number] for number in sorted(made))


def _naming(work: Expanding) -> Naming:
    here, facts = work.prepared, work.facts
    kinds = ["coworker", "location", *(["contract", "membership"] if facts.contract_id is not None else [])]
    kinds += ["team"] if here.per_team else []  # of a mixed list each part has its own batch
    return Naming(
        here.organisation.owner,
        here.identity_id,
        {ready.item.id: ready.identity_id for ready in here.items},
        tuple(_subjects(work, kinds)),
        work.cycle,
        shared=here.shared,
        common=here.asked_for | here.shared.keys(),
        own=frozenset(one.item.id for one in here.own_items()) if here.part == "team" else frozenset(),
    )


def _subjects(work: Expanding, kinds: Iterable[str]) -> Iterable[Subject]:
    for kind in kinds:
        subject = work.subject((), "", kind)
        if subject is not None:
            yield subject
