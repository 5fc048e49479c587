"""How deliveries and jobs are shown: tables for people, JSON for programs. Prints, and reads nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.core.wire_dates import wire_moment

if TYPE_CHECKING:
    from whenever import Instant

    from engine.ledger.service_values import Delivery, StoredJob

_PROOFS = {
    "signature": "by its signature",
    "token": "by the secret path that it came in at",
    "unverified": "not at all: nothing is ever done because of it",
}


def show_list(
    deliveries: Sequence[Delivery],
    jobs: Sequence[StoredJob],
    counts: Mapping[str, int],
    *,
    form: str,
    empty: str,
) -> None:
    """Print deliveries, how many there are of each state, and jobs that no delivery asked for."""
    if form == "json":
        from engine.cli.showing import print_json

        told = {"deliveries": list(map(_delivery_json, deliveries)), "jobs": list(map(_job_json, jobs))}
        print_json({"counts": dict(counts), **told})
        return
    if deliveries:
        _delivery_table(deliveries)
    else:
        click.echo(empty)
    if jobs:
        click.echo()
        _job_table(jobs, "asked for by no delivery that is kept")
    if any(counts.values()):
        click.echo(_in_words(counts))


def show_open(jobs: Sequence[StoredJob], number: int, *, form: str) -> None:
    """Print jobs that wait: when each is due, how often it failed, and why. `number` is how many there are in all."""
    if form == "json":
        from engine.cli.showing import print_json

        print_json({"counts": {"open": number}, "deliveries": [], "jobs": list(map(_job_json, jobs))})
        return
    if not jobs:
        click.echo("no job is open")
        return
    _open_table(jobs)
    click.echo(f"{number} open" + (f", the newest {len(jobs)} shown" if number > len(jobs) else ""))


def _in_words(counts: Mapping[str, int]) -> str:
    told = ", ".join(f"{number} {state}" for state, number in counts.items() if number and state != "turned_away")
    more = counts.get("turned_away", 0)
    return told + (f"; {more} more unverified were counted and not kept" if more else "")


def _delivery_table(deliveries: Sequence[Delivery]) -> None:
    from engine.cli.showing import WIDE
    from engine.cli.tables import print_table, say, width

    heads = ("delivery", "received (UTC)", "event", "state", "coworker")
    least = (16, 16, 12, 10, 10)
    rows = [(one.id, _short(one.received_at), one.event, _state(one), str(one.coworker_id or "")) for one in deliveries]
    if width() >= WIDE:
        whole = [(*row, one.location, one.why) for row, one in zip(rows, deliveries, strict=True)]
        print_table((*heads, "location", "why"), whole, least=(*least, 9, 16))
        return
    print_table(heads, rows, least=least)
    for one in deliveries:
        if one.state != "done":
            say(f"{one.id} at {one.location}: {one.why or 'not looked at yet'}")


def _state(one: Delivery) -> str:
    return "unverified" if one.verified == "unverified" and one.state == "aside" else str(one.state)


def _job_table(jobs: Sequence[StoredJob], title: str = "") -> None:
    heads, least = ("job", "list", "coworker", "state", "run"), (16, 10, 10, 10, 16)
    rows = [(job.id, job.tasklist, str(job.coworker_id), _job_state(job), job.run_id or "") for job in jobs]
    _with_reasons(jobs, rows, heads, least, title=title)


def _open_table(jobs: Sequence[StoredJob]) -> None:
    heads, least = ("job", "list", "coworker", "due (UTC)", "tries"), (16, 10, 10, 16, 5)
    rows = [(job.id, job.tasklist, str(job.coworker_id), _short(job.due_at), str(job.tries)) for job in jobs]
    _with_reasons(jobs, rows, heads, least)


def _with_reasons(
    jobs: Sequence[StoredJob],
    rows: Sequence[tuple[str, ...]],
    heads: tuple[str, ...],
    least: tuple[int, ...],
    *,
    title: str = "",
) -> None:
    """Print a table of jobs, with the reasons beside it where there is room, else under it."""
    from engine.cli.showing import WIDE
    from engine.cli.tables import print_table, say, width

    if width() >= WIDE:
        whole = [(*row, job.why) for row, job in zip(rows, jobs, strict=True)]
        print_table((*heads, "why"), whole, title=title, least=(*least, 16))
        return
    print_table(heads, rows, title=title, least=least)
    for job in jobs:
        if job.why:
            say(f"{job.id}: {job.why}")


def _job_state(job: StoredJob) -> str:
    tries = f", {job.tries} {'try' if job.tries == 1 else 'tries'}" if job.tries else ""
    return f"open, due {_short(job.due_at)}{tries}" if job.state == "open" else str(job.state)


def show_one(
    delivery: Delivery | None, jobs: Sequence[StoredJob], body: bytes | None, *, form: str, redact: bool
) -> None:
    """Print all that is kept of a delivery with its jobs, or of one job."""
    text = None if body is None else _body_text(body, redact=redact)
    if form == "json":
        from engine.cli.showing import print_json

        told = None if delivery is None else _delivery_json(delivery)
        print_json({"delivery": told, "jobs": list(map(_job_json, jobs)), "body": text})
        return
    from engine.cli.tables import say

    for line in _delivery_lines(delivery) if delivery is not None else ():
        say(line)
    if jobs:
        _job_table(jobs)
    for job in jobs:
        for line in _job_lines(job, alone=delivery is None):
            say(line)
    if text is not None:
        say("body:")
        say(text)


def _delivery_lines(one: Delivery) -> list[str]:
    copies = "" if one.copies == 1 else f", {one.copies} times, last {_moment(one.last_at)}"
    lines = [
        f"delivery {one.id}: {one.event} at {one.location}",
        f"state: {_state(one)}" + (f", {one.tries} failed tries" if one.tries else ""),
        f"why: {one.why or 'not looked at yet'}",
        f"received: {_moment(one.received_at)}{copies}",
        f"verified: {_PROOFS[one.verified]}",
    ]
    if one.record_id is not None:
        of = "" if one.coworker_id is None else f", coworker {one.coworker_id}"
        lines.append(f"about: record {one.record_id}{of}")
    if one.due_at is not None:
        lines.append(f"due: {_moment(one.due_at)}")
    if one.settled_at is not None:
        lines.append(f"settled: {_moment(one.settled_at)}")
    return lines


def _job_lines(job: StoredJob, *, alone: bool) -> list[str]:
    lines = []
    if alone:
        by = f"{job.event}, by {job.cause}" + "".join(f", delivery {one}" for one in job.delivery_ids)
        lines.append(f"job {job.id}: asked for because of {by}")
    if job.run_id is not None:
        lines.append(f"job {job.id}: tasklists status --run {job.run_id}")
    return lines


def _body_text(body: bytes, *, redact: bool) -> str:
    """The body as text; redacted, each of its texts is masked, and what is no JSON is only measured."""
    text = body.decode("utf-8", errors="backslashreplace")
    if not redact:
        return text
    try:
        return json.dumps(_masked(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"[{len(body)} bytes that are no JSON]"


def _masked(value: Any) -> Any:
    """Ids and switches stay, and the names of fields."""
    if isinstance(value, dict):
        return {_masked_key(name): _masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(part) for part in value]
    return "[text]" if isinstance(value, str) else value


def _masked_key(name: str) -> str:
    """A field's name is a plain word; any other key is a text of somebody's making."""
    return name if name.isidentifier() and name.isascii() else "[key]"


def _short(moment: Instant) -> str:
    return wire_moment(moment)[:16].replace("T", " ")


def _moment(moment: Instant) -> str:
    return wire_moment(moment)


def _moment_or_none(moment: Instant | None) -> str | None:
    return None if moment is None else wire_moment(moment)


def _delivery_json(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "location": one.location,
        "event": one.event,
        "verified": one.verified,
        "state": one.state,
        "received_at": wire_moment(one.received_at),
        "last_at": wire_moment(one.last_at),
        "copies": one.copies,
        "tries": one.tries,
        "due_at": _moment_or_none(one.due_at),
        "settled_at": _moment_or_none(one.settled_at),
        "why": one.why,
        "record_id": one.record_id,
        "coworker_id": one.coworker_id,
        "jobs": list(one.jobs),
    }


def _job_json(job: StoredJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "tasklist": job.tasklist,
        "coworker_id": job.coworker_id,
        "event": job.event,
        "cause": job.cause,
        "contract_id": job.contract_id,
        "team_id": job.team_id,
        "record_id": job.record_id,
        "event_at": _moment_or_none(job.event_at),
        "received_at": wire_moment(job.received_at),
        "due_at": wire_moment(job.due_at),
        "state": job.state,
        "tries": job.tries,
        "why": job.why,
        "run_id": job.run_id,
        "created_at": wire_moment(job.created_at),
        "settled_at": _moment_or_none(job.settled_at),
        "deliveries": list(job.delivery_ids),
    }
