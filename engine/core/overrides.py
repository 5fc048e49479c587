"""What a person changes for one run: items left out, another person, another date.

Pure values. It must never change a list: the next run without them is the list's own again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from engine.core.due import DueRule
from engine.core.errors import UserError
from engine.core.forms import Responsible

_TARGET = r"\s*([a-z0-9-]+)\s*(?:\[(.*?)\])?\s*"
_ALONE = re.compile(_TARGET + r"\Z", re.DOTALL)
_WITH_VALUE = re.compile(_TARGET + r"=\s*(.*\S)\s*\Z", re.DOTALL)

Target = tuple[str, str | None]
"""An item, with the for_each key of one of its tasks, or None for all of them."""

Found = TypeVar("Found")


def target_text(target: Target) -> str:
    """Return a target as it is written: ITEM or ITEM[KEY]."""
    item, key = target
    return item if key is None else f"{item}[{key}]"


@dataclass(frozen=True)
class Overrides:
    """As they were given; a rule and a person are still words."""

    skip: tuple[Target, ...] = ()
    responsible: Mapping[Target, str] = field(default_factory=dict)
    due: Mapping[Target, str] = field(default_factory=dict)
    stored: bool = field(default=False, compare=False)
    """Whether they were kept with a request since: the list may have lost by now what they name."""

    def __bool__(self) -> bool:
        return bool(self.skip or self.responsible or self.due)

    def skips(self, item: str, key: str) -> bool:
        """Return whether a task is left out."""
        return (item, key) in self.skip or (item, None) in self.skip

    def targets(self) -> Iterable[tuple[str, Target]]:
        """Yield (option, target) for each of them."""
        yield from (("--skip", target) for target in self.skip)
        yield from (("--responsible", target) for target in self.responsible)
        yield from (("--due", target) for target in self.due)

    def only(self, named: Callable[[Target], Target | None]) -> Overrides:
        """Return them with each target as it is called now, without those for which that is None."""
        people = {now: self.responsible[one] for one in self.responsible if (now := named(one)) is not None}
        rules = {now: self.due[one] for one in self.due if (now := named(one)) is not None}
        skip = tuple(now for one in self.skip if (now := named(one)) is not None)
        return Overrides(skip, people, rules, stored=self.stored)

    def to_json(self) -> dict[str, Any]:
        """Return them for a plan's JSON and for the stored request; nothing for those that were not given."""
        told: dict[str, Any] = {
            "skip": sorted(map(target_text, self.skip)),
            "responsible": {target_text(one): self.responsible[one] for one in sorted(self.responsible, key=str)},
            "due": {target_text(one): self.due[one] for one in sorted(self.due, key=str)},
        }
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class ReadyOverrides:
    """Overrides whose rules are parsed and whose people are read, for a list that has their items."""

    given: Overrides = field(default_factory=Overrides)
    responsible: Mapping[Target, Responsible] = field(default_factory=dict)
    due: Mapping[Target, DueRule] = field(default_factory=dict)

    def responsible_for(self, item: str, key: str) -> Responsible | None:
        """Return who is to be responsible for a task instead, or None."""
        return _for(self.responsible, item, key)

    def due_of(self, item: str, key: str) -> DueRule | None:
        """Return the rule for a task's date, or None."""
        return _for(self.due, item, key)

    def anchors(self) -> frozenset[str]:
        """Return the anchors that the rules name."""
        return frozenset(name for rule in self.due.values() for name in rule.anchors())


NO_OVERRIDES: Final = ReadyOverrides()


def _for(found: Mapping[Target, Found], item: str, key: str) -> Found | None:
    """What is said of one task wins over what is said of the whole item."""
    return found.get((item, key), found.get((item, None)))


def read_overrides(skip: Iterable[str] = (), responsible: Iterable[str] = (), due: Iterable[str] = ()) -> Overrides:
    """Return the overrides that texts such as `ITEM`, `ITEM[KEY]` and `ITEM=VALUE` stand for.

    Raises:
        UserError: texts of another shape, or two for one task; all of them.
    """
    troubles: list[str] = []
    left_out: dict[Target, str] = {}
    for text in skip:
        found = _ALONE.match(text)
        if found is None:
            troubles.append(f"--skip {text!r} names no item; write --skip ITEM or --skip 'ITEM[KEY]'")
        else:
            left_out[found[1], _key(found[2])] = ""
    people = _with_values("--responsible", responsible, "ROLE, E-MAIL or USER-ID", troubles)
    rules = _with_values("--due", due, "RULE", troubles)
    if troubles:
        raise UserError("; ".join(troubles) + ".", advice="The items of the list are shown by `tasklists show`.")
    return Overrides(tuple(left_out), people, rules)


def _with_values(option: str, given: Iterable[str], value: str, troubles: list[str]) -> dict[Target, str]:
    told: dict[Target, str] = {}
    for text in given:
        found = _WITH_VALUE.match(text)
        if found is None:
            troubles.append(f"{option} {text!r} has another form; write {option} 'ITEM={value}'")
            continue
        target = (found[1], _key(found[2]))
        if target in told:
            troubles.append(f"{option} is given twice for {target_text(target)}")
        told[target] = found[3]
    return told


def _key(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def overrides_of_json(told: Mapping[str, Any]) -> Overrides:
    """Return the overrides that a stored request holds, as `to_json` wrote them."""
    given = read_overrides(
        told.get("skip", ()),
        [f"{target}={value}" for target, value in told.get("responsible", {}).items()],
        [f"{target}={value}" for target, value in told.get("due", {}).items()],
    )
    return replace(given, stored=True)
