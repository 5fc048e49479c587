"""Nexudus as the use cases see it: a reader that cannot change anything, and a client that can.

Planning is handed a NexudusReader, so it cannot write; only apply is handed a NexudusClient. Neither
may ever decide whether a task is ours: that is the planner's.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from whenever import Instant

from engine.core.known import LiveTask
from engine.nexudus import calls, rows
from engine.nexudus.answers import Found, Record, Sent, Settled
from engine.nexudus.calls import Entity
from engine.nexudus.conversation import NoPace, Pace
from engine.nexudus.errors import (
    RoleMissing,
    UnknownCoworker,
    UnknownRecord,
    UnknownUser,
    UnreadableRecord,
)
from engine.nexudus.exchange import Measure
from engine.nexudus.gate import Gate
from engine.nexudus.listening import Heard, Listening
from engine.nexudus.records import Records
from engine.nexudus.rows import Listing, User
from engine.nexudus.settings import NexudusSettings
from engine.nexudus.webhooks import Webhooks
from engine.nexudus.wire import usable_id
from engine.nexudus.zones import iana_zone

if TYPE_CHECKING:
    import httpx

__all__ = ["Heard", "Listing", "NexudusClient", "NexudusReader", "NoPace", "Pace", "User"]


class NexudusReader:
    """All that we read. Errors are those of `engine.nexudus.errors`; moments are UTC."""

    def __init__(  # noqa: PLR0913 - the seams that tests and the service need, all by name
        self,
        settings: NexudusSettings,
        *,
        pace: Pace,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], Instant] = Instant.now,
        chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._conversation = Listening(
            settings, pace=pace, sleep=sleep, clock=clock, now=now, chance=chance, transport=transport
        )
        self._records = Records(self._conversation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections; the token is forgotten with the object."""
        self._conversation.close()

    def use_pages_of(self, rows_a_page: int) -> None:
        """Ask for so many rows a page from now on."""
        self._records.page_size = rows_a_page

    def measure_with(self, measure: Measure) -> None:
        """Tell how each exchange went from now on; from any thread."""
        self._conversation.measure_with(measure)

    @property
    def login_works(self) -> bool | None:
        """What the last call that tells said about the login, None as long as none did. Asks nothing."""
        return self._conversation.login_works

    def record(self, entity: Entity, record_id: int) -> Record | None:
        """Any record by kind and id; None if there is none."""
        return self._records.record(entity, record_id)

    def listing(self, entity: Entity, filters: Mapping[str, str] | None = None) -> Listing[Record]:
        """Any list to its end, rows as they came: partial, and perhaps not filtered at all."""
        return self._records.listing(entity, filters)

    def short_list(self, entity: Entity, filters: Mapping[str, str]) -> Listing[Record]:
        """The first page of any list, in one call; `complete` only if that was all of it."""
        return self._records.short_list(entity, filters)

    def me(self) -> Record:
        """The login's own user and its default location (api.md 1)."""
        return self._records.value(calls.who_am_i())

    def coworker(self, coworker_id: int) -> Record:
        """A coworker, whole; UnknownCoworker names the id."""
        try:
            record = self._records.record(Entity.COWORKER, coworker_id)
        except UnreadableRecord as error:
            if self._is_listed(coworker_id):
                raise
            raise UnknownCoworker(coworker_id, unsure=True) from error
        if record is None:
            raise UnknownCoworker(coworker_id)
        return record

    def coworkers(self, ids: Iterable[int]) -> tuple[Record, ...]:
        """Coworkers by id, enough to name them; unknown ids are left out, the rest may be partial."""
        return self._records.batch(Entity.COWORKER, ids, is_whole=lambda row: bool(row.get("FullName")))

    def contract(self, contract_id: int) -> Record:
        """A contract, whole."""
        return self._known(Entity.CONTRACT, contract_id)

    def contracts_of(self, coworker_id: int) -> tuple[Record, ...]:
        """All contracts of a coworker in the order of their Ids, cancelled ones too.

        A row that lacks what we decide on is read one by one; rows of others are dropped.
        """
        filters = {"CoworkerContract_Coworker": str(coworker_id)}
        listed = self._records.whole_list(Entity.CONTRACT, filters)
        maybe = (row for row in listed if row.get("CoworkerId") in {None, coworker_id})
        whole = (row if rows.is_whole_contract(row) else self._reread_contract(row) for row in maybe)
        return tuple(row for row in whole if row.get("CoworkerId") == coworker_id)

    def businesses(self) -> tuple[Record, ...]:
        """All locations that the login sees."""
        return self._records.whole_list(Entity.BUSINESS)

    def business(self, business_id: int) -> Record:
        """A location, whole."""
        return self._known(Entity.BUSINESS, business_id)

    def time_zone(self, simple_time_zone_id: int) -> str:
        """The IANA zone of a location's SimpleTimeZoneId."""
        return iana_zone(str(self._known(Entity.TIME_ZONE, simple_time_zone_id).get("Name") or ""))

    def admins(self) -> tuple[Record, ...] | None:
        """Rows of all admin users, in one call; None when that call cannot show all of them.

        Rows carry Id, Email, FullName and IsAdmin (api.md 6); whatever else a row lacks is not known.
        """
        listed = self._records.short_list(Entity.USER, {"User_IsAdmin": "true"})
        return listed.rows if listed.complete else None

    def user(self, user_id: int) -> User:
        """An admin user by id; whether tasks may be given to it is `rows.why_unfit`'s to say."""
        record = self._records.record(Entity.USER, user_id)
        found = None if record is None else rows.user(record)
        if found is None:
            raise UnknownUser(f"No user {user_id} in Nexudus.", advice="Correct the id in organisation.yaml.")
        return found

    def user_by_email(self, email: str) -> User:
        """The one admin user with this e-mail, without regard to case; UnknownUser for none or two."""
        # Whether the filter heeds case is unknown: what it does not find is looked for among all.
        ids = self._users_with(email, {"User_Email": email.strip()}) or self._users_with(email, {})
        if len(ids) == 1 and ids[0] is not None:
            return self.user(ids[0])
        if not ids:
            raise UnknownUser(
                f"No user of Nexudus has the e-mail {email!r}.", advice="Correct it in organisation.yaml."
            )
        raise UnknownUser(
            f"The e-mail {email!r} is that of more than one user: {', '.join(map(str, ids))}.",
            advice=f"Name the one that is meant by its id in organisation.yaml: {{user: {ids[0]}}}.",
        )

    def team(self, team_id: int) -> Record:
        """A team, whole, with its members."""
        return self._known(Entity.TEAM, team_id)

    def teams(self, ids: Iterable[int]) -> tuple[Record, ...]:
        """Teams by id, as rows: members come with `team` alone. Unknown ids are left out."""
        return self._records.batch(Entity.TEAM, ids, is_whole=_has_name)

    def desks(self, ids: Iterable[int]) -> tuple[Record, ...]:
        """Desks by id, each with its Name; unknown ids are left out."""
        return self._records.batch(Entity.DESK, ids, is_whole=_has_name)

    def tasks_of(self, coworker_id: int) -> Listing[LiveTask]:
        """All tasks of a coworker, read to the end; rows of others are dropped."""
        filters = {"CoworkerTask_Coworker": str(coworker_id)}
        listed = self._records.listing(Entity.COWORKER_TASK, filters)
        theirs = [row for row in listed.rows if row.get("CoworkerId", coworker_id) in {None, coworker_id}]
        tasks = [rows.live_task(row) for row in theirs]
        readable = tuple(task for task in tasks if task is not None)
        odd = len(tasks) - len(readable)
        if odd and listed.complete:
            return Listing(readable, False, f"{odd} rows lack a field that every row should have")
        return Listing(readable, listed.complete, listed.why_incomplete)

    def task(self, task_id: int) -> Record | None:
        """A task, whole, or None if it is gone."""
        return self._records.record(Entity.COWORKER_TASK, task_id)

    @property
    def heard(self) -> Heard:
        """Status and clock of the last answer to a call that needs a right, whatever became of it."""
        return self._conversation.heard

    def look(self, call: calls.Call) -> object:
        """What one read answers, as it came: an object or an array; None where there is no such thing."""
        found = self._conversation.read(call)
        return found.value if isinstance(found, Found) else None

    def _known(self, entity: Entity, record_id: int) -> Record:
        record = self._records.record(entity, record_id)
        if record is None:
            raise UnknownRecord(
                f"No {entity.label} {record_id} in Nexudus.",
                advice="Look the id up in Nexudus, or check that the login may see its location.",
            )
        return record

    def _users_with(self, email: str, filters: Mapping[str, str]) -> list[int | None]:
        listed = self._records.whole_list(Entity.USER, filters)
        return [usable_id(row) for row in listed if rows.same_email(row.get("Email"), email)]

    def _reread_contract(self, row: Record) -> Record:
        # A contract removed since the list was read is simply no longer one of theirs.
        contract_id = usable_id(row) or 0
        return self._records.record(Entity.CONTRACT, contract_id) or {}

    def _is_listed(self, coworker_id: int) -> bool:
        """Whether the list shows a coworker whose record answers 500: then it is Nexudus that ails."""
        filters = {"Coworker_Id": str(coworker_id)}
        try:
            page = self._records.value(calls.read_page(Entity.COWORKER, filters, 1))
        except RoleMissing:
            return False
        listed = page.get("Records")
        return isinstance(listed, list) and coworker_id in {usable_id(row) for row in listed}


class NexudusClient(NexudusReader):
    """A reader that can also write tasks; and webhooks, for the commands about them. Nothing else is ever written.

    Each write ends as Done, Defer, Fatal or Ambiguous; what proves that nothing happened is sent
    again inside the call. It raises only while nothing can have happened.
    """

    def create_task(self, body: bytes, gate: Gate | None = None) -> Settled:
        """Send exactly these bytes, compact JSON made from the plan's payload; `gate` has the last word."""
        call = calls.create_task(body)
        record: object = json.loads(body)
        fields = record if isinstance(record, dict) else {}
        return self._conversation.write(call, Sent("create", call.role, fields), gate)

    def update_task(self, record: Mapping[str, object], gate: Gate | None = None) -> Settled:
        """Replace a whole task; make the record with `calls.replacement` from `task`, never from a row.

        `gate` has the last word: what a person changed since the record was read would be lost.
        """
        if usable_id(record) is None:
            raise ValueError("an update needs the Id of the task")
        call = calls.update_task(record)
        return self._conversation.write(call, Sent("update", call.role, record), gate)

    def delete_task(self, task_id: int) -> Settled:
        """Remove a task; one that is already gone is Done."""
        call = calls.delete_task(task_id)
        return self._conversation.write(call, Sent("delete", call.role, {"Id": task_id}))

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks of the account."""
        return Webhooks(self._conversation)


def _has_name(row: Record) -> bool:
    return bool(row.get("Name"))
