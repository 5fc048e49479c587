"""`tasklists resume`: finishes every interrupted or parked run, and every task that was left in doubt."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import dir_option, folder_in_use, no_ledger
from engine.cli.making import Countdown, jobs_of, runner_for, say, wait_option
from engine.cli.signals import stop_on_signals

if TYPE_CHECKING:
    from engine.core.errors import TasklistsError
    from engine.flows.apply import Applied
    from engine.flows.polling import Waits
    from engine.flows.resume import Recovery, Resumed

_EPILOG = """\b
Example:
  tasklists resume
  tasklists resume --coworker 1423831744 --no-wait --format json
"""


@click.command(epilog=_EPILOG)
@click.option("--coworker", "coworker_id", type=int, metavar="ID", help="Only what is open for one coworker.")
@click.option("--give-up", is_flag=True, help="Close what cannot be gone on with, instead of leaving it open.")
@wait_option
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(*, coworker_id: int | None, give_up: bool, wait: bool, folder: str | None, form: str) -> int:
    """Go on with what was interrupted, parked, left in doubt, or waits. Nothing is begun that nobody asked for."""
    from engine.cli.main import print_error
    from engine.flows.account import Place, ledger_exists, open_to_run
    from engine.flows.polling import Waits
    from engine.flows.resume import Manner, Recovery, Resumed

    place = folder_in_use(folder)
    organisation = place.organisation().model
    if not ledger_exists(os.environ, place.path):
        click.echo(no_ledger(place), err=True)
        _show(Resumed(), form, complete=False)
        return 0
    where = Place(os.environ, place.path, organisation)
    with stop_on_signals() as stop, open_to_run(where, stop, Countdown()) as account:
        runner = runner_for(account, organisation, stop, wait=wait)
        open_now = account.ledger.coworkers_to_recover()
        ids = [one for one in open_now if coworker_id in {None, one}]
        manner = Manner(named=coworker_id is not None, give_up=give_up)
        resumed, error = _go_on(Recovery(runner, jobs_of(place), say, manner), ids)
        if error is None:
            waited, error = _look_at_waits(Waits(runner, jobs_of(place), say=say), coworker_id, give_up=give_up)
            resumed += waited
    _show(resumed, form, complete=error is None)
    if error is not None:
        print_error(error)
        return error.exit_code
    return _exit_code(resumed)


def _go_on(recovery: Recovery, ids: Sequence[int]) -> tuple[Resumed, TasklistsError | None]:
    """Go on with each; what was done before an error is told all the same."""
    from engine.core.errors import TasklistsError
    from engine.flows.resume import Resumed

    found = Resumed()
    try:
        for number, (coworker_id, resumed) in enumerate(recovery.coworkers(ids), 1):
            found += resumed
            say(f"coworker {coworker_id}: looked at, {number} of {len(ids)}")
    except TasklistsError as error:
        return found, error
    return found, None


def _look_at_waits(waits: Waits, coworker_id: int | None, *, give_up: bool) -> tuple[Resumed, TasklistsError | None]:
    """Look at what waits: for one coworker all of it, else whatever is due or may be, for a task of theirs changed."""
    from engine.core.errors import TasklistsError
    from engine.flows.resume import Resumed

    try:
        looked = waits.poll() if coworker_id is None else waits.look_for(coworker_id, give_up=give_up)
    except TasklistsError as error:
        return Resumed(), error
    return looked.as_resumed(), None


def _exit_code(resumed: Resumed) -> int:
    """Return 0 when nothing is left; what stopped a run; else 3."""
    from engine.flows.apply import exit_code

    codes = {exit_code(applied) for applied in resumed.applied()} | ({3} if resumed.left else set())
    return next((code for code in (130, 6, 2, 3) if code in codes), 0)


def _show(resumed: Resumed, form: str, *, complete: bool = True) -> None:
    told = {"runs": [_run_json(applied) for applied in resumed.applied()], "left": _left_json(resumed)}
    if form == "json":
        from engine.cli.showing import print_json

        print_json(told)
        return
    from engine.cli.tables import print_table
    from engine.cli.tables import say as print_line

    if complete and not told["runs"] and not told["left"]:
        print_line("nothing is open: every run is finished and every request has its answer")
    rows = [
        (
            str(part["coworker_id"]),
            f"{run['tasklist']}\n{part['item']}" + (f" [{part['key']}]" if part["key"] else ""),
            part["outcome"],
            str(part["task_id"] or ""),
            part["error"] or "",
        )
        for run in told["runs"]
        for part in run["results"]
    ]
    if rows:
        print_table(("coworker", "list, item", "outcome", "task", "why"), rows, least=(10, 12, 8, 10, 20))
    for left in told["left"]:
        what = f"run {left['run_id']} of {left['tasklist']}, " if left["run_id"] else ""
        print_line(f"still open: {what}coworker {left['coworker_id']}: {left['why']}")


def _run_json(applied: Applied) -> dict[str, Any]:
    results = [
        result.to_json() | {"coworker_id": result.action.wanted.coworker_id}
        for result in applied.results
    ]
    return {"run_id": applied.run_id, "tasklist": applied.tasklist, "results": results}


def _left_json(resumed: Resumed) -> list[dict[str, Any]]:
    return [
        {"coworker_id": left.coworker_id, "run_id": left.run_id or None, "tasklist": left.tasklist, "why": left.why}
        for left in resumed.left
    ]
