"""What an operator writes under "when" to a due rule, with a note for whatever had to be guessed.

Pure. It must never make up a time: a text that says none gives no due, and the note says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from engine.core.due import DueSyntax, parse_due

_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        ("", "a an one first", "two second", "three third", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
    for word in words.split()
}
_UNITS: Final = {
    "minutes": ("minute", "minutes", "min", "mins"),
    "hours": ("hour", "hours", "hr", "hrs", "h"),
    "business days": (
        *("business day", "business days", "working day", "working days", "work day", "work days"),
        *("workday", "workdays", "weekday", "weekdays", "bd", "bds", "wd"),
    ),
    "days": ("day", "days", "d", "calendar day", "calendar days", "dias", "dia", "tage", "tag", "jours", "jour"),
    "weeks": ("week", "weeks", "wk", "wks", "w", "semanas", "semana", "wochen", "woche", "semaines", "semaine"),
    "months": ("month", "months", "mth", "mths", "meses", "mes", "monate", "monat", "mois"),
}
_UNIT_OF: Final = {word: unit for unit, words in _UNITS.items() for word in words}
_UNIT: Final = "|".join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True))
_NUMBER: Final = r"\d{1,4}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True))
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_BASES: Final = (
    ("signup", ("sign up", "signup", "sign-up", "registration", "registering", "application", "enquiry", "inquiry")),
    ("membership.end", ("move out", "move-out", "leaving", "exit", "last day", "departure", "end of membership")),
    ("contract.cancellation", ("cancellation", "cancelling", "termination", "notice")),
    (
        "",  # the list's own day
        (
            *("start", "start date", "starting", "starts", "arrival", "arriving", "arrives", "first day", "day one"),
            *("day 1", "move in", "move-in", "moving in", "joining", "joining date", "join", "onboarding", "contract"),
            *("contract start", "membership", "membership start", "they start", "they arrive", "they join", "go live"),
            *("inicio", "llegada", "eintritt", "einzug", "beginn", "debut", "arrivee"),
        ),
    ),
)
_SAME_DAY: Final = (
    *("same day", "day of", "start day", "on day", "on the day", "day 0", "d0", "d", "t", "0", "start", "first day"),
    *("day one", "on arrival", "upon arrival", "arrival", "at arrival", "move in", "move-in", "move in day", "d day"),
    *("move-in day", "start date", "on start", "at start", "on start date", "joining day", "t0", "today"),
)
_PADDING: Final = ("approx", "about", "around", "roughly", "circa", "at least", "at latest", "no later than", "latest")
_SIDES: Final = (
    ("before", ("before", "prior to", "prior", "ahead of", "earlier than", "previous to", "antes de", "vor", "avant")),
    ("after", ("after", "from", "following", "later than", "later", "past", "of", "into", "nach", "despues de")),
)
_NOW: Final = ("asap", "immediately", "at once", "right away", "now", "urgent", "straight away")
_AGAIN: Final = (
    *("daily", "weekly", "monthly", "yearly", "ongoing", "recurring", "every", "each", "quarterly", "annually"),
)


@dataclass(frozen=True)
class Time:
    """A due rule, or '' where no time can be told, and what a person should look at."""

    rule: str
    notes: tuple[str, ...] = ()


def read_time(text: str, *, anchor: str, anchors: Collection[str]) -> Time:
    """Return the due rule that a text means; days count from `anchor` where the text names no other."""
    plain = " ".join(text.split())
    if not plain:
        return Time("")
    body, clock, notes = _without_clock(_lowered(plain))
    found = _fixed(body, anchor)
    ours = _own_grammar(plain, anchors) if found is None else ""
    if ours:
        return Time(ours)
    found = found or _day(body, anchor)
    if found is None:
        if not body and clock:
            found = Time(f"on {anchor}", (f"{plain!r} names an hour only: the day is taken to be {anchor}",))
        else:
            return Time("", (f"when it is due is not clear: {plain!r}",))
    if not found.rule:
        return found
    return Time(found.rule + (f" at {clock}" if clock else ""), (*found.notes, *notes))


def is_time(text: str) -> bool:
    """Whether a text reads like a time."""
    return bool(read_time(text, anchor="contract.start", anchors=("contract.start", "signup")).rule)


def _own_grammar(text: str, anchors: Collection[str]) -> str:
    """A rule in our own words; one that names no day and could mean anything is none."""
    try:
        rule = parse_due(text, anchors)
    except DueSyntax:
        return ""
    return str(rule) if rule.day is not None or re.match(r"\d+ [a-z ]+(before|after)", text.lower()) else ""


def _lowered(text: str) -> str:
    plain = text.lower().replace("−", "-").replace("–", "-").replace("—", "-").replace("\u2019", "'")
    plain = re.sub(r"[()\[\]]", " ", plain)
    plain = re.sub(rf"\b(?:{'|'.join(_PADDING)})\b", " ", plain)
    return " ".join(plain.split()).strip(" .,;:")


def _without_clock(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Take a time of day off the end: `at 10`, `by 4pm`, `09:30`, `end of day`."""
    words = {"end of day": "closing", "eod": "closing", "close of business": "closing", "cob": "closing"}
    words |= {"morning": "opening", "first thing": "opening", "noon": "12:00", "midday": "12:00", "lunch": "12:00"}
    for word, clock in words.items():
        match = re.search(rf"(?:^|[\s,]+)(?:by |at |in the |before )?(?:the )?{word}$", text)
        if match:
            note = () if clock == "closing" else (f"{word!r} is read as {clock}",)
            return text[: match.start()].strip(" ,"), clock, note
    match = re.search(r"(?:^|[\s,@]+)(?:at |by |@ ?)?(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)$", text)
    match = match or re.search(r"(?:^|[\s,@]+)(?:at |by |@ ?)?(\d{1,2})[:h](\d{2})()$", text)
    match = match or re.search(r"(?:^|\s)(?:at |@ ?)(\d{1,2})()()$", text)
    if not match:
        return text, "", ()
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3].startswith("p") else 0)
    if hour > 23 or minute > 59:
        return text, "", ()
    return text[: match.start()].strip(" ,"), f"{hour:02d}:{minute:02d}", ()


def _day(text: str, anchor: str) -> Time | None:
    for reader in (_again, _same_day, _month_edge, _numbered, _counted, _signed, _weekday, _vague):
        found = reader(text, anchor)
        if found is not None:
            return found
    return None


def _fixed(text: str, _: str) -> Time | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}(?: .*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}", text):
        return Time("", (f"{text!r} is one fixed day: which day should it be counted from?",))
    return None


def _again(text: str, _: str) -> Time | None:
    if any(re.match(rf"{word}\b", text) for word in _AGAIN):
        return Time("", (f"{text!r} repeats, and a task is made once: it has no due",))
    return None


def _same_day(text: str, anchor: str) -> Time | None:
    if text in _SAME_DAY or text.removeprefix("on ").removeprefix("the ") in _SAME_DAY:
        return Time(f"on {anchor}")
    if text in _NOW:
        return Time("on signup", (f"{text!r} is read as the day of the sign-up",))
    for prefix in ("on ", "on the day of ", "day of ", "at ", "upon ", ""):
        base = _base(text.removeprefix(prefix), anchor) if text.startswith(prefix) else None
        if base:
            return Time(f"on {base}")
    return None


def _base(text: str, anchor: str) -> str | None:
    """Return the anchor that a phrase such as `the start date` means."""
    whole = re.sub(r"^(the|their|contract|of|member's|members|tenant's)\s+", "", text.strip())
    plain = re.sub(r"\s+(date|day)$", "", whole)
    for name, words in _BASES:
        if plain in words or whole in words:
            return name or anchor
    return None


def _counted(text: str, anchor: str) -> Time | None:
    """`3 days before start`, `within two weeks`, `48h after sign-up`, `24 hours`."""
    match = re.fullmatch(rf"(within |in |by |after )?(?:the )?({_NUMBER})\s*-?\s*({_UNIT})\b\.?\s*(.*)", text)
    if not match:
        return None
    number, unit = _number(match[2]), _UNIT_OF[match[3]]
    side, rest = _side(match[4])
    notes = []
    if (match[1] or "").strip() == "within":
        notes.append(f"{text!r} is read as its last moment")
    if not side:
        if rest:
            return None
        side = "after"
        if not match[1]:
            notes.append(f"{text!r} does not say before or after: after {anchor} is taken")
    base = _base(rest, anchor) if rest else anchor
    if base is None:
        notes.append(f"what {rest!r} means is not clear: {anchor} is taken")
        base = anchor
    name = unit.removesuffix("s") if number == 1 else unit
    return Time(f"{number} {name} {side} {base}", tuple(notes))


def _side(text: str) -> tuple[str, str]:
    for side, words in _SIDES:
        for word in words:
            if text == word or text.startswith(f"{word} "):
                return side, text.removeprefix(word).strip()
    return "", text.strip()


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _signed(text: str, anchor: str) -> Time | None:
    """`-3`, `T-5`, `D+7`, `+30 days`, a bare `14`."""
    match = re.fullmatch(rf"(?:[dt]|day)?\s*([+-]?)\s*(\d{{1,4}})\s*({_UNIT})?", text)
    if not match or (text.startswith("day") and not match[1]):
        return None
    number, unit = int(match[2]), _UNIT_OF.get(match[3] or "", "days")
    if not number:
        return Time(f"on {anchor}")
    notes = () if match[3] or match[1] else (f"{text!r} is read as days after {anchor}",)
    name = unit.removesuffix("s") if number == 1 else unit
    return Time(f"{number} {name} {'before' if match[1] == '-' else 'after'} {anchor}", notes)


def _month_edge(text: str, anchor: str) -> Time | None:
    """`last business day of the month`, of which the month is not said."""
    match = re.fullmatch(r"(?:on )?(?:the )?(first|last) (business |working )?day of (?:the |each |that )?month", text)
    business = "business " if match and match[2] else ""
    return Time(f"{match[1]} {business}day of the month of {anchor}") if match else None


def _numbered(text: str, anchor: str) -> Time | None:
    """`day 5`, `week 2`, `month 1`, `first week`."""
    match = re.fullmatch(rf"(day|week|month)s? ({_NUMBER})", text) or re.fullmatch(
        r"(?:in |during |by |end of |within )*(?:the |their )?(?P<n>first|second|third) (?P<u>week|month)", text
    )
    if not match:
        return None
    groups = match.groupdict()
    unit, number = (groups["u"], _number(groups["n"])) if groups else (match[1], _number(match[2]))
    if number < 1:
        return Time(f"on {anchor}")
    if unit == "day":
        note = (f"day 1 is taken for {anchor} itself, so day {number} is {number - 1} days later",)
        return Time(f"on {anchor}") if number == 1 else Time(_after(number - 1, "day", anchor), note)
    if unit == "week" and number == 1:
        return Time(f"first Friday on or after {anchor}", (f"{text!r} is read as its Friday",))
    count = number if unit == "month" else number - 1
    return Time(_after(count, unit, anchor), (f"{text!r} is read as {_after(count, unit, anchor)}",))


def _after(number: int, unit: str, anchor: str) -> str:
    return f"{number} {unit if number == 1 else unit + 's'} after {anchor}"


def _weekday(text: str, anchor: str) -> Time | None:
    match = re.fullmatch(rf"(?:on |the |first |next |following )*({'|'.join(_WEEKDAYS)})s?(?: (?:after|of) .*)?", text)
    if not match:
        return None
    note = () if "first" in text else (f"{text!r} is read as the first one after {anchor}",)
    return Time(f"first {match[1].title()} after {anchor}", note)


def _vague(text: str, anchor: str) -> Time | None:
    """`before arrival`, `after move-in`: a side without a number."""
    for side, words in (("before", ("before", "prior to", "pre", "ahead of")), ("after", ("after", "post", "once"))):
        for word in words:
            match = re.fullmatch(rf"(any time |shortly |just |day |the day )?{word}[ -]?(.*)", text)
            base = (_base(match[2], anchor) if match[2] else anchor) if match else None
            if match and base and "day" in (match[1] or ""):
                return Time(f"1 day {side} {base}")
            if base:
                return Time(f"1 business day {side} {base}", (f"{text!r} names no number of days: one is taken",))
    return None
