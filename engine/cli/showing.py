"""How a plan and a run are shown: table, JSON or Markdown, masked on demand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from engine.cli.masking import Mask
from engine.core.report import markdown, plan_rows, plan_title, steers

if TYPE_CHECKING:
    from engine.core.plan import Plan
    from engine.core.report import Row
    from engine.flows.apply import Applied

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


def show_plan(plan: Plan, form: str, *, words: Words, explain: bool) -> None:
    """Print a plan. `words` are the personal texts to mask; none of them shows everything."""
    shown = Mask(words).value(plan)
    if form == "json":
        print_json(shown.to_json() | {"checksum": plan.checksum})
    elif form == "markdown":
        text = markdown(shown, explain=explain)
        click.echo(text.replace(shown.checksum[:12], plan.checksum[:12]), nl=False)
    else:
        _show_table(shown, explain=explain)


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
        cells = [
            (o.row.item, o.row.name, o.row.responsible, o.row.due, f"{o.done} {o.task}".rstrip(), o.why) for o in lines
        ]
        print_table(("item", "task name", "responsible", due, what, "why"), cells, title=title)
    else:
        narrow = [
            (o.row.due, f"{_one_line(o.row.name)}\n{o.row.item}", o.row.responsible, f"{o.done}\n{o.task}".rstrip())
            for o in lines
        ]
        print_table((due, "task", "responsible", what), narrow, title=title, least=(20, 24, 12, 12))
        for told in _reasons(lines):
            say(told)


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


def show_run(plan: Plan, applied: Applied, form: str, *, words: Words, plan_shown: bool = False) -> None:
    """Print what a run did: the plan's JSON with run_id and results, or a table of outcomes.

    `plan_shown`: what is left out and warned of was shown with the plan already.
    """
    mask = Mask(words)
    shown, results = mask.value(plan), [mask.value(result) for result in applied.results]
    if form == "json":
        told = shown.to_json() | {"checksum": plan.checksum, "run_id": applied.run_id}
        print_json(told | {"results": [result.to_json() for result in results]})
        return
    from engine.cli.tables import say

    done = {result.action.wanted.identity: result for result in results}
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
