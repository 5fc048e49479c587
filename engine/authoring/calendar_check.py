"""What can be wrong in a calendar whose parts are sound by themselves, each problem with its place.

Asks the holidays library only where its codes do not settle it; a sound folder is checked without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Literal

from whenever import Date, Time

from engine.authoring.calendar_files import closures_in_file, troubles_in
from engine.authoring.holiday_codes import Trouble, holiday_troubles, years_known
from engine.authoring.loader import Loaded
from engine.authoring.mending import in_doubt
from engine.authoring.nodes import Path
from engine.authoring.source import Source
from engine.core.calendar import Calendar, NeverOpen
from engine.core.calendar_rules import CalendarFile, CalendarRules
from engine.core.closures import Closure
from engine.core.errors import Place, Problem, Problems, UserError
from engine.core.hours_rules import WEEKDAYS
from engine.core.organisation import Organisation
from engine.core.words import nearest

TRIED_YEARS = 4
"""A calendar is tried from the year before its first use on: long enough for every yearly closure and leap day."""


def calendar_problems(loaded: Loaded[Organisation]) -> Iterator[Problem]:
    """Yield every problem of the calendars; none that only follows from a part that was taken out."""
    for name, rules in loaded.model.calendars.items():
        at = ("calendars", name)
        found = [*_week(loaded, at, rules), *_holidays(loaded, at, rules), *_covers(loaded, at, rules)]
        found += _file(loaded, rules)
        yield from found
        if not any(problem.severity == "error" for problem in found) and not in_doubt(at, loaded.doubtful):
            yield from _never_open(loaded, name, rules)


def with_calendar_files(
    loaded: Loaded[Organisation], read: Callable[[str], Source], names: Collection[str] = ()
) -> Loaded[Organisation]:
    """Return the organisation with the texts of its calendar files; one that cannot be read is a problem.

    `read` reads a file of the folder by its name, and raises Problems or UserError; `names` are those that there are.
    """
    calendars, problems, doubtful = dict(loaded.model.calendars), list(loaded.problems), set(loaded.doubtful)
    for name, rules in loaded.model.calendars.items():
        if rules.ics is None:
            continue
        path = ("calendars", name, "ics")
        try:
            file = CalendarFile(rules.ics.name, read(rules.ics.name).text)
            calendars[name] = rules.model_copy(update={"ics": file})
            continue
        except Problems as error:
            problems.extend(error.problems)
        except UserError:
            close, what = nearest(rules.ics.name, names), f"there is no calendar file {rules.ics.name!r} in this folder"
            problems.append(Problem(loaded.place(path), what, allowed=", ".join(sorted(names)), nearest=close))
        calendars[name] = rules.model_copy(update={"ics": None})
        doubtful.add(path)
    model = loaded.model.model_copy(update={"calendars": calendars})
    return replace(loaded, model=model, problems=tuple(problems), doubtful=frozenset(doubtful))


def _week(loaded: Loaded[Organisation], at: Path, rules: CalendarRules) -> Iterator[Problem]:
    if not rules.working_days:
        yield Problem(loaded.place((*at, "working_days")), "a calendar has a working day")
    if not rules.hours.by_weekday or "working_days" not in rules.model_fields_set:
        return
    staffed = {day for day, _ in rules.hours.by_weekday}
    for days, what in (
        (rules.working_days - staffed, "is a working day without hours"),
        (staffed - rules.working_days, "has hours and is no working day"),
    ):
        for day in sorted(days):
            yield Problem(loaded.place((*at, "hours")), f"{WEEKDAYS[day - 1]} {what}")


def _holidays(loaded: Loaded[Organisation], at: Path, rules: CalendarRules) -> Iterator[Problem]:
    since = _since(loaded.model)
    for index, given in enumerate(rules.all_holidays()):
        path = (*at, "holidays", *((index,) if isinstance(rules.holidays, tuple) else ()))
        troubles = list(holiday_troubles(given, since - 1, since + TRIED_YEARS))
        yield from (_problem(loaded, path, trouble) for trouble in troubles)
        if any(trouble.key == "country" for trouble in troubles):
            continue
        first, last = years_known(given.country)
        known = f"the public holidays of {given.country} are known for {first} to {last}"
        wanted = rules.covers or (Date(since, 1, 1), Date(since + 1, 12, 31))
        if rules.covers and not first <= wanted[0].year <= wanted[1].year <= last:
            yield Problem(loaded.place((*at, "covers")), f"{known}, and covers goes beyond")
        elif wanted[1].year > last:
            what = f"{known}: a due beyond is an error"
            yield Problem(loaded.place((*path, "country")), what, severity="warning")


def _problem(loaded: Loaded[Organisation], path: Path, trouble: Trouble) -> Problem:
    severity: Literal["error", "warning"] = "warning" if trouble.warning else "error"
    return Problem(
        loaded.place((*path, trouble.key, *trouble.entry)),
        trouble.what,
        allowed=trouble.allowed,
        nearest=trouble.nearest,
        corrected=trouble.corrected,
        severity=severity,
    )


def _covers(loaded: Loaded[Organisation], at: Path, rules: CalendarRules) -> Iterator[Problem]:
    if rules.covers is None:
        return
    first, last = rules.covers
    if last < loaded.model.since:
        what = f"covers ends before the first day of use, {loaded.model.since}"
        yield Problem(loaded.place((*at, "covers")), what, found=f"{first} to {last}")
    for index, closure in enumerate(rules.closed):
        if isinstance(closure, Closure) and not first <= closure.first <= closure.last <= last:
            what = f"this closure reaches out of covers, {first} to {last}"
            yield Problem(loaded.place((*at, "closed", index)), what, found=str(closure), severity="warning")


def _file(loaded: Loaded[Organisation], rules: CalendarRules) -> Iterator[Problem]:
    if rules.ics is None or rules.ics.text is None:
        return
    folder, slash, _ = loaded.source.name.rpartition("/")
    for trouble in troubles_in(rules.ics.text, *_tried(loaded.model, rules)):
        severity: Literal["error", "warning"] = "warning" if trouble.warning else "error"
        place = Place(f"{folder}{slash}{rules.ics.name}", trouble.line, 1)
        found = repr(trouble.found) if trouble.found else ""
        yield Problem(place, trouble.what, found=found, allowed=trouble.allowed, severity=severity)


def _never_open(loaded: Loaded[Organisation], name: str, rules: CalendarRules) -> Iterator[Problem]:
    """Try the working week with the organisation's own closures: public holidays alone close no place for a year."""
    first, last = _tried(loaded.model, rules)
    closed = dict(rules.own_closures(first, last))
    if rules.ics is not None and rules.ics.text is not None:
        closed |= closures_in_file(rules.ics.text, first, last)
    tried = Calendar(name, frozenset(rules.week()), Time(0), Time(23, 59), closed, (first, last))
    try:
        tried.nth_open_after(first, 1)  # counts all its days, also when the first one is open
    except NeverOpen as error:
        yield Problem(loaded.place(("calendars", name)), error.message, allowed="an open day every year")


def _tried(told: Organisation, rules: CalendarRules) -> tuple[Date, Date]:
    since = _since(told)
    return rules.covers or (Date(since - 1, 1, 1), Date(since + TRIED_YEARS, 12, 31))


def _since(told: Organisation) -> int:
    """The year of first use; a slip such as 0026-11-01 must not lead the trial out of the years 1 to 9999."""
    return min(max(told.since.year, 2), 9999 - TRIED_YEARS)
