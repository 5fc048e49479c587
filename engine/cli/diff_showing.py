"""How a difference is shown: a table, a comment for a pull request, JSON. Prints; it compares nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import click

from engine.cli.masking import Mask, member_words
from engine.core.list_difference import KINDS, FieldChange, MemberDifference, TaskChange, only_changed
from engine.core.report import inert, visible

if TYPE_CHECKING:
    from engine.flows.list_differences import ListDifference, Member

_MOST_SIGNS = 160
"""Of a text in a table; JSON has the whole."""

_MOST_COMMENT = 60_000
"""Characters: GitHub takes 65,536 in a comment."""

_WORDS = {"identity": "made anew", "added": "added", "removed": "removed", "changed": "changed"}


def show(found: ListDifference, form: str, *, redact: bool) -> None:
    """Print what changes; `redact` masks members."""
    if form == "json":
        from engine.cli.showing import print_json

        print_json(as_json(found, redact=redact))
    elif form == "markdown":
        click.echo(as_markdown(found, redact=redact), nl=False)
    else:
        _table(found, redact=redact)


def _mask(member: Member, *, redact: bool) -> Mask:
    words: dict[str, str] = {}
    if redact:
        words = member_words(member.saved.facts)
        words |= member_words(member.saved.team[0]) if member.saved.team else {}
    return Mask(words)


def _called(member: Member, *, redact: bool) -> str:
    return f"coworker {member.saved.facts.coworker_id}" if redact else member.name


def _table(found: ListDifference, *, redact: bool) -> None:
    from engine.cli.tables import print_table, say

    rows = []
    for member, told in found.members:
        name, mask = _called(member, redact=redact), _mask(member, redact=redact)
        rows += [(name, *map(mask.text, row)) for row in _rows(told)]
    say(_title(found))
    if rows:
        print_table(("member", "task", "change", "was", "is"), rows)
    for line in _loud(found):
        say(line)


def _title(found: ListDifference) -> str:
    told = ", ".join(f"{number} {name}" for name, number in totals(found).items() if number) or "nothing"
    members = f"{len(found.members)} member" if len(found.members) == 1 else f"{len(found.members)} members"
    new = " (a new list)" if found.new_list else ""
    return f"{found.tasklist} against {found.base}{new}, for {members}: {told}"


def totals(found: ListDifference) -> dict[str, int]:
    """Return how many tasks are of each kind over all members, those that stay as they are, and failing members."""
    counted = dict.fromkeys(KINDS, 0)
    for _, told in found.members:
        for kind, number in told.counts().items():
            counted[kind] += number
    shown = {_WORDS[kind]: number for kind, number in counted.items()}
    unchanged = sum(told.unchanged for _, told in found.members)
    failing = sum(bool(told.error) for _, told in found.members)
    return {**shown, "unchanged": unchanged, "failing": failing}


def _loud(found: ListDifference) -> Iterator[str]:
    """What a reviewer must not overlook: tasks that would be made a second time."""
    reasons = {one.why: 0 for _, told in found.members for one in told.changes if one.kind == "identity"}
    for _, told in found.members:
        for one in told.changes:
            if one.kind == "identity":
                reasons[one.why] += 1
    for why, number in reasons.items():
        tasks = "1 task is" if number == 1 else f"{number} tasks are"
        yield f"attention: {why}: {tasks} made anew, beside those that exist"


def _rows(told: MemberDifference) -> Iterator[tuple[str, str, str, str]]:
    if told.was_error or told.error:
        if told.was_error != told.error:
            yield "", "error", _short(told.was_error or "a plan"), _short(told.error or "a plan")
        return
    for one in told.changes:
        yield from _rows_of(one)


def _rows_of(one: TaskChange) -> Iterator[tuple[str, str, str, str]]:
    made = ", made already" if one.made else ""
    task = one.task or "(the list)"
    if one.kind == "changed":
        for change in one.fields:
            yield task, f"{change.field}{made}", *_values(change)
        return
    if one.kind == "identity":
        yield task, f"made anew{made}", one.was_task, one.task
        for change in one.fields:
            yield task, change.field, *_values(change)
        return
    said = ", ".join(change.now or change.was for change in one.fields)
    text = f"{one.name}: {said}" if said else one.name
    reason = one.why or "no such item"
    was, now = (reason, text) if one.kind == "added" else (text, reason)
    yield task, f"{one.kind}{made}", _short(was), _short(now)


def _values(change: FieldChange) -> tuple[str, str]:
    was, now = only_changed(change.was, change.now)
    return _short(was) or "nothing", _short(now) or "nothing"


def _short(text: str) -> str:
    """Return a text on one line, of a length that a table bears."""
    line = " / ".join(part.strip() for part in text.splitlines() if part.strip())
    return line if len(line) <= _MOST_SIGNS else line[: _MOST_SIGNS - 3] + "..."


def as_markdown(found: ListDifference, *, redact: bool) -> str:
    """Return the comment for a pull request: the sums first, each member folded away, all data inert."""
    lines = [f"### {inert(_title(found))}", ""]
    lines += [f"> **{inert(line)}**\n" for line in _loud(found)]
    size, left = sum(map(len, lines)), 0
    for member, told in found.members:
        if told.is_same:
            continue
        block = _details(member, told, redact=redact)
        size += len(block)
        if size > _MOST_COMMENT:
            left += 1
        else:
            lines.append(block)
    if left:
        lines.append(f"And {left} more members; the table of `tasklists diff` shows them all.\n")
    same = [_called(member, redact=redact) for member, told in found.members if told.is_same]
    if same:
        lines.append(f"Nothing changes for {_few(same)}.")
    return "\n".join(lines) + "\n"


def _few(names: list[str]) -> str:
    told = ", ".join(map(inert, names[:10]))
    return told if len(names) <= 10 else f"{told} and {len(names) - 10} more"


def _details(member: Member, told: MemberDifference, *, redact: bool) -> str:
    mask = _mask(member, redact=redact)
    counts = ", ".join(f"{number} {_WORDS[kind]}" for kind, number in told.counts().items()) or "error"
    name = escape(visible(_called(member, redact=redact)))  # a summary is HTML, where Markdown's signs mean nothing
    lines = [f"<details><summary>{name}: {counts}</summary>", "", "| task | change | was | is |", "|---|---|---|---|"]
    for row in _rows(told):
        lines.append("| " + " | ".join(inert(mask.text(cell)) for cell in row) + " |")
    return "\n".join([*lines, "", "</details>", ""])


def as_json(found: ListDifference, *, redact: bool) -> dict[str, Any]:
    """Return the whole difference."""
    members = []
    for member, told in found.members:
        mask = _mask(member, redact=redact)
        members.append(
            {
                "member": _called(member, redact=redact),
                "coworker_id": member.saved.facts.coworker_id,
                "location": member.saved.facts.location,
                "changes": [_change_json(one, mask) for one in told.changes],
                "unchanged": told.unchanged,
                "was_error": mask.text(told.was_error),
                "error": mask.text(told.error),
            }
        )
    told_at_once = {"tasklist": found.tasklist, "base": found.base, "new_list": found.new_list}
    names = {name.replace(" ", "_"): number for name, number in totals(found).items()}
    return told_at_once | {"totals": names, "members": members, "attention": list(_loud(found))}


def _change_json(one: TaskChange, mask: Mask) -> dict[str, Any]:
    fields = [
        {"field": part.field, "was": mask.text(part.was), "now": mask.text(part.now)} for part in one.fields
    ]
    return {
        "change": one.kind,
        "task": one.task,
        "was_task": one.was_task,
        "name": mask.text(one.name),
        "made": one.made,
        "why": mask.text(one.why),
        "fields": fields,
    }
