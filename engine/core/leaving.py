"""Whether a coworker has left while tasks of theirs waited: what is for members is not made for who is one no more.

Pure. It must never stop a list that is about the end itself: handing back keys begins when the contract is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from whenever import Instant

from engine.core.facts import Facts, Raw, contract_of
from engine.core.prepared import Prepared

_END_EVENTS: Final = frozenset({"contract.cancelled", "contract.deleted", "coworker.deleted"})
_END_DAYS: Final = frozenset({"contract.cancellation", "membership.end"})
"""Not contract.term_end: the end of a minimum term is a day in the life of a member."""


def left_since(prepared: Prepared, facts: Facts, now: Instant) -> str:
    """Return why the coworker is no member any more at `now` (UTC); '' while they are one, and for a list about an end.

    A list is about an end when an end starts it, or when a due of it counts from one. Who has no contract at all,
    such as a contact, has not left.
    """
    if _is_about_an_end(prepared):
        return ""
    if facts.coworker.get("Archived") is True:
        return "the coworker is archived"
    rows = _contracts(prepared, facts)
    ends = [over(row, facts, now) for row in rows]
    if not rows or not all(ends):
        return ""
    own = (end for row, end in zip(rows, ends, strict=True) if row["Id"] == facts.contract_id)
    return next(own, ends[-1])


def over(row: Raw, facts: Facts, now: Instant) -> str:
    """Return that a contract is over at `now` (UTC), as the sweep sees it; '' when it is not.

    A cancellation that lies ahead is none yet, unless it lies on or before the start.
    """
    zone = facts.zone_of(row)
    contract, today = contract_of(row, zone), now.to_tz(zone).date()
    start, end = contract.start, contract.cancellation
    if start and (end <= start if end else contract.cancelled and start > today):
        return f"contract {contract.id} was withdrawn"
    has_ended = end < today if end else contract.cancelled
    return f"contract {contract.id} has ended" if has_ended else ""


def _is_about_an_end(prepared: Prepared) -> bool:
    tasklist = prepared.tasklist
    days = prepared.days.behind([*prepared.anchors_named(), tasklist.anchor or ""])
    return not (_END_DAYS.isdisjoint(days) and _END_EVENTS.isdisjoint(tasklist.applies.on))


def _contracts(prepared: Prepared, facts: Facts) -> Sequence[Raw]:
    """The contracts of which one that runs keeps the coworker in: that of the list, its membership's, or any."""
    chain = facts.chain()
    if chain is None or prepared.once_per not in {"contract", "membership"}:
        return facts.contracts
    ids = {facts.contract_id, *(chain.contract_ids if prepared.once_per == "membership" else ())}
    return [row for row in facts.contracts if row["Id"] in ids]
