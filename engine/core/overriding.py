"""What a person changes for one run, put into a list: it is checked as the list's own rules and people are. Pure.

It must never let a change be lost without a word: an item that does not exist is an error, and so is a wrong rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.core.anchors import anchor_names
from engine.core.due import DueRule
from engine.core.due_reading import read_rule
from engine.core.errors import UserError
from engine.core.fact_days import fact_day_names
from engine.core.forms import Holder, Responsible
from engine.core.overrides import Overrides, ReadyOverrides, Target, target_text
from engine.core.plan import Action, Situation
from engine.core.prepared import Prepared, ReadyItem
from engine.core.scalars import SLUG
from engine.core.text_faults import Fault
from engine.core.wanted import Expansion
from engine.core.words import nearest

_MADE = frozenset({"keep", "adopt", "conflict"})
"""Actions for tasks that are there already."""


def with_overrides(prepared: Prepared, given: Overrides) -> Prepared:
    """Return the list as it is for one run.

    What was kept with a request goes on for an item under its new name, and is void for one that is no more.

    Raises:
        UserError: items, rules or roles that do not exist; all of them.
    """
    if not given:
        return prepared
    items = {ready.item.id: ready for one in prepared.everywhere() for ready in one.items}
    if given.stored:
        given = given.only(lambda target: _as_now(target, items))
    troubles = list(_unknown_items(given, items))
    known = {target for _, target in given.targets() if target[0] in items}
    due: dict[Target, DueRule] = {}
    for target in given.due.keys() & known:
        rule = _rule(prepared, items[target[0]], given.due[target])
        if isinstance(rule, str):
            troubles.append(f"--due {target_text(target)}: {rule}")
        else:
            due[target] = rule
    people: dict[Target, Responsible] = {}
    for target in given.responsible.keys() & known:
        person = _person(prepared, items[target[0]], given.responsible[target])
        if isinstance(person, str):
            troubles.append(f"--responsible {target_text(target)}: {person}")
        else:
            people[target] = person
    if troubles:
        raise UserError("\n".join(f"{trouble}." for trouble in sorted(troubles)), advice="Nothing was sent.")
    return replace(prepared, overrides=ReadyOverrides(given, people, due))


def _as_now(target: Target, items: Mapping[str, ReadyItem]) -> Target | None:
    """Return what an item that was named once is called now, with its key if it still has any; None without one."""
    item, key = target
    names = [item] if item in items else [name for name, ready in items.items() if ready.item.formerly == item]
    if not names or (key is not None and items[names[0]].loop is None):
        return None
    return names[0], key


def _unknown_items(given: Overrides, items: Mapping[str, ReadyItem]) -> Iterator[str]:
    for option, (item, key) in given.targets():
        if item not in items:
            close = nearest(item, items)
            known = f"nearest: {close}" if close else f"its items: {', '.join(items)}"
            yield f"{option}: the list has no item {item!r} ({known})"
        elif key is not None and items[item].loop is None:
            yield f"{option} {item}[{key}]: the item {item!r} has no for_each, and so no keys; write {item}"


def _rule(prepared: Prepared, ready: ReadyItem, text: str) -> DueRule | str:
    """Return the rule, or what is wrong with it, and what would be right."""
    anchors = anchor_names(prepared.tasklist, ready.item, fact_day_names(prepared.organisation))
    rule = read_rule(text, anchors, ready.anchor)
    if isinstance(rule, Fault):
        told = (("found", rule.found), ("allowed", rule.allowed), ("nearest", rule.nearest), ("write", rule.corrected))
        return ", ".join([rule.what, *(f"{name} {value}" for name, value in told if value)])
    if rule.day is None and ready.anchor is None:
        return f"this rule names no day, and the item has no anchor; name one of {', '.join(anchors)}"
    return rule


def _person(prepared: Prepared, ready: ReadyItem, text: str) -> Responsible | str:
    if re.fullmatch(r"[1-9][0-9]{0,17}", text):
        return Responsible(holder=Holder(user=int(text)))
    if "@" in text and " " not in text:
        return Responsible(holder=Holder(email=text))
    roles = prepared.organisation.known_roles()
    if text in roles:
        return Responsible(role=text, pick=ready.responsible.pick)
    if not re.fullmatch(SLUG, text):
        return f"{text!r} is no role, no e-mail and no user id"
    close = nearest(text, roles)
    return f"there is no role {text!r} ({f'nearest: {close}' if close else 'known: ' + ', '.join(sorted(roles))})"


def overrides_said(expansion: Expansion, actions: tuple[Action, ...], situation: Situation) -> Iterator[str]:
    """Yield a warning for each override that changes nothing, for its task is made already."""
    given = expansion.overrides
    for action in actions:
        if action.action in _MADE:
            item, key = action.wanted.item, action.wanted.key
            for option, told in (("--responsible", given.responsible), ("--due", given.due)):
                if (item, key) in told or (item, None) in told:
                    yield f"{option} changes nothing for {_named(item, key)}: task {action.task_id} is made already"
    for task in situation.known.values():
        own = task.tasklist == expansion.tasklist and task.task_id in situation.live
        if own and given.skips(task.item, task.key):
            yield f"--skip changes nothing for {_named(task.item, task.key)}: task {task.task_id} is made already"


def _named(item: str, key: str) -> str:
    return f"{item} [{key}]" if key else item
