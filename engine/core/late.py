"""What becomes of a due that is past already when its task is made. Pure; the moment of creation is given."""

from __future__ import annotations

from whenever import Date, Instant

from engine.core.calendar import Calendar
from engine.core.due_day import moment_said
from engine.core.moments import in_zone, skipped_text, to_zone


def late_due(at: Instant, *, now: Instant, zone: str, calendar: Calendar) -> tuple[Instant, str]:
    """Return the due of a task created at `now`: `at` itself unless past, then the next closing time.

    That is closing time of the local day of `now`, or of the next open day when that day is closed
    or its closing time is past. The text says what happened, '' when nothing did.
    """
    if at >= now:
        return at, ""
    today = to_zone(now, zone).date()
    reached = calendar.next_open(today)
    if _closing(reached.day, zone, calendar) < now:
        reached = calendar.nth_open_after(today, 1)
    due = _closing(reached.day, zone, calendar)
    was = moment_said(to_zone(at, zone))
    text = f"late: was due {was}, now at closing time, {moment_said(to_zone(due, zone))}"
    return due, text + skipped_text(reached.skipped)


def _closing(day: Date, zone: str, calendar: Calendar) -> Instant:
    return in_zone(day, calendar.closing_on(day), zone)[0].to_instant()
