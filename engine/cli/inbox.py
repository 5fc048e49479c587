"""`tasklists inbox`: the webhooks that came in, and what was made of them. Never calls Nexudus.

`list` and `show` change nothing, not even the schema of an old ledger. It must never show a body that nobody asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from engine.cli.choices import dir_option, folder_in_use, no_ledger, redact_option
from engine.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from whenever import Instant

    from engine.authoring.folder import Folder
    from engine.ledger.ledger import Ledger
    from engine.ledger.service_values import Delivery, StoredJob
    from engine.ledger.view import LedgerView

STATES = ("new", "done", "aside", "failed", "unverified", "open")

_EPILOG = """\b
Example:
  tasklists inbox list --state aside
  tasklists inbox list --state open
  tasklists inbox show 01m83xj880em6fjt
  tasklists inbox replay 01m83xj880em6fjt
"""

_format_option = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
_ids_argument = click.argument("ids", metavar="ID...", nargs=-1, required=True)


@click.group(epilog=_EPILOG)
def command() -> None:
    """The webhooks that came in: what was decided about each, and why."""


@command.command("list", epilog=_EPILOG)
@click.option(
    "--state",
    type=click.Choice(STATES),
    help="Only those; `unverified` were kept and are never acted on, `open` are the jobs that wait.",
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="The newest so many.")
@dir_option
@_format_option
def list_command(*, state: str | None, limit: int, folder: str | None, form: str) -> None:
    """List deliveries, the newest first, and the jobs in trouble that no delivery asked for; or all open jobs."""
    from engine.cli.inbox_showing import show_list, show_open

    place = folder_in_use(folder)
    ledger = _opened_to_look(place)
    if ledger is None:
        show_list((), (), {}, form=form, empty=no_ledger(place))
        return
    with ledger:
        if state == "open":
            show_open(ledger.jobs.listed("open", limit=limit), ledger.jobs.counts()["open"], form=form)
            return
        deliveries = ledger.inbox.listed(state, limit=limit)
        jobs = _jobs_of_nobody(ledger, state, limit)
        counts = ledger.inbox.counts() | {"turned_away": ledger.inbox.turned_away()}
    show_list(deliveries, jobs, counts, form=form, empty="no deliveries" if state is None else f"none is {state}")


def _jobs_of_nobody(ledger: LedgerView, state: str | None, limit: int) -> Sequence[StoredJob]:
    """Jobs aside or failed that the sweep or a backfill asked for: no delivery shows them."""
    found: list[StoredJob] = []
    if state in {None, "aside"}:
        found += ledger.jobs.listed("aside", limit=limit)
    if state in {None, "failed"}:
        found += ledger.jobs.listed("failed", limit=limit)
    return [job for job in found if not job.delivery_ids]


@command.command("show", epilog=_EPILOG)
@click.argument("one", metavar="ID")
@click.option("--body", "with_body", is_flag=True, help="Show the body too: a member's data.")
@dir_option
@redact_option
@_format_option
def show_command(*, one: str, with_body: bool, folder: str | None, redact: bool, form: str) -> None:
    """Show all that is kept of a delivery or a job, with what was decided, why, and its runs."""
    from engine.cli.inbox_showing import show_one

    place = folder_in_use(folder)
    ledger = _opened_to_look(place)
    if ledger is None:
        raise UserError(no_ledger(place))
    with ledger:
        delivery, jobs = _found(ledger, one)
        body = _body(ledger, delivery) if delivery is not None and with_body else None
    show_one(delivery, jobs, body, form=form, redact=redact)


def _body(ledger: LedgerView, delivery: Delivery) -> bytes | None:
    """Only of what a person has to look at."""
    return ledger.inbox.body(delivery.id) if delivery.state in {"aside", "failed"} else None


@command.command("replay", epilog=_EPILOG)
@_ids_argument
@dir_option
@_format_option
def replay_command(*, ids: tuple[str, ...], folder: str | None, form: str) -> None:
    """Let a service look at deliveries, or carry out jobs, once more. No task is ever made twice."""

    def replay(ledger: Ledger, one: str) -> str:
        delivery, job = _one_of(ledger, one)
        now = _now()
        if delivery is not None:
            ledger.inbox.replay(delivery.id, now)
            return f"delivery {one} is new again: the service looks at it"
        assert job is not None  # _one_of found one of the two
        ledger.jobs.reopen(job.id, now)
        return f"job {one} is open again: the service carries it out"

    _each(ids, folder, form, ("replayed", replay))


@command.command("discard", epilog=_EPILOG)
@_ids_argument
@dir_option
@_format_option
def discard_command(*, ids: tuple[str, ...], folder: str | None, form: str) -> None:
    """Settle deliveries or jobs by hand. A delivery's body goes; those of its jobs that are open go on."""

    def discard(ledger: Ledger, one: str) -> str:
        from engine.ledger.service_values import DISCARDED

        delivery, job = _one_of(ledger, one)
        now = _now()
        if delivery is not None:
            ledger.inbox.discard(delivery.id, now)
            return f"delivery {one} is done: {DISCARDED}"
        assert job is not None  # _one_of found one of the two
        ledger.jobs.discard(job.id, now)
        return f"job {one} is done: {DISCARDED}"

    _each(ids, folder, form, ("discarded", discard))


def _each(
    ids: tuple[str, ...], folder: str | None, form: str, told: tuple[str, Callable[[Ledger, str], str]]
) -> None:
    """Do it for each id; all ids are looked up before anything is changed."""
    what, step = told
    place = folder_in_use(folder)
    with _opened_to_write(place) as ledger:
        for one in ids:
            _one_of(ledger, one)
        lines = [step(ledger, one) for one in ids]
    if form == "json":
        from engine.cli.showing import print_json

        print_json({what: list(ids)})
    else:
        for line in lines:
            click.echo(line)


def _one_of(ledger: LedgerView, one: str) -> tuple[Delivery | None, StoredJob | None]:
    """The delivery or the job of an id. Raises UserError if there is neither."""
    from engine.ledger.service_values import DeliveryId, JobId

    delivery = ledger.inbox.delivery(DeliveryId(one))
    job = None if delivery is not None else ledger.jobs.job(JobId(one))
    if delivery is None and job is None:
        raise UserError(
            f"the inbox knows no delivery and no job {one!r}.", advice="tasklists inbox list lists the latest."
        )
    return delivery, job


def _found(ledger: LedgerView, one: str) -> tuple[Delivery | None, list[StoredJob]]:
    delivery, job = _one_of(ledger, one)
    if delivery is None:
        return None, [job] if job is not None else []
    return delivery, [found for each in delivery.jobs if (found := ledger.jobs.job(each)) is not None]


def _opened_to_look(place: Folder) -> LedgerView | None:
    from engine.flows.account import Place, open_ledger_view

    return open_ledger_view(Place(os.environ, place.path, place.organisation().model))


def _opened_to_write(place: Folder) -> Ledger:
    """The ledger, for writing. Raises UserError where there is none: an inbox is begun by a service only."""
    from engine.flows.account import ledger_place
    from engine.ledger.opening import open_ledger

    view = _opened_to_look(place)
    if view is None:
        raise UserError(no_ledger(place))
    with view:  # it is bound to what this view was opened for
        return open_ledger(
            ledger_place(os.environ, place.path),
            owner=view.owner,
            account=view.account,
            since=view.since,
            now=_now(),
        )


def _now() -> Instant:
    from whenever import Instant

    return Instant.now()
