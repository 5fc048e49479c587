"""A member, an organisation, a list and a run of the pure core, for the tests of planning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from whenever import Date, Instant, Time

from engine.core.calendar import Calendar
from engine.core.expand import expand
from engine.core.facts import Event, Facts
from engine.core.known import KnownTask, LiveTask, fingerprint
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.people import Person
from engine.core.plan import Action, Plan, Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.preparing import prepare
from engine.core.wanted import Expansion

KEY = b"a ledger's key"
MADRID = "Europe/Madrid"
NOW = Instant("2026-11-23T08:00:00Z")  # Monday 09:00 in Madrid
RUN = "run-1"
SPAIN = Calendar(
    "spain",
    frozenset(range(1, 6)),
    Time(9),
    Time(18),
    {Date(2026, 12, 8): "Inmaculada", Date(2026, 12, 25): "Navidad"},
    (Date(2020, 1, 1), Date(2034, 12, 31)),
)
PEOPLE = {
    "ana@acme.example": Person(11, "Ana"),
    "ben@acme.example": Person(12, "Ben"),
    "eva@acme.example": Person(13, "Eva"),
    "user 14": Person(14, "Fay"),
}
ORGANISATION: dict[str, Any] = {
    "owner": "acme-coworking",
    "since": "2026-11-01",
    "custom_fields": {
        "wants_locker": {"field": "Custom7", "type": "boolean", "true": ["yes"], "empty": False},
        "deposit": {"field": "Custom8", "type": "number"},
        "visa_until": {"field": "Visa until", "type": "date"},
        "shirt": {"field": "Custom9"},
    },
    "locations": {
        "barcelona": {
            "business_id": 501,
            "time_zone": MADRID,
            "calendar": "spain",
            "roles": {
                "front-desk": "ana@acme.example",
                "host": ["ana@acme.example", "ben@acme.example"],
                "community-manager": "eva@acme.example",
            },
            "vars": {"card_system": "Salto"},
        },
        "madrid": {"business_id": 502, "time_zone": MADRID, "calendar": "spain"},
    },
    "roles": {
        "front-desk": {"fallback": ["host"]},
        "host": {"fallback": ["front-desk", "community-manager"]},
        "community-manager": {"holders": [{"user": 14}]},
    },
    "calendars": {"spain": {}},
}
ADA: dict[str, Any] = {
    "Id": 1416660358,
    "FullName": "Ada Lovelace",
    "Email": "ada@engines.example",
    "Active": True,
    "RegistrationDate": "2026-11-20T16:30:00Z",
    "CreatedOn": "2026-11-19T10:00:00.1234567Z",
    "Custom7": "yes",
}
CONTRACT: dict[str, Any] = {
    "Id": 900,
    "StartDate": "2026-12-01T00:00:00Z",
    "MainContract": True,
    "Cancelled": False,
    "IssuedById": 501,
    "TariffId": 33,
    "TariffName": "Hot desk",
}


def organisation(**changes: Any) -> Organisation:
    return Organisation.model_validate(ORGANISATION | changes)


def item(number: str = "access-card", **changes: Any) -> dict[str, Any]:
    """One item as a file's data: due before the contract starts, by the front desk."""
    given = {
        "name": f"Do {number} for {{{{ coworker.full_name }}}}",
        "responsible": "front-desk",
        "due": "1 business day before contract.start at 10:00",
    }
    return {"id": number} | {name: value for name, value in (given | changes).items() if value is not None}


def ready(*items: Mapping[str, Any], of: Organisation | None = None, **changes: Any) -> Prepared:
    """A list made ready, with a single item unless some are given."""
    told = {"tasklist": "new-member", "name": "Welcome {{ coworker.full_name }}", "items": list(items) or [item()]}
    prepared, findings = prepare(TaskList.model_validate(told | changes), of or organisation())
    assert prepared is not None, [str(finding.fault) for finding in findings]
    return prepared


def facts(**changes: Any) -> Facts:
    """Ada at Barcelona with one contract; `coworker` and `contract` change fields of the records."""
    ada = ADA | changes.pop("coworker", {})
    own = CONTRACT | changes.pop("contract", {})
    plain = Facts(ada, "barcelona", {}, MADRID, SPAIN, (own,), own["Id"], "the coworker's own", people=PEOPLE)
    return replace(plain, **changes)


def expanded(prepared: Prepared | None = None, given: Facts | None = None, **options: Any) -> Expansion:
    return expand(prepared or ready(), given or facts(), version="0123456789ab", **options)


def planned(
    expansion: Expansion | None = None, situation: Situation | None = None, now: Instant = NOW
) -> Plan:
    return make_plan(expansion or expanded(), situation or Situation(key=KEY), now)


def remembered(action: Action, expansion: Expansion, **changes: Any) -> KnownTask:
    """What a ledger remembers of a task that was made by an action."""
    told = KnownTask(
        identity=action.wanted.identity,
        state="created",
        run_id=RUN,
        at=NOW,
        seen_at=NOW,
        tasklist=expansion.tasklist,
        item=action.wanted.item,
        key=action.wanted.key,
        task_id=7000,
        due_at=action.wanted.due_at,
        contract_id=expansion.contract_id,
        event_at=expansion.event_at,
        fingerprints={name: fingerprint(KEY, name, text) for name, text in action.baseline_texts.items()},
    )
    return replace(told, **changes)


def applied(plan: Plan, **changes: Any) -> Situation:
    """The situation after everything that a plan creates was created."""
    made = [action for action in plan.actions if action.action == "create"]
    known = {
        action.wanted.identity: remembered(action, plan.expansion, task_id=7000 + number, **changes)
        for number, action in enumerate(made)
    }
    live = {7000 + number: live_row(7000 + number, action) for number, action in enumerate(made)}
    return Situation(known=known, live=live, key=KEY, task_list_name=plan.task_list_name)


def live_row(task_id: int, action: Action, **changes: Any) -> LiveTask:
    wanted = action.wanted
    row = LiveTask(
        task_id, wanted.business_id, wanted.coworker_id, wanted.name, False, action.due_at, wanted.responsible_id, NOW
    )
    return replace(row, **changes)


def event(at: str, name: str = "contract.created") -> Event:
    return Event(name, Instant(at))
