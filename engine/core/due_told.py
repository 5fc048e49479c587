"""What the steps of a due tell about it in one word: moved by closed days, touched by a clock change.

Pure. It reads the sentences of `resolve` and `moments`, and must never resolve anything anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from whenever import Date, Instant

from engine.core.due import Count, Due, On


def steps_of_rule(steps: Sequence[str]) -> list[str]:
    """Return the steps that led to what the rule says; `late` moved it afterwards, over closed days of its own."""
    return [step for step in steps if not step.startswith("late: ")]


def skips_closed(steps: Sequence[str]) -> bool:
    """Whether closed days moved a due, or were passed on the way to it."""
    return any(step.startswith("rolled from ") or ", skipped " in step for step in steps)


def clock_said(steps: Sequence[str], due: Due, at: Instant, zone: str) -> str:
    """Return what a clock change did to a due at this moment (UTC) in an IANA zone, or ''."""
    told = next((step for step in steps if " by a clock change" in step), "")
    return told or ("" if skips_closed(steps) else _crossing(due, at, zone))


def _crossing(due: Due, at: Instant, zone: str) -> str:
    """Say that elapsed hours lead over a clock change: the clock then shows another time of day than one counts."""
    when = due.rule.when
    if due.not_before or due.not_after or not isinstance(when, Count) or when.unit not in {"hours", "minutes"}:
        return ""
    minutes = when.number * (60 if when.unit == "hours" else 1)
    origin = at.add(minutes=minutes if when.side == "before" else -minutes).to_tz(zone)
    if origin.offset == at.to_tz(zone).offset:
        return ""
    return f"{when} leads over a clock change in {zone}: the clock shows another time of day than one counts"


def moves_along(due: Due | None) -> bool:
    """Whether each day that is counted from has a due of its own; else the rule itself gathers many on one."""
    rule = due.rule if due else None
    return rule is not None and isinstance(rule.when, On | Count) and not isinstance(rule.day, Date)
