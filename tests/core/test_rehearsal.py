"""Rehearsals: what one start makes, what is awkward about many, and how months are drawn."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from member_given import facts, item, organisation, ready
from whenever import Date, Instant

from engine.core.moved_facts import Ground, made_up, moved, noon, turn_of, turning_day
from engine.core.prepared import Prepared
from engine.core.rehearsal import KINDS, Finding, Rehearsal
from engine.core.rehearsal_calendar import calendar_lines, heat
from engine.core.rehearsal_page import page
from engine.core.rehearsal_report import report
from engine.flows.rehearse import Asked, rehearse

FIRST = Date(2026, 12, 14)
BARCELONA = ("barcelona",)


def rehearsed(prepared: Prepared, days: int = 1, first: Date = FIRST, **asked: object) -> Rehearsal:
    return rehearse(prepared, Asked(first, days, BARCELONA, **asked))  # type: ignore[arg-type]  # by name, as asked


def only(told: Rehearsal, kind: str) -> Finding:
    found = [one for one in told.findings if one.kind == kind]
    assert len(found) == 1, told.findings
    return found[0]


def closed_at_christmas() -> object:
    days = {"closed": ["2026-12-24 to 2027-01-03"]}
    return organisation(calendars={"spain": days})


def test_a_task_that_is_due_before_it_is_made_is_told_with_its_first_case() -> None:
    told = rehearsed(ready(item("card", due="5 business days before contract.start at 10:00")), 3, lead=3)
    found = only(told, "past-due")
    assert (found.items, found.starts, found.tasks) == (("card",), tuple(FIRST.add(days=n) for n in range(3)), 3)
    assert "Mon 2026-12-07 10:00 Europe/Madrid, made Fri 2026-12-11 12:00 Europe/Madrid" in found.said
    assert rehearsed(ready(item("card", due="5 business days before contract.start")), 3, lead=30).findings == ()


def test_what_late_skip_leaves_out_is_counted_and_no_finding() -> None:
    late = {"rule": "5 business days before contract.start", "late": "skip"}
    told = rehearsed(ready(item("card", due=late), item("tea", due="on contract.start")), 2, lead=1)
    assert (told.left_late, told.tasks, told.findings) == (2, 2, ())


def test_an_item_before_the_start_that_ends_after_it_is_told() -> None:
    prepared = ready(item("card", due="1 business day before contract.start at 09:00"))
    found = only(rehearsed(prepared, lead=0), "after-start")
    assert found.day == FIRST
    assert "is due Mon 14 Dec 2026 18:00, which is not before contract.start, Mon 14 Dec 2026" in found.said
    assert rehearsed(prepared, lead=4).findings == ()


def test_hours_before_a_start_may_lie_on_its_day() -> None:
    assert rehearsed(ready(item("card", due="1 hour before contract.start")), lead=5).findings == ()


def test_many_starts_around_closed_days_that_share_a_due_day_are_a_pile_up() -> None:
    prepared = ready(item("card"), item("key"), of=closed_at_christmas())
    told = rehearsed(prepared, 30)
    found = only(told, "pile-up")
    assert found.day == Date(2026, 12, 23)
    assert found.items == ("card", "key")
    assert found.starts == tuple(Date(2026, 12, 24).add(days=n) for n in range(12))
    assert found.tasks == 24
    assert told.marks() == {Date(2026, 12, 23): "!"}  # 24 tasks of one person win over the pile-up


def test_a_rule_that_gathers_by_itself_is_no_pile_up() -> None:
    prepared = ready(item("pay", due="first business day of the month after contract.start"), of=closed_at_christmas())
    assert [one.kind for one in rehearsed(prepared, 30, per_day=50).findings] == []


def test_weekends_alone_are_no_pile_up_and_the_threshold_can_be_lowered() -> None:
    assert [one.kind for one in rehearsed(ready(item("card")), 14, Date(2026, 11, 16)).findings] == []
    told = rehearsed(ready(item("card")), 14, Date(2026, 11, 16), shared_by=3)
    assert {one.kind for one in told.findings} == {"pile-up"}


def test_too_many_tasks_for_one_person_on_one_day_are_an_overload() -> None:
    prepared = ready(*(item(f"i{n}", due="on contract.start") for n in range(4)), item("z", responsible="host"))
    found = only(rehearsed(prepared, 1, per_day=3), "overload")
    assert (found.person, found.tasks, found.day) == ("ana@acme.example", 4, FIRST)


@pytest.mark.parametrize(
    ("due", "first", "words"),
    [
        ("on contract.start at 02:30", Date(2027, 3, 28), "left out by a clock change"),
        ("on contract.start at 02:30", Date(2027, 10, 31), "happens twice by a clock change"),
        ("36 hours before contract.start", Date(2027, 3, 29), "leads over a clock change"),
    ],
)
def test_a_due_that_a_clock_change_touches_is_told(due: str, first: Date, words: str) -> None:
    rule = {"rule": due, "roll": "none"}
    told = rehearsed(ready(item("card", due=rule)), 3, first.add(days=-1))
    found = only(told, "clock-change")
    assert words in found.said
    assert first in found.starts
    assert len(found.starts) <= 2


def test_a_start_that_cannot_be_made_is_told_and_the_others_are_made() -> None:
    calendar = {"spain": {"covers": "2025-01-01 to 2026-12-15"}}
    told = rehearsed(ready(item("card", due="on contract.start"), of=organisation(calendars=calendar)), 4)
    found = only(told, "cannot-expand")
    assert (told.tasks, found.starts) == (2, (Date(2026, 12, 16), Date(2026, 12, 17)))


def test_the_fast_and_the_plain_way_rehearse_alike() -> None:
    hosts = {"role": "host", "pick": "rotate"}
    items = [item("card"), item("key", due="2 days after contract.start", responsible=hosts)]
    fast, plain = (
        rehearsed(ready(*items, phased), 60)
        for phased in (item("z", phase="Days"), item("z", phase="Days of {{ coworker.full_name }}"))
    )
    assert fast.to_json() == plain.to_json()


@pytest.mark.parametrize(
    ("anchor", "due", "turn"),
    [
        ("contract.start", "on contract.start", "contract.start"),
        ("membership.end", "on membership.end", "contract.cancellation"),
        (None, "on contract.cancellation", "contract.cancellation"),
        ("signup", "on signup", "signup"),
        ("signup", "on contract.start", "contract.start"),
    ],
)
def test_the_day_that_is_moved_is_that_on_which_the_list_turns(anchor: str | None, due: str, turn: str) -> None:
    assert turn_of(ready(item("a", due=due), anchor=anchor)) == turn


def test_saved_facts_are_moved_with_all_their_dates_and_nothing_else() -> None:
    row = {"Custom1": "2026-12-05", "Custom2": "2026-99-99", "ReferenceNumber": "2026-12", "CreatedOn": None}
    given = facts(coworker=row, contract={"CancellationDate": "2027-03-31T22:00:00Z"}, inputs={"out": FIRST, "n": "x"})
    ground = Ground("madrid", 502, facts(location="madrid"))
    told = moved(given, ground, 200)
    assert turning_day(told, "contract.start") == Date(2026, 12, 1).add(days=200)
    assert turning_day(told, "contract.cancellation") == Date(2027, 4, 1).add(days=200)  # midnight in Madrid it stays
    assert told.coworker["RegistrationDate"] == "2027-06-08T15:30:00Z"  # 17:30 there, as 16:30Z was in winter
    assert (told.coworker["Custom1"], told.coworker["Custom2"]) == ("2027-06-23T00:00:00Z", "2026-99-99")
    assert (told.coworker["ReferenceNumber"], told.coworker["Id"]) == ("2026-12", given.coworker["Id"])
    assert told.inputs == {"out": FIRST.add(days=200), "n": "x"}
    assert (told.location, told.contracts[0]["IssuedById"]) == ("madrid", 502)
    assert moved(given, Ground("barcelona", 501, facts()), 0).contracts[0]["StartDate"] == "2026-12-01T00:00:00Z"


def test_a_made_up_member_has_all_that_a_list_may_name() -> None:
    at = noon(FIRST, "Europe/Madrid")
    told = made_up(ready(), Ground("barcelona", 501, facts()), "contract.cancellation", day=FIRST, made_at=at,
                   inputs={}, has_team=True)  # fmt: skip
    assert at == Instant("2026-12-14T11:00:00Z")
    assert turning_day(told, "contract.cancellation") == FIRST
    assert (told.contract_id, told.team is not None, len(told.desks)) == (1, True, 1)


def test_heat_is_a_quarter_of_the_fullest_day() -> None:
    assert [heat(number, 8) for number in (0, 1, 2, 3, 4, 5, 6, 7, 8)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert heat(0, 0) == 0


def test_the_months_are_drawn_in_eighty_columns() -> None:
    by_day = {Date(2026, 12, 1): 12, Date(2026, 12, 23): 999, Date(2027, 1, 4): 4000, Date(2027, 2, 28): 1}
    lines = list(calendar_lines(by_day, {Date(2026, 12, 23): "*", Date(2027, 1, 4): "!"}))
    assert "\n".join(lines) == GOLDEN
    assert max(map(len, lines)) <= 78
    assert list(calendar_lines({}, {})) == []


GOLDEN = """\
Dec 2026: 1011 tasks on 2 days          Jan 2027: 4000 tasks on 1 days
     Mo   Tu   We   Th   Fr   Sa   Su        Mo   Tu   We   Th   Fr   Sa   Su
 1      ░ 12    .    .    .    .    .    1                        .    .    .
 7    .    .    .    .    .    .    .    4 █ 4k!   .    .    .    .    .    .
14    .    .    .    .    .    .    .   11    .    .    .    .    .    .    .
21    .    . ░999*   .    .    .    .   18    .    .    .    .    .    .    .
28    .    .    .    .                  25    .    .    .    .    .    .    .

Feb 2027: 1 tasks on 1 days
     Mo   Tu   We   Th   Fr   Sa   Su
 1    .    .    .    .    .    .    .
 8    .    .    .    .    .    .    .
15    .    .    .    .    .    .    .
22    .    .    .    .    .    . ░  1
"""


class Elements(HTMLParser):
    """Which elements are open, and what the page would load."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in {"script", "link", "img", "iframe", "object"} or {"src", "href", "style", "onclick"} & set(names):
            self.wrong.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


HOSTILE = '<script>alert("x")</script>&amp;\u202e\x1b[31m'


def hostile() -> Rehearsal:
    found = Finding("past-due", HOSTILE, HOSTILE, (HOSTILE,), day=FIRST, starts=(FIRST,), tasks=1)
    return Rehearsal(HOSTILE, "signup", FIRST, 2, 0, (HOSTILE,), 2, 4, 0, {FIRST: 4}, (), (found,))


def test_the_page_is_well_formed_loads_nothing_and_escapes_everything() -> None:
    text = page(hostile())
    read = Elements()
    read.feed(text)
    read.close()
    assert (read.open, read.wrong) == ([], [])
    assert "<script" not in text
    assert 'alert("x")' in read.text
    assert "<202E><1B>[31m" in read.text
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src &#x27;none&#x27;" in text


def test_the_report_steers_no_terminal_and_keeps_to_eighty_columns() -> None:
    text = report(hostile(), findings=5, people=5)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "and 1 more findings" in report(hostile(), findings=0, people=0)


def test_kinds_are_counted_all_even_those_that_were_not_found() -> None:
    assert list(hostile().counts()) == list(KINDS)
    assert sum(hostile().counts().values()) == 1
