"""The task lists that Nexudus itself makes tasks from, beside ours (native-tasklists.md 3). Reads only.

Filters are not trusted: all rows are read and compared here. It must never take a list of which the plans are not
known for one that is for no plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whenever import Instant

from engine.core.organisation import Organisation
from engine.flows.directory import Cache
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import IncompleteList, RequestRefused, RoleMissing
from engine.nexudus.wire import usable_id

NEW_CONTACTS, NEW_MEMBERS, CANCELLATIONS = "new contacts", "new members", "cancellations"

FLAGS: Final = {
    "AssignToNewContacts": NEW_CONTACTS,
    "AssignToNewMembers": NEW_MEMBERS,
    "AssignToCancellations": CANCELLATIONS,
}
"""What starts a native list by itself."""

TRIGGER_OF: Final = {
    "coworker.created": NEW_CONTACTS,
    "contract.created": NEW_MEMBERS,
    "contract.activated": NEW_MEMBERS,
    "contract.first_activated": NEW_MEMBERS,
    "contract.cancelled": CANCELLATIONS,
}
"""Our events, as the word that a native list has for them."""

_KEY: Final = "native lists"
"""Of the directory cache. What is cached are names of lists and ids, no member's data."""


@dataclass(frozen=True)
class NativeList:
    """An active native list that something starts. Without tariffs it is for every plan."""

    number: int
    name: str
    business_id: int
    starts_on: tuple[str, ...]
    tariffs: frozenset[int] = field(default_factory=frozenset)

    def doubles(self, triggers: Iterable[str], business_id: int, tariff_id: int | None) -> bool:
        """Return whether it makes its own tasks on one of these triggers, at this location, for this plan."""
        here = self.business_id == business_id and bool(set(triggers) & set(self.starts_on))
        return here and (not self.tariffs or tariff_id in self.tariffs)


class NativeLists:
    """Those with a trigger of their own, read through the directory cache: once in 15 minutes for all threads."""

    def __init__(self, reader: NexudusReader, cache: Cache, clock: Callable[[], Instant]) -> None:
        self._reader = reader
        self._cache = cache
        self._clock = clock

    def all(self, organisation: Organisation) -> tuple[NativeList, ...]:
        """Return the active native lists at our locations that start by themselves.

        Raises:
            RoleMissing: the login may not list them.
            Unreachable: they cannot be read to their end now.
        """
        now = self._clock()
        found = self._cache.directory(_KEY, now)
        if found is None:
            found = self._read(organisation)
            self._cache.store_directory(_KEY, found, now)
        assert isinstance(found, dict)  # what was stored was one
        if found["role"]:
            raise RoleMissing(str(found["role"]))
        return tuple(_from_json(told) for told in found["lists"])

    def is_still_on(self, one: NativeList) -> bool:
        """Return whether a list that the cache knows still starts by itself: a person may have switched it off."""
        try:
            record = self._reader.record(Entity.NATIVE_TASK_LIST, one.number)
        except RoleMissing:
            return True
        return record is not None and record.get("Active") is True and bool(set(_starts(record)) & set(one.starts_on))

    def _read(self, organisation: Organisation) -> dict[str, Any]:
        try:
            rows = rows_of(self._reader, Entity.NATIVE_TASK_LIST)
        except RoleMissing as error:
            return {"role": error.role, "lists": []}
        except RequestRefused:  # this account has no such thing
            return {"role": "", "lists": []}
        lists = native_lists(self._reader, rows, organisation)
        return {"role": "", "lists": [_to_json(one) for one in lists]}


def rows_of(reader: NexudusReader, entity: Entity) -> tuple[Record, ...]:
    """Return all rows of a kind of record. Raises IncompleteList where that is in doubt, and what a read raises."""
    listed = reader.listing(entity)
    if not listed.complete:
        raise IncompleteList(f"{entity.label} records", listed.why_incomplete)
    return listed.rows


def native_lists(
    reader: NexudusReader,
    rows: Iterable[Record],
    organisation: Organisation,
    others: Mapping[int, Iterable[str]] | None = None,
) -> Iterator[NativeList]:
    """Yield the active lists at our locations that a flag starts, or something of `others` (list id -> what)."""
    ours = {place.business_id for place in organisation.locations.values()}
    for row in rows:
        number, business_id = usable_id(row), row.get("BusinessId")
        if number is None or row.get("Active") is not True or business_id not in ours:
            continue
        starts = [*_starts(row), *(others or {}).get(number, ())]
        if starts and isinstance(business_id, int):
            yield NativeList(number, str(row.get("Name")), business_id, tuple(starts), _tariffs_of(reader, number))


def _starts(row: Record) -> list[str]:
    return [word for name, word in FLAGS.items() if row.get(name) is True]


def _tariffs_of(reader: NexudusReader, number: int) -> frozenset[int]:
    """The plans of a native list, which no row tells; where it may not be read it counts as one for every plan."""
    try:
        return _ids((reader.record(Entity.NATIVE_TASK_LIST, number) or {}).get("Tariffs"))
    except RoleMissing:
        return frozenset()


def _ids(value: object) -> frozenset[int]:
    """Ids in a list, bare or as records."""
    parts = value if isinstance(value, list) else []
    numbers = (usable_id(part) or part for part in parts)
    return frozenset(number for number in numbers if isinstance(number, int) and not isinstance(number, bool))


def _to_json(one: NativeList) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "business_id": one.business_id,
        "starts_on": list(one.starts_on),
        "tariffs": sorted(one.tariffs),
    }


def _from_json(told: Mapping[str, Any]) -> NativeList:
    return NativeList(
        told["number"], told["name"], told["business_id"], tuple(told["starts_on"]), frozenset(told["tariffs"])
    )
