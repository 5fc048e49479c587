"""A location's own task lists in Nexudus to drafts of ours. Reads only; what the native form cannot say is noted.

A native item knows one person and a number of hours after its list was given (native-tasklists.md 1). It must never
be brought over as if it meant more: its hours count through nights and weekends, and stay so until somebody edits them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from engine.authoring.importing.drafting import Draft, DraftItem, Review, slug_of, without_braces
from engine.authoring.importing.persons import read_person
from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.flows.native_lists import FLAGS, NEW_MEMBERS, rows_of
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import RoleMissing, UnknownUser
from engine.nexudus.wire import usable_id

_EVENTS: Final = {
    "AssignToNewContacts": "coworker.created",
    "AssignToNewMembers": "contract.created",
    "AssignToCancellations": "contract.cancelled",
}
_ANCHORS: Final = {"AssignToNewContacts": "signup", "AssignToCancellations": "contract.cancellation"}
"""What a list counts from that is run by hand, without an event; the others count from the contract's start."""


def native_drafts(reader: NexudusReader, business_id: int, organisation: Organisation | None) -> tuple[Draft, ...]:
    """Return a draft for each task list of a business, active or not, by its id.

    Raises:
        UserError: the business has no task lists.
        RoleMissing: the login may not read them.
        Unreachable: they cannot be read to their end now.
    """
    lists = [row for row in rows_of(reader, Entity.NATIVE_TASK_LIST) if row.get("BusinessId") == business_id]
    if not lists:
        raise UserError(f"business {business_id} has no task lists in Nexudus.", advice="Nothing is to be imported.")
    items = rows_of(reader, Entity.NATIVE_TASK_ITEM)
    return tuple(_Native(reader, business_id, organisation).drafts(sorted(lists, key=_number), items))


def _number(row: Record) -> int:
    return usable_id(row) or 0


class _Native:
    def __init__(self, reader: NexudusReader, business_id: int, organisation: Organisation | None) -> None:
        self._reader = reader
        self._organisation = organisation
        self._business_id = business_id
        self._emails: dict[int, str] = {}

    def drafts(self, lists: Iterable[Record], items: Sequence[Record]) -> Iterator[Draft]:
        taken: set[str] = set()
        for row in lists:
            number = _number(row)
            whole = self._whole(row)
            own = sorted((item for item in items if item.get("TaskListId") == number), key=_number)
            draft = self._list(number, whole, slug_of(str(row.get("Name") or ""), taken, otherwise="list"))
            taken.add(draft.id)
            for item in own:
                self._item(draft, item)
            self._finish(draft)
            yield draft

    def _whole(self, row: Record) -> Record:
        """The record by itself: only that one tells the plans."""
        return self._reader.record(Entity.NATIVE_TASK_LIST, _number(row)) or row

    def _list(self, number: int, row: Record, name: str) -> Draft:
        flags = [flag for flag in FLAGS if row.get(flag) is True]
        state = "active" if row.get("Active") is True else "not active"
        starts = ", ".join(FLAGS[flag] for flag in flags) or "nothing: it is given by hand or by a stage"
        title = without_braces(" ".join(str(row.get("Name") or name).split()))
        draft = Draft(
            id=name,
            title=title + ": {{ coworker.full_name }}",
            anchor=_ANCHORS.get(flags[0], "contract.start") if len(flags) == 1 else "contract.start",
            origin=(f"From the native list {number} of business {self._business_id} ({state}; starts on {starts}).",),
            events=tuple(_EVENTS[flag] for flag in flags),
            tariffs=tuple(sorted(_ids(row.get("Tariffs")))),
        )
        place = self._organisation.location_of(self._business_id) if self._organisation else None
        if place:
            draft.locations = (place,)
        else:
            draft.reviews.append(Review(f"business {self._business_id} is no location of organisation.yaml yet"))
        if row.get("Active") is True and flags:
            draft.reviews.append(Review("switch the native list off before this one runs, else every task comes twice"))
        return draft

    def _item(self, draft: Draft, row: Record) -> None:
        number = _number(row)
        text = " ".join(str(row.get("Name") or "").split())
        if row.get("Active") is False:
            draft.left_out.append(Review(f"item {number} is not active"))
            return
        item = DraftItem(slug_of(text, {one.id for one in draft.items}), without_braces(text) or f"Item {number}")
        self._due(draft, item, row.get("DelayInHours"), number)
        item.responsible = self._responsible(item, row.get("ResponsibleId"), number)
        item.notify_by_email = row.get("NotifyByEmail") is True
        item.display_to_everyone = row.get("DisplayToEveryone") is True
        draft.items.append(item)

    def _due(self, draft: Draft, item: DraftItem, hours: object, number: int) -> None:
        if not isinstance(hours, int) or isinstance(hours, bool):
            item.reviews.append(Review(f"item {number} has no delay in hours: it has no due", item=item.id))
            return
        side = "before" if hours < 0 else "after"
        count = abs(hours)
        item.due, item.roll = f"{count} {'hour' if count == 1 else 'hours'} {side} event", "none"
        item.fallback = f"{count} {'hour' if count == 1 else 'hours'} {side} {draft.anchor}"
        if count >= 24 and count % 24 == 0:
            days = count // 24
            what = f"{count} hours count nights and weekends; perhaps {days} business {'day' if days == 1 else 'days'}"
            item.reviews.append(Review(f"{what} {side} {draft.anchor} is meant", item=item.id))

    def _responsible(self, item: DraftItem, user: object, number: int) -> str:
        if not isinstance(user, int) or isinstance(user, bool):
            item.reviews.append(Review(f"item {number} names nobody", item=item.id))
            return ""
        email = self._email(user)
        if not email:
            item.reviews.append(Review(f"user {user} cannot be read: name who it is", item=item.id))
            return ""
        found = read_person(email, self._organisation)
        item.reviews.extend(Review(note, item=item.id) for note in found.notes)
        return found.responsible

    def _email(self, user: int) -> str:
        if user not in self._emails:
            try:
                self._emails[user] = self._reader.user(user).email
            except (UnknownUser, RoleMissing):
                self._emails[user] = ""
        return self._emails[user]

    def _finish(self, draft: Draft) -> None:
        named = [item.responsible for item in draft.items if item.responsible]
        draft.responsible = max(sorted(set(named)), key=named.count) if named else "community-manager"
        if not draft.items:
            draft.reviews.append(Review("the native list has no active items: add some, a list needs one at least"))
        if NEW_MEMBERS in {FLAGS[flag] for flag, event in _EVENTS.items() if event in draft.events}:
            what = "started when a contract is entered; for the first active day as well, add contract.first_activated"
            draft.reviews.append(Review(what))


def _ids(value: object) -> Iterator[int]:
    for part in value if isinstance(value, list) else ():
        number = part if isinstance(part, int) and not isinstance(part, bool) else usable_id(part)
        if number is not None:
            yield number
