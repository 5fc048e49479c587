"""What the fast way of expanding knows: everything else of a list sends it the plain way.

Pure. It must never take a feature that it has not heard of for one that changes nothing: a key that is not named
here counts as unknown as soon as it holds anything but what it is born with.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from pydantic import BaseModel

from engine.core.due import Due
from engine.core.fact_days import fact_day_names
from engine.core.prepared import Prepared, ReadyItem
from engine.core.text import CompiledCondition
from engine.core.wordings import ReadyWording

ANCHORS = frozenset(
    {
        *("signup", "event", "membership.start", "membership.end"),
        *("contract.start", "contract.renewal", "contract.term_end", "contract.cancellation"),
        *("contract.identity_checks_due", "visit.first", "visit.third", "invoice.first_paid"),
    }
)
"""The anchors that a member is asked for; facts that are days, and inputs of type date, are more of them."""



def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LIST = _words(
    "tasklist name description applies anchor once_per formerly inputs defaults items extends include abstract "
    "overlays language clock_change allow"
)
"""Lists are put together before they are made ready, and `Prepared.at` knows the overlays. `allow` is for `check`."""

_DEFAULTS = _words(
    "notes responsible when phase notify_by_email display_to_everyone once_per anchor optional create roll late"
)
"""What defaults say stands in each ready item, where it is looked at again."""

_ITEM = _words(
    "id name notes responsible due when for_each notify_by_email display_to_everyone once_per anchor formerly "
    "phase optional same_as drop checklist clock_change"
)
"""`phase` is never sent, and an `optional` item that cannot be made is told, as every error is, by the plain way."""

_ORGANISATION = _words("owner since custom_fields locations roles calendars language absences")
_LOCATION = _words("business_id time_zone calendar roles vars language")
_READY = _words(
    "item identity_id name notes responsible due anchor when loop once_per notify_by_email display_to_everyone "
    "checklist phase optional"
)
_PREPARED = _words(
    "tasklist organisation name applies_when items wait_until part shared asked_for overlays above days spoken"
)
"""`days` are made of the list's `anchors`, which are not known: even one that nothing counts from can be an error."""

_DUE = _words("rule roll late fallback not_before not_after")
_RESPONSIBLE = _words("role pick holder")
_LINE = _words("text when")


def why_plain(prepared: Prepared) -> str:
    """Return which part of a list, as it is at one location, only the plain way knows; '' when the fast one does."""
    tasklist, organisation = prepared.tasklist, prepared.organisation
    models: list[tuple[Any, frozenset[str]]] = [
        (tasklist, _LIST), (tasklist.defaults, _DEFAULTS), (organisation, _ORGANISATION),
        *((place, _LOCATION) for place in organisation.locations.values()), (prepared, _PREPARED),
    ]  # fmt: skip
    found = next((name for part, known in models if (name := unknown_key(part, known))), "")
    if found or prepared.per_team:
        return found or "once_per"
    items = [ready for ready in prepared.items if prepared.counts(ready)]
    texts = [text for one in ((prepared.name,), *map(_texts, items)) for text in one]
    if type(prepared.applies_when) not in {type(None), CompiledCondition}:
        return "applies"
    if not all(type(text) is ReadyWording for text in texts):
        return "name"
    if prepared.spoken.path not in {(), ("location", "language")} and any(len(text.texts) > 1 for text in texts):
        return "language"
    return next((f"{ready.item.id}: {why}" for ready in items if (why := _why_item(prepared, ready))), "")


def _texts(ready: ReadyItem) -> list[ReadyWording]:
    lines = [line.text for line in ready.checklist]
    return [text for text in (ready.name, ready.notes, ready.phase, *lines) if text is not None]


def _why_item(prepared: Prepared, ready: ReadyItem) -> str:
    parts: tuple[tuple[Any, frozenset[str]], ...] = (
        (ready, _READY),
        (ready.item, _ITEM),
        (ready.responsible, _RESPONSIBLE),
        *((line, _LINE) for line in ready.checklist),
    )
    found = next((name for part, known in parts if (name := unknown_key(part, known))), "")
    if found:
        return found
    if ready.once_per == "team":
        return "once_per"
    if ready.responsible.pick not in {"first", "rotate"}:
        return "responsible"
    if ready.phase is not None and (ready.phase.facts_used or "{" in ready.phase.source):
        return "phase"  # it is not sent, and yet a fact that it lacks is an error
    if any(type(one) is not CompiledCondition for one in ready.when):
        return "when"
    return "due" if ready.due is not None and _odd_due(prepared, ready.due, ready.anchor) else ""


def _odd_due(prepared: Prepared, due: Due, anchor: str | None) -> bool:
    dates = {f"inputs.{name}" for name, given in prepared.tasklist.inputs.items() if given.type == "date"}
    known = ANCHORS | dates | fact_day_names(prepared.organisation)
    return type(due) is not Due or bool(unknown_key(due, _DUE)) or not anchors_of(due, anchor) <= known


def anchors_of(due: Due, anchor: str | None) -> frozenset[str]:
    """Return every anchor that a due can look at; `anchor` is the one of rules that name no day."""
    rules = [rule for rule in (due.rule, due.fallback, due.not_before, due.not_after) if rule is not None]
    named = {rule.day if isinstance(rule.day, str) else anchor for rule in rules if rule.day is None or
             isinstance(rule.day, str)}  # fmt: skip
    return frozenset(name for name in named if name)


def unknown_key(part: object, known: frozenset[str]) -> str:
    """Return the first key of a model or dataclass that is not among the `known` and not as it was born, or ''."""
    for name, born in _keys(part):
        if name not in known and getattr(part, name) != born:
            return name
    return ""


def _keys(part: Any) -> list[tuple[str, object]]:
    if isinstance(part, BaseModel):
        given = type(part).model_fields
        return [(name, field.get_default(call_default_factory=True)) for name, field in given.items()]
    return [
        (field.name, field.default_factory() if field.default_factory is not MISSING else field.default)
        for field in fields(part)
    ]
