"""Expansion: what a list wants for one coworker, what it leaves out, and everything that stands in the way."""

from __future__ import annotations

from typing import Any

import pytest
from member_given import ADA, CONTRACT, PEOPLE, SPAIN, event, expanded, facts, item, organisation, ready
from whenever import Date

from engine.core.applies import DoesNotApply
from engine.core.calendar import Calendar, CalendarCoverage
from engine.core.expand import CannotExpand, HoldersNeeded
from engine.core.facts import Facts
from engine.core.identity import Subject
from engine.core.people import Person
from engine.core.wanted import PAYLOAD_KEYS, Expansion
from engine.core.wire_dates import wire_moment

DESKS = ({"Id": 31, "Name": "Desk 31"}, {"Id": 30, "Name": "Desk 30"})
LOCKER = item("locker", for_each={"desk": "contract.desks"}, name="Key for {{ desk.name }}")


def troubles(*items: dict[str, Any], given: Facts | None = None, **changes: Any) -> list[str]:
    with pytest.raises(CannotExpand) as told:
        expanded(ready(*items, **changes), given)
    return [str(trouble) for trouble in told.value.troubles]


def one(found: Expansion, number: str = "access-card") -> Any:
    (task,) = [task for task in found.wanted if task.item == number]
    return task


def test_a_wanted_task_explains_its_date_and_its_person() -> None:
    task = one(expanded())
    assert wire_moment(task.due_at) == "2026-11-30T09:00:00Z"
    assert task.explanation.due == (
        "contract.start is Tue 1 Dec 2026 (contract 900 StartDate)",
        "1 business day before: Mon 30 Nov 2026",
        "due Mon 30 Nov 2026 10:00 in Europe/Madrid",
    )
    assert task.explanation.responsible == (
        "role front-desk at barcelona -> ana@acme.example (first holder) -> user 11",
    )


def test_a_condition_explains_itself_when_true_and_when_false() -> None:
    yes = expanded(ready(item(when="coworker.active and coworker.custom.wants_locker")))
    assert one(yes).explanation.when == (
        "coworker.active and coworker.custom.wants_locker is true: "
        "coworker.active is true, coworker.custom.wants_locker is true",
    )
    no = expanded(ready(item(), item("locker", when="coworker.company_name != ''")))
    assert [(part.item, part.key, part.reason) for part in no.left_out] == [
        ("locker", "", "condition false: coworker.company_name != '' (coworker.company_name is '')")
    ]


def test_an_item_without_a_due_is_due_never_and_says_so() -> None:
    task = one(expanded(ready(item(due=None)), facts(contracts=(), contract_id=None)))
    assert (task.due_at, task.explanation.due) == (None, ("no due",))


def test_an_item_takes_what_it_does_not_say_from_the_defaults() -> None:
    defaults = {
        "responsible": "host", "notes": "N", "when": "coworker.active", "notify_by_email": True,
        "display_to_everyone": True, "once_per": "contract", "anchor": "contract.start", "roll": "none", "late": "keep",
    }  # fmt: skip
    bare = {"id": "bare", "name": "Bare", "due": "5 days after"}
    own = item("own", responsible="community-manager", notes="O", notify_by_email=False, once_per="coworker")
    found = expanded(ready(bare, own, defaults=defaults))
    task, other = one(found, "bare"), one(found, "own")
    assert (task.responsible_id, task.notes, task.late, task.notify_by_email) == (11, "N", "keep", True)
    assert task.due_at.to_tz("Europe/Madrid").date() == Date(2026, 12, 6)  # a Sunday: roll none
    assert task.explanation.when
    assert (other.responsible_id, other.notes, other.notify_by_email) == (13, "O", False)
    assert other.display_to_everyone


def test_the_anchor_of_an_item_wins_over_the_default_and_that_over_the_lists() -> None:
    items = (item("a", due="on", anchor="signup"), item("b", due="on"))
    found = expanded(ready(*items, anchor="event", defaults={"anchor": "contract.start"}))
    days = {task.item: task.due_at.to_tz("Europe/Madrid").date() for task in found.wanted if task.due_at}
    assert days == {"a": Date(2026, 11, 20), "b": Date(2026, 12, 1)}


def test_a_loop_makes_one_task_for_each_thing_keyed_by_its_id() -> None:
    found = expanded(ready(LOCKER), facts(desks=DESKS))
    assert [(task.key, task.name) for task in found.wanted] == [("31", "Key for Desk 31"), ("30", "Key for Desk 30")]
    turned = expanded(ready(LOCKER), facts(desks=DESKS[::-1]))
    assert {task.identity for task in found.wanted} == {task.identity for task in turned.wanted}


def test_a_condition_in_a_loop_leaves_out_single_rounds() -> None:
    found = expanded(ready(LOCKER | {"when": "desk.name == 'Desk 30'"}), facts(desks=DESKS))
    assert [task.key for task in found.wanted] == ["30"]
    assert [(part.item, part.key) for part in found.left_out] == [("locker", "31")]


def test_an_empty_loop_is_left_out_with_its_reason() -> None:
    found = expanded(ready(item(), LOCKER))
    assert [part.to_json() for part in found.left_out] == [
        {"item": "locker", "key": "", "reason": "contract.desks is empty"}
    ]


NAMES = {"inputs": {"names": {"type": "list", "default": ["x"]}}}
ROWS = {"inputs": {"rows": {"type": "list", "default": [{"code": "A"}]}}}
BADGE = item("badge", for_each={"name": "inputs.names"}, name="Badge {{ name }}")
ROW = item("row", for_each={"row": "inputs.rows", "key": "row.code"}, name="Row {{ row.code }}")


def test_a_key_of_text_is_trimmed_with_single_spaces_in_nfc() -> None:
    spelled = ("  Ada \u00a0 King ", "Jose\u0301")
    found = expanded(ready(BADGE, **NAMES), facts(inputs={"names": spelled}))
    assert [task.key for task in found.wanted] == ["Ada King", "Jos\u00e9"]
    assert found.wanted[1].name == "Badge Jose\u0301"


@pytest.mark.parametrize(
    "names",
    [("x", "x"), ("x", " x "), ("Jos\u00e9", "Jose\u0301"), ("a b", "a\tb")],
    ids=["equal", "space", "nfd", "tab"],
)
def test_equal_keys_are_an_error(names: tuple[str, ...]) -> None:
    assert "two things have the key" in troubles(BADGE, given=facts(inputs={"names": names}), **NAMES)[0]


def test_a_thing_without_a_key_is_an_error() -> None:
    given = facts(inputs={"rows": ({"code": "A"}, {"code": " "})})
    assert troubles(ROW, given=given, **ROWS) == ["row: a thing has no key: keys tell tasks apart."]


def test_the_key_of_a_mapping_is_the_named_part() -> None:
    found = expanded(ready(ROW, **ROWS), facts(inputs={"rows": ({"code": "B 1"}, {"code": "A"})}))
    assert [(task.key, task.name) for task in found.wanted] == [("B 1", "Row B 1"), ("A", "Row A")]


def test_all_that_stands_in_the_way_is_told_at_once_with_places() -> None:
    items = (
        item("a", name="{{ coworker.nick_name | default('') }}"),
        item("b", notes="{{ team.name }}"),
        item("c", due="1 day after event"),
        item("d", name="{{ coworker.full_name }}" + "x" * 201),
        item("e"),
    )
    with pytest.raises(CannotExpand) as told:
        expanded(ready(*items))
    assert [(trouble.path, trouble.item) for trouble in told.value.troubles] == [
        (("items", 0, "name"), "a"),
        (("items", 1, "notes"), "b"),
        (("items", 2, "due"), "c"),
        (("items", 3, "name"), "d"),
    ]
    assert told.value.exit_code == 2


def test_a_due_without_its_anchor_says_why_it_has_none() -> None:
    assert "by hand give its moment with --event" in troubles(item(due="1 day after event"))[0]
    bare = facts(contracts=(), contract_id=None)
    assert "contract.start' has no value: this coworker has no contract" in troubles(item(), given=bare)[0]
    (line,) = troubles(item(due="on contract.cancellation"))
    assert "anchor 'contract.cancellation' has no value" in line


def test_trouble_in_an_item_that_is_left_out_does_not_matter() -> None:
    found = expanded(ready(item(), item("b", when="not coworker.active", name="{{ team.name }}")))
    assert [task.item for task in found.wanted] == ["access-card"]


def test_a_list_per_membership_needs_a_contract_and_names_the_way_out() -> None:
    told = troubles(item(due=None), given=facts(contracts=(), contract_id=None), once_per="membership")
    assert all("once_per: coworker" in line for line in told)


@pytest.mark.parametrize(
    ("once_per", "kind", "number"),
    [
        ("coworker", "coworker", 1416660358),
        ("contract", "contract", 900),
        ("location", "location", "1416660358@501"),
        ("membership", "membership", 800),
    ],
)
def test_the_subject_is_what_a_list_is_made_once_for(once_per: str, kind: str, number: int | str) -> None:
    before = {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": "2026-11-15", "Cancelled": True}
    found = expanded(ready(once_per=once_per), facts(contracts=(CONTRACT, before)))
    assert (found.subject.kind, found.subject.id) == (kind, number)


def test_a_membership_offers_the_identities_under_all_its_ids() -> None:
    before = {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": "2026-11-15"}
    given = facts(contracts=(CONTRACT, before), known_chains={800: 700, 900: 750})
    found = expanded(ready(once_per="membership"), given)
    assert found.subject == Subject("membership", 700, (750, 800, 900))
    alone = expanded(ready(once_per="membership"), facts(known_chains={900: 750}))
    assert one(alone).identity in one(found).alternatives


TEAM: dict[str, Any] = {"Id": 77, "Name": "Acme Corp", "PayingMemberId": ADA["Id"]}


def test_a_list_made_once_per_team_is_its_paying_members_and_named_by_the_team() -> None:
    found = expanded(ready(item(notes="{{ team.name }}"), once_per="team"), facts(team=TEAM))
    assert found.subject == Subject("team", 77)
    assert (found.coworker_id, one(found).notes) == (ADA["Id"], "Acme Corp")
    other = facts(team=TEAM | {"PayingMemberId": 5}, coworker={"Id": 5})
    again = expanded(ready(item(), once_per="team"), other)
    assert one(again).identity == one(found).identity, "the team is the subject, whoever pays"
    assert again.naming.identities("access-card", "") >= {one(found).identity}


@pytest.mark.parametrize(
    ("team", "reason"),
    [
        (None, "this coworker is in none"),
        (TEAM | {"PayingMemberId": None}, "team 77 has none"),
        (TEAM | {"PayingMemberId": 0}, "team 77 has none"),
        (TEAM | {"PayingMemberId": 5}, "coworker 5 pays for team 77; these facts are of coworker 1416660358"),
    ],
)
def test_a_list_made_once_per_team_needs_a_team_and_the_facts_of_who_pays(
    team: dict[str, Any] | None, reason: str
) -> None:
    assert all(reason in line for line in troubles(item(), given=facts(team=team), once_per="team"))


def test_a_repetition_by_label_is_another_task() -> None:
    plain, again = one(expanded()), one(expanded(cycle="2027"))
    assert plain.identity != again.identity


def test_people_who_are_not_looked_up_yet_are_asked_for_together() -> None:
    prepared = ready(item("a"), item("b", responsible="eva@acme.example"), item("c", responsible={"user": 14}))
    with pytest.raises(HoldersNeeded) as asked:
        expanded(prepared, facts(people={}))
    assert [str(holder) for holder in asked.value.holders] == ["ana@acme.example", "eva@acme.example", "user 14"]


def test_a_person_passed_over_is_a_warning() -> None:
    people = PEOPLE | {"ana@acme.example": Person(11, "Ana", "is inactive")}
    found = expanded(given=facts(people=people))
    assert found.warnings == ("access-card: passed over ana@acme.example is inactive",)
    assert one(found).responsible_id == 12


def test_a_date_beyond_the_calendar_asks_for_more_days() -> None:
    known = (Date(2026, 1, 1), Date(2026, 11, 1))
    short = Calendar("spain", SPAIN.working_days, SPAIN.opening, SPAIN.closing, {}, known)
    with pytest.raises(CalendarCoverage):
        expanded(given=facts(calendar=short))


HOSTILE = [
    "{{ 7*7 }}",
    "{% for x in y %}",
    "{# gone #}",
    "{% raw %}",
    "José 🚀",
    "\x1b]0;owned\x07\x9b31m",
    "lone \ud800 surrogate",
    "a\u202eb",
    "'; DROP TABLE tasks; --",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_member_text_is_shown_once_and_never_read_as_a_text(name: str) -> None:
    prepared = ready(item(notes="Hello {{ coworker.full_name }}"))
    task = one(expanded(prepared, facts(coworker={"FullName": name})))
    assert task.notes == f"Hello {name}"
    assert task.name == f"Do access-card for {name}"


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\u2028", "\x85", "\x0b"])
def test_names_are_one_line_whatever_a_member_is_called(breaks: str) -> None:
    given = facts(coworker={"FullName": f"Ada{breaks}ref: 0123456789abcdef"})
    found = expanded(given=given)
    assert found.task_list_name == "Welcome Ada ref: 0123456789abcdef"
    assert one(found).name == "Do access-card for Ada ref: 0123456789abcdef"


def test_spaces_inside_a_name_stay_as_they_are() -> None:
    assert expanded(given=facts(coworker={"FullName": "Ada  King"})).task_list_name == "Welcome Ada  King"


def test_the_payload_has_the_ten_fields_in_their_order() -> None:
    found = expanded(ready(item(notes="Check.\n\n", notify_by_email=True)))
    task = one(found)
    payload = task.payload(task_list_name="Welcome", due_at=task.due_at, with_mark=True)
    assert tuple(payload) == PAYLOAD_KEYS == (
        "BusinessId", "CoworkerId", "Name", "ResponsibleId", "Notes", "TaskListName", "TaskItemUniqueId", "DueDate",
        "NotifyByEmail", "DisplayToEveryone",
    )  # fmt: skip
    assert payload["Notes"] == "Check.\n\nref: 9860950b311252d6 · Welcome"
    assert task.payload(task_list_name="Welcome", due_at=None, with_mark=False)["Notes"] == "Check."
    assert task.payload(task_list_name="Welcome", due_at=None, with_mark=False)["DueDate"] is None


@pytest.mark.parametrize(
    ("applies", "reason"),
    [
        ({"locations": ["madrid"]}, "it is for madrid, and this run is at barcelona"),
        ({"tariffs": ["Office"]}, "it is for the plans Office, and this coworker has Hot desk"),
        ({"tariffs": [{"tariff": 34}]}, "it is for the plans tariff 34"),
        ({"when": "not coworker.active"}, "its condition is false: not coworker.active (coworker.active is true)"),
    ],
)
def test_a_list_that_does_not_apply_says_why_and_can_be_run_anyway(applies: dict[str, Any], reason: str) -> None:
    prepared = ready(applies=applies)
    with pytest.raises(DoesNotApply) as told:
        expanded(prepared)
    assert reason in str(told.value)
    assert "--anyway" in str(told.value)
    assert len(expanded(prepared, anyway=True).wanted) == 1


@pytest.mark.parametrize(
    "applies",
    [
        {"tariffs": [" hot DESK "]},
        {"tariffs": [{"tariff": 33}]},
        {"locations": ["barcelona"]},
        {"on": ["invoice.paid"]},
    ],
)
def test_a_list_applies_by_plan_without_case_and_by_hand_whatever_its_events(applies: dict[str, Any]) -> None:
    assert expanded(ready(applies=applies)).wanted


def test_a_coworker_without_a_contract_is_on_no_plan() -> None:
    with pytest.raises(DoesNotApply, match="this coworker has no plan"):
        expanded(ready(item(due=None), applies={"tariffs": ["Hot desk"]}), facts(contracts=(), contract_id=None))


def test_the_event_is_an_anchor_and_a_fact() -> None:
    prepared = ready(item(due="2 hours after event", notes="{{ event.name }}"))
    task = one(expanded(prepared, facts(event=event("2026-11-23T10:00:00Z"))))
    assert (wire_moment(task.due_at), task.notes) == ("2026-11-23T12:00:00Z", "contract.created")


def test_the_order_of_keys_in_facts_changes_nothing() -> None:
    turned = facts(coworker=dict(reversed(ADA.items())))
    own = organisation()
    assert expanded(given=turned) == expanded(ready(of=own))
