"""`tasklists reassign`: gives the open tasks of one person to another. Shows them, asks, and changes one by one."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import can_ask, dir_option, folder_in_use, no_ledger
from engine.core.errors import UserError

if TYPE_CHECKING:
    from engine.authoring.folder import Folder
    from engine.core.forms import Holder
    from engine.core.organisation import Organisation
    from engine.flows.account import Account, WritingAccount
    from engine.flows.reassign import Asked, HandoverPlan
    from engine.flows.reassigning import Reassigned, Result
    from engine.flows.stopping import Stop

_EPILOG = """\b
Example:
  tasklists reassign --from ana@acme.example --to ben@acme.example --dry-run
  tasklists reassign --from ana@acme.example --to ben@acme.example --location barcelona --yes
  tasklists reassign --from 1418332090 --to ben@acme.example --until 2027-01-08 --yes --format json
"""


@click.command(epilog=_EPILOG)
@click.option("--from", "before", required=True, metavar="WHO", help="An e-mail, or the id of a Nexudus user.")
@click.option("--to", "after", required=True, metavar="WHO", help="Who gets the tasks: an e-mail, or an id.")
@click.option("--location", metavar="NAME", help="Only the tasks of one location of organisation.yaml.")
@click.option("--until", metavar="DATE", help="Only what is due up to this day, YYYY-MM-DD, at its location.")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(  # noqa: PLR0913 - one argument an option
    *,
    before: str,
    after: str,
    location: str | None,
    until: str | None,
    dry_run: bool,
    yes: bool,
    folder: str | None,
    form: str,
) -> int:
    """Give the open tasks that lists made for one person to another, in Nexudus and in the ledger.

    Completed tasks, tasks that staff gave to somebody else, and tasks that no list made stay as they are.
    """
    from engine.flows.account import ledger_exists

    if not (dry_run or yes or can_ask()):
        raise click.UsageError("nobody can be asked here: look with --dry-run first, then give --yes.")
    asked = _asked(before, after, location, until)
    place = folder_in_use(folder)
    organisation = place.organisation().model
    if not ledger_exists(os.environ, place.path):
        click.echo(no_ledger(place), err=True)
        _show(None, None, form)
        return 0
    if dry_run:
        return _look(place, organisation, asked, form)
    return _change(place, organisation, asked, yes=yes, form=form)


def _asked(before: str, after: str, location: str | None, until: str | None) -> Asked:
    from whenever import Date

    from engine.flows.reassign import Asked

    day = None
    if until is not None:
        try:
            day = Date.parse_iso(until)
        except ValueError:
            raise UserError(f"--until {until!r} is no day.", advice="Write YYYY-MM-DD, such as 2027-01-08.") from None
    return Asked(_person("--from", before), _person("--to", after), location, day)


def _person(option: str, text: str) -> Holder:
    from engine.core.forms import Holder

    told = text.strip()
    if told.isascii() and told.isdigit() and 0 < len(told) < 19:
        return Holder(user=int(told))
    if "@" not in told or " " in told:
        raise UserError(f"{option} {text!r} is no e-mail and no id.", advice="Name a Nexudus user by either of them.")
    return Holder(email=told)


def _look(place: Folder, organisation: Organisation, asked: Asked, form: str) -> int:
    from engine.flows.account import Place, open_to_preview

    with open_to_preview(Place(os.environ, place.path, organisation)) as account:
        plan = _plan(account, organisation, asked)
    _show(plan, None, form)
    return 3 if any(one.step == "hold" for one in plan.handovers) else 0


def _change(place: Folder, organisation: Organisation, asked: Asked, *, yes: bool, form: str) -> int:
    from engine.cli.main import print_error
    from engine.cli.making import Countdown
    from engine.cli.signals import stop_on_signals
    from engine.flows.account import Place, open_to_run

    where = Place(os.environ, place.path, organisation)
    with stop_on_signals() as stop, open_to_run(where, stop, Countdown()) as account:
        plan = _plan(account, organisation, asked)
        if not yes and not _agreed(plan, form):
            click.echo("nothing was done", err=True)
            return 0
        done = _apply(account, organisation, plan, stop)
    _show(plan, done, form)
    if done.stopped_by is not None:
        print_error(done.stopped_by)
    return done.exit_code or (3 if any(one.step == "hold" for one in plan.handovers) else 0)


def _apply(account: WritingAccount, organisation: Organisation, plan: HandoverPlan, stop: Stop) -> Reassigned:
    from engine.flows.account import lease_seconds, policy
    from engine.flows.reassigning import Manner, Reassigner
    from engine.flows.tenure import new_holder

    manner = Manner(
        stop,
        new_holder(),
        lease_seconds(os.environ),
        policy(os.environ, organisation).quiet_seconds,
        told=_progress,
    )
    return Reassigner(account.client, account.ledger, manner).apply(plan)


def _plan(account: Account, organisation: Organisation, asked: Asked) -> HandoverPlan:
    from whenever import Instant

    from engine.flows.directory import Directory
    from engine.flows.reassign import HandoverPlanner

    assert account.memory is not None  # there is a ledger
    directory = Directory(account.reader, account.memory, Instant.now)
    return HandoverPlanner(account.reader, account.memory, directory, organisation).plan(asked)


def _agreed(plan: HandoverPlan, form: str) -> bool:
    from engine.cli.signals import at_a_prompt

    if not plan.changes:
        return True
    if form == "table":  # what is asked about has to be seen first
        _show(plan, None, form)
    with at_a_prompt():
        giving = plan.giving
        question = f"Give these {len(plan.changes)} tasks of user {giving.before_id} to user {giving.after_id}?"
        return click.confirm(question, err=True)


def _progress(done: int, total: int, result: Result) -> None:
    """One line that is written over on a terminal, one for each task elsewhere."""
    line = f"{done}/{total} task {result.handover.held.task_id}: {result.outcome}"
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", err=True, nl=done == total)
    else:
        click.echo(line, err=True)


def _show(plan: HandoverPlan | None, done: Reassigned | None, form: str) -> None:
    if form == "json":
        from engine.cli.showing import print_json

        print_json(_as_json(plan, done))
        return
    if plan is None:
        return
    from engine.cli.tables import print_table, say

    results = {one.handover.held.task_id: one for one in done.results} if done else {}
    rows = [_row(one.to_json(), results.get(one.held.task_id)) for one in plan.handovers]
    if rows:
        heads = ("task", "coworker", "list/item", "due (UTC)", "outcome" if done else "action", "why")
        print_table(heads, rows, least=(10, 10, 20, 16, 10, 20))
    for why, number in plan.apart.items():
        say(f"{number} open tasks {why} stay as they are")
    if plan.warning:
        say(f"warning: {plan.warning}")
    say(_summary(plan, done))


def _row(told: dict[str, Any], result: Result | None) -> tuple[str, ...]:
    item = f"{told['tasklist']}/{told['item']}" + (f" [{told['key']}]" if told["key"] else "")
    due = (told["due_at"] or "")[:16].replace("T", " ")
    what = result.outcome if result else told["action"]
    why = result.why if result else told["reason"]
    return (str(told["task_id"]), str(told["coworker_id"]), item, due, what, why)


def _summary(plan: HandoverPlan, done: Reassigned | None) -> str:
    people = f"from user {plan.giving.before_id} to user {plan.giving.after_id}"
    if done is None:
        return f"would reassign {len(plan.changes)} tasks {people}"
    changed = sum(one.outcome == "reassigned" for one in done.results)
    left = len(plan.changes) - changed
    return f"reassigned {changed} tasks {people}" + (f", {left} not" if left else "")


def _as_json(plan: HandoverPlan | None, done: Reassigned | None) -> dict[str, Any]:
    giving = plan.giving if plan else None
    return {
        "from_user_id": giving.before_id if giving else None,
        "to_user_id": giving.after_id if giving else None,
        "actions": [one.to_json() for one in plan.handovers] if plan else [],
        "apart": dict(plan.apart) if plan else {},
        "warnings": [plan.warning] if plan and plan.warning else [],
        "results": None if done is None else [one.to_json() for one in done.results],
    }
