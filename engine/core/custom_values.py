"""Single values of a Nexudus record, and a member's custom fields, to the types that the files give them. Pure.

A value that is not of its type is an error, and is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from engine.core.catalogue import Kind
from engine.core.errors import UserError
from engine.core.fact_values import Value
from engine.core.facts import Raw
from engine.core.organisation import CustomField
from engine.core.wire_dates import calendar_date


def plain_value(kind: Kind, value: Any) -> Value:
    """Return a text, number or bool as the catalogue types it: an empty text '', an empty number None."""
    if kind is Kind.TEXT:
        return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if kind is Kind.BOOL:
        return value is True or str(value).lower() == "true"
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        return int(value) if kind is Kind.INT else Decimal(str(value))
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        return None


def custom_value(row: Raw, name: str, given: CustomField, zone: str) -> Value:
    """Return the typed value of a custom field (Custom1..30, or an entry of CustomFields); dates as in `zone`.

    Raises:
        UserError: the member's value is not one of its type. The value itself is not shown.
    """
    raw = raw_custom(row, given.field)
    text = "" if raw is None else str(raw).strip()
    if not text:
        return _empty(given)
    if given.type == "text":
        return text
    if given.type == "boolean":
        folded = text.casefold()
        if folded in {word.casefold() for word in given.true}:
            return True
        if not given.false or folded in {word.casefold() for word in given.false}:
            return False
    if given.type == "date" and (day := calendar_date(text, zone)):
        return day.date
    if given.type == "number" and (number := plain_value(Kind.NUMBER, text)) is not None:
        return number
    raise UserError(
        f"coworker.custom.{name} ({given.field}) of this coworker is no {given.type}.",
        advice="Correct the member's field in Nexudus, or the custom field in organisation.yaml.",
    )


def _empty(given: CustomField) -> Value:
    if given.empty is not None:
        return Decimal(given.empty) if given.type == "number" else cast(Value, given.empty)
    return "" if given.type == "text" else False if given.type == "boolean" else None


def raw_custom(row: Raw, field_name: str) -> object:
    """Return a custom field's text as it stands: a key of the record, or a Name in CustomFields.Data."""
    if field_name in row:
        return row[field_name]
    data = (row.get("CustomFields") or {}) if isinstance(row.get("CustomFields"), Mapping) else {}
    entries: Sequence[Any] = data.get("Data") or []
    return next(
        (
            part.get("Value")
            for part in entries
            if isinstance(part, Mapping) and part.get("Name") == field_name
        ),
        None,
    )
