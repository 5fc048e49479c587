"""The list of 30 items, the made-up members, and the same expansion written out by hand, for the benchmark.

By hand means: what somebody would write who has this one list, its calendar and its people in mind, and nothing else.
It must give the same bytes as the engine, or the comparison is worth nothing.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from startup import ITEMS, ORGANISATION, make_facts, make_list
from whenever import Instant

from engine.authoring.nodes import parse, to_data
from engine.authoring.source import source_of
from engine.core.facts import Facts
from engine.core.facts_json import load_facts
from engine.core.identity import NAMESPACE
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.preparing import prepare

NOW = Instant("2026-11-23T10:00:00Z")
LISTED = ITEMS
PLANS = ("Hot Desk", "Dedicated Desk", "Virtual Office")
FIRST_NAMES = ("Ada", "Zoë", "José", "Mei", "Olu")
"""Every member has the first name of one of these and a number: no two are alike."""


def prepared() -> Prepared:
    """Return the list of the start-up benchmark, made ready."""
    files = (make_list(), ORGANISATION)
    tasklist, organisation = (to_data(parse(source_of("bench", text.encode()))[0]) for text in files)
    made, findings = prepare(TaskList.model_validate(tasklist), Organisation.model_validate(organisation))
    assert made is not None, findings
    return made


def members(number: int, start: int = 0) -> Iterator[Facts]:
    """Yield made-up members, each with a name, a sign-up and a contract of their own."""
    told = make_facts()
    first, _ = load_facts(orjson.dumps(told).decode(), "bench")
    signed = datetime(2026, 11, 1, 7, tzinfo=UTC)
    for index in range(start, start + number):
        begins = date(2026, 12, 1) + timedelta(days=index % 120)
        name = FIRST_NAMES[index % len(FIRST_NAMES)] + str(index)
        coworker = {
            **first.coworker,
            "Id": 1_400_000_000 + index,
            "FullName": f"{name} Byron",
            "GuessedFirstName": name,
            "Custom7": "yes" if index % 3 else "",
            "RegistrationDate": f"{signed + timedelta(minutes=37 * (index % 20_000)):%Y-%m-%dT%H:%M:%SZ}",
        }
        contract = {"Id": 2_400_000_000 + index, "StartDate": f"{begins}T00:00:00Z", "IssuedById": 1,
                    "TariffName": PLANS[index % 3]}  # fmt: skip
        yield Facts(
            coworker=coworker,
            location=first.location,
            business=first.business,
            zone=first.zone,
            calendar=first.calendar,
            contracts=(contract,),
            contract_id=contract["Id"],
            people=first.people,
        )


_CLOSED = {date.fromisoformat(day) for day in ("2026-12-08", "2026-12-24", "2026-12-25")}
_OPEN = [
    day
    for number in range(date(2026, 1, 1).toordinal(), date(2028, 1, 1).toordinal())
    if (day := date.fromordinal(number)).weekday() < 5 and day not in _CLOSED
]
_MADRID = ZoneInfo("Europe/Madrid")
_LATE = "2026-11-23T17:00:00Z"
_HOLDERS = (("ana@acme.example", 10), ("ben@acme.example", 11))
_ITEMS = [(f"item-{number}", f'","item-{number}","",""]'.encode(), number % 3, number % 5 == 0, number % 2 == 1)
          for number in range(ITEMS)]  # fmt: skip


def _utc(day: date, hour: int) -> str:
    return f"{datetime(day.year, day.month, day.day, hour, tzinfo=_MADRID).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@cache
def _dues(start: date, signed: date) -> tuple[str, str, str]:
    """Return when the three rules of the list are due for a first day and a day of signing up."""
    later = signed + timedelta(days=14)
    return (
        _utc(_OPEN[bisect_left(_OPEN, start) - 1], 10),
        _utc(_OPEN[bisect_left(_OPEN, start)], 9),
        _utc(_OPEN[bisect_left(_OPEN, later)], 9),
    )


def by_hand(facts: Facts, now: Instant) -> tuple[bytes, ...]:
    """Return what the engine returns for this list, without anything of the engine."""
    coworker, contract = facts.coworker, facts.contracts[0]
    number, first = coworker["Id"], coworker["GuessedFirstName"]
    start = contract["StartDate"][:10]
    signed = datetime.fromisoformat(coworker["RegistrationDate"]).astimezone(_MADRID).date()
    dues, limit = _dues(date.fromisoformat(start), signed), now.format_iso()
    seed = f"coworker:{number}|host|barcelona|"
    host = min(_HOLDERS, key=lambda holder: hashlib.sha256((seed + holder[0]).encode()).digest())[1]
    has_locker = coworker["Custom7"] == "yes" and coworker["Active"]
    title = f"Welcome {coworker['FullName']}"
    plan = f"Card system: Salto.\nPlan {contract['TariffName']} from {start}."
    state = hashlib.sha1(NAMESPACE.bytes + f'["acme","coworker",{number},"bench'.encode(), usedforsecurity=False)
    found: list[tuple[str, str, bytes]] = []
    for index, (item, rest, rule, when, rotates) in enumerate(_ITEMS):
        if when and not has_locker:
            continue
        due = dues[rule]
        if due < limit:
            due = _LATE
        hashed = state.copy()
        hashed.update(rest)
        digest = hashed.hexdigest()
        fourth = f"{int(digest[16:20], 16) & 0x3FFF | 0x8000:04x}"
        unique = f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{fourth}-{digest[20:32]}"
        body: dict[str, Any] = {
            "BusinessId": 1,
            "CoworkerId": number,
            "Name": f"Task {index} for {first}",
            "ResponsibleId": host if rotates else 10,
            "Notes": f"{plan}\n\nref: {digest[:12]}5{digest[13:16]} · {title}",
            "TaskListName": title,
            "TaskItemUniqueId": unique,
            "DueDate": due,
            "NotifyByEmail": True,
            "DisplayToEveryone": False,
        }
        found.append((due, item, orjson.dumps(body)))
    found.sort()
    return tuple(body for _, _, body in found)
