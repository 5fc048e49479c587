"""From something that happened to the deliveries it means: one for each active hook of its kind and place.

Must never wait for a receiver, nor send: that is done beside the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.sandbox.events import EVENTS, PLACE_OF, Event, body_of
from engine.sandbox.hook_text import write_json
from engine.sandbox.outbox import Sending
from engine.sandbox.places import name_of
from engine.sandbox.state import State
from engine.sandbox.store import Record
from engine.sandbox.striking import HOOK, Target


def tell(state: State, event: str, record: Record) -> None:
    """Something happened to a record: its coworker's, contract's or team's location is told."""
    known = EVENTS[event]
    business = record.get(PLACE_OF[known.entity])
    hooks = _hooks(state, known, business)
    if hooks:
        body = body_of(known.entity, record, state.zone_of(business))
        _put_all(state, known, hooks, {"text": _text(state, body), "record": record["Id"]})


def tell_body(state: State, event: str, business: int, body: Mapping[str, Any] | str) -> None:
    """Deliver a body that the caller made up; a text goes out as it is."""
    text = body if isinstance(body, str) else _text(state, body)
    known = EVENTS[event]
    identifier = body.get("Id") if isinstance(body, Mapping) else None
    _put_all(state, known, _hooks(state, known, business), {"text": text, "record": identifier})


def _hooks(state: State, event: Event, business: object) -> list[Record]:
    found = (
        one
        for one in state.store.all("webhooks")
        if one["Active"] and one["Action"] == event.action and one["BusinessId"] == business
    )
    return sorted(found, key=lambda one: int(one["Id"]))


def _text(state: State, body: Mapping[str, Any]) -> str:
    is_ascii = state.modes["S45.text"] == "escaped"
    return write_json([body] if state.modes["S45.body"] == "array" else body, is_ascii=is_ascii)


def _put_all(state: State, event: Event, hooks: list[Record], told: dict[str, Any]) -> None:
    """Each gets a number in the order of events and hooks, and the faults that are drawn for it."""
    target = Target(event.entity, "deliver")
    for hook in hooks:
        business = int(hook["BusinessId"])
        sending = Sending(
            delivery=next(state.outbox.numbers),
            event=event.name,
            hook=int(hook["Id"]),
            location=name_of(state.store.get("businesses", business) or {"Id": business}),
            business=business,
            **told,
        )
        struck = [state.faults.draw(HOOK, target, frozenset({kind})) for kind in _KINDS]
        # Drawn for every delivery: what strikes one must not change what the next one draws.
        held = state.faults.for_hooks.random() * state.modes.decimal("S45.disorder-seconds")
        if "hook-dropped" in struck:
            state.outbox.drop(sending)
            continue
        after = state.modes.decimal("S45.wait-seconds") + (held if "hook-disorder" in struck else 0)
        after += state.modes.decimal("S45.delay-seconds") if "hook-delayed" in struck else 0
        state.outbox.put(sending, after=after)
        if "hook-duplicated" in struck:
            state.outbox.put(replace(sending, copy=2), after=after)


_KINDS = ("hook-dropped", "hook-duplicated", "hook-disorder", "hook-delayed")
