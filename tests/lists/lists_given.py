"""What the tests of the shipped lists start from: the lists made ready, and facts of made-up members.

Must never write into the shipped folder: a ledger made beside the lists would change what previews say.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from whenever import Date, Instant

from engine.authoring.check import Ready, ready_list
from engine.authoring.folder import Folder
from engine.core.facts import Facts
from engine.core.facts_json import load_facts
from engine.core.people import Person
from engine.core.plan import Action, Plan, Situation
from engine.flows.calendars import calendar_at
from engine.flows.offline import plan_from_facts
from engine.flows.request import Request

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "tasklists"
FOLDER = Folder(SHIPPED, "tasklists")
LISTS = ("new-member", "offboarding", "private-office", "team-member", "virtual-office")
Command = Callable[..., subprocess.CompletedProcess[str]]
"""`tasklists` as its own process, called with its arguments."""

ZONES = {"barcelona": "Europe/Madrid", "london": "Europe/London"}


@cache
def ready(name: str) -> Ready:
    """A shipped list, checked and ready to be expanded."""
    return ready_list(FOLDER, name)


def facts_file(name: str) -> Path:
    """The saved facts of the member that a list is tried with."""
    return HERE / "facts" / f"{name}.json"


@cache
def _saved(name: str) -> Facts:
    return load_facts(facts_file(name).read_text("utf-8"), name)[0]


@cache
def _people() -> dict[str, Person]:
    return {holder: person for name in LISTS for holder, person in _saved(name).people.items()}


@cache
def _calendar(location: str) -> Any:
    days = [Date(2025, 1, 1), Date(2028, 12, 31)]
    return calendar_at(ready("new-member").prepared.organisation, location, days)


def facts_at(name: str, location: str, **changed: Any) -> Facts:
    """The saved facts of a list's member, moved to a location, with other fields in the one contract.

    `signup` is a moment and changes the member's own record.
    """
    saved = _saved(name)
    signup = changed.pop("signup", None)
    contracts = tuple({**row, **changed} for row in saved.contracts)
    coworker = {**saved.coworker, **({"RegistrationDate": signup} if signup else {})}
    place = {"location": location, "zone": ZONES[location], "calendar": _calendar(location)}
    return replace(saved, coworker=coworker, contracts=contracts, people=_people(), **place)


def midnight(day: Date) -> str:
    """A calendar date as Nexudus writes it in a contract."""
    return f"{day}T00:00:00Z"


def planned(name: str, facts: Facts, now: Instant) -> Plan:
    """The plan for a member for whom nothing is made yet."""
    request = Request(coworker_id=facts.coworker_id, now=now)
    prepared = ready(name).prepared
    return plan_from_facts(prepared, facts, Situation(), request, version="0" * 12)[0]


def local_day(action: Action, facts: Facts) -> Date:
    """The day of a due at the location."""
    assert action.due_at is not None
    return action.due_at.to_tz(facts.zone).date()


def table(plan: dict[str, Any], zone: str) -> str:
    """A plan's JSON as lines that a person can check against a wall calendar."""
    lines = [_line(action, zone) for action in plan["actions"]]
    left_out = sorted({part["item"] for part in plan["left_out"]})
    return "\n".join([*lines, f"left out: {', '.join(left_out) or 'nothing'}"]) + "\n"


def _line(action: dict[str, Any], zone: str) -> str:
    due = Instant.parse_iso(action["due_at"]).to_tz(zone)
    day = f"{due.day_of_week().name[:3].title()} {due.date()} {due.hour:02d}:{due.minute:02d}"
    who = action["explain"]["responsible"][0].split(" at ")[0].removeprefix("role ")
    verb = "" if action["action"] == "create" else f"{action['action']}: "
    key = f" [{action['key']}]" if action["key"] else ""
    return f"{day}  {verb}{action['item']}{key} ({who})"


def golden_file(name: str) -> Path:
    """Where the table that is expected stands."""
    return HERE / "golden" / f"{name}.txt"


def as_json(text: str) -> dict[str, Any]:
    """A command's JSON answer."""
    found: dict[str, Any] = json.loads(text)
    return found
