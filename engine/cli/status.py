"""`tasklists status`: what the ledger remembers. Never calls Nexudus."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import dir_option, folder_in_use, no_ledger
from engine.core.errors import UserError
from engine.core.wire_dates import wire_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from whenever import Instant

    from engine.core.known import KnownTask
    from engine.ledger.values import Result, Run
    from engine.ledger.view import LedgerView

_STATES = {"intended": "open", "created": "created", "adopted": "adopted", "failed": "not made"}
"""`open`: sent, and the answer left open whether it was made; the next run decides."""

_EPILOG = """\b
Example:
  tasklists status
  tasklists status --coworker 1423831744
  tasklists status --run 1jm3k7q2c5abcdef --format json
"""


@click.command(epilog=_EPILOG)
@click.option("--coworker", "coworker_id", type=int, metavar="ID", help="The tasks and runs of one coworker.")
@click.option("--run", "run_id", metavar="ID", help="What came of one run.")
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(*, coworker_id: int | None, run_id: str | None, folder: str | None, form: str) -> int:
    """Show the latest runs and what waits; the tasks and runs of a coworker; or each outcome of one run."""
    from engine.cli.status_waits import show_waits, wait_json
    from engine.flows.account import Place, open_ledger_view

    if coworker_id is not None and run_id is not None:
        raise click.UsageError("name a coworker or a run, not both.")
    place = folder_in_use(folder)
    ledger = open_ledger_view(Place(os.environ, place.path, place.organisation().model))
    if ledger is None:
        _show({"runs": [], "waits": []}, form, [], no_ledger(place))
        return 0
    with ledger:
        if run_id is not None:
            return _one_run(ledger, run_id, form)
        runs = ledger.runs(coworker_id)
        tasks = ledger.known(coworker_id) if coworker_id is not None else ()
        waits = ledger.waits(coworker_id)
        whys = {n: result.error for n, result in ledger.last_results(coworker_id).items()} if coworker_id else {}
    told: dict[str, Any] = {"runs": [_run_json(run) for run in runs], "waits": list(map(wait_json, waits))}
    if coworker_id is not None:
        told["tasks"] = [_task_json(task, _why(task, whys)) for task in tasks]
    _show(told, form, [_run_row(run) for run in runs], "no runs yet")
    if form == "table" and tasks:
        _task_table(tasks)
        _say_whys(tasks, whys)
    if form == "table":
        show_waits(waits)
    return 3 if any(task.state in {"intended", "failed"} for task in tasks) else 0


def _why(task: KnownTask, whys: Mapping[UUID, str]) -> str:
    """Why a task is not settled: what its last run said of it, or that the run died before it could."""
    if task.state not in {"intended", "failed"}:
        return ""
    told = f"asked for at {wire_moment(task.at)}, and its run was interrupted; `tasklists resume` settles it"
    return whys.get(task.identity) or told


def _say_whys(tasks: tuple[KnownTask, ...], whys: Mapping[UUID, str]) -> None:
    from engine.cli.tables import say

    for task in sorted(tasks, key=lambda task: (task.tasklist, task.item, task.key)):
        why = _why(task, whys)
        if why:
            say(f"{_item(task)}: {why}")


def _one_run(ledger: LedgerView, run_id: str, form: str) -> int:
    from engine.ledger.values import RunId

    run = ledger.run(RunId(run_id))
    if run is None:
        raise UserError(f"the ledger knows no run {run_id!r}.", advice="tasklists status lists the latest runs.")
    results = ledger.results(run.id)
    told = {"run": _run_json(run), "results": [_result_json(result) for result in results]}
    _show(told, form, [_run_row(run)], "")
    if form == "table":
        from engine.cli.tables import print_table

        rows = [(r.item, r.outcome, str(r.task_id or ""), r.error) for r in results]
        print_table(("item", "outcome", "task", "why"), rows)
    return 0


def _show(told: dict[str, Any], form: str, rows: list[tuple[str, ...]], empty: str) -> None:
    if form == "json":
        from engine.cli.showing import print_json

        print_json(told)
    elif rows:
        from engine.cli.tables import print_table

        heads = ("run", "started (UTC)", "list", "coworker", "outcomes")
        print_table(heads, rows, least=(16, 16, 10, 10, 12))
    else:
        click.echo(empty)


def _task_table(tasks: tuple[KnownTask, ...]) -> None:
    from engine.cli.tables import print_table

    for tasklist in sorted({task.tasklist for task in tasks}):
        own = sorted((task for task in tasks if task.tasklist == tasklist), key=lambda task: (task.item, task.key))
        rows = [
            (_item(task), _STATES[task.state], str(task.task_id or ""), _short(task.at), task.run_id) for task in own
        ]
        heads = ("item", "state", "task", "since (UTC)", "run")
        click.echo()
        print_table(heads, rows, title=tasklist, least=(12, 8, 10, 16, 16))


def _short(moment: Instant) -> str:
    """A moment to the minute, for people; JSON has it whole."""
    return wire_moment(moment)[:16].replace("T", " ")


def _item(task: KnownTask) -> str:
    return f"{task.item} [{task.key}]" if task.key else task.item


def _run_row(run: Run) -> tuple[str, ...]:
    outcomes = ", ".join(f"{number} {name}" for name, number in run.outcomes.items())
    state = outcomes or ("not finished" if run.finished_at is None else "nothing wanted")
    if run.resumes_at is not None:
        state = f"{state}, parked till {_short(run.resumes_at)}"
    elif run.request:
        state = f"{state}, open: tasklists resume"
    if run.cause != "cli":
        state = f"{state} ({run.cause})"
    return (run.id, _short(run.started_at), run.tasklist, str(run.coworker_id), state)


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "tasklist": run.tasklist,
        "version": run.version,
        "coworker_id": run.coworker_id,
        "business_id": run.business_id,
        "cause": run.cause,
        "started_at": wire_moment(run.started_at),
        "finished_at": None if run.finished_at is None else wire_moment(run.finished_at),
        "checksum": run.checksum,
        "outcomes": dict(run.outcomes),
        "open": bool(run.request),
        "resumes_at": None if run.resumes_at is None else wire_moment(run.resumes_at),
    }


def _task_json(task: KnownTask, why: str) -> dict[str, Any]:
    return {
        "tasklist": task.tasklist,
        "item": task.item,
        "key": task.key,
        "task_item_unique_id": str(task.identity),
        "state": task.state,
        "task_id": task.task_id,
        "at": wire_moment(task.at),
        "run_id": task.run_id,
        "why": why or None,
    }


def _result_json(result: Result) -> dict[str, Any]:
    return {
        "item": result.item,
        "task_item_unique_id": str(result.identity),
        "outcome": result.outcome,
        "task_id": result.task_id,
        "error": result.error or None,
    }
