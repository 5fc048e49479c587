"""How a plan and a run are shown: table, JSON or Markdown, masked on demand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from engine.cli.masking import Mask, member_words
from engine.core.report import in_phases, markdown, plan_rows, plan_title, steers

if TYPE_CHECKING:
    from engine.core.plan import Plan
    from engine.core.report import Row
    from engine.flows.job import Ran
    from engine.flows.planned import Preview

Words = Mapping[str, str]

WIDE = 120
"""From here on each task has one line with everything in columns; below, two lines and its reason under the table."""


_FEW = 4
"""So many items with one reason are counted, not named."""


@dataclass(frozen=True)
class _Line:
    """One task of a table: the plan's row, and what is done, or would be, and why."""

    row: Row
    done: str
    why: str
    task: str = ""
    """The id of the task in Nexudus, once there is one."""


def show_preview(made: Preview, form: str, *, redact: bool, explain: bool) -> None:
    """Print a plan, and that for the team where there is one. `redact` masks personal texts."""
    parts = [(part.plan, Mask(_words(part, redact=redact)).value(part.plan)) for part in made.parts()]
    if form == "json":
        told, *team = (shown.to_json() | {"checksum": plan.checksum} for plan, shown in parts)
        print_json(told | {"team": team[0] if team else None})
    elif form == "markdown":
        texts = (
            markdown(shown, explain=explain).replace(shown.checksum[:12], plan.checksum[:12]) for plan, shown in parts
        )
        click.echo("\n".join(texts), nl=False)
    else:
        for number, (_, shown) in enumerate(parts):
            _say_team(number)
            _show_table(shown, explain=explain)


def _words(made: Preview, *, redact: bool) -> Words:
    return member_words(made.facts) if redact else {}


def _say_team(number: int) -> None:
    """Part the second plan from the first: what is made once for the team, and for whom."""
    if number:
        click.echo("\nOnce for the team:")


def print_json(value: Any) -> None:
    """Print one JSON value; text stays as it is, signs that could steer a terminal become JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo("".join(sign if sign == "\n" or not steers(sign) else f"\\u{ord(sign):04x}" for sign in text))


def _show_table(plan: Plan, *, explain: bool) -> None:
    from engine.cli.tables import say

    rows = plan_rows(plan)
    _print_tasks(plan, [_Line(row, row.action, row.why) for row in rows], "action")
    if explain:
        for row in rows:
            for step in row.explain:
                say(f"{row.item}: {step}")
    _say_the_rest(plan)


def _print_tasks(plan: Plan, lines: list[_Line], what: str) -> None:
    from engine.cli.tables import print_table, say, width

    due = f"due ({plan.expansion.zone})"
    title = plan_title(plan)
    if not lines:
        say(title)
    elif width() >= WIDE:
        cells = [cell for phase, told in in_phases(plan, lines, _row) for cell in _wide(phase, told)]
        print_table(("item", "task name", "responsible", due, what, "why"), cells, title=title)
    else:
        narrow = [cell for phase, told in in_phases(plan, lines, _row) for cell in _narrow(phase, told)]
        print_table((due, "task", "responsible", what), narrow, title=title, least=(20, 24, 12, 12))
        for told in _reasons(lines):
            say(told)


def _row(line: _Line) -> Row:
    return line.row


def _wide(phase: str, lines: Iterable[_Line]) -> Iterable[Sequence[str]]:
    """One line for each task, below a line with their phase."""
    if phase:
        yield (f"{phase}:", "", "", "", "", "")
    for o in lines:
        yield (o.row.item, o.row.name, o.row.responsible, o.row.due, f"{o.done} {o.task}".rstrip(), o.why)


def _narrow(phase: str, lines: Iterable[_Line]) -> Iterable[Sequence[str]]:
    """Two lines for each task, likewise."""
    if phase:
        yield ("", f"{_one_line(phase)}:", "", "")
    for o in lines:
        yield (o.row.due, f"{_one_line(o.row.name)}\n{o.row.item}", o.row.responsible, f"{o.done}\n{o.task}".rstrip())


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _reasons(lines: Iterable[_Line]) -> Iterable[str]:
    """Each reason once, with what it is the reason for; `not made yet` says nothing that the table does not."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.why and line.why != "not made yet":
            grouped.setdefault((line.done, line.why), []).append(line.row.item)
    for (done, why), items in grouped.items():
        yield f"{', '.join(items) if len(items) < _FEW else f'{len(items)} tasks'}: {done}, {why}"


def _say_the_rest(plan: Plan) -> None:
    from engine.cli.tables import say

    for part in plan.left_out:
        say(f"left out: {part.item} {part.key}".rstrip() + f": {part.reason}")
    for warning in plan.warnings:
        say(f"warning: {warning}")


def show_run(ran: Ran, form: str, *, redact: bool, plan_shown: bool = False) -> None:
    """Print what a run did, and that for the team: the plan's JSON with run_id and results, or a table of outcomes.

    `plan_shown`: what is left out and warned of was shown with the plan already.
    """
    masks = [Mask(_words(part.preview, redact=redact)) for part in ran.parts()]
    if form == "json":
        told, *team = map(_run_json, ran.parts(), masks)
        print_json(told | {"team": team[0] if team else None})
        return
    for number, (part, mask) in enumerate(zip(ran.parts(), masks, strict=True)):
        _say_team(number)
        _show_run(part, mask, plan_shown=plan_shown)


def _run_json(ran: Ran, mask: Mask) -> dict[str, Any]:
    plan = ran.preview.plan
    results = [mask.value(result).to_json() for result in ran.applied.results]
    return mask.value(plan).to_json() | {"checksum": plan.checksum, "run_id": ran.applied.run_id, "results": results}


def _show_run(ran: Ran, mask: Mask, *, plan_shown: bool) -> None:
    from engine.cli.tables import say

    shown, applied = mask.value(ran.preview.plan), ran.applied
    done = {result.action.wanted.identity: result for result in map(mask.value, applied.results)}
    lines = []
    for action, row in zip(shown.actions, plan_rows(shown), strict=True):
        result = done[action.wanted.identity]
        made = result.outcome == "created" and row.why == "not made yet"
        why = result.error or ("" if made else row.why)
        lines.append(_Line(row, result.outcome, why, str(result.task_id or "")))
    _print_tasks(shown, lines, "outcome")
    if not plan_shown:
        _say_the_rest(shown)
    counts = ", ".join(f"{number} {name}" for name, number in applied.counts().items()) or "nothing wanted"
    say(f"run {applied.run_id}: {counts}")
