"""Calendars from the folder to the due: holidays of regions, calendar files, staffed hours, and days nobody knows."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from given_account import Account
from whenever import Date, Time

from engine.authoring.folder import Folder
from engine.authoring.public_holidays import public_holidays
from engine.core.calendar_rules import CalendarFile, CalendarRules, PublicHolidays
from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.core.scalars import Plain
from engine.flows.calendars import calendar_at
from engine.flows.lists_in_use import BrokenList, ListsInUse

DAYS = [Date(2026, 11, 24)]
SPAIN = 'hours: "09:00-18:00", holidays: {country: ES, subdivision: CT}, closed: [2026-12-24, 2026-12-31]'
FIESTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//acme//closures//EN
BEGIN:VEVENT
UID:1
SUMMARY:Works in the lobby
DTSTART;VALUE=DATE:20261201
DTEND;VALUE=DATE:20261204
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Inventory
DTSTART;VALUE=DATE:20260105
RRULE:FREQ=MONTHLY;BYDAY=1MO
EXDATE;VALUE=DATE:20261207
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:Called off
STATUS:CANCELLED
DTSTART;VALUE=DATE:20261130
END:VEVENT
END:VCALENDAR
"""


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else Plain(value)


def organisation(**calendar: Any) -> Organisation:
    told = {
        "owner": "acme",
        "since": "2026-11-01",
        "locations": {"here": {"business_id": "1", "calendar": "own"}},
        "calendars": {"own": calendar},
    }
    return Organisation.model_validate(plain(told))


def test_several_regions_close_on_the_holidays_of_each() -> None:
    barcelona, madrid = {"country": "ES", "subdivision": "CT"}, {"country": "ES", "subdivision": "MD"}
    both = calendar_at(organisation(holidays=[barcelona, madrid]), "here", DAYS)
    assert both.why_closed(Date(2028, 9, 11)) == "Fiesta Nacional de Cataluña"
    assert not both.is_open(Date(2028, 5, 2)), "the day of Madrid"
    assert calendar_at(organisation(holidays=barcelona), "here", [Date(2028, 1, 1)]).is_open(Date(2028, 5, 2))


@pytest.mark.parametrize(
    ("holidays", "open_day"),
    [
        pytest.param(
            {"country": "GB", "subdivision": "ENG", "observed": "false"}, Date(2026, 12, 28), id="not observed"
        ),
        pytest.param({"country": "GB", "without": ["Boxing Day"]}, Date(2026, 12, 28), id="with its observed day"),
        pytest.param({"country": "GB", "without": ["28 Dec yearly"]}, Date(2026, 12, 28), id="by its day"),
        pytest.param({"country": "ES", "without": ["christmas day"]}, Date(2026, 12, 25), id="in English"),
        pytest.param({"country": "ES", "without": ["Natividad del Señor"]}, Date(2026, 12, 25), id="in Spanish"),
    ],
)
def test_a_holiday_can_be_left_out(holidays: dict[str, Any], open_day: Date) -> None:
    whole = {key: value for key, value in holidays.items() if key in {"country", "subdivision"}}
    assert not calendar_at(organisation(holidays=whole), "here", DAYS).is_open(open_day)
    assert calendar_at(organisation(holidays=holidays), "here", DAYS).is_open(open_day)


def test_names_of_holidays_are_those_of_the_country_whatever_the_machine_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "LANGUAGE", "uk")
    named = public_holidays(PublicHolidays(country="ES"), Date(2031, 12, 1), Date(2031, 12, 31))
    assert named[Date(2031, 12, 25)] == "Natividad del Señor"


def test_an_own_closure_names_a_day_that_is_a_holiday_too() -> None:
    told = organisation(holidays={"country": "ES"}, closed=[{"day": "25 Dec yearly", "name": "We are all at home"}])
    assert calendar_at(told, "here", DAYS).why_closed(Date(2026, 12, 25)) == "We are all at home"


def test_beyond_the_years_of_the_holidays_a_day_is_refused_and_not_guessed() -> None:
    calendar = calendar_at(organisation(holidays={"country": "LK"}), "here", DAYS)
    assert calendar.is_open(Date(2026, 12, 31))
    with pytest.raises(UserError, match="the public holidays of LK are known for 2003-01-01 to 2026-12-31"):
        calendar.is_open(Date(2027, 1, 1))
    with pytest.raises(UserError, match="not know open day 60 after 2026-12-01: the public holidays of LK"):
        calendar.nth_open_after(Date(2026, 12, 1), 60)


@pytest.mark.parametrize("days", [DAYS, [Date(2019, 1, 1)], [Date(2040, 1, 1)]])
def test_beyond_covers_a_day_is_refused_whatever_days_are_asked_for(days: list[Date]) -> None:
    calendar = calendar_at(organisation(covers="2025-01-01 to 2027-12-31"), "here", days)
    for outside in (Date(2024, 12, 31), Date(2028, 1, 3), *(day for day in days if day not in DAYS)):
        with pytest.raises(UserError, match="it covers 2025-01-01 to 2027-12-31"):
            calendar.is_open(outside)


def test_covers_and_holidays_without_a_common_day_are_refused() -> None:
    with pytest.raises(UserError, match="knows no day at all"):
        calendar_at(organisation(holidays={"country": "LK"}, covers="2027-01-01 to 2028-12-31"), "here", DAYS)


def test_hours_by_weekday_with_breaks_reach_the_calendar() -> None:
    told = organisation(hours={"mon-thu": "08:00-13:00, 14:00-19:00", "fri": "09:00-14:00"})
    calendar = calendar_at(told, "here", DAYS)
    assert calendar.working_days == frozenset(range(1, 6))
    assert (calendar.opening, calendar.closing) == (Time(8), Time(19))
    assert calendar.closing_on(Date(2026, 11, 27)) == Time(14)
    assert calendar_at(organisation(hours="09:00-18:00"), "here", DAYS).hours == {}


def test_a_calendar_file_closes_its_whole_days() -> None:
    rules = CalendarRules(ics=CalendarFile("closures.ics", FIESTA))
    told = organisation().model_copy(update={"calendars": {"own": rules}})
    closed = calendar_at(told, "here", DAYS).closed
    december = {str(day): name for day, name in closed.items() if Date(2026, 11, 30) <= day <= Date(2027, 1, 31)}
    lobby = dict.fromkeys(["2026-12-01", "2026-12-02", "2026-12-03"], "Works in the lobby")
    assert december == lobby | {"2027-01-04": "Inventory"}


def test_a_calendar_file_that_was_not_read_is_refused() -> None:
    with pytest.raises(UserError, match=r"closures\.ics of calendar 'own' was not read"):
        calendar_at(organisation(ics="closures.ics"), "here", DAYS)


def dues(account: Account, *arguments: object) -> dict[str, str]:
    answer = account.preview("--now", "2026-11-24T09:00", *arguments)
    assert answer.code == 0, answer.err
    return {part["item"]: str(part["due_at"]) for part in answer.json["actions"]}


def test_a_preview_counts_over_the_calendar_files_days_and_says_their_names(account: Account) -> None:
    before = dues(account)
    (account.lists / "closures.ics").write_text(FIESTA, encoding="utf-8")
    account.edit("organisation", SPAIN, f"{SPAIN}, ics: closures.ics")
    answer = account.preview("--now", "2026-11-24T09:00")
    after = {part["item"]: str(part["due_at"]) for part in answer.json["actions"]}
    assert answer.code == 0
    assert before != after
    assert "Works in the lobby" in answer.out


def test_another_calendar_file_is_another_version_of_the_list(account: Account) -> None:
    account.edit("organisation", SPAIN, f"{SPAIN}, ics: closures.ics")
    versions = []
    for name in ("Works in the lobby", "Paint in the lobby"):
        (account.lists / "closures.ics").write_text(FIESTA.replace("Works in the lobby", name), encoding="utf-8")
        versions.append(account.preview().json["version"])
    assert len(set(versions)) == 2


def test_a_service_sees_a_calendar_file_that_changes_or_breaks(account: Account) -> None:
    account.edit("organisation", SPAIN, f"{SPAIN}, ics: closures.ics")
    file, in_use = account.lists / "closures.ics", ListsInUse(Folder(account.lists, "tasklists"))
    for text in (FIESTA, FIESTA.replace("lobby", "garage")):
        file.write_text(text, encoding="utf-8")
        closed = calendar_at(in_use.organisation(), "barcelona", DAYS).closed
        assert closed[Date(2026, 12, 1)] == ("Works in the garage" if "garage" in text else "Works in the lobby")
    file.write_text(FIESTA.replace("DTSTART;VALUE=DATE:20261130", "DTSTART:soon"), encoding="utf-8")
    with pytest.raises(BrokenList, match=r"tasklists/closures\.ics:17:1: the DTSTART of this event cannot be read"):
        in_use.organisation()
    assert in_use.ready() == {}
    file.unlink()
    with pytest.raises(BrokenList, match=r"there is no calendar file 'closures\.ics' in this folder"):
        in_use.organisation()


def test_a_due_beyond_covers_is_an_error_with_its_place_and_not_a_guess(account: Account) -> None:
    account.edit("organisation", SPAIN, f"{SPAIN}, covers: 2026-01-01 to 2026-11-30")
    answer = account.preview("--now", "2026-11-24T09:00")
    assert answer.code == 2
    assert "tasklists/new-member.yaml:" in answer.err
    assert "it covers 2026-01-01 to 2026-11-30" in answer.err
    assert account.commits() == []


def test_saved_facts_keep_staffed_hours_and_limits(account: Account) -> None:
    hours = 'hours: {mon-thu: "09:00-13:00, 14:00-18:00", fri: "09:00-14:00"}'
    account.edit("organisation", f"working_days: mon-fri, {SPAIN}", f"{hours}, covers: 2020-01-01 to 2030-12-31")
    account.edit("new-member", "at 10:00", "at closing")
    online = dues(account, "--save-facts", "facts.json")
    offline = account.cli(
        "preview", "new-member", "--facts", "facts.json", "--now", "2026-11-24T09:00", "--format", "json"
    )
    assert {part["item"]: str(part["due_at"]) for part in offline.json["actions"]} == online
    saved = json.loads((account.folder / "facts.json").read_text("utf-8"))["calendar"]
    assert saved["hours"]["5"] == [["09:00:00", "14:00:00"]]
    assert saved["limits"] == [["2020-01-01", "2030-12-31", "it covers"]]
