"""The page of the webhooks: how each fares, and what went out last. Must never change anything."""

from __future__ import annotations

import itertools
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.enums import read_enum
from engine.sandbox.events import EVENTS
from engine.sandbox.html_text import page, table, text
from engine.sandbox.places import name_of
from engine.sandbox.state import State
from engine.sandbox.store import Record

_MOST_LINES = 200  # of the latest deliveries; the rest by /_sandbox/deliveries
_NAMES = {event.action: event.name for event in EVENTS.values()}


def hook_routes(state: State) -> list[Route]:
    """The one page."""

    async def hooks(_request: Request) -> Response:
        return page("Sandbox", _hooks(state) + _deliveries(state))

    return [Route("/hooks", hooks)]


def _hooks(state: State) -> str:
    rows = [_hook(state, one) for one in sorted(state.store.all("webhooks"), key=lambda one: int(one["Id"]))]
    if not rows:
        return "<h2>Webhooks</h2><p class='quiet'>none; they are made by POST /api/sys/webhooks</p>"
    titles = ("Id", "Location", "Event", "URL", "State", "Errors", "Last error", "Last sent")
    return f"<h2>Webhooks</h2>{table(titles, rows)}"


def _hook(state: State, hook: Record) -> str:
    business = state.store.get("businesses", hook.get("BusinessId"))
    told = (
        *(hook["Id"], name_of(business) if business else hook.get("BusinessId"), _event(hook.get("Action"))),
        *(hook.get("URL"), "on" if hook.get("Active") else "off"),
        *(hook.get("ErrorCount"), hook.get("LastError"), hook.get("LastTrigger")),
    )
    cells = "".join(f"<td>{text(one)}</td>" for one in told)
    return f"<tr class='{'on' if hook.get('Active') else 'over'}'>{cells}</tr>"


def _event(action: object) -> str:
    """Our name for an action, else the vendor's, else its number."""
    known = {one["Id"]: one["Name"] for one in read_enum("eWebhookAction") or ()}
    return _NAMES.get(action) or str(known.get(action, action)) if isinstance(action, int) else str(action)


def _deliveries(state: State) -> str:
    latest = list(itertools.islice(reversed(state.outbox.log), _MOST_LINES))
    waiting = f"<h2>Deliveries</h2><p>{state.outbox.waiting()} on their way</p>"
    if not latest:
        return f"{waiting}<p class='quiet'>none yet</p>"
    titles = ("At", "No.", "Event", "Location", "About", "Hook", "Attempt", "Outcome")
    return waiting + table(titles, map(_delivery, latest))


def _delivery(line: dict[str, Any]) -> str:
    copy = " (copy)" if line["copy"] > 1 else ""
    outcome = f"{line['outcome']} {line['status'] or ''}"
    told = (
        *(line["at"], f"{line['delivery']}{copy}", line["event"], line["location"]),
        *(line["record"], line["hook"], line["attempt"], outcome),
    )
    return f"<tr>{''.join(f'<td>{text(one)}</td>' for one in told)}</tr>"
