"""Making a list ready: everything that can be wrong without the network is found here, all at once.

Pure. A mistake is a Finding: a path into the file and a Fault in its text; `authoring` finds its place.
What is checked stands in the modules beside this one: texts, loops, dues, people, references.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from engine.core.catalogue import Scope
from engine.core.checking import Checking
from engine.core.coverage import told_once
from engine.core.due import DueRule
from engine.core.languages import check_languages, ready_language
from engine.core.model import Item, TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Path, Prepared, ReadyItem
from engine.core.preparing_dues import check_anchor, ready_days, ready_due, ready_rule
from engine.core.preparing_loops import ready_loop
from engine.core.preparing_order import check_order, ready_create
from engine.core.preparing_people import ready_responsible
from engine.core.preparing_references import check_alike, check_inputs
from engine.core.preparing_texts import ready_condition, ready_lines, ready_name, ready_wording
from engine.core.wordings import ReadyWording, Wording


def prepare(
    tasklist: TaskList,
    organisation: Organisation,
    doubtful: Collection[Path] = (),
    *,
    locations: Collection[str] | None = None,
) -> tuple[Prepared | None, tuple[Finding, ...]]:
    """Return the ready list, or None when an error was found, with all findings in the order of the file.

    `doubtful` are paths whose mistakes are known and taken out of `tasklist`: with any of them nothing is ready,
    and what only follows from them is not found again. `locations`: of those where the list can run, the only ones
    at which roles and vars are looked for; None means all of them.
    """
    check = Checking(tasklist, organisation, doubtful, locations)
    prepared = _prepared(check)
    failed = doubtful or any(not finding.warning for finding in check.findings)
    return (None if failed else prepared), tuple(check.findings)


def _prepared(check: Checking) -> Prepared | None:
    tasklist = check.tasklist
    applies = tasklist.applies
    for index, place in enumerate(applies.locations):
        if place not in check.organisation.locations:
            check.unknown(("applies", "locations", index), "location", place, check.organisation.locations)
    name = ready_wording(check, ("name",), tasklist.name, check.base)
    when = ready_condition(check, ("applies", "when"), applies.when, check.base)
    wait_until = ready_rule(check, ("applies", "wait_until"), applies.wait_until, tasklist.anchor)
    check_anchor(check, ("anchor",), tasklist.anchor)
    check_anchor(check, ("defaults", "anchor"), tasklist.defaults.anchor)
    check_inputs(check)
    days = ready_days(check)
    items = [
        _ready_item(check, index, item)
        for index, item in enumerate(tasklist.items)
        if ("items", index) not in check.doubtful
    ]
    spoken = ready_language(check)
    check_languages(check)
    check_order(check)
    check_alike(check)
    check.findings.extend(told_once(tasklist))
    ready = tuple(item for item in items if item is not None)
    if name is None:
        return None
    return Prepared(tasklist, check.organisation, name, when, ready, wait_until, days=days, spoken=spoken)


def _ready_item(check: Checking, index: int, item: Item) -> ReadyItem | None:
    path: Path = ("items", index)
    defaults = check.tasklist.defaults
    names = dict(check.base)
    loop = ready_loop(check, path, item, names)
    name = ready_name(check, (*path, "name"), item.name, names)
    notes = _own_or_default(check, index, "notes", names)
    phase = _own_or_default(check, index, "phase", names)
    when_path = (*path, "when") if item.when else ("defaults", "when")
    when = ready_condition(check, when_path, item.when or defaults.when, names)
    check_anchor(check, (*path, "anchor"), item.anchor, item)
    anchor = item.anchor or defaults.anchor or check.tasklist.anchor
    due = ready_due(check, (*path, "due"), item, anchor)
    responsible = ready_responsible(check, path, item, names)
    lines = ready_lines(check, path, item, names)
    create = _create(check, path, item)
    notify = _first(item.notify_by_email, defaults.notify_by_email)
    if notify and item.due is None and not check.doubted(*path, "due"):
        check.fault(path, "an e-mail is sent when a task is due, and this one has no due", code="no-due")
    if name is None or responsible is None:
        return None
    return ReadyItem(
        item=item,
        identity_id=item.formerly or item.id,
        name=name,
        notes=notes,
        responsible=responsible,
        due=due,
        anchor=anchor,
        when=(when,) if when else (),
        loop=loop,
        once_per=item.once_per or defaults.once_per or check.tasklist.once_per,
        notify_by_email=notify,
        display_to_everyone=_first(item.display_to_everyone, defaults.display_to_everyone),
        checklist=lines,
        phase=phase,
        optional=_first(item.optional, defaults.optional),
        after=item.after or (),
        gate=item.gate or False,
        create=create,
    )


def _own_or_default(check: Checking, index: int, name: Literal["notes", "phase"], names: Scope) -> ReadyWording | None:
    """Return a text of an item, else that of the defaults; None without either."""
    own: Wording | None = getattr(check.tasklist.items[index], name)
    given: Wording | None = own or getattr(check.tasklist.defaults, name)
    path: Path = ("items", index, name) if own else ("defaults", name)
    return ready_wording(check, path, given, names) if given else None


def _create(check: Checking, path: Path, item: Item) -> DueRule | None:
    """Return from when on an item is made; what the defaults say is for those that have a due."""
    own, given = item.create, check.tasklist.defaults.create
    at = (*path, "create") if own else ("defaults", "create")
    has_due = item.due is not None or own is None or check.doubted(*path, "due")
    rule = ready_create(check, at, own or given, has_due=has_due)
    return rule if item.due is not None else None


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), False)
