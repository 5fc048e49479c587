"""A plan for people: the same rows for a terminal and for Markdown, and the masking of personal data. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from whenever import ZonedDateTime

from engine.core.facts import Facts
from engine.core.plan import Action, Drift, Plan
from engine.core.wire_dates import parse_moment

Line = TypeVar("Line")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
_WOULD = {
    "create": "would create",
    "keep": "keep",
    "adopt": "would adopt",
    "update": "would update",
    "skip": "skip",
    "conflict": "conflict",
    "hold": "hold",
    "remove": "would remove",
    "wait": "wait",
}
"""A preview speaks in the conditional."""


@dataclass(frozen=True)
class Row:
    """One task as a line of a table."""

    item: str
    name: str
    responsible: str
    due: str
    action: str
    why: str
    explain: tuple[str, ...]
    phase: str = ""


def in_phases(plan: Plan, lines: Iterable[Line], row_of: Callable[[Line], Row]) -> tuple[tuple[str, list[Line]], ...]:
    """Return lines by phase: phases in the order of the list's items, those without one first, all else as given."""
    found: dict[str, list[Line]] = {"": []}
    for wanted in plan.expansion.wanted:
        found.setdefault(wanted.phase, [])
    for line in lines:
        found.setdefault(row_of(line).phase, []).append(line)
    return tuple((phase, told) for phase, told in found.items() if told)


def plan_rows(plan: Plan) -> tuple[Row, ...]:
    """Return the lines of a plan's table; due in local time with weekday, the zone is the table's."""
    return tuple(_row(plan, action) for action in plan.actions)


def _row(plan: Plan, action: Action) -> Row:
    wanted = action.wanted
    drift = [_drift_text(plan, part) for part in action.drift]
    told = wanted.explanation
    steps = [("due", told.due), ("responsible", told.responsible), ("when", told.when)]
    return Row(
        item=f"{wanted.item} [{wanted.key}]" if wanted.key else wanted.item,
        name=wanted.name,
        responsible=f"{wanted.responsible_name} ({wanted.responsible_id})",
        due=due_text(plan, action),
        action=_WOULD[action.action],
        why="; ".join([action.reason, *drift]),
        explain=tuple(f"{name}: {step}" for name, lines in steps for step in lines),
        phase=wanted.phase,
    )


def _drift_text(plan: Plan, part: Drift) -> str:
    """A kept task as it is, and what the list says by now; dates in local time, as in the due column."""
    told = {name: _local(plan, text) if part.field == "DueDate" else text for name, text in _ends(part)}
    return f"drift in {part.field}: was {told['was']}, the list now says {told['wanted']}"


def _ends(part: Drift) -> tuple[tuple[str, str], tuple[str, str]]:
    was = "another text" if part.was is None else part.was or "nothing"
    return (("was", was), ("wanted", part.wanted or "nothing"))


def _local(plan: Plan, text: str) -> str:
    moment = parse_moment(text)
    return text if moment is None else _day_and_time(moment.to_tz(plan.expansion.zone))


def _day_and_time(local: ZonedDateTime) -> str:
    day = local.date()
    return f"{WEEKDAYS[day.day_of_week().value - 1]} {day} {local.hour:02d}:{local.minute:02d}"


def due_text(plan: Plan, action: Action) -> str:
    """Return a due in local time with its weekday; a rolled or late one with the date it was."""
    kept = next((part.was for part in action.drift if part.field == "DueDate"), None)
    if kept is not None:
        return _local(plan, kept) or "none"
    if action.due_at is None:
        return "none"
    text = _day_and_time(action.due_at.to_tz(plan.expansion.zone))
    was = action.late_from.to_tz(plan.expansion.zone).date() if action.late_from else action.wanted.rolled_from
    kind = "late" if action.late_from else "rolled"
    return text if was is None else f"{text} ({kind}, was {WEEKDAYS[was.day_of_week().value - 1]} {was})"


def plan_title(plan: Plan) -> str:
    """Return what the plan is for, in one line."""
    told = plan.expansion
    counts = ", ".join(f"{number} {name}" for name, number in plan.counts().items()) or "nothing wanted"
    return f"{told.tasklist} for coworker {told.coworker_id} at {told.business_id}, {plan.task_list_name}: {counts}"


def markdown(plan: Plan, *, explain: bool) -> str:
    """Return the plan as Markdown for a review comment; data is inert in it."""
    lines = [f"### {inert(plan_title(plan))}", ""]
    told = plan.expansion
    lines.append(f"Times in {told.zone}. Checksum `{plan.checksum[:12]}`, version `{told.version}`.")
    lines += ["", "| item | task name | responsible | due | action | why |", "|---|---|---|---|---|---|"]
    rows = plan_rows(plan)
    for phase, told_rows in in_phases(plan, rows, lambda row: row):
        lines += [f"| **{inert(phase)}** | | | | | |"] if phase else []
        for row in told_rows:
            cells = (row.item, row.name, row.responsible, row.due, row.action, row.why)
            lines.append("| " + " | ".join(inert(cell) for cell in cells) + " |")
    if plan.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {inert(f'{part.item} {part.key}'.strip())}: {inert(part.reason)}" for part in plan.left_out]
    lines += [f"\n> {inert(warning)}" for warning in plan.warnings]
    if explain:
        lines += ["", "Why:"]
        lines += [f"- {inert(row.item)}: {inert(step)}" for row in rows for step in row.explain]
    return "\n".join(lines) + "\n"


_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@$]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Markdown's own signs, and what makes a bare address a link or a text between dollars a formula."""


def inert(text: str) -> str:
    """Return text that Markdown shows as it is: no link, no mention, no formula, no HTML, one line."""
    return _MARKUP.sub(r"\\\1", visible(text))


def visible(text: str) -> str:
    """Return text safe for a terminal: control and direction signs are shown as <1B>, never obeyed."""
    return "".join(_shown(sign) for sign in text)


def _shown(sign: str) -> str:
    if sign == "\n":
        return " "
    return f"<{ord(sign):02X}>" if steers(sign) else sign


def steers(sign: str) -> bool:
    """Return whether a sign could steer a terminal: control signs, direction signs, lone surrogates."""
    return sign in _BIDI or unicodedata.category(sign) in {"Cc", "Cs"}


_NOT_PERSONAL = re.compile(r"Tariff|Currency|Business|Issued|Floor|^Name$|^Desk")
"""Fields that name a plan or a place. All other texts of a member's records are masked."""


def personal_words(facts: Facts) -> dict[str, str]:
    """Return each text that tells who a member is, with what stands for it in masked output."""
    found: dict[str, str] = {}
    rows: Iterable[tuple[str, Mapping[str, Any]]] = [
        ("coworker", facts.coworker),
        *(("contract", row) for row in facts.contracts),
        *(("team", row) for row in (facts.team,) if row),
        *(("member", row) for row in facts.members),
    ]
    for root, row in rows:
        for name, value in (*row.items(), *_custom(row)):
            text = str(value).strip() if isinstance(value, str) else ""
            if name == "DateOfBirth" and text:
                found.setdefault(text[:10], f"[{root}.{name}]")
            elif len(text) > 1 and parse_moment(text) is None and _is_personal(root, name):
                found.setdefault(text, f"[{root}.{name}]")
    for holder, person in facts.people.items():
        found.setdefault(person.name.strip(), f"[user {person.id}]")
        found.setdefault(holder, f"[user {person.id}]")
    return {word: mask for word, mask in sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])) if word}


def _is_personal(root: str, name: str) -> bool:
    return (root, name) == ("team", "Name") or _NOT_PERSONAL.search(name) is None


def _custom(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the entries of a record's CustomFields, named as Nexudus names them."""
    told = row.get("CustomFields")
    entries = (told.get("Data") or ()) if isinstance(told, Mapping) else ()
    return [(str(part.get("Name")), part.get("Value")) for part in entries if isinstance(part, Mapping)]


def masker(words: Mapping[str, str]) -> Callable[[str], str]:
    """Return what masks personal texts in a text, in any case and as `markdown` or `visible` write them."""
    if not words:
        return lambda text: text
    masks = list(words.values())
    pattern = re.compile("|".join(f"({_as_written(word)})" for word in words), re.IGNORECASE)
    return lambda text: pattern.sub(lambda match: masks[(match.lastindex or 1) - 1], text)


def _as_written(word: str) -> str:
    """Return the pattern of a word as outputs write it; a short one only where it stands alone."""
    signs = (r"\s+" if part.isspace() else "".join(map(_sign, part)) for part in re.split(r"(\s+)", word))
    pattern = "".join(signs)
    alone = len(word) <= 3 or word.isdigit()  # digits occur in ids, checksums and dates, too
    return rf"(?<![\w-]){pattern}(?![\w-])" if alone else pattern


def _sign(sign: str) -> str:
    shown = visible(sign)
    if shown == sign:
        return rf"\\?{re.escape(sign)}"
    return rf"(?:{re.escape(sign)}|\\?<{shown[1:-1]}\\?>)"
