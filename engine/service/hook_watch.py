"""Watches the webhooks at Nexudus from inside the service: nobody else tells that one was switched off.

It must never change a webhook that is not ours, nor any without consent (TASKLISTS_HOOKS_REENABLE=on), and never
fail its caller for what Nexudus did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable
from engine.core.organisation import Organisation
from engine.flows.hook_findings import HookFinding, Kind, findings_of, trouble_of
from engine.flows.hook_news import HookNews
from engine.flows.hooks import WantedHook, compare
from engine.flows.stopping import Stopped
from engine.nexudus.answers import Done
from engine.nexudus.webhooks import Hook, Webhooks, why_not

_MOST_SWITCHINGS: Final = 3
"""Of one webhook by one process: one that keeps failing needs a person, and each round costs ten deliveries."""

_MOST_SILENT: Final = 5
"""Looks in a row without an answer: after so many it is an alert that nobody sees the webhooks."""


@dataclass(frozen=True)
class Looked:
    """What one look found. `findings` is None where Nexudus could not be asked now."""

    findings: tuple[HookFinding, ...] | None
    unwatched: str = ""
    """Why nothing can be seen at all, for a person to mend."""
    enabled: tuple[int, ...] = ()
    """Ids of the webhooks that were switched on again."""


@dataclass(frozen=True)
class Watched:
    """What is watched. `organisation` and `wanted` are asked at each look: files change while the service runs."""

    organisation: Callable[[], Organisation]
    wanted: Callable[[], Sequence[WantedHook]]
    public_url: str
    """Empty: ours cannot be told from others, so every webhook of a wanted location and event is looked at."""


class HookWatch:
    """One look after another, on a thread of the caller."""

    def __init__(
        self,
        webhooks: Webhooks,
        watched: Watched,
        news: HookNews,
        *,
        reenable: bool = False,
        clock: Callable[[], Instant] = Instant.now,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._webhooks = webhooks
        self._watched = watched
        self._news = news
        self._reenable = reenable
        self._clock = clock
        self._say = say
        self._fired: dict[int, tuple[int, Instant | None]] = {}
        self._switched: dict[int, int] = {}
        self._silent = 0

    def look(self) -> Looked:
        """Compare what the lists need with what Nexudus has, and switch on again what may be."""
        try:
            hooks = self._webhooks.all()
            wanted = self._watched.wanted()
            self._news.got_over([hook for hook in hooks if self._is_well_again(hook)], self._clock())
            findings, enabled = self._compared(self._news.news_of(hooks), wanted)
        except Unreachable as error:
            self._say(f"webhooks not looked at: {error.message}")
            return self._without_answer()
        except Stopped:  # says nothing of the webhooks: the process ends
            return Looked(None)
        except TasklistsError as error:
            self._silent = 0
            return Looked((), unwatched=error.message)
        self._silent = 0
        return Looked(findings, enabled=enabled)

    def _without_answer(self) -> Looked:
        self._silent += 1
        if self._silent < _MOST_SILENT:
            return Looked(None)
        return Looked(None, unwatched="Nexudus has not answered when asked for its webhooks")

    def _compared(
        self, hooks: Sequence[Hook], wanted: Sequence[WantedHook]
    ) -> tuple[tuple[HookFinding, ...], tuple[int, ...]]:
        if not self._watched.public_url:
            return _by_place(hooks, wanted), ()
        compared = compare(wanted, hooks, self._watched.public_url)
        off = [match.hook for match in compared.matches if match.hook and set(match.changes) == {"Active"}]
        enabled = tuple(hook.id for hook in off if self._reenable and self._is_switched_on(hook))
        findings = findings_of(compared, self._watched.organisation())
        return tuple(one for one in findings if one.hook is None or one.hook.id not in enabled), enabled

    def _is_switched_on(self, hook: Hook) -> bool:
        times = self._switched.get(hook.id, 0)
        if times >= _MOST_SWITCHINGS:
            return False
        self._switched[hook.id] = times + 1
        try:
            answer = self._webhooks.update(hook.id, {"Active": True})
        except TasklistsError as error:
            self._say(f"webhook {hook.id} is off and could not be switched on: {error.message}")
            return False
        if not isinstance(answer, Done):
            self._say(f"webhook {hook.id} is off and could not be switched on: {why_not(answer)}")
            return False
        self._news.got_over([hook], self._clock())
        self._say(f"webhook {hook.id} was off and is switched on again; the sweep finds what it missed")
        return True

    def _is_well_again(self, hook: Hook) -> bool:
        """Whether it fired since the last look without a further failure."""
        before = self._fired.get(hook.id)
        self._fired[hook.id] = (hook.error_count, hook.last_trigger)
        if not hook.active or before is None:
            return False
        return before[0] == hook.error_count and before[1] != hook.last_trigger


def _by_place(hooks: Sequence[Hook], wanted: Sequence[WantedHook]) -> tuple[HookFinding, ...]:
    """Every webhook of a wanted location and event that is off or fails, whoever made it."""
    slots = {(one.business_id, one.action): one for one in wanted}
    advice = "set TASKLISTS_PUBLIC_URL, then run `tasklists hooks check`"
    found = []
    for hook in hooks:
        place = slots.get((hook.business_id, hook.action))
        if place is not None and (what := trouble_of(hook)):
            kind: Kind = "failing" if hook.active else "off"
            found.append(HookFinding(kind, place.location, place.event, what, advice, hook))
    return tuple(found)
