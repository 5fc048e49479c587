"""What can be wrong between the parts of organisation.yaml, each part being sound by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.authoring.calendar_check import calendar_problems
from engine.authoring.loader import Loaded
from engine.authoring.mending import in_doubt
from engine.authoring.nodes import Path
from engine.authoring.people_check import people_problems
from engine.core.errors import Problem
from engine.core.organisation import CustomField, Organisation
from engine.core.words import nearest

MOST_CUSTOM_FIELDS = 30
"""Nexudus has Custom1 to Custom30; fields beyond these are entries of CustomFields, under names of their own."""


def organisation_problems(loaded: Loaded[Organisation]) -> Iterator[Problem]:
    """Yield every problem; none that only follows from a part that was taken out."""
    told = loaded.model
    if not told.locations and not in_doubt(("locations",), loaded.doubtful):
        yield Problem(loaded.place(("locations",)), "there is at least one location")
    yield from _locations(loaded)
    yield from people_problems(loaded)
    yield from calendar_problems(loaded)
    for name, field in told.custom_fields.items():
        yield from _custom_field(loaded, ("custom_fields", name), field)


def _custom_field(loaded: Loaded[Organisation], at: Path, field: CustomField) -> Iterator[Problem]:
    match = re.fullmatch(r"custom_?(\d+)", field.field, re.IGNORECASE)
    if match and field.field not in {f"Custom{number}" for number in range(1, MOST_CUSTOM_FIELDS + 1)}:
        number = int(match[1][:3])
        corrected = f"Custom{number}" if 1 <= number <= MOST_CUSTOM_FIELDS else ""
        yield Problem(
            loaded.place((*at, "field")),
            "Nexudus has no such field",
            found=repr(field.field),
            allowed=f"Custom1 to Custom{MOST_CUSTOM_FIELDS}, or the name of an entry of CustomFields",
            corrected=corrected,
        )
    if field.type != "boolean" and (*at, "type") not in loaded.doubtful:
        for word in ("true", "false"):
            if word in field.model_fields_set:
                what = f"words for {word} say nothing of a {field.type}"
                yield Problem(loaded.place((*at, word)), what, allowed="type: boolean beside them")
    yes = {word.casefold() for word in field.true}
    for number, no in enumerate(field.false):
        if no.casefold() in yes:
            yield Problem(loaded.place((*at, "false", number)), "this word already means true", found=repr(no))


def _locations(loaded: Loaded[Organisation]) -> Iterator[Problem]:
    told = loaded.model
    seen: dict[int, str] = {}
    for name, location in told.locations.items():
        at = ("locations", name)
        if location.calendar not in told.calendars and not in_doubt(("calendars",), loaded.doubtful):
            yield _unknown(loaded, (*at, "calendar"), kind="calendar", name=location.calendar, known=told.calendars)
        if location.business_id in seen:
            what = f"{name!r} and {seen[location.business_id]!r} have the same business_id"
            yield Problem(loaded.place((*at, "business_id")), what, found=str(location.business_id))
        seen.setdefault(location.business_id, name)


def _unknown(
    loaded: Loaded[Organisation], path: tuple[str | int, ...], *, kind: str, name: str, known: Iterable[str]
) -> Problem:
    names = sorted(known)
    allowed = ", ".join(names) or f"no {kind} is given"
    return Problem(loaded.place(path), f"there is no {kind} {name!r}", allowed=allowed, nearest=nearest(name, names))
