"""Usual other spellings of a due rule, and the line that was meant.

Text to text, for the advice in an error only: what this makes of a rule is shown to a person and never
taken for the rule. A spelling with two readings (3m, 04/05/2026) must be left alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection

_NUMBER = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_NUMBER |= {"zero": "0", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12"}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT_WEEKDAY = {day[:length]: day for day in _WEEKDAYS for length in (3, 4)} | {"thurs": "thursday"}
_ANY_WEEKDAY = "|".join(_WEEKDAYS)
_SHORT_UNIT = {"bd": "business days", "wd": "business days", "bh": "business hours", "d": "days"}
_SHORT_UNIT |= {"h": "hours", "hr": "hours", "hrs": "hours", "min": "minutes", "mins": "minutes"}
_SHORT_UNIT |= {"w": "weeks", "wk": "weeks", "wks": "weeks", "mo": "months", "mon": "months"}
_UNIT = r"(?:(?:business )?(?:days?|hours?)|minutes?|weeks?|months?)"
_GRAMMAR = frozenset(
    ("before", "after", "first", "last", "opening", "closing", "business", "month", "months", "day", "days")
    + ("week", "weeks", "hour", "hours", "minute", "minutes")
)

_CLOCK = (
    r"\bat (?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?(?::00)? ?"
    r"(?P<half>[ap]\.?m\.?)?(?:h|hrs| o'clock)?$"
)

Replacement = str | Callable[[re.Match[str]], str]


def _hours_and_minutes(match: re.Match[str]) -> str:
    """Write 4pm, 4.30 pm, 9.30, 9:00, 16h and 0900 as HH:MM; what is no time of day stays."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        return match[0]
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    return f"at {hour:02}:{minute:02}" if hour < 24 and minute < 60 else match[0]


_REWRITES: tuple[tuple[str, Replacement], ...] = (
    # clocks
    (r"^(?=at )", "on "),
    (r"(?:\bat|@) ?(?:noon|midday|12 noon)$", "at 12:00"),
    (r"(?:\bat|@) ?midnight$", "at 00:00"),
    (r"\bat (?:the )?(?:open|opening time|start of (?:the )?(?:business )?day)$", "at opening"),
    (r"\bat (?:the )?(?:close|closing time|cob|eod|end of (?:the )?(?:business )?day)$", "at closing"),
    (r"@ ?", "at "),
    (_CLOCK, _hours_and_minutes),
    (r"\bat (?P<hour>\d\d)(?P<minute>\d\d)(?P<half>\b)$", _hours_and_minutes),
    (r"(?<!at )\b(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<half>\b)$", _hours_and_minutes),
    # numbers and units
    (
        rf"\b({'|'.join(_NUMBER)}) (?=working|work|business|bank|{_UNIT}\b|year)",
        lambda m: f"{_NUMBER[m[1].lower()]} ",
    ),
    (rf"(?<![\w.])(\d+) ?({'|'.join(_SHORT_UNIT)})\b", lambda m: f"{m[1]} {_SHORT_UNIT[m[2].lower()]}"),
    (rf"(?<![\w.])(\d+)(?={_UNIT}\b)", r"\1 "),
    (r"\b(?:working|work|bank|business|office|opening)[ -]?(day|hour)", r"business \1"),
    (r"\bweekday(s?)\b", r"business day\1"),
    (r"\b(\d{1,3}) years?\b", lambda m: f"{int(m[1]) * 12} months"),
    # directions
    (r"\b(?:prior to|ahead of|in advance of|earlier than|prior|earlier|ago)\b", "before"),
    (r"\b(?:following|later than|later|since|past|from)\b(?! month)", "after"),
    (rf"^(.+?) ?\+ ?(\d+ {_UNIT})\b(?! (?:before|after))", r"\2 after \1"),
    (rf"^(\S.*?) ?- ?(\d+ {_UNIT})\b(?! (?:before|after))", r"\2 before \1"),
    (rf"^\+ ?(\d+ {_UNIT})\b(?: after\b)?", r"\1 after"),
    (rf"^- ?(\d+ {_UNIT})\b(?: after\b)?(?! before)", r"\1 before"),
    (rf"^(?:in|within|after) (\d+ {_UNIT})(?: (?:of|after)\b)?", r"\1 after"),
    (rf"^(\d+ {_UNIT})(?= at\b|$)", r"\1 after"),
    # same day, the day before
    (r"^(?:on )?(?:the )?same day(?: as| of)?", "on"),
    (r"^(?:on )?the day of(?! the month)", "on"),
    (r"^(?:today|on the day)\b", "on"),
    (r"^tomorrow\b", "1 day after"),
    (rf"^(?:on )?(?:the )?next ({_UNIT})(?: after)?", r"1 \1 after"),
    (rf"^(?:on )?(?:the )?(?:first |last )?({_UNIT}) (before|after)\b", r"1 \1 \2"),
    (r"^(?:on )?(?:the )?first business day on or after\b", "0 business days after"),
    (r"^(?:by|until|till) (?!\d)", "on "),
    # weekdays and months
    (rf"\b({'|'.join(_SHORT_WEEKDAY)})\b(?=\.? (?:on|after))\.?", lambda m: _SHORT_WEEKDAY[m[1].lower()]),
    (rf"^(?:on )?(?:the )?(?:first |next )?({_ANY_WEEKDAY}) (?=on|after)", r"first \1 "),
    (r"\bon(?:/| and | )after\b", "on or after"),
    (r"^(?:on |at |by )?(?:the )?end of (?:the )?(?=[a-z ]*?month)", "last day of "),
    (r"^(?:on |at |by )?(?:the )?(?:beginning|start) of (?:the )?(?=[a-z ]*?month)", "first day of "),
    (r"^(?:on )?(?:the )?(first|last) (business )?day (?:of|in) (?:the )?", r"\1 \2day of "),
    (r"\bday of (?:next|following) month(?: (?:of|after))?", "day of the month after"),
    (r"\bday of (?:previous|preceding|last) month(?: (?:of|before))?", "day of the month before"),
    (r"\bday of (?:this |same )?month(?: of)?", "day of the month of"),
    (r"\bmonth of (before|after)\b", r"month \1"),
    # days
    (r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b", lambda m: f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}"),
    (r"\b(before|after|of|on) the (?!month)", r"\1 "),
)

_FIELDS = {
    "startdate": "contract.start",
    "movein": "contract.start",
    "renewaldate": "contract.renewal",
    "contractterm": "contract.term_end",
    "contractend": "contract.term_end",
    "endcontract": "contract.term_end",
    "endterm": "contract.term_end",
    "term": "contract.term_end",
    "cancellationdate": "contract.cancellation",
    "cancelled": "contract.cancellation",
    "moveout": "contract.cancellation",
    "registrationdate": "signup",
    "registration": "signup",
    "createdon": "signup",
    "joining": "signup",
    "joined": "signup",
}
"""Nexudus fields and plain words that people write for an anchor, without blanks and marks."""


def other_spelling(text: str) -> str:
    """Return `text` with the usual other spellings replaced; it need not be a rule even then."""
    text = " ".join(text.split()).rstrip(".,;")
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
        text = " ".join(text.split())
    return " ".join(_near_word(word) for word in text.split())


def nearest_anchor(name: str, anchors: Collection[str]) -> str:
    """Return the known anchor that `name` most likely means, or ''."""
    known = {_letters(anchor): anchor for anchor in sorted(anchors, reverse=True)}
    if _GRAMMAR & set(name.lower().split()):
        return ""  # more than a name went wrong, and half a rule must not pass for a whole one
    wanted = _letters(re.sub(r"\b(?:the|my|of|date)\b", "", name, flags=re.IGNORECASE))
    if wanted in known:
        return known[wanted]
    parts = [anchor for anchor in sorted(anchors) if _letters(anchor.rpartition(".")[2]) == wanted]
    if parts:
        return parts[0]  # contract before membership: what most lists mean by a bare "start"
    field = _FIELDS.get(wanted, "")
    if field in anchors:
        return field
    known |= {_letters(fact): fact for fact in sorted(getattr(anchors, "facts", ()))}
    close = difflib.get_close_matches(wanted, known, n=1, cutoff=0.7)
    return known[close[0]] if close else ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _near_word(word: str) -> str:
    """Mend a slip in a word of the grammar; names, dates and numbers are left alone."""
    if not word.isalpha() or len(word) < 4:
        return word
    close = difflib.get_close_matches(word.lower(), (*_GRAMMAR, *_WEEKDAYS), n=1, cutoff=0.8)
    return close[0] if close else word
