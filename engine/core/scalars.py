"""Plain text to typed values: the types of the files' fields, each with its own sentence when wrong.

YAML's own guesses (no -> False, 12:30 -> 750, 010 -> 8) never happen: every scalar arrives as text, and the
type of the field decides. `Plain` marks text that stood without quotes.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from whenever import Date, Time

from engine.core.words import nearest

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
NAME = r"[a-z][a-z0-9_]*"
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")


class Plain(str):
    """A scalar that stood in the file without quotes."""

    __slots__ = ()


def wrong(what: str, **details: Any) -> PydanticCustomError:
    """Return the error that authoring turns into a Problem; details: found, allowed, nearest, corrected."""
    return PydanticCustomError("value", "{what}", {"what": what, **details})


def shown(value: object) -> str:
    """Return a short picture of a value for the `found` part of a problem."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or (isinstance(value, Plain) and not value):
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def as_text(value: object) -> str:
    """Return the text as it was written; a mapping, a list or nothing is an error."""
    if not isinstance(value, str):
        raise wrong("this must be text", found=shown(value))
    if value.strip() == "" and isinstance(value, Plain):
        raise wrong("this has no value: write one, or remove the line")
    return str(value)


def as_flag(value: object) -> bool:
    """Return a bool from true or false without quotes; yes, on, 1 and quoted words are refused."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value in {"true", "false"}:
        return value == "true"
    meant = str(value).strip().lower()
    corrected = {"yes": "true", "on": "true", "no": "false", "off": "false", "1": "true", "0": "false"}.get(
        meant, meant if meant in {"true", "false"} else ""
    )
    if corrected == meant and not isinstance(value, Plain):
        raise wrong("true and false stand without quotes", found=shown(value), corrected=Plain(corrected))
    raise wrong("this must be true or false", found=shown(value), allowed="true, false", corrected=Plain(corrected))


def as_whole(value: object) -> int:
    """Return an int from digits without a leading zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Plain) and _WHOLE.match(value):
        return int(value)
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(r"-?[0-9]{19,}", text):
        raise wrong("a whole number has at most 18 digits", found=shown(value))
    meant = str(int(text)) if re.fullmatch(r"-?[0-9]+", text) else ""
    if meant and not isinstance(value, Plain):
        raise wrong("a whole number stands without quotes", found=shown(value), corrected=Plain(meant))
    raise wrong("this must be a whole number, digits without a leading zero", found=shown(value), corrected=meant)


def as_day(value: object) -> Date:
    """Return a calendar date from YYYY-MM-DD."""
    if isinstance(value, Date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return Date.parse_iso(value)
        except ValueError:
            raise wrong("there is no such day", found=shown(value)) from None
    raise wrong("this must be a date", found=shown(value), allowed="YYYY-MM-DD")


def as_clock(text: str) -> Time:
    """Return a time of day from HH:MM, 00:00 to 23:59.

    Raises:
        PydanticCustomError: with the corrected spelling when it can be told.
    """
    match = re.fullmatch(r"(\d{1,2})[:.](\d{2})", text.strip())
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        if len(match[1]) == 2 and ":" in text:
            return Time(int(match[1]), int(match[2]))
        raise wrong("a time of day is HH:MM", found=shown(text), corrected=f"{int(match[1]):02d}:{match[2]}")
    raise wrong("a time of day is HH:MM, 00:00 to 23:59", found=shown(text))


def is_slug(text: str, pattern: str = SLUG) -> bool:
    """Return whether a text has the form of an id, 100 characters at most: it may be part of a file's name."""
    return len(text) <= 100 and re.fullmatch(pattern, text) is not None


def slug_text(kind: str, value: object, pattern: str = SLUG) -> str:
    """Return an id: lower-case letters, digits and hyphens (underscores for names that texts use)."""
    joint = "-" if pattern == SLUG else "_"
    text = as_text(value)
    if is_slug(text, pattern):
        return text
    corrected = re.sub(r"[^a-z0-9]+", joint, text.lower()).strip(joint)
    raise wrong(
        f"{kind} is made of lower-case letters, digits and '{joint}', 100 characters at most",
        found=shown(text),
        corrected=corrected[:100],
    )


def slug(kind: str, pattern: str = SLUG) -> BeforeValidator:
    """Return a validator for ids, see `slug_text`."""
    return BeforeValidator(lambda value: slug_text(kind, value, pattern))


def one_of(*words: str) -> BeforeValidator:
    """Return a validator for a word out of a closed list, with the nearest one when it is mistyped."""

    def check(value: object) -> str:
        text = as_text(value)
        if text in words:
            return text
        raise wrong(
            "this word is not known here",
            found=shown(text),
            allowed=", ".join(words),
            nearest=nearest(text, words),
        )

    return BeforeValidator(check)


Text = Annotated[str, BeforeValidator(as_text)]
Flag = Annotated[bool, BeforeValidator(as_flag), WithJsonSchema({"type": "boolean"})]
Whole = Annotated[int, BeforeValidator(as_whole), WithJsonSchema({"type": "integer"})]
Day = Annotated[Date, BeforeValidator(as_day), WithJsonSchema({"type": "string", "format": "date"})]


def free(value: object) -> object:
    """Return a value of a free map such as `vars`: true, false and whole numbers typed, else as written."""
    if isinstance(value, dict):
        return {str(name): free(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(free(part) for part in value)
    if isinstance(value, Plain):
        if value in {"true", "false"}:
            return value == "true"
        return int(value) if _WHOLE.match(value) else str(value)
    return value
