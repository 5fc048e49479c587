"""How webhooks, what is the matter with them, and what was done are shown: tables or JSON. No address but our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.core.organisation import Organisation
    from engine.flows.hook_changes import HookDone
    from engine.flows.hook_findings import HookFinding
    from engine.nexudus.webhooks import Hook


def show_hooks(hooks: Iterable[Hook], organisation: Organisation, public_url: str, form: str) -> None:
    """Print webhooks by location and event. Without `public_url` nobody can say which are ours."""
    rows = sorted((_row(hook, organisation, public_url) for hook in hooks), key=lambda row: tuple(row.values())[:3])
    if form == "json":
        _print_json({"public_url": public_url, "hooks": rows})
        return
    cells = [(str(r["hook_id"]), r["location"], r["event"], r["whose"], _state(r), r["name"]) for r in rows]
    _table(("id", "location", "event", "whose", "state", "name"), cells)
    if not public_url:
        click.echo("TASKLISTS_PUBLIC_URL is not set: ours cannot be told from those of others", err=True)


def _row(hook: Hook, organisation: Organisation, public_url: str) -> dict[str, Any]:
    from engine.flows.hooks import EVENT_OF, is_ours

    whose = "ours" if is_ours(hook, public_url) else "others"
    return {
        "location": organisation.location_of(hook.business_id) or str(hook.business_id),
        "event": EVENT_OF.get(hook.action, f"action {hook.action}"),
        "hook_id": hook.id,
        "name": hook.name,
        "whose": whose if public_url else "",
        "active": hook.active,
        "error_count": hook.error_count,
        "last_error": hook.last_error,
        "last_trigger": str(hook.last_trigger) if hook.last_trigger else None,
    }


def _state(row: dict[str, Any]) -> str:
    failed = f", failed {row['error_count']} times" if row["error_count"] else ""
    error = f" ({row['last_error']})" if row["last_error"] else ""
    return f"{'on' if row['active'] else 'off'}{failed}{error}"


def show_findings(findings: Sequence[HookFinding], wanted: int, form: str) -> None:
    """Print what is the matter, what a person can do, and the count; `wanted` webhooks are needed."""
    if form == "json":
        _print_json({"wanted": wanted, "findings": [one.to_json() for one in findings]})
        return
    from engine.cli.tables import say

    if findings:
        rows = [(f.kind, f.location, f.event, str(f.hook.id) if f.hook else "", f.what) for f in findings]
        _table(("", "location", "event", "id", "what"), rows)
        for advice in dict.fromkeys(f"{one.kind}: {one.advice}" for one in findings if one.advice):
            say(advice)
    wrong = {(f.location, f.event) for f in findings if f.needs_person}
    say(f"{wanted} webhooks are needed; {len(wrong) or 'none'} of them with trouble")


def tell_of(done: HookDone) -> None:
    """Tell of one change as soon as it is done; what was as it should be is not worth a line."""
    if done.outcome != "kept":
        error = f": {done.error}" if done.error else ""
        click.echo(f"{done.outcome} {done.change.location} {done.change.event}{error}", err=True)


def show_done(done: Sequence[HookDone], form: str) -> None:
    """Print all changes with what came of them."""
    if form == "json":
        _print_json({"changes": [one.to_json() for one in done]})
        return
    from engine.cli.tables import say

    if done:
        rows = [
            (d.change.location, d.change.event, d.outcome, str(d.hook_id or ""), d.error or d.change.why) for d in done
        ]
        _table(("location", "event", "outcome", "id", "why"), rows)
    counts = Counter(one.outcome for one in done)
    say(", ".join(f"{number} {outcome}" for outcome, number in counts.items()) or "nothing to do")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from engine.cli.tables import print_table

    print_table(columns, rows, least=[min(12, max(len(name), 8)) for name in columns])


def _print_json(value: dict[str, Any]) -> None:
    from engine.cli.showing import print_json

    print_json(value)
