"""What of a batch waits, and for what, as `tasklists status` tells it. Never says what a member is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.core.wire_dates import wire_moment

if TYPE_CHECKING:
    from whenever import Instant

    from engine.ledger.values import StoredWait


def wait_json(wait: StoredWait) -> dict[str, Any]:
    """Return a batch that waits, for JSON: its tasks, when it is looked at next, or since when it is given up."""
    return {
        "coworker_id": wait.coworker_id,
        "tasklist": wait.key.tasklist,
        "once_per": wait.key.kind,
        "cycle": wait.key.cycle,
        "looked_at": wire_moment(wait.looked_at),
        "next_look_at": _moment(wait.next_look_at),
        "given_up_at": _moment(wait.ended_at),
        "why": wait.why or None,
        "items": json.loads(wait.items),
    }


def _moment(moment: Instant | None) -> str | None:
    return None if moment is None else wire_moment(moment)


def show_waits(waits: Sequence[StoredWait]) -> None:
    """Print what waits, one line a task; a batch that is given up, or could not be looked at, says why."""
    import click

    from engine.cli.tables import print_table, say

    if not waits:
        return
    rows = [
        (str(wait.coworker_id), wait.key.tasklist, _item(item), item["reason"])
        for wait in waits
        for item in json.loads(wait.items)
    ]
    click.echo()
    if rows:
        print_table(("coworker", "list", "item", "what for"), rows, title="waiting", least=(10, 10, 12, 24))
    for wait in waits:
        if wait.ended_at is not None:
            say(f"{wait.key.tasklist} for coworker {wait.coworker_id} waits no more: {wait.why}")
        elif wait.why:
            again = "" if wait.next_look_at is None else f"; looked at again after {wire_moment(wait.next_look_at)}"
            say(f"{wait.key.tasklist} for coworker {wait.coworker_id} could not be looked at: {wait.why}{again}")


def _item(item: dict[str, Any]) -> str:
    return f"{item['item']} [{item['key']}]" if item["key"] else str(item["item"])
