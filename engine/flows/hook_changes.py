"""Webhooks made, mended and removed at Nexudus, one by one, each looked for again before it is sent a second time.

It must never touch a webhook that is not ours: what it is handed comes from `hooks.compare`, which knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from engine.flows.hooks import EVENT_OF, Compared, Match, WantedHook, compare
from engine.flows.stopping import Stop
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Settled
from engine.nexudus.errors import NexudusUnreachable, RoleMissing
from engine.nexudus.webhooks import Hook, Webhooks, why_not

MOST_SENDINGS: Final = 3
"""Of one write whose answer is lost each time."""

Verb = Literal["create", "update", "keep", "remove"]
DONE: Final[Mapping[Verb, str]] = {"create": "created", "update": "updated", "keep": "kept", "remove": "removed"}


@dataclass(frozen=True)
class HookChange:
    """One webhook and what is to become of it. `why` is a sentence without addresses."""

    verb: Verb
    location: str
    event: str
    why: str
    wanted: WantedHook | None = None
    hook: Hook | None = None
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class HookDone:
    """What came of a change: `created updated kept removed`, or `failed` with why."""

    change: HookChange
    outcome: str
    hook_id: int | None
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        change = self.change
        return {
            "action": change.verb,
            "location": change.location,
            "event": change.event,
            "hook_id": self.hook_id,
            "url": change.wanted.shown_url if change.wanted else "",
            "lists": list(change.wanted.lists) if change.wanted else [],
            "why": change.why,
            "outcome": self.outcome,
            "error": self.error,
        }


def to_register(compared: Compared) -> tuple[HookChange, ...]:
    """Return what makes every wanted webhook be there, be right and be on."""
    return tuple(map(_to_make_right, compared.matches))


_WHY: Final = {
    "URL": "leads to another address",
    "Action": "is for another action",
    "BusinessId": "is at another location",
    "Active": "is off",
}


def _to_make_right(match: Match) -> HookChange:
    wanted, hook = match.wanted, match.hook
    where = (wanted.location, wanted.event)
    if hook is None:
        return HookChange("create", *where, f"for {', '.join(wanted.lists)}", wanted)
    if not match.changes:
        return HookChange("keep", *where, "as it should be", wanted, hook)
    why = f"it {' and '.join(_WHY[name] for name in match.changes)}"
    return HookChange("update", *where, why, wanted, hook, match.changes)


def to_switch_on(compared: Compared) -> tuple[HookChange, ...]:
    """Return what switches on every wanted webhook that is off, and changes nothing else about it."""
    off = [match for match in compared.matches if match.hook and not match.hook.active]
    return tuple(
        HookChange("update", m.wanted.location, m.wanted.event, "it is off", m.wanted, m.hook, {"Active": True})
        for m in off
    )


def to_remove(
    compared: Compared, location_of: Callable[[int], str | None], *, unused_only: bool
) -> tuple[HookChange, ...]:
    """Return the removal of all webhooks of ours, or only of those that no list uses and of doubles."""
    spare = [(hook, "no list uses it") for hook in compared.unused]
    spare += [(hook, "there is another one for the same") for _, hook in compared.doubled]
    if not unused_only:
        spare += [(match.hook, "ours") for match in compared.matches if match.hook is not None]
    changes = (
        HookChange(
            "remove",
            location_of(hook.business_id) or str(hook.business_id),
            EVENT_OF.get(hook.action, f"action {hook.action}"),
            why,
            hook=hook,
        )
        for hook, why in spare
    )
    return tuple(sorted(changes, key=lambda one: (one.location, one.event, one.hook.id if one.hook else 0)))


class HookWriter:
    """Carries changes out. A change that fails does not keep the others from being made."""

    def __init__(
        self,
        webhooks: Webhooks,
        public_url: str,
        *,
        stop: Stop,
        quiet_seconds: float,
        waiting: Callable[[str, float], None],
    ) -> None:
        self._webhooks = webhooks
        self._public_url = public_url
        self._stop = stop
        self._quiet_seconds = quiet_seconds
        self._waiting = waiting

    def apply(self, changes: Iterable[HookChange], told: Callable[[HookDone], None]) -> tuple[HookDone, ...]:
        """Make the changes in their order and tell of each as soon as it is done.

        Raises:
            RoleMissing: the login may not do this.
            Unreachable: Nexudus gives no usable answer now; the same command goes on.
            Stopped: somebody asked to stop.
        """
        found = []
        for change in changes:
            self._stop.check()
            done = self._make(change)
            told(done)
            found.append(done)
        return tuple(found)

    def _make(self, change: HookChange) -> HookDone:
        if change.verb == "keep":
            return HookDone(change, "kept", change.hook.id if change.hook else None)
        answer: Settled = Ambiguous("")
        for _ in range(MOST_SENDINGS):
            answer = self._send(change)
            if isinstance(answer, Ambiguous):
                answer = self._looked_up(change) or answer
            if not isinstance(answer, Ambiguous):
                break
        return self._done(change, answer)

    def _send(self, change: HookChange) -> Settled:
        if change.wanted is not None and change.hook is None:
            return self._webhooks.create(change.wanted.to_fields())
        assert change.hook is not None  # only a creation has none
        if change.verb == "remove":
            return self._webhooks.remove(change.hook.id)
        return self._webhooks.update(change.hook.id, change.fields)

    def _looked_up(self, change: HookChange) -> Done | None:
        """Whether a write without an answer happened. A creation may still be on its way for the quiet period."""
        if change.hook is not None:
            return self._is_as_sent(change, change.hook.id)
        if (found := self._found(change)) is None:
            self._waiting("a creation without an answer may still arrive", self._quiet_seconds)
            self._stop.sleep(self._quiet_seconds)
            self._waiting("", 0)
            found = self._found(change)
        return found

    def _found(self, change: HookChange) -> Done | None:
        assert change.wanted is not None  # it is a creation
        match = compare([change.wanted], self._webhooks.all(), self._public_url).matches[0]
        return Done(match.hook.id) if match.hook is not None else None

    def _is_as_sent(self, change: HookChange, hook_id: int) -> Done | None:
        hook = self._webhooks.one(hook_id)
        if change.verb == "remove" or hook is None:
            return Done(hook_id) if hook is None and change.verb == "remove" else None
        now = {"URL": hook.url, "Action": hook.action, "BusinessId": hook.business_id, "Active": hook.active}
        return Done(hook_id) if all(now[name] == value for name, value in change.fields.items()) else None

    def _done(self, change: HookChange, answer: Settled) -> HookDone:
        if isinstance(answer, Done):
            return HookDone(change, DONE[change.verb], answer.task_id)
        if isinstance(answer, Defer):
            raise NexudusUnreachable(f"The webhooks cannot be changed now: {why_not(answer)}.")
        if isinstance(answer, Fatal) and answer.role:
            raise RoleMissing(answer.role)
        hook_id = change.hook.id if change.hook else None
        return HookDone(change, "failed", hook_id, why_not(answer))
