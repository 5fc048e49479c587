"""The finding of an audit for what waits for a task that staff deleted: nothing but a person can go on with it. Pure.

A for_each key that is no id may be a member's text: it stays out of every sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from engine.core.audit_findings import Finding

_KEY: Final = re.compile(r" \[(?![0-9]+\]$).*\]$", re.DOTALL)
"""The key of a task beside its item, unless it is an id."""


def stuck(coworker_id: int, tasklist: str, cycle: str, items: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield a finding for each waiting task that can never be made as things are; `items` as the ledger keeps them."""
    again = f"`tasklists run {tasklist} --coworker {coworker_id} --again LABEL` makes the whole list once more"
    ended = f"`tasklists resume --coworker {coworker_id} --give-up` ends the wait"
    repeated = f"of the repetition {cycle!r} " if cycle else ""
    for item in items:
        if item["stuck"]:
            named = ", ".join(dict.fromkeys(_KEY.sub(" [...]", name) for name in item["for"]))
            yield Finding(
                "stuck",
                coworker_id,
                what=f"this task {repeated}waits for {named}, of which one was deleted in Nexudus",
                next="nothing: what was deleted is not made again, and cannot be completed",
                advice=f"take the order out of the list, or {again}; {ended}",
                tasklist=tasklist,
                item=str(item["item"]),
                key=str(item["key"]) if str(item["key"]).isdecimal() else "",
                needs_person=True,
            )
