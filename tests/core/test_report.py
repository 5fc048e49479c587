"""Plans for people: rows, Markdown, signs made visible, personal data masked."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import KEY, NOW, applied, expanded, facts, item, planned, ready
from whenever import Date, Instant

from engine.core.plan import Drift, Situation
from engine.core.report import markdown, masker, personal_words, plan_rows, plan_title, visible

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
GOLDEN = """### new-member for coworker 1416660358 at 501, Welcome Ada Lovelace: 1 create

Times in Europe/Madrid. Checksum `CHECKSUM`, version `0123456789ab`.

| item | task name | responsible | due | action | why |
|---|---|---|---|---|---|
| access-card | Do access-card for Ada Lovelace | Ana \\(11\\) | Mon 2026-11-30 10:00 | would create | not made yet |

Left out:

- locker: contract.desks is empty

Why:
- access-card: due: contract.start is Tue 1 Dec 2026 \\(contract 900 StartDate\\)
- access-card: due: 1 business day before: Mon 30 Nov 2026
- access-card: due: due Mon 30 Nov 2026 10:00 in Europe/Madrid
- access-card: responsible: role front-desk at barcelona -\\> ana\\@acme.example \\(first holder\\) -\\> user 11
"""


def test_a_plan_in_markdown() -> None:
    locker = item("locker", for_each={"desk": "contract.desks"})
    plan = planned(expanded(ready(item(), locker)))
    told = markdown(plan, explain=True).replace(plan.checksum[:12], "CHECKSUM")
    assert told == GOLDEN


def due_shown(prepared: Any, now: Instant = NOW) -> str:
    (row,) = plan_rows(planned(expanded(prepared), now=now))
    return row.due


@pytest.mark.parametrize(
    ("due", "shown"),
    [
        ("1 business day before contract.start at 10:00", "Mon 2026-11-30 10:00"),
        ("5 days after contract.start", "Mon 2026-12-07 09:00 (rolled, was Sun 2026-12-06)"),
        (None, "none"),
    ],
)
def test_a_due_shows_its_weekday_and_the_day_it_was_rolled_from(due: str | None, shown: str) -> None:
    assert due_shown(ready(item(due=due))) == shown


def test_a_late_due_shows_the_day_that_it_was() -> None:
    late = due_shown(ready(), Instant("2026-12-05T10:00:00Z"))
    assert late == "Mon 2026-12-07 18:00 (late, was Mon 2026-11-30)"


def test_drift_is_told_with_old_and_new() -> None:
    plan = planned(situation=applied(planned()))
    drift = (Drift("Name", "Old", "New"), Drift("Notes", None, "N"), Drift("DueDate", "", "2026-12-01T08:00:00Z"))
    (row,) = plan_rows(replace(plan, actions=(replace(plan.actions[0], drift=drift),)))
    assert row.action == "keep"
    assert row.why.endswith(
        "; drift in Name: was Old, the list now says New; drift in Notes: was another text, the list now says N"
        "; drift in DueDate: was nothing, the list now says Tue 2026-12-01 09:00"
    )


def test_the_title_counts_the_actions() -> None:
    assert plan_title(planned()).endswith("Welcome Ada Lovelace: 1 create")
    nothing = planned(expanded(ready(item(when="not coworker.active"))))
    assert plan_title(nothing).endswith(": nothing wanted")


def test_a_row_of_a_loop_shows_its_key() -> None:
    loop = item("locker", for_each={"desk": "contract.desks"})
    plan = planned(expanded(ready(loop), facts(desks=({"Id": 5, "Name": "A"},))))
    assert plan_rows(plan)[0].item == "locker [5]"


@FIXED
@given(st.text(st.characters(), max_size=60))
def test_no_control_or_direction_sign_reaches_the_terminal(text: str) -> None:
    shown = visible(text + "\x1b]0;x\x07\r\x9b31m\x7f\u202e\u2066\u061c\ud800")
    assert not [sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cs"}]
    assert not [sign for sign in shown if unicodedata.bidirectional(sign) in {"LRE", "RLE", "LRO", "RLO", "PDF"}]
    assert not set(shown) & set("\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029")
    shown.encode("utf-8")


def test_signs_that_would_be_obeyed_are_shown_as_numbers() -> None:
    assert visible("a\x1b[31m\tb\nc\u202e") == "a<1B>[31m<09>b c<202E>"


MARKUP = "|*_`<b>[x](http://evil.example)# @ada $x$ www.evil.example ~~x~~"


def test_markdown_in_a_members_name_stays_text() -> None:
    plan = planned(expanded(given=facts(coworker={"FullName": MARKUP + "\n| a | b |"})))
    told = markdown(plan, explain=True)
    (row,) = [line for line in told.splitlines() if line.startswith("| access-card")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    bare = re.sub(r"\\.", "", row)
    assert not set(bare) & set("*_`<>[]()#@$~")
    assert "://" not in bare
    assert "www." not in bare


ADA_WORDS = {
    "NickName": "Countess",
    "MobilePhone": "600123456",
    "Address": "1234 Main Street",
    "DateOfBirth": "1990-12-10T00:00:00Z",
    "CustomFields": {"Data": [{"Name": "Visa until", "Value": "2027-02-28"}, {"Name": "Diet", "Value": "no nuts"}]},
    "TariffName": "Hot desk",
    "Tag": "vi",
}


def words() -> dict[str, str]:
    member = {"Id": 5, "FullName": "Charles Babbage", "Email": "charles@engines.example"}
    return personal_words(
        facts(coworker=ADA_WORDS, team={"Id": 3, "Name": "Engines", "BusinessName": "Barcelona"}, members=(member,))
    )


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Welcome Ada Lovelace", "Welcome [coworker.FullName]"),
        ("ADA LOVELACE, ada  lovelace", "[coworker.FullName], [coworker.FullName]"),
        ("mail ada@engines.example", "mail [coworker.Email]"),
        ("call 600123456 at 1234 Main Street", "call [coworker.MobilePhone] at [coworker.Address]"),
        ("born 1990-12-10", "born [coworker.DateOfBirth]"),
        ("eats no nuts", "eats [coworker.Diet]"),
        ("with Charles Babbage of Engines", "with [member.FullName] of [team.Name]"),
        ("vi, but not victory", "[coworker.Tag], but not victory"),
        ("on Hot desk at Barcelona", "on Hot desk at Barcelona"),
        ("by Ana", "by [user 11]"),
    ],
)
def test_personal_texts_are_masked(text: str, masked: str) -> None:
    assert masker(words())(text) == masked


def test_masks_are_never_masked_again() -> None:
    told = masker(words() | {"FullName": "[x]", "coworker": "[y]"})("Ada Lovelace")
    assert told == "[coworker.FullName]"


def test_digits_of_a_member_do_not_tear_ids_and_dates_apart() -> None:
    found = personal_words(facts(coworker={"PostCode": "08001", "MobilePhone": "1416660358"}))
    text = "a-08001-b 2026080017 9860950b-08001-52d6 08001"
    assert masker(found)(text) == "a-08001-b 2026080017 9860950b-08001-52d6 [coworker.PostCode]"


def test_json_is_masked_to_its_depth_and_keeps_its_shape() -> None:
    plan = planned(situation=Situation(key=KEY)).to_json()
    masked = json.loads(masker(words())(json.dumps(plan)))
    assert list(masked) == list(plan)
    assert masked["actions"][0]["payload"]["TaskListName"] == "Welcome [coworker.FullName]"
    assert masked["actions"][0]["task_item_unique_id"] == plan["actions"][0]["task_item_unique_id"]
    assert "Lovelace" not in str(masked)


@pytest.mark.parametrize("name", ["Ada_Lovelace", "A*B (C) #1", "a\x1bbc\u202ed", "Ada\nLovelace", "x|y@z"])
def test_markdown_is_masked_however_a_name_is_written_there(name: str) -> None:
    given = facts(coworker={"FullName": name})
    told = masker(personal_words(given))(markdown(planned(expanded(given=given)), explain=True))
    assert "Welcome [coworker.FullName]" in told


def test_without_words_nothing_is_masked() -> None:
    assert masker({})("Ada") == "Ada"


def test_the_day_of_a_rolled_date_is_a_date() -> None:
    (action,) = planned(expanded(ready(item(due="5 days after contract.start")))).actions
    assert action.wanted.rolled_from == Date(2026, 12, 6)
