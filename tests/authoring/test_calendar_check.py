"""`check` finds every mistake in a calendar, with its place, in organisation.yaml or in the calendar file."""

from __future__ import annotations

import re
from pathlib import Path

import holidays
import pytest
from authoring_given import sound_folder, tasklists

from engine.authoring.holiday_codes import years_known

SHAPE = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//acme//closures//EN")


def event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT")


def ics(*events: tuple[str, ...]) -> str:
    return "\r\n".join((*SHAPE, *(line for told in events for line in told), "END:VCALENDAR", ""))


CHRISTMAS = event("SUMMARY:Christmas", "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")


def checked(tmp_path: Path, calendar: str, file: str | None = None) -> tuple[int, list[str]]:
    """Check a folder whose only calendar is this YAML; the lines that were said, without the folder."""
    folder = sound_folder(tmp_path)
    told = (folder / "organisation.yaml").read_text("utf-8")
    head = re.split(r"^calendars:.*", told, flags=re.MULTILINE)[0]
    names = sorted(set(re.findall(r"calendar: (\w+)", told)))
    body = "".join(f"  {name}: {calendar}\n" for name in names)
    (folder / "organisation.yaml").write_text(f"{head}calendars:\n{body}allow: [unused-role]\n", "utf-8")
    if file is not None:
        (folder / "closures.ics").write_bytes(file.encode())
    done = tasklists("check", "--dir", str(folder))
    return done.code, [line.removeprefix(f"{folder}/") for line in done.out.splitlines()]


@pytest.mark.parametrize(
    ("calendar", "code", "said"),
    [
        pytest.param(
            '{hours: "09:00-13:00, 12:00-18:00"}', 2, "the hours 09:00-13:00 and 12:00-18:00 overlap", id="overlap"
        ),
        pytest.param(
            '{working_days: mon-fri, hours: {mon-thu: "09:00-18:00"}}',
            2,
            "fri is a working day without hours",
            id="hours missing",
        ),
        pytest.param(
            '{working_days: mon, hours: {mon-tue: "09:00-18:00"}}',
            2,
            "tue has hours and is no working day",
            id="hours too many",
        ),
        pytest.param("{closed: [1 Jan to 31 Dec yearly]}", 2, "has no open day from 2025-01-01", id="never open"),
        pytest.param(
            "{closed: [2027-02-01 to 2028-01-31, 2028-02-01 to 2028-12-31]}",
            2,
            "has no open day from 2027-01-30",
            id="shut later on",
        ),
        pytest.param(
            "{covers: 2027-12-31 to 2025-01-01}",
            2,
            "covers ends before it starts, found '2027-12-31 to",
            id="covers backwards",
        ),
        pytest.param(
            "{covers: 2020-01-01 to 2021-12-31}", 2, "covers ends before the first day of use", id="covers too old"
        ),
        pytest.param(
            "{covers: 2026-01-01 to 2027-12-31, closed: [2028-01-06]}",
            0,
            "this closure reaches out of covers, 2026-01-01 to 2027-12-31",
            id="closure outside",
        ),
        pytest.param(
            "{holidays: {country: ES, subdivision: Catalonia}}",
            2,
            "ES has no subdivision 'Catalonia'",
            id="subdivision",
        ),
        pytest.param(
            "{holidays: [{country: ES}, {country: ES, subdivision: XX}]}",
            2,
            "ES has no subdivision 'XX'",
            id="second subdivision",
        ),
        pytest.param(
            "{holidays: {country: GB, categories: [bnak]}}",
            2,
            "GB has no holidays of the category 'bnak', allowed",
            id="category",
        ),
        pytest.param(
            "{holidays: {country: ES, without: [Navidda]}}",
            2,
            "ES has no public holiday 'Navidda', allowed",
            id="exception",
        ),
        pytest.param(
            "{holidays: {country: ES, without: [3 Mar yearly]}}",
            0,
            "no public holiday of ES is on 3 Mar yearly",
            id="exception on a day",
        ),
        pytest.param(
            "{holidays: {country: LK}}",
            0,
            "the public holidays of LK are known for 2003 to 2026: a due beyond is an error",
            id="holidays end",
        ),
        pytest.param(
            "{holidays: {country: LK}, covers: 2026-01-01 to 2027-12-31}",
            2,
            "known for 2003 to 2026, and covers goes beyond",
            id="covers beyond holidays",
        ),
        pytest.param(
            "{ics: closure.ics}",
            2,
            "there is no calendar file 'closure.ics' in this folder, allowed: closures.ics, nearest: closures.ics",
            id="no file",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, calendar: str, code: int, said: str) -> None:
    found, lines = checked(tmp_path, calendar, ics(CHRISTMAS))
    assert found == code
    assert said in lines[0]
    line, column = re.match(r"organisation\.yaml:(\d+):(\d+): ", lines[0]).groups()  # type: ignore[union-attr]
    text = (tmp_path / "lists" / "organisation.yaml").read_text("utf-8").splitlines()[int(line) - 1]
    assert calendar in text
    assert int(column) > text.index("{")


@pytest.mark.parametrize(
    "calendar",
    [
        '{hours: "09:00-13:00, 14:00-18:00"}',
        '{hours: {mon-thu: "09:00-18:00", fri: "09:00-14:00"}, covers: 2025-01-01 to 2027-12-31}',
        "{holidays: [{country: ES, subdivision: CT}, {country: ES, subdivision: MD}]}",
        "{holidays: {country: GB, subdivision: ENG, observed: false, without: [Good Friday]}}",
        "{holidays: {country: ES, without: [Christmas Day, natividad del señor, 6 Dec yearly]}}",
        "{holidays: {country: US, categories: [public, government]}}",
        '{closed: [2026-12-24, 2026-12-27 to 2026-12-31, "24 Dec yearly", {day: "15 Aug yearly", name: Fiesta}]}',
        "{closed: [24 Dec to 6 Jan yearly, {days: 1 Aug to 15 Aug yearly, name: Summer}], ics: closures.ics}",
    ],
)
def test_a_sound_calendar_has_nothing_said_of_it(tmp_path: Path, calendar: str) -> None:
    assert checked(tmp_path, calendar, ics(CHRISTMAS)) == (0, [])


@pytest.mark.parametrize(
    ("file", "said"),
    [
        pytest.param(
            "hello", "closures.ics:1:1: this is no calendar file (ICS): it begins with BEGIN:VCALENDAR", id="text"
        ),
        pytest.param(
            ics(("hello world",)),
            "closures.ics:4:1: this line of the calendar file has no name before its value",
            id="line",
        ),
        pytest.param(
            ics(("BEGIN:VEVENT",)), "closures.ics:5:1: this END:VCALENDAR has no BEGIN:VCALENDAR before it", id="open"
        ),
        pytest.param(
            ics(CHRISTMAS, event()),
            "closures.ics:10:1: this event has no day: its DTSTART is missing, or stands there twice",
            id="no day",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:2026")),
            "closures.ics:4:1: the DTSTART of this event cannot be read",
            id="no date",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261220")),
            "closures.ics:4:1: this event ends before it begins",
            id="backwards",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20281220")),
            "closures.ics:4:1: this event lasts longer than a year",
            id="long",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=HOURLY")),
            "closures.ics:4:1: an event is repeated by days or longer, found 'HOURLY'",
            id="hourly",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;INTERVAL=0")),
            "closures.ics:4:1: the INTERVAL of a repetition is 1 or more",
            id="standing",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")),
            "closures.ics:4:1: no month of this repetition has its days",
            id="never",
        ),
        pytest.param(
            ics(event("DTSTART;VALUE=DATE:19000101", "RRULE:FREQ=YEARLY")),
            "closures.ics:4:1: an event that repeats begins in 1970 or later",
            id="old",
        ),
        pytest.param(
            ics(*(event("DTSTART;VALUE=DATE:19700101", "RRULE:FREQ=DAILY") for _ in range(30))),
            "closures.ics:44:1: the events of a calendar file repeat 200000 times at most",
            id="endless",
        ),
        pytest.param(
            ics(*(event("DTSTART;VALUE=DATE:20261224") for _ in range(5001))),
            "closures.ics:20004:1: a calendar file holds at most 5000 events",
            id="huge",
        ),
        pytest.param(
            ics(event("SUMMARY:" + "x" * (1 << 20))), "closures.ics:1:1: a file holds at most 1 MiB", id="large"
        ),
    ],
)
def test_a_broken_calendar_file_is_told_with_its_line(tmp_path: Path, file: str, said: str) -> None:
    code, lines = checked(tmp_path, "{ics: closures.ics}", file)
    assert code == 2
    assert lines[0].startswith(said)


def test_an_event_with_times_is_told_and_closes_nothing(tmp_path: Path) -> None:
    talk = event("SUMMARY:Talk", "DTSTART:20261210T100000Z", "DTEND:20261210T110000Z")
    code, lines = checked(tmp_path, "{ics: closures.ics}", ics(CHRISTMAS, talk))
    assert code == 0
    assert lines[0].startswith("closures.ics:10:1: warning: this event has times of day and closes nothing")


def test_a_file_that_never_opens_is_told_at_its_calendar(tmp_path: Path) -> None:
    always = event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY")
    code, lines = checked(tmp_path, "{ics: closures.ics}", ics(always))
    assert code == 2
    assert "has no open day" in lines[0]


def test_the_years_that_are_told_without_the_library_are_those_of_the_library() -> None:
    codes = {code for code in holidays.list_supported_countries() if len(code) == 2}
    assert {code: years_known(code) for code in codes} == {
        code: (getattr(holidays, code).start_year, getattr(holidays, code).end_year) for code in codes
    }
    assert years_known("LK") == (2003, 2026)
