"""Rows and records as far as they can be believed. Pure.

Records pass through as plain mappings; typed are only those that we decide on. Nothing here may
take a field that did not come for one that is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.core.known import LiveTask
from engine.core.wire_dates import parse_moment
from engine.nexudus.wire import is_id, usable_id

__all__ = [
    "Listing",
    "Record",
    "User",
    "is_whole_contract",
    "live_task",
    "parse_moment",
    "same_email",
    "user",
    "why_unfit",
]

Record = Mapping[str, object]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """The rows of a list. Unless `complete`, a row that is not in it is not known to be absent."""

    rows: tuple[Row, ...]
    complete: bool = True
    why_incomplete: str = ""


@dataclass(frozen=True)
class User:
    """An admin user, as one that tasks may be given to. The name and e-mail stay out of repr."""

    id: int
    email: str = field(repr=False)
    full_name: str = field(repr=False)
    active: bool
    is_admin: bool
    business_ids: frozenset[int]


def live_task(row: Record) -> LiveTask | None:
    """A row of the task list; None if a field that list rows carry (api.md 2.5) is missing or odd."""
    task_id, business_id, coworker_id = usable_id(row), row.get("BusinessId"), row.get("CoworkerId")
    name, completed, due = row.get("Name"), row.get("Completed"), row.get("DueDate")
    if task_id is None or not isinstance(name, str) or not isinstance(completed, bool):
        return None
    if not (_id(business_id) and _id(coworker_id)) or (due and parse_moment(due) is None):
        return None
    return LiveTask(
        task_id=task_id,
        business_id=_id(business_id),
        coworker_id=_id(coworker_id),
        name=name,
        completed=completed,
        due_at=parse_moment(due),
        responsible_id=_id(row.get("ResponsibleId")) or None,
        created_at=parse_moment(row.get("CreatedOn")),
        updated_at=parse_moment(row.get("UpdatedOn")),
    )


def user(record: Record) -> User | None:
    """An admin user from a record read one by one: a list row has no Businesses. None without an Id."""
    user_id = usable_id(record)
    if user_id is None:
        return None
    businesses = record.get("Businesses")
    # Plain ids by the docs; a record in their place, as /en/user/me has it, says the same.
    held = [usable_id(each) or each for each in businesses] if isinstance(businesses, list) else []
    own = record.get("DefaultBusinessId")
    return User(
        id=user_id,
        email=_text(record.get("Email")).strip(),
        full_name=_text(record.get("FullName")).strip(),
        active=record.get("Active") is True,
        is_admin=record.get("IsAdmin") is True,
        business_ids=frozenset(_id(each) for each in [*held, own] if is_id(each)),
    )


def why_unfit(holder: User, business_id: int) -> str:
    """Why tasks of this location should not be given to this user; empty if nothing speaks against it.

    Whether Nexudus itself refuses such a user is unknown (api.md 6), so the check is ours.
    """
    if not holder.active:
        return f"user {holder.id} is not active"
    if not holder.is_admin:
        return f"user {holder.id} is not an admin"
    if business_id not in holder.business_ids:
        return f"user {holder.id} does not have business {business_id}"
    return ""


def same_email(one: object, other: str) -> bool:
    """Whether two e-mails are one, without regard to case and outer spaces."""
    return isinstance(one, str) and one.strip().casefold() == other.strip().casefold()


def is_whole_contract(row: Record) -> bool:
    """Whether a contract row carries what we decide on; else it is read one by one."""
    if not all(is_id(row.get(name)) for name in ("CoworkerId", "IssuedById")):
        return False
    flags = all(isinstance(row.get(name), bool) for name in ("Active", "Cancelled", "MainContract"))
    return flags and "CancellationDate" in row and bool(row.get("StartDate"))


def _id(value: object) -> int:
    return value if isinstance(value, int) and is_id(value) else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
