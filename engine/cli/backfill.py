"""`tasklists backfill`: starts a list for members who were there before it, as if their events came now.

What it starts is kept as jobs in the ledger and carried out in this process; it must never start anybody whom it did
not show.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import can_ask, dir_option, folder_in_use
from engine.cli.making import Countdown, runner_for, say
from engine.cli.signals import at_a_prompt, stop_on_signals
from engine.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whenever import Date

    from engine.authoring.folder import Folder
    from engine.core.errors import TasklistsError
    from engine.core.prepared import Prepared
    from engine.flows.account import Account, WritingAccount
    from engine.flows.advancing import Advanced, Advancer
    from engine.flows.stopping import Stop
    from engine.flows.sweep_backfill import Days, Whom
    from engine.ledger.service_values import JobId

Started = dict["Whom", "tuple[JobId, Advanced | None]"]
"""Each one's job, and how far it came; None while nothing was done for it."""

_MOST_SHOWN = 20
"""Members shown before a question: more than that nobody reads; --dry-run shows all."""

_PATIENCE_SECONDS = 60.0
"""What goes on sooner than that is waited for; what goes on later is left to `serve`, or to the same command."""

_EPILOG = """\b
Example:
  tasklists backfill new-member --since 2026-10-01 --dry-run
  tasklists backfill new-member --since 2026-10-01 --until 2026-10-31 --location barcelona
  tasklists backfill new-member --since 2026-10-01 --yes --format json
"""


@click.command(epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--since", metavar="DATE", help="The first day of the list's events. Needed where the list has `on`.")
@click.option("--until", metavar="DATE", help="The last day; today if left out.")
@click.option("--location", metavar="NAME", help="Only what belongs to a location of organisation.yaml.")
@click.option("--dry-run", is_flag=True, help="Show for whom. Sends and stores nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *,
    tasklist: str,
    since: str | None,
    until: str | None,
    location: str | None,
    dry_run: bool,
    yes: bool,
    folder: str | None,
    form: str,
) -> int:
    """Start a list for those whose event lies in a range of days: signed up, started, cancelled.

    A list without `on` is started for all active coworkers that it applies to. Each task is made once: whoever has the
    list keeps what is there.
    """
    from engine.authoring.check import ready_list

    if not (yes or dry_run or can_ask()):
        raise click.UsageError("nobody can be asked here: look with --dry-run first, then use --yes.")
    place = folder_in_use(folder)
    prepared = ready_list(place, tasklist).prepared
    days = _days(prepared, since, until)
    _check_location(prepared, location)
    if dry_run:
        found = _look(place, prepared, days, location)
        _show(prepared, days, found, form)
        return 0
    return _start(place, prepared, days, location=location, yes=yes, form=form)


def _look(place: Folder, prepared: Prepared, days: Days, location: str | None) -> tuple[Whom, ...]:
    from engine.flows.account import Place, open_to_preview

    with stop_on_signals() as stop, open_to_preview(Place(os.environ, place.path, prepared.organisation)) as account:
        return _find(account, prepared, days, location, stop=stop)


def _start(
    place: Folder, prepared: Prepared, days: Days, *, location: str | None, yes: bool, form: str
) -> int:
    from engine.cli.main import print_error
    from engine.flows.account import Place, open_to_run

    started: Started = {}
    error: TasklistsError | None = None
    where = Place(os.environ, place.path, prepared.organisation)
    with stop_on_signals() as stop, open_to_run(where, stop, Countdown()) as account:
        found = _find(account, prepared, days, location, stop=stop)
        if found and not yes and not _agreed(prepared, found):
            click.echo("nothing was done", err=True)
            return 0
        error = _carry_out(account, place, prepared, found, stop=stop, started=started)
    _show(prepared, days, found, form, started=started)
    if error is not None:
        print_error(error)
        return error.exit_code
    return 0 if all(came and came.state == "done" for _, came in started.values()) else 3


def _find(
    account: Account, prepared: Prepared, days: Days, location: str | None, *, stop: Stop
) -> tuple[Whom, ...]:
    from engine.flows.sweep_backfill import Backfill

    return Backfill(account.reader, account.memory, prepared, location=location, stop=stop).find(days)


def _agreed(prepared: Prepared, found: Sequence[Whom]) -> bool:
    for one in found[:_MOST_SHOWN]:
        say(f"coworker {_who(one)}")
    if len(found) > _MOST_SHOWN:
        say(f"and {len(found) - _MOST_SHOWN} more; --dry-run shows all")
    with at_a_prompt():
        return click.confirm(f"Start {prepared.tasklist.tasklist} for these {len(found)}?", err=True)


def _who(one: Whom) -> str:
    contract = f", contract {one.contract_id}" if one.contract_id else ""
    return f"{one.coworker_id}{contract} ({one.event}{f' {one.day}' if one.day else ''})"


def _carry_out(
    account: WritingAccount, place: Folder, prepared: Prepared, found: Sequence[Whom], *, stop: Stop, started: Started
) -> TasklistsError | None:
    """Ask for all, then carry out one after the other; what was done before an error is told all the same."""
    from whenever import Instant

    from engine.core.errors import TasklistsError
    from engine.flows.advancing import Advancer
    from engine.flows.lists_in_use import ListsInUse

    runner = runner_for(account, prepared.organisation, stop, wait=False)
    advancer = Advancer(runner, account.ledger, ListsInUse(place), say=say)
    now, jobs = Instant.now(), account.ledger.jobs
    try:
        for one in found:  # each by itself: two of them may be taken in by one job that waits already
            stop.check()
            started[one] = (jobs.ask([one.job(prepared.tasklist.tasklist, now)], now)[0], None)
        for number, (one, (job_id, _)) in enumerate(tuple(started.items()), 1):
            stop.check()
            came = _advance(advancer, job_id, stop)
            started[one] = (job_id, came)
            why = f", {came.why}" if came.why else ""
            say(f"{number}/{len(found)} coworker {one.coworker_id}: {came.state}{why}")
    except TasklistsError as error:
        return error
    return None


def _advance(advancer: Advancer, job_id: JobId, stop: Stop) -> Advanced:
    """Carry one out, and wait for what goes on in a moment."""
    from whenever import Instant

    left = _PATIENCE_SECONDS
    while True:
        came = advancer.advance(job_id)
        if came.state != "open" or came.due_at is None:
            return came
        pause = max((came.due_at - Instant.now()).total("seconds"), 1.0)
        if pause > left:
            return came
        left -= pause
        stop.sleep(pause)


def _days(prepared: Prepared, since: str | None, until: str | None) -> Days:
    """Return the days that are meant; without an end, up to now. A list without `on` needs none."""
    from engine.flows.sweep_backfill import Days

    events = prepared.tasklist.applies.on
    if since is None and events:
        raise UserError(
            f"{prepared.tasklist.tasklist} starts on {', '.join(events)}.",
            advice="Say since when these are to count: --since 2026-10-01.",
        )
    found = Days(_day("--since", since), _day("--until", until))
    if found.since and found.until and found.until < found.since:
        raise UserError(f"--until {found.until} lies before --since {found.since}.", advice="Exchange the two.")
    return found


def _day(option: str, text: str | None) -> Date | None:
    from whenever import Date

    if text is None:
        return None
    try:
        return Date.parse_iso(text.strip())
    except ValueError:
        raise UserError(f"{option} {text!r} is no day.", advice="Write it as 2026-10-01.") from None


def _check_location(prepared: Prepared, location: str | None) -> None:
    from engine.core.words import nearest

    known = prepared.organisation.locations
    if location is not None and location not in known:
        close = nearest(location, known)
        advice = f"Did you mean {close}?" if close else f"Known: {', '.join(known)}."
        raise UserError(f"There is no location {location!r} in organisation.yaml.", advice=advice)


def _show(
    prepared: Prepared, days: Days, found: Sequence[Whom], form: str, *, started: Started | None = None
) -> None:
    """Print for whom, and what came of it; nothing came of a dry run, which has not `started` anybody."""
    from engine.cli.showing import print_json

    told = [_json(one, (started or {}).get(one)) for one in found]
    if form == "json":
        ends = {name: str(one) if one else None for name, one in (("since", days.since), ("until", days.until))}
        print_json({"tasklist": prepared.tasklist.tasklist, **ends, "dry_run": started is None, "members": told})
        return
    from engine.cli.tables import print_table
    from engine.cli.tables import say as print_line

    if told:
        names = ("coworker_id", "contract_id", "event", "day", "state", "why")
        rows = [tuple(str(row[name] or "") for name in names) for row in told]
        heads = ("coworker", "contract", "event", "day", "state", "why")
        print_table(heads, rows, least=(10, 10, 12, 10, 6, 20))
    counts: dict[str, int] = {}
    for row in told:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    listed = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "nobody"
    print_line(f"{prepared.tasklist.tasklist}: {listed}")


def _json(one: Whom, started: tuple[JobId, Advanced | None] | None) -> dict[str, Any]:
    from engine.core.wire_dates import wire_moment

    job_id, came = started or (None, None)
    begun = "found" if started is None else "open"
    return {
        "coworker_id": one.coworker_id,
        "contract_id": one.contract_id,
        "event": one.event,
        "day": str(one.day) if one.day else None,
        "state": came.state if came else begun,
        "why": came.why if came else "",
        "job_id": job_id,
        "run_id": came.run_id if came else None,
        "due_at": wire_moment(came.due_at) if came and came.due_at else None,
    }
