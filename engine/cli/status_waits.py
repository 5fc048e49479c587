"""What of a batch waits, and for what, as `tasklists status` tells it. Never says what a member is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.core.wire_dates import wire_moment

if TYPE_CHECKING:
    from whenever import Instant

    from engine.ledger.values import StoredWait


_MOST_ROWS: Final = 50
"""Tasks in the table: more are counted, for a person reads no thousand lines."""


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
        (str(wait.coworker_id), _batch(wait), _item(item), item["reason"])
        for wait in waits
        for item in json.loads(wait.items)
    ]
    click.echo()
    if rows:
        shown = rows[:_MOST_ROWS]
        print_table(("coworker", "list", "item", "what for"), shown, title="waiting", least=(10, 10, 12, 24))
    if len(rows) > _MOST_ROWS:
        whole = f"{len(rows)} tasks of {len({row[0] for row in rows})} coworkers wait"
        say(f"and {len(rows) - _MOST_ROWS} more: {whole}; --format json has all")
    for wait in waits:
        if wait.ended_at is not None:
            say(f"{_batch(wait)} for coworker {wait.coworker_id} waits no more: {wait.why}")
        elif wait.why:
            again = "" if wait.next_look_at is None else f"; looked at again after {wire_moment(wait.next_look_at)}"
            say(f"{_batch(wait)} for coworker {wait.coworker_id} does not go on now: {wait.why.rstrip('.')}{again}")


def _batch(wait: StoredWait) -> str:
    """The list, with the label of a wanted repetition."""
    return f"{wait.key.tasklist} [{wait.key.cycle}]" if wait.key.cycle else wait.key.tasklist


def _item(item: dict[str, Any]) -> str:
    return f"{item['item']} [{item['key']}]" if item["key"] else str(item["item"])
