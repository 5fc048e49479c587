"""How a plan and a run are shown: table, JSON or Markdown, masked on demand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from engine.core.report import Row, markdown, plan_rows, plan_title, redacted

if TYPE_CHECKING:
    from engine.core.plan import Plan
    from engine.flows.apply import Applied

Words = Mapping[str, str]


def show_plan(plan: Plan, form: str, *, words: Words, explain: bool) -> None:
    """Print a plan. `words` are the personal texts to mask; none of them shows everything."""
    if form == "json":
        print_json(redacted(plan.to_json(), words))
    elif form == "markdown":
        click.echo(redacted(markdown(plan, explain=explain), words), nl=False)
    else:
        _show_table(plan, words, explain=explain)


def print_json(value: Any) -> None:
    """Print one JSON value; non-ASCII text stays as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def _show_table(plan: Plan, words: Words, *, explain: bool) -> None:
    from engine.cli.tables import print_table, say

    rows = [_masked(row, words) for row in plan_rows(plan)]
    columns = ("item", "task name", "responsible", f"due ({plan.expansion.zone})", "action", "why")
    cells = [(row.item, row.name, row.responsible, row.due, row.action, row.why) for row in rows]
    print_table(columns, cells, title=redacted(plan_title(plan), words))
    if explain:
        for row in rows:
            for step in row.explain:
                say(f"{row.item}: {step}")
    for part in plan.left_out:
        say(redacted(f"left out: {part.item} {part.key}".rstrip() + f": {part.reason}", words))
    for warning in plan.warnings:
        say(redacted(f"warning: {warning}", words))


def _masked(row: Row, words: Words) -> Row:
    if not words:
        return row
    names = ("item", "name", "responsible", "due", "action", "why")
    shown = {name: redacted(getattr(row, name), words) for name in names}
    return replace(row, **shown, explain=tuple(redacted(step, words) for step in row.explain))


def show_run(plan: Plan, applied: Applied, form: str, *, words: Words) -> None:
    """Print what a run did: the plan's JSON with run_id and results, or a table of outcomes."""
    if form == "json":
        told = plan.to_json() | {
            "run_id": applied.run_id,
            "results": [result.to_json() for result in applied.results],
        }
        print_json(redacted(told, words))
        return
    from engine.cli.tables import print_table, say

    rows = []
    for result in applied.results:
        wanted = result.action.wanted
        item = f"{wanted.item} [{wanted.key}]" if wanted.key else wanted.item
        kept = result.action.reason if result.outcome in {"kept", "adopted", "skipped"} else ""
        rows.append((item, wanted.name, result.outcome, str(result.task_id or ""), result.error or kept))
    cells = [tuple(redacted(cell, words) for cell in row) for row in rows]
    print_table(("item", "task name", "outcome", "task", "why"), cells)
    counts = ", ".join(f"{number} {name}" for name, number in applied.counts().items()) or "nothing wanted"
    say(f"run {applied.run_id}: {counts}")
