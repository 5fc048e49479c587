"""Facts and situation as one JSON file and back: what lets `preview` work offline and be tested in git.

The file holds a member's data; whoever writes it makes it readable for its owner only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from whenever import Date, Instant

from engine.core.calendar_json import dump_calendar, load_calendar
from engine.core.errors import UserError
from engine.core.facts import Event, Facts
from engine.core.known import KnownTask, LiveTask
from engine.core.people import Person
from engine.core.plan import Situation

FORMAT = 1


def dump_facts(facts: Facts, situation: Situation) -> str:
    """Return the text of a facts file."""
    told = {"facts": FORMAT, **_facts_out(facts), "situation": _situation_out(situation)}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def load_facts(text: str, name: str) -> tuple[Facts, Situation]:
    """Return what a facts file holds; its `situation` may be left out: nothing is made yet then.

    Raises:
        UserError: the text is no facts file, with the key that is missing or wrong.
    """
    try:
        told = _parsed(text, name)
        if not isinstance(told, dict) or told.get("facts") != FORMAT:
            raise UserError(
                f"{name} is no facts file of format {FORMAT}.", advice="Make one with preview --save-facts FILE."
            )
        facts = _facts_in(told)
        if facts.contract_id is not None and facts.contract is None:
            what = f"{name} says that the run is about contract {facts.contract_id}, and does not hold it."
            raise UserError(what, advice="Make it again with preview --save-facts FILE.")
        return facts, _situation_in(told.get("situation") or {})
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        what = f"the key {error} is missing" if isinstance(error, KeyError) else "a value is not of its type"
        raise UserError(
            f"{name} cannot be read as a facts file: {what}.", advice="Make one with preview --save-facts FILE."
        ) from None


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UserError(f"{name} is no JSON ({where}).", advice="Make one with preview --save-facts FILE.") from None


def _facts_out(facts: Facts) -> dict[str, Any]:
    return {
        "coworker": dict(facts.coworker),
        "contracts": [dict(row) for row in facts.contracts],
        "contract_id": facts.contract_id,
        "contract_source": facts.contract_source,
        "location": facts.location,
        "business": dict(facts.business),
        "zone": facts.zone,
        "team": dict(facts.team) if facts.team is not None else None,
        "members": [dict(row) for row in facts.members],
        "desks": [dict(row) for row in facts.desks],
        "people": {
            name: {"id": person.id, "name": person.name, "trouble": person.trouble}
            for name, person in facts.people.items()
        },
        "inputs": {name: _input_out(value) for name, value in facts.inputs.items()},
        "event": {"name": facts.event.name, "at": facts.event.at.format_iso()} if facts.event else None,
        "zones": {str(number): zone for number, zone in facts.zones.items()},
        "known_chains": {str(number): chain for number, chain in facts.known_chains.items()},
        "visits": None if facts.visits is None else [str(day) for day in facts.visits],
        "first_paid": _moment_out(facts.first_paid),
        "paid_read": facts.paid_read,
        "done": [[*task, moment.format_iso()] for task, moment in sorted(facts.done.items())],
        "gone": sorted(map(list, facts.gone)),
        "passed": sorted(map(list, facts.passed)),
        "loads": {str(number): open_tasks for number, open_tasks in sorted(facts.loads.items())},
        "calendar": dump_calendar(facts.calendar),
    }


def _facts_in(told: Mapping[str, Any]) -> Facts:
    event = told.get("event")
    return Facts(
        coworker={**told["coworker"], "Id": int(told["coworker"]["Id"])},
        location=told["location"],
        business=told.get("business") or {},
        zone=_zone_in(told["zone"]),
        calendar=load_calendar(told["calendar"]),
        contracts=tuple({**row, "Id": int(row["Id"])} for row in told.get("contracts") or ()),
        contract_id=told.get("contract_id"),
        contract_source=told.get("contract_source") or "",
        team=told.get("team"),
        members=tuple(told.get("members") or ()),
        desks=tuple(told.get("desks") or ()),
        people={
            name: Person(int(person["id"]), str(person["name"]), str(person.get("trouble") or ""))
            for name, person in (told.get("people") or {}).items()
        },
        inputs={name: _input_in(value) for name, value in (told.get("inputs") or {}).items()},
        event=Event(event["name"], Instant.parse_iso(event["at"])) if event else None,
        zones={int(number): str(zone) for number, zone in (told.get("zones") or {}).items()},
        known_chains={int(number): int(chain) for number, chain in (told.get("known_chains") or {}).items()},
        visits=_visits_in(told.get("visits")),
        first_paid=_moment_in(told.get("first_paid")),
        paid_read=told.get("paid_read") is True,
        done={(str(item), str(key)): Instant.parse_iso(at) for item, key, at in told.get("done") or ()},
        gone=frozenset((str(item), str(key)) for item, key in told.get("gone") or ()),
        passed=frozenset((str(item), str(key)) for item, key in told.get("passed") or ()),
        loads={int(number): int(open_tasks) for number, open_tasks in (told.get("loads") or {}).items()},
    )


def _visits_in(told: list[str] | None) -> tuple[Date, ...] | None:
    return None if told is None else tuple(sorted({Date.parse_iso(day) for day in told}))


def _zone_in(zone: str) -> str:
    """Return the name of a zone; an unknown one is a ValueError here, before a date is told in it."""
    Instant.from_timestamp(0).to_tz(zone)
    return zone


def _input_out(value: Any) -> Any:
    if isinstance(value, Date):
        return {"date": str(value)}
    return list(value) if isinstance(value, tuple) else value


def _input_in(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"date"}:
        return Date.parse_iso(value["date"])
    return tuple(value) if isinstance(value, list) else value


def _situation_out(situation: Situation) -> dict[str, Any]:
    return {
        "known": [_known_out(task) for task in situation.known.values()],
        "live": [_live_out(row) for row in situation.live.values()],
        "found": {
            str(number): [row.task_id for row in rows] for number, rows in sorted(situation.found.items())
        },
        "gone": sorted(situation.gone),
        "incomplete": situation.incomplete,
        "doubtful": {str(number): task_id for number, task_id in situation.doubtful.items()},
        "warnings": list(situation.warnings),
        "key": situation.key.hex(),
        "task_list_name": situation.task_list_name,
        "quiet_seconds": situation.quiet_seconds,
        "with_mark": situation.with_mark,
        "looked_at": _moment_out(situation.looked_at),
    }


def _situation_in(told: Mapping[str, Any]) -> Situation:
    known = [_known_in(task) for task in told.get("known") or ()]
    live = {row["task_id"]: _live_in(row) for row in told.get("live") or ()}
    found = {UUID(number): tuple(live[one] for one in ids) for number, ids in (told.get("found") or {}).items()}
    blank = Situation()
    return replace(
        blank,
        known={task.identity: task for task in known},
        live=live,
        found=found,
        gone=frozenset(told.get("gone") or ()),
        incomplete=told.get("incomplete") or "",
        doubtful={UUID(number): int(one) for number, one in (told.get("doubtful") or {}).items()},
        warnings=tuple(map(str, told.get("warnings") or ())),
        key=bytes.fromhex(told.get("key") or ""),
        task_list_name=told.get("task_list_name"),
        quiet_seconds=float(told.get("quiet_seconds", blank.quiet_seconds)),
        with_mark=bool(told.get("with_mark", True)),
        looked_at=_moment_in(told.get("looked_at")),
    )


def _known_out(task: KnownTask) -> dict[str, Any]:
    told = {
        name: getattr(task, name)
        for name in ("state", "run_id", "tasklist", "item", "key", "task_id", "contract_id", "marked")
    }
    moments = {name: _moment_out(getattr(task, name)) for name in ("at", "seen_at", "due_at", "event_at")}
    return {"identity": str(task.identity), **told, **moments, "fingerprints": dict(task.fingerprints)}


def _known_in(told: Mapping[str, Any]) -> KnownTask:
    moments = {name: _moment_in(told.get(name)) for name in ("at", "seen_at", "due_at", "event_at")}
    return KnownTask(**{**told, **moments, "identity": UUID(told["identity"])})


def _live_out(row: LiveTask) -> dict[str, Any]:
    told = {
        name: getattr(row, name)
        for name in ("task_id", "business_id", "coworker_id", "name", "completed", "responsible_id")
    }
    return {**told, "due_at": _moment_out(row.due_at), "created_at": _moment_out(row.created_at)}


def _live_in(told: Mapping[str, Any]) -> LiveTask:
    moments = {name: _moment_in(told.get(name)) for name in ("due_at", "created_at")}
    return LiveTask(**{**told, **moments})


def _moment_out(moment: Instant | None) -> str | None:
    return None if moment is None else moment.format_iso()


def _moment_in(text: str | None) -> Instant | None:
    return None if text is None else Instant.parse_iso(text)
