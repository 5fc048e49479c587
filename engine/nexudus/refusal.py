"""Why Nexudus refuses a record, field by field, in our names of the fields. Pure.

It must never show the refused value: that may be a member's text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Errors name a foreign key without its "Id": a null BookingId gives "Booking: ..." (api.md 2.6).
_WITH_ID = {"Business": "BusinessId", "Coworker": "CoworkerId", "Responsible": "ResponsibleId"}

_NAMED = re.compile(r"([A-Z][A-Za-z]{2,40}): (.+)")

_LONGEST = 200
"""Characters of a message that are shown; the longest documented one has 41."""


@dataclass(frozen=True)
class FieldError:
    """One field that was refused. `attempted` is kept for the caller to find the item, never shown."""

    property_name: str
    message: str
    attempted: object = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.property_name}: {self.message}" if self.property_name else self.message


def field_errors(envelope: Mapping[str, object]) -> tuple[FieldError, ...]:
    """The errors of an envelope in their order, names as we send them; empty if none can be read."""
    errors = envelope.get("Errors")
    if not isinstance(errors, list):
        return ()
    return tuple(_field_error(error) for error in errors if isinstance(error, dict))


def _field_error(error: Mapping[str, object]) -> FieldError:
    name = first_words(error.get("PropertyName"))
    attempted = error.get("AttemptedValue")
    message = first_words(error.get("Message"), without=attempted) or "refused"
    return FieldError(_WITH_ID.get(name, name), message, attempted)


def error_in_words(message: str) -> tuple[FieldError, ...]:
    """The error of a message such as "Name: is a required field", for an answer without Errors."""
    found = _NAMED.fullmatch(message)
    if found is None:
        return ()
    return (FieldError(_WITH_ID.get(found[1], found[1]), found[2]),)


def first_words(value: object, *, without: object = None) -> str:
    """A text of the service as one short line without control characters; empty if it is no text.

    `without` is a refused value; where the text repeats it, dots stand instead.
    """
    if not isinstance(value, str):
        return ""
    if isinstance(without, str) and without.strip():
        value = value.replace(without, "...").replace(without.strip(), "...")
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + "..."
