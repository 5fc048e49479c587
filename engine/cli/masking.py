"""`--redact`: no personal text of a member in any output. Masks the plan itself, before any format escapes it.

Must never change what a run sends: a masked plan is for showing only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from engine.core.report import masker, personal_words

if TYPE_CHECKING:
    from engine.core.facts import Facts

T = TypeVar("T")

_OURS = frozenset(
    {"item", "tasklist", "version", "action", "outcome", "zone", "late", "calendar", "subject", "held_by"}
    | {"TaskItemUniqueId", "DueDate"}
)
"""Fields that hold words of the user's own files or of ours: never a member's."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T|\Z)")


def member_words(facts: Facts) -> dict[str, str]:
    """Return each text that tells who a member is, with what stands for it: names, addresses, notes, inputs."""
    found = dict(personal_words(facts))
    rows: list[tuple[str, Mapping[str, Any]]] = [("coworker", facts.coworker), ("inputs", facts.inputs)]
    rows += [("contract", row) for row in facts.contracts]
    rows += [("desk", {name: row.get(name) for name in ("CoworkerFullName", "Notes")}) for row in facts.desks]
    for root, row in rows:
        for name, value in row.items():
            for text in _texts(value):
                if root != "contract" or name.startswith("Coworker") or "Notes" in name:
                    found.setdefault(text, f"[{root}.{name}]")
    return {word: mask for word, mask in found.items() if len(word) > 1}


def _texts(value: object) -> list[str]:
    """The texts in a value as they may be shown: whole, line by line, and with single spaces."""
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    if not isinstance(value, str) or _DATE.match(value):
        return []
    lines = [value, *value.splitlines(), " ".join(value.split())]
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


class Mask:
    """Hides words wherever they stand, in any case. Without words it changes nothing."""

    def __init__(self, words: Mapping[str, str]) -> None:
        longest = dict(sorted(words.items(), key=lambda pair: (-len(pair[0]), pair[0])))
        self._has_words = bool(words)
        self.text = masker(longest)

    def value(self, value: T) -> T:
        """Return a plan, a result or a part of one with every word hidden; our own words and ids stay."""
        return self._inside(value) if self._has_words else value

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if is_dataclass(value) and not isinstance(value, type):
            names = [part.name for part in fields(value) if part.init and part.name not in _OURS]
            return replace(value, **{name: self._inside(getattr(value, name)) for name in names})
        if isinstance(value, Mapping):
            return {name: part if name in _OURS else self._inside(part) for name, part in value.items()}
        return tuple(map(self._inside, value)) if isinstance(value, tuple) else value
