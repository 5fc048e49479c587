"""What an edit of a list changes for saved members: each planned with the list of before and with that of now.

Calendars and people are those of each version's own organisation.yaml. It must never ask the network or a ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from whenever import Date, Instant

from engine.authoring.case_files import case_files, read_cases
from engine.authoring.check import Ready, ready_list
from engine.authoring.folder import Folder
from engine.authoring.source import read_source
from engine.core.case_judging import task_text
from engine.core.errors import Problems, TasklistsError, UserError
from engine.core.expand import CannotExpand
from engine.core.facts import Facts
from engine.core.list_difference import MemberDifference, Side, difference
from engine.core.plan import Situation
from engine.core.prepared import Prepared
from engine.core.saved_facts import Saved, load_saved
from engine.flows.calendars import calendar_at
from engine.flows.cases import NO_VERSION, try_cases, with_everybody
from engine.flows.offline import preview_from_facts
from engine.flows.other_version import other_version
from engine.flows.planned import Preview
from engine.flows.rehearse import stand_ins
from engine.flows.request import Request, typed_inputs


@dataclass(frozen=True)
class Member:
    """Somebody for whom the two versions are compared; `now` is the moment of both plans."""

    name: str
    saved: Saved = field(repr=False)
    now: Instant


@dataclass(frozen=True)
class ListDifference:
    """An edit of one list, told for each member."""

    tasklist: str
    base: str
    members: tuple[tuple[Member, MemberDifference], ...]
    new_list: bool = False
    """The list does not exist in the base: all its tasks are new."""

    @property
    def is_same(self) -> bool:
        return all(told.is_same for _, told in self.members)


def saved_members(where: Path, now: Instant) -> tuple[Member, ...]:
    """Return the members in a folder of facts files, or in one such file.

    Raises:
        UserError: there is none, or one cannot be read.
    """
    files = sorted(where.glob("*.json")) if where.is_dir() else [where]
    if not files:
        advice = "Save some with preview --save-facts FILE, or leave --facts out to use the list's cases."
        raise UserError(f"{where} holds no facts file.", advice=advice)
    return tuple(
        Member(path.stem, load_saved(read_source(path, str(path)).text, str(path)), now) for path in files
    )


def members_of_cases(folder: Folder, ready: Ready) -> tuple[Member, ...]:
    """Return the members of the list's cases, each at its own moment.

    Raises:
        Problems: the files of cases are wrong.
        UserError: there is no case whose member can be made.
    """
    name = ready.prepared.tasklist.tasklist
    found: list[Member] = []
    for file_name in case_files(folder, name):
        cases = read_cases(folder, file_name, ready.prepared)
        for one in try_cases(cases.loaded.model, ready.prepared, cases.saved):
            if one.facts is not None and one.now is not None:
                title = f"{one.case.case} ({one.outcome.location})"
                found.append(Member(title, Saved(one.facts, Situation()), one.now))
    if not found:
        advice = f"Write {folder.name}/tests/{name}.yaml, or give --facts FOLDER."
        raise UserError(f"there are no members to compare {name} for.", advice=advice)
    return tuple(found)


def compare(folder: Folder, ready: Ready, base: str, members: tuple[Member, ...]) -> ListDifference:
    """Return what the list as it is now changes against `base`, for each member.

    Raises:
        Problems: the list is wrong in the base.
        UserError: the base cannot be read.
    """
    name = ready.prepared.tasklist.tasklist
    with other_version(folder, base, name) as place:
        before = _ready_there(place, name)
    found = []
    for member in members:
        was = Side() if before is None else _side(before.prepared, member)
        found.append((member, difference(was, _side(ready.prepared, member))))
    return ListDifference(name, base, tuple(found), new_list=before is None)


def _ready_there(place: Folder, name: str) -> Ready | None:
    if name not in place.lists():
        return None
    try:
        return ready_list(place, name)
    except Problems as error:
        wrong = [one for one in error.problems if one.severity == "error"]
        raise Problems(wrong or error.problems) from None


def _side(prepared: Prepared, member: Member) -> Side:
    zone = member.saved.facts.zone
    try:
        saved = _as_here(prepared, member.saved)
        zone = saved.facts.zone
        return _of_preview(preview_from_facts(prepared, saved, _request(prepared, saved, member), version=NO_VERSION))
    except TasklistsError as error:
        told = [str(one) for one in error.troubles] if isinstance(error, CannotExpand) else [str(error)]
        return Side(zone=zone, error="\n".join(told))


def _request(prepared: Prepared, saved: Saved, member: Member) -> Request:
    facts = saved.facts
    inputs = typed_inputs(prepared.tasklist, {}, facts.inputs)
    return Request(coworker_id=facts.coworker_id, now=member.now, inputs=inputs)


def _of_preview(made: Preview) -> Side:
    plans = [part.plan for part in made.parts()]
    left_out = {task_text(one.item, one.key): one.reason for plan in plans for one in plan.left_out}
    return Side(
        actions=tuple(action for plan in plans for action in plan.actions),
        names=tuple(plan.expansion.task_list_name for plan in plans),
        zone=made.facts.zone,
        left_out=left_out,
    )


def _as_here(prepared: Prepared, saved: Saved) -> Saved:
    """Return a saved member with the calendar and the people of a version's own organisation.yaml."""
    own = _facts_here(prepared, saved.facts)
    team = None if saved.team is None else (_facts_here(prepared, saved.team[0]), saved.team[1])
    return replace(saved, facts=own, team=team)


def _facts_here(prepared: Prepared, facts: Facts) -> Facts:
    known = prepared.organisation.locations
    if facts.location not in known:
        raise UserError(f"organisation.yaml has no location {facts.location!r}, which the facts were saved for.")
    place = known[facts.location]
    calendar = calendar_at(prepared.organisation, facts.location, list(_days(facts)))
    facts = replace(
        facts,
        zone=place.time_zone or facts.zone,
        calendar=calendar,
        people={**stand_ins(prepared), **facts.people},
    )
    return with_everybody(prepared, facts)


def _days(facts: Facts) -> Iterator[Date]:
    yield from facts.calendar.covers
