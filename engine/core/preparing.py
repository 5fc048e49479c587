"""Making a list ready: everything that can be wrong without the network is found here, all at once.

Pure. A mistake is a Finding: a path into the file and a Fault in its text; `authoring` finds its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from engine.core.alike import equal_keys, same_ids, twins
from engine.core.catalogue import ListOf, Record, Scope, Type
from engine.core.coverage import told_once
from engine.core.due import Due, DueRule
from engine.core.due_reading import read_rule
from engine.core.due_spelling import nearest_anchor
from engine.core.forms import Responsible
from engine.core.model import Item, TaskList
from engine.core.organisation import Organisation
from engine.core.people import role_chain
from engine.core.prepared import Finding, Loop, Path, Prepared, ReadyItem
from engine.core.scalars import Plain
from engine.core.scopes import UNKNOWN, base_scope, lists_in, thing_type, undeclared
from engine.core.text import CompiledCondition, CompiledText, compile_condition, compile_path, compile_text
from engine.core.text_faults import Fault, TextSyntax
from engine.core.wanted import MAX_NAME
from engine.core.words import ANCHORS, nearest

Made = TypeVar("Made")

_YES_AND_NO = dict.fromkeys(("yes", "on", "y", "True"), "true") | dict.fromkeys(("no", "off", "n", "False"), "false")


def prepare(
    tasklist: TaskList, organisation: Organisation, doubtful: Collection[Path] = ()
) -> tuple[Prepared | None, tuple[Finding, ...]]:
    """Return the ready list, or None when an error was found, with all findings in the order of the file.

    `doubtful` are paths whose mistakes are known and taken out of `tasklist`: with any of them nothing is ready,
    and what only follows from them is not found again.
    """
    work = _Preparation(tasklist, organisation, doubtful)
    prepared = work.run()
    failed = doubtful or any(not finding.warning for finding in work.findings)
    return (None if failed else prepared), tuple(work.findings)


class _Preparation:
    def __init__(self, tasklist: TaskList, organisation: Organisation, doubtful: Collection[Path]) -> None:
        self.tasklist = tasklist
        self.organisation = organisation
        self.doubtful = doubtful
        self.findings: list[Finding] = []
        self.locations = [name for name in tasklist.applies.locations if name in organisation.locations]
        self.locations = self.locations or list(organisation.locations)
        self.base = dict(base_scope(tasklist, organisation, self.locations, doubtful))
        if self._doubted("applies", "locations"):
            self.locations = []  # nobody knows which ones are meant: nothing is checked at each of them
        dates = (f"inputs.{name}" for name, given in tasklist.inputs.items() if given.type == "date")
        self.anchors = (*ANCHORS, *dates)

    def run(self) -> Prepared | None:
        applies = self.tasklist.applies
        for index, place in enumerate(applies.locations):
            if place not in self.organisation.locations:
                self._unknown(("applies", "locations", index), "location", place, self.organisation.locations)
        name = self._text(("name",), self.tasklist.name, self.base)
        when = self._condition(("applies", "when"), applies.when, self.base)
        wait_until = self._rule(("applies", "wait_until"), applies.wait_until, self.tasklist.anchor)
        self._anchor(("anchor",), self.tasklist.anchor)
        self._anchor(("defaults", "anchor"), self.tasklist.defaults.anchor)
        self._same_once_per(("defaults", "once_per"), self.tasklist.defaults.once_per)
        self._inputs()
        items = [
            self._item(index, item)
            for index, item in enumerate(self.tasklist.items)
            if ("items", index) not in self.doubtful
        ]
        self._alike()
        self.findings.extend(told_once(self.tasklist))
        ready = tuple(item for item in items if item is not None)
        return Prepared(self.tasklist, self.organisation, name, when, ready, wait_until) if name else None

    def _item(self, index: int, item: Item) -> ReadyItem | None:
        path: Path = ("items", index)
        defaults = self.tasklist.defaults
        names = dict(self.base)
        loop = self._loop(path, item, names)
        name = self._text((*path, "name"), item.name, names)
        self._fits_as_name((*path, "name"), item.name, name)
        notes_path = (*path, "notes") if item.notes else ("defaults", "notes")
        notes_text = item.notes or defaults.notes
        notes = self._text(notes_path, notes_text, names) if notes_text else None
        when_path = (*path, "when") if item.when else ("defaults", "when")
        when = self._condition(when_path, item.when or defaults.when, names)
        self._same_once_per((*path, "once_per"), item.once_per)
        self._anchor((*path, "anchor"), item.anchor)
        anchor = item.anchor or defaults.anchor or self.tasklist.anchor
        due = self._due((*path, "due"), item, anchor)
        responsible = item.responsible or defaults.responsible
        if responsible is None:
            if not (self._doubted(*path, "responsible") or self._doubted("defaults", "responsible")):
                allowed = "a role, an e-mail, {role, pick}, here or in defaults"
                self._fault(path, f"the item {item.id!r} has no responsible", allowed=allowed)
        else:
            self._role((*path, "responsible") if item.responsible else ("defaults", "responsible"), responsible)
        notify = _first(item.notify_by_email, defaults.notify_by_email)
        if notify and item.due is None and not self._doubted(*path, "due"):
            self._fault(path, "an e-mail is sent when a task is due, and this one has no due", warning=True)
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
            once_per=item.once_per or defaults.once_per or self.tasklist.once_per,
            notify_by_email=notify,
            display_to_everyone=_first(item.display_to_everyone, defaults.display_to_everyone),
        )

    def _loop(self, path: Path, item: Item, names: dict[str, Type]) -> Loop | None:
        if item.for_each is None:
            names |= undeclared(item, names) if self._doubted(*path, "for_each") else {}
            return None
        at = (*path, "for_each", item.for_each.name)
        names.setdefault(item.for_each.name, UNKNOWN)
        if item.for_each.name in self.base:
            self._fault(at, f"{item.for_each.name!r} is a fact already; give the thing another name")
            return None
        if self._doubted(*item.for_each.source.strip().split(".")[:2]):
            return None
        found = self._try(at, lambda: compile_path(item.for_each.source, self.base) if item.for_each else None)
        if found is None:
            return None
        source, kind = found
        if not isinstance(kind, ListOf):
            self._fault(at, "for_each goes over a list", found=repr(item.for_each.source), allowed=lists_in(self.base))
            return None
        thing = thing_type(item, kind.element)
        names[item.for_each.name] = thing
        of_records = isinstance(thing, Record)
        key: tuple[str, ...] = ()
        if item.for_each.key:
            text = item.for_each.key
            scoped: Scope = {item.for_each.name: thing}
            made = self._try((*path, "for_each", "key"), lambda: compile_path(text, scoped))
            key = made[0][1:] if made else ()
        elif of_records and source[0] == "inputs":
            part = next(iter(thing.fields), "code") if isinstance(thing, Record) else "code"
            example = f"{{{item.for_each.name}: {item.for_each.source}, key: {item.for_each.name}.{part}}}"
            self._fault(at, "a list of mappings names its key", corrected=Plain(example))
        self._equal_keys(source, key)
        return Loop(item.for_each.name, source, key, of_records)

    def _due(self, path: Path, item: Item, anchor: str | None) -> Due | None:
        if item.due is None:
            return None
        rule = self._rule((*path, "rule"), item.due.rule, anchor)
        fallback = self._rule((*path, "fallback"), item.due.fallback, anchor)
        not_before = self._rule((*path, "not_before"), item.due.not_before, anchor)
        not_after = self._rule((*path, "not_after"), item.due.not_after, anchor)
        if rule is None:
            return None
        defaults = self.tasklist.defaults
        roll = item.due.roll or defaults.roll
        late = item.due.late or defaults.late or "closing"
        return Due(rule, roll, late, fallback, not_before, not_after)

    def _equal_keys(self, source: tuple[str, ...], key: tuple[str, ...]) -> None:
        given = self.tasklist.inputs.get(source[1]) if source[0] == "inputs" and len(source) == 2 else None
        for index, first, name in equal_keys(given.default, key) if given else ():
            what = f"two entries have the key {name!r}, and each key makes one task"
            path: Path = ("inputs", source[1], "default")
            self._fault((*path, index), what, other=(*path, first))

    def _rule(self, path: Path, text: str | None, anchor: str | None) -> DueRule | None:
        if text is None:
            return None
        rule = read_rule(text, self.anchors, anchor)
        if isinstance(rule, Fault):
            self.findings.append(Finding(path, rule))
            return None
        doubted = any(self._doubted(*above, "anchor") for above in ((), ("defaults",), path[:2]))
        if rule.day is None and anchor is None and not doubted:
            what = "this rule names no day, and neither the item nor the list has an anchor"
            self._fault(path, what, found=repr(text), allowed=", ".join(self.anchors))
        return rule

    def _anchor(self, path: Path, name: str | None) -> None:
        if name is not None and name not in self.anchors:
            self._unknown(path, "anchor", name, self.anchors, near=nearest_anchor(name, self.anchors))

    def _role(self, path: Path, responsible: Responsible) -> None:
        role = responsible.role
        if role is None:
            return
        known = self.organisation.known_roles()
        if role not in known:
            self._unknown(path, "role", role, known)
            return
        for location in self.locations:
            held = any(self.organisation.holders_at(name, location) for name in role_chain(self.organisation, role))
            if not held:
                self._fault(path, f"the role {role!r} and its fallback are held by nobody at {location}")

    def _inputs(self) -> None:
        for name, given in self.tasklist.inputs.items():
            if given.default is None and self.tasklist.applies.on and not self._doubted("inputs", name):
                what = f"the input {name!r} has no default, so no event can start this list"
                self._fault(("inputs", name), what, warning=True)

    def _alike(self) -> None:
        items = [(index, item) for index, item in enumerate(self.tasklist.items) if not self._doubted("items", index)]
        for index, first, name, number in same_ids(items):
            self._fault(("items", index, name), f"two items have the id {number!r}", other=("items", first, "id"))
        for index, first, ids in twins(items):
            what = f"{ids} are alike in all but their id, and nobody could tell the tasks apart"
            self._fault(("items", index), what, other=("items", first))

    def _same_once_per(self, path: Path, once_per: str | None) -> None:
        """A team's tasks are another person's than a coworker's: one list holds either."""
        own = self.tasklist.once_per
        if once_per is None or "team" not in {once_per, own} or once_per == own or self._doubted("once_per"):
            return
        what = "is not available yet: write a list of its own"
        if own == "team":
            self._fault(path, f"once_per: {once_per} in a list made once per team {what} for it", allowed="team")
        else:
            allowed = "coworker, membership, contract, location"
            self._fault(path, f"once_per: team in a list made once per {own} {what} for the team", allowed=allowed)

    def _text(self, path: Path, source: str, names: Scope) -> CompiledText | None:
        made = self._try(path, lambda: compile_text(source, names))
        if made is not None:
            self._vars(path, source, made.facts_used)
        return made

    def _fits_as_name(self, path: Path, source: str, name: CompiledText | None) -> None:
        """A name without facts is known already: too long for the service, or nothing at all."""
        if name is None or name.facts_used or "{" in source:
            return
        if len(source.strip()) > MAX_NAME:
            self._fault(path, f"a name has at most {MAX_NAME} characters", found=f"{len(source.strip())} characters")
        if not source.strip():
            self._fault(path, "a name has at least one character")

    def _condition(self, path: Path, source: str | None, names: Scope) -> CompiledCondition | None:
        if source is None:
            return None
        word = source.strip()
        if meant := _YES_AND_NO.get(word) or _YES_AND_NO.get(word.lower()):
            self._fault(path, "a condition gives true or false", found=repr(source), corrected=meant)
            return None
        made = self._try(path, lambda: compile_condition(source, names))
        if made is not None:
            self._vars(path, source, made.facts_used)
        return made

    def _vars(self, path: Path, source: str, used: frozenset[tuple[str, ...]]) -> None:
        for fact in sorted(used):
            if fact[:2] == ("location", "vars") and len(fact) > 2:
                for location in self.locations:
                    if fact[2] not in self.organisation.locations[location].vars:
                        what = f"vars.{fact[2]} is not given at {location} in organisation.yaml"
                        self._fault(path, what, offset=max(source.find(".".join(fact)), 0))

    def _try(self, path: Path, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except TextSyntax as error:
            self.findings.extend(Finding(path, fault) for fault in error.faults)
        return None

    def _unknown(self, path: Path, kind: str, name: str, known: Iterable[str], *, near: str = "") -> None:
        names = sorted(known)
        allowed = ", ".join(names) or f"no {kind} is given"
        self._fault(path, f"there is no {kind} {name!r}", allowed=allowed, nearest=near or nearest(name, names))

    def _doubted(self, *path: str | int) -> bool:
        """Return whether a path, something above it or something below it is known to have a mistake."""
        return any(path[: len(other)] == other[: len(path)] for other in self.doubtful)

    def _fault(
        self, path: Path, what: str, *, offset: int = 0, warning: bool = False, other: Path = (), **details: str
    ) -> None:
        self.findings.append(Finding(path, Fault(offset, 1, what, **details), warning, other))


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), False)
