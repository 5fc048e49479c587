"""The rounds of a for_each: the things that it goes over, and the key that tells their tasks apart.

Pure. A key is an identity's part: it must never depend on an index, an order or the spelling of spaces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.core.fact_values import Absent, Value
from engine.core.prepared import Loop
from engine.core.text_faults import FactAbsent


@dataclass(frozen=True)
class Round:
    """One pass over an item: the for_each key ('' without a loop) and the facts with the thing in them."""

    key: str
    values: Mapping[str, Value] = field(repr=False)


def rounds_of(loop: Loop, values: Mapping[str, Value]) -> tuple[Round, ...]:
    """Return one round for each thing, in the order of the things.

    Raises:
        FactAbsent: the list of things, or what holds it, is missing for this coworker.
    """
    return tuple(Round(_key(thing, loop.key), {**values, loop.name: thing}) for thing in _things(values, loop.source))


def wrong_keys(rounds: Iterable[Round]) -> tuple[str, ...]:
    """Return a sentence for each key that cannot tell tasks apart: one that occurs twice, or none at all."""
    keys = [one.key for one in rounds]
    wrong = sorted({key for key in keys if keys.count(key) > 1 or not key})
    found = (f"two things have the key {key!r}" if key else "a thing has no key" for key in wrong)
    return tuple(f"{what}: keys tell tasks apart." for what in found)


def _things(values: Mapping[str, Value], source: tuple[str, ...]) -> Sequence[Value]:
    found: Value = values
    for number, name in enumerate(source):
        if isinstance(found, Absent):
            raise FactAbsent(".".join(source), found.reason)
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            raise FactAbsent(".".join(source[: number + 1]), "it is not among the facts here")
    if isinstance(found, Absent):
        raise FactAbsent(".".join(source), found.reason)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()


def _key(thing: Value, path: tuple[str, ...]) -> str:
    """Return the Nexudus id of the thing, or the named value, in NFC, trimmed and with single spaces."""
    found: Value = thing
    if not path and isinstance(thing, Mapping):
        found = thing.get("id")
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return "" if found is None else " ".join(unicodedata.normalize("NFC", str(found)).split())
