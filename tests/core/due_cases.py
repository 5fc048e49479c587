"""The calendar, the anchors and the shorthand that the tests of due rules share."""

from __future__ import annotations

from whenever import Date, Instant, Time

from engine.core.calendar import Calendar
from engine.core.due import DueRule, Roll, parse_due
from engine.core.resolve import Anchor, ResolvedDue, resolve

MON, FRI, SAT, SUN = Date(2026, 11, 23), Date(2026, 11, 27), Date(2026, 11, 28), Date(2026, 11, 29)
SIGNUP = Instant("2026-11-27T16:30:00Z")  # Friday 17:30 in Madrid

MADRID = "Europe/Madrid"
HOLIDAYS = {
    Date(2026, 12, 8): "Inmaculada Concepcion",
    Date(2026, 12, 24): "own closure",
    Date(2026, 12, 25): "Navidad",
    Date(2027, 1, 1): "Ano Nuevo",
}
SPAIN = Calendar("spain", frozenset(range(1, 6)), Time(9), Time(18), HOLIDAYS, (Date(2000, 1, 1), Date(2040, 12, 31)))
ALWAYS = Calendar("always", frozenset(range(1, 8)), Time(9), Time(18), {}, (Date(1990, 1, 1), Date(2060, 12, 31)))
NAMES = ("signup", "contract.start", "contract.cancellation", "membership.end", "event")


def anchors(**values: Date | Instant | None) -> dict[str, Anchor | None]:
    """Anchors by name, `_` for the dot; what is not given has no value."""
    given = {name.replace("_", "."): value for name, value in values.items()}
    return {name: Anchor(name, value, "a test") if (value := given.get(name)) is not None else None for name in NAMES}


def rule(text: str) -> DueRule:
    return parse_due(text, NAMES)


def due_at(
    text: str,
    value: Date | Instant,
    *,
    roll: Roll | None = None,
    zone: str = MADRID,
    calendar: Calendar = SPAIN,
    anchor: str = "contract_start",
) -> ResolvedDue:
    """Resolve `text` with one anchor, which is the default one too."""
    return resolve(
        rule(text),
        anchors=anchors(**{anchor: value}),
        default_anchor=anchor.replace("_", "."),
        zone=zone,
        calendar=calendar,
        roll=roll,
    )


def local(found: ResolvedDue) -> str:
    return found.local.to_plain().format("YYYY-MM-DD HH:mm")
