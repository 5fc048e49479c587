"""What changes seldom (locations, zones, admins), read through a cache of 15 minutes in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from whenever import Instant

from engine.core.errors import UserError
from engine.core.forms import Holder
from engine.core.people import Person
from engine.nexudus.client import NexudusReader, User
from engine.nexudus.errors import UnknownUser
from engine.nexudus.rows import same_email, why_unfit


class Cache(Protocol):
    def directory(self, key: str, now: Instant) -> object | None: ...

    def store_directory(self, key: str, value: object, now: Instant) -> None: ...


class Directory:
    """Directory reads of one process. Without a ledger nothing is kept beyond it."""

    def __init__(self, reader: NexudusReader, cache: Cache | None, clock: Callable[[], Instant]) -> None:
        self._reader = reader
        self._cache = cache
        self._clock = clock
        self._read_before: dict[str, object] = {}

    def business(self, business_id: int) -> Mapping[str, Any]:
        """Return a location's record."""
        found = self._cached(f"business:{business_id}", lambda: dict(self._reader.business(business_id)))
        assert isinstance(found, dict)  # what was stored was one
        return found

    def zone(self, business_id: int) -> str:
        """Return the IANA zone of a location, from its SimpleTimeZoneId."""
        number = self.business(business_id).get("SimpleTimeZoneId")
        if not isinstance(number, int):
            raise UserError(
                f"business {business_id} has no time zone in Nexudus.",
                advice="Set time_zone for its location in organisation.yaml.",
            )
        return str(self._cached(f"zone:{number}", lambda: self._reader.time_zone(number)))

    def people(self, holders: Iterable[Holder], business_id: int) -> dict[str, Person]:
        """Return holders as persons at a location, each with what speaks against giving it a task.

        Raises:
            UserError: an e-mail or id that is no user, or an e-mail of several users; all of them.
        """
        found: dict[str, Person] = {}
        unknown: list[UnknownUser] = []
        for holder in holders:
            try:
                user = self._user(holder, business_id)
                found[str(holder)] = Person(user.id, user.full_name, _trouble(user, business_id))
            except UnknownUser as error:
                if holder.fact:  # a member's data names whom it likes: no file of ours is wrong
                    found[str(holder)] = Person(0, "", "is no user of Nexudus, or more than one")
                else:
                    unknown.append(error)
        if unknown:
            told = list(dict.fromkeys(error.advice for error in unknown))
            raise UserError(" ".join(error.message for error in unknown), advice=" ".join(told))
        return found

    def user_id(self, holder: Holder) -> int:
        """Return the id of a user, who may be inactive or no admin any more; an id is taken as it is.

        Raises:
            UserError: an e-mail that no user has, or more than one.
        """
        if holder.user is not None:
            return holder.user
        row = self._row(holder)
        if row is not None:
            return int(row["Id"])
        try:
            return _from_json(self._cached(f"user:{str(holder).casefold()}", self._read(holder))).id
        except UnknownUser as error:
            raise UserError(error.message, advice="Correct it, or name the user by the id.") from None

    def _user(self, holder: Holder, business_id: int) -> User:
        """Return the holder's user: by one list of all admins where its row proves enough, else one by one."""
        proven = self._proven(holder, business_id)
        if proven is not None:
            return proven
        return _from_json(self._cached(f"user:{str(holder).casefold()}", self._read(holder)))

    def _read(self, holder: Holder) -> Callable[[], dict[str, Any]]:
        def read() -> dict[str, Any]:
            row = self._row(holder)
            number = holder.user or (row or {}).get("Id")
            found = self._reader.user(number) if number else self._reader.user_by_email(holder.email or "")
            return _to_json(found)

        return read

    def _proven(self, holder: Holder, business_id: int) -> User | None:
        """A row that says active, admin and this location proves it; one that does not say so proves nothing."""
        row = self._row(holder)
        if row is None or row["Active"] is not True or row["DefaultBusinessId"] != business_id:
            return None
        return User(row["Id"], row["Email"], row["FullName"], True, True, frozenset({business_id}))

    def _row(self, holder: Holder) -> dict[str, Any] | None:
        """The holder's row among all admins, when there is exactly one."""
        listed = self._cached("admins", self._read_admins)
        assert isinstance(listed, list)  # what was stored was one
        if holder.user is not None:
            mine = [row for row in listed if row["Id"] == holder.user]
        else:
            mine = [row for row in listed if same_email(row["Email"], holder.email or "")]
        return mine[0] if len(mine) == 1 else None

    def _read_admins(self) -> list[dict[str, Any]]:
        """An account with more admins than one call shows has each looked up by itself."""
        names = ("Id", "Email", "FullName", "Active", "DefaultBusinessId")
        rows = self._reader.admins() or ()
        return [{name: row.get(name) for name in names} for row in rows if row.get("IsAdmin") is True]

    def _cached(self, key: str, read: Callable[[], object]) -> object:
        now = self._clock()
        found = self._cache.directory(key, now) if self._cache else self._read_before.get(key)
        if found is None:
            found = read()
            if self._cache:
                self._cache.store_directory(key, found, now)
            else:
                self._read_before[key] = found
        return found


def _to_json(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "full_name": user.full_name,
        "active": user.active,
        "is_admin": user.is_admin,
        "business_ids": sorted(user.business_ids),
    }


def _from_json(told: object) -> User:
    assert isinstance(told, dict)  # what was stored was one
    return User(**(told | {"business_ids": frozenset(told["business_ids"])}))


def _trouble(user: User, business_id: int) -> str:
    told = why_unfit(user, business_id)
    return f"cannot be given tasks: {told}" if told else ""
