"""Random task lists, facts and moments, by a seeded source: the cases that the core's properties are held to."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from member_given import ADA, CONTRACT, MADRID, ORGANISATION, PEOPLE, SPAIN
from whenever import Date, Instant

from engine.core.facts import Event, Facts
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.preparing import prepare

NAMES = ["Ada Lovelace", "José 🚀", "{{ 7*7 }}", "\x1b[31mRed", "lone \ud800", "Zoë\nref: 0123456789abcdef", "O'Neil"]
CONDITIONS = [
    "coworker.active",
    "not coworker.active",
    "coworker.custom.wants_locker",
    "contract.cancellation != none",
    "coworker.company_name != '' and coworker.active",
    "coworker.custom.shirt in ['M', 'L']",
    "coworker.visits >= 3",
    "month_end != none and visit.third == none",
]
TEXTS = [
    "Do it",
    "For {{ coworker.full_name }}",
    "From {{ contract.start | date }}",
    "{% if coworker.active %}In{% else %}Out{% endif %} {{ location.vars.card_system }}",
    "{{ coworker.nick_name | default('no name') }}",
    "Until {{ month_end | date }}",
]
UNITS = ["minutes", "hours", "business hours", "days", "business days", "weeks", "months"]
DAYS = ["contract.start", "signup", "membership.start", "event", "2026-12-08", "inputs.move_out", ""]
DAYS += ["begin", "month_end", "visit.third", "invoice.first_paid", "contract.identity_checks_due"]
NAMED = {"month_end": "last day of the month after begin", "begin": ["event", "visit.first", "1 week before anchor"]}
RESPONSIBLE: list[Any] = [
    "front-desk", "host", "community-manager", {"role": "host", "pick": "rotate"}, "eva@acme.example", {"user": 14},
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A list and an organisation as data, facts and a moment."""

    seed: int
    tasklist: dict[str, Any]
    organisation: dict[str, Any]
    facts: Facts
    now: Instant

    def prepared(self, tasklist: dict[str, Any] | None = None, organisation: dict[str, Any] | None = None) -> Prepared:
        told = TaskList.model_validate(tasklist or self.tasklist)
        made, findings = prepare(told, Organisation.model_validate(organisation or self.organisation))
        assert made is not None, (self.seed, [str(finding.fault) for finding in findings])
        return made


def random_case(seed: int) -> Case:
    """Return the case of a seed, the same for ever."""
    source = random.Random(seed)
    items = [_item(source, number) for number in range(source.randint(1, 6))]
    tasklist = {
        "tasklist": "new-member",
        "name": "Welcome {{ coworker.full_name }}",
        "applies": {"locations": ["barcelona"]},
        "anchor": "contract.start",
        "anchors": NAMED,
        "clock_change": {"gap": source.choice(["later", "earlier"]), "overlap": source.choice(["earlier", "later"])},
        "once_per": source.choice(["coworker", "membership", "contract", "location"]),
        "inputs": {"move_out": {"type": "date"}, "names": {"type": "list", "default": ["x"]}},
        "defaults": _some(source, {"notify_by_email": True, "late": source.choice(["closing", "keep", "skip"])}),
        "items": items,
    }
    return Case(seed, tasklist, ORGANISATION, _facts(source), _moment(source))


def _some(source: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if source.random() < 0.5}


def _item(source: random.Random, number: int) -> dict[str, Any]:
    given = {
        "notes": source.choice(TEXTS),
        "due": _due(source),
        "when": source.choice(CONDITIONS),
        "for_each": source.choice([{"thing": "contract.desks"}, {"thing": "inputs.names"}]),
        "display_to_everyone": source.random() < 0.5,
        "once_per": source.choice(["coworker", "contract"]),
    }
    kept = _some(source, given)
    name = f"{number} {source.choice(TEXTS)}"
    return {"id": f"item-{number}", "name": name, "responsible": source.choice(RESPONSIBLE), **kept}


def _due(source: random.Random) -> Any:
    day, side = source.choice(DAYS), source.choice(["before", "after"])
    if source.random() < 0.3:
        return _due_in_words(source, day or "anchor", side)
    rule = source.choice(
        [
            f"{source.randint(0, 40)} {source.choice(UNITS)} {side} {day}",
            f"on {day or 'contract.start'}",
            f"first monday after {day}",
            f"last business day of the month of {day or 'signup'}",
        ]
    ).strip()
    if not any(unit in rule for unit in ("minutes", "hours")):
        rule += source.choice(["", " at 09:30", " at opening", " at closing"])
    more = {"roll": source.choice(["next", "previous", "nearest", "none"]), "late": "closing"}
    return {"rule": rule, "fallback": "on contract.start", **_some(source, more)}


def _due_in_words(source: random.Random, day: str, side: str) -> dict[str, Any]:
    given: dict[str, Any] = source.choice(
        [
            {"count": source.randint(0, 40), "unit": source.choice(UNITS), side: day},
            {"on": day, "at": source.choice(["09:30", "opening", "closing"])},
            {"first": "monday", source.choice(["after", "on_or_after"]): day},
            {source.choice(["first", "last"]): "business day", source.choice(["of_month", "of_month_before"]): day},
        ]
    )
    return {**given, "fallback": "on contract.start"}


def _facts(source: random.Random) -> Facts:
    day = Date(2026, 10, 1).add(days=source.randrange(150))
    clock = source.choice(["00:00:00Z", "00:00:00", "10:15:00Z", "23:00:00Z"])
    own = CONTRACT | {"StartDate": f"{day}T{clock}"}
    if source.random() < 0.3:
        own["CancellationDate"] = f"{day.add(days=source.randint(1, 400))}T00:00:00Z"
    before = {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": str(day.add(days=-source.randint(1, 60)))}
    desks = source.sample(range(30, 60), source.randint(0, 3))
    number_of_names = source.randint(0, 3)
    return Facts(
        coworker=ADA
        | {
            "FullName": source.choice(NAMES),
            "Active": source.random() < 0.8,
            "CompanyName": source.choice([None, "", "Engines"]),
            "NickName": source.choice([None, "", "Countess"]),
            "Custom7": source.choice(["yes", "no", None]),
            "Custom9": source.choice(["M", "", None]),
        },
        location="barcelona",
        business={},
        zone=MADRID,
        calendar=SPAIN,
        contracts=(own, before) if source.random() < 0.6 else (own,),
        contract_id=900,
        desks=tuple({"Id": number, "Name": f"Desk {number}"} for number in desks),
        people=PEOPLE,
        inputs={"move_out": day.add(days=90), "names": tuple(source.sample(["x", "Ana  B", "José"], number_of_names))},
        event=Event("contract.created", _moment(source)) if source.random() < 0.7 else None,
        known_chains={800: 700} if source.random() < 0.3 else {},
        visits=tuple(day.add(days=number) for number in range(source.randint(0, 4))),
        first_paid=_moment(source) if source.random() < 0.5 else None,
        paid_read=True,
    )


def _moment(source: random.Random) -> Instant:
    return Instant("2026-11-01T00:00:00Z").add(seconds=source.randrange(120 * 86400))


def shuffled(value: Any, source: random.Random) -> Any:
    """Return the same data with the keys of every mapping in another order; lists keep theirs."""
    if isinstance(value, dict):
        names = source.sample(list(value), len(value))
        return {name: shuffled(value[name], source) for name in names}
    return [shuffled(part, source) for part in value] if isinstance(value, list) else value
