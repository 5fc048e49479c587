"""What is worth a line about the webhooks: off, failing, missing, wrong, doubled, unused. Values in, values out.

It must never tell an address: a webhook is known by its location, its event and its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.core.organisation import Organisation
from engine.flows.hooks import EVENT_OF, Compared, Match, same_form
from engine.nexudus.webhooks import Hook

Kind = Literal["missing", "off", "wrong", "failing", "doubled", "unused", "other"]
KINDS: Final[tuple[Kind, ...]] = ("missing", "off", "wrong", "failing", "doubled", "unused", "other")


@dataclass(frozen=True)
class HookFinding:
    """One thing about one webhook. `location` and `event` are empty where the files do not know them."""

    kind: Kind
    location: str
    event: str
    what: str
    advice: str = ""
    hook: Hook | None = None

    @property
    def needs_person(self) -> bool:
        """Whether deliveries are lost, refused or doubled, as far as that can be seen."""
        return self.kind not in {"unused", "other"}

    def to_json(self) -> dict[str, Any]:
        hook = self.hook
        return {
            "kind": self.kind,
            "location": self.location,
            "event": self.event,
            "hook_id": hook.id if hook else None,
            "name": hook.name if hook else "",
            "error_count": hook.error_count if hook else 0,
            "last_error": hook.last_error if hook else "",
            "last_trigger": str(hook.last_trigger) if hook and hook.last_trigger else None,
            "what": self.what,
            "advice": self.advice,
            "needs_person": self.needs_person,
        }


def trouble_of(hook: Hook) -> str:
    """Say what ails a webhook, such as `is off and failed 11 times (...)`; empty when nothing does."""
    parts = [] if hook.active else ["is off"]
    if hook.error_count > 0:
        parts.append(f"failed {hook.error_count} times")
    error = f" ({hook.last_error})" if parts and hook.last_error else ""
    return " and ".join(parts) + error


def findings_of(compared: Compared, organisation: Organisation) -> tuple[HookFinding, ...]:
    """Return all that is worth a line, what loses deliveries first."""
    found = [finding for match in compared.matches for finding in _of_match(match)]
    for wanted, hook in compared.doubled:
        what = "there is a further one for the same location and event: each delivery comes twice"
        advice = "run `tasklists hooks remove --unused`"
        found.append(HookFinding("doubled", wanted.location, wanted.event, what, advice, hook))
    found += [_of_unused(hook, compared, organisation) for hook in compared.unused]
    found += _of_others(compared, organisation)
    return tuple(sorted(found, key=lambda one: (not one.needs_person, one.location, one.event, one.kind)))


def _of_match(match: Match) -> Iterator[HookFinding]:
    wanted, hook = match.wanted, match.hook
    where = (wanted.location, wanted.event)
    register = "run `tasklists hooks register`"
    if hook is None:
        yield HookFinding("missing", *where, f"not registered, and {', '.join(wanted.lists)} waits for it", register)
        return
    if wrong := [_WRONG[name] for name in match.changes if name in _WRONG]:
        yield HookFinding("wrong", *where, f"it {' and '.join(wrong)}", register, hook)
    if not hook.active:
        advice = "mend what failed, then run `tasklists hooks check --enable`"
        yield HookFinding("off", *where, trouble_of(hook), advice, hook)
    elif hook.error_count > 0:
        advice = "ten failures in a row switch it off: see that the service answers at this address"
        yield HookFinding("failing", *where, trouble_of(hook), advice, hook)


_WRONG: Final = {
    "URL": "leads to another address",
    "Action": "is for another action",
    "BusinessId": "is at another location",
}


def _of_unused(hook: Hook, compared: Compared, organisation: Organisation) -> HookFinding:
    """One that sends another action to an address in use makes wrong deliveries; any other only useless ones."""
    advice = "run `tasklists hooks remove --unused`"
    taken = {same_form(match.wanted.url): match.wanted for match in compared.matches}
    if (wanted := taken.get(same_form(hook.url))) is None:
        return _found_at("unused", hook, organisation, what="no list uses it any more", advice=advice)
    what = f"a further one sends another action ({hook.action}) to this address"
    return HookFinding("wrong", wanted.location, wanted.event, what, advice, hook)


def _of_others(compared: Compared, organisation: Organisation) -> Iterator[HookFinding]:
    """Webhooks of others at our locations: those that ail, and those that bear a name of ours."""
    ours = {place.business_id for place in organisation.locations.values()}
    names = {match.wanted.name for match in compared.matches}
    for hook in compared.others:
        parts = [trouble_of(hook)] if trouble_of(hook) else []
        if hook.name in names:
            parts.append("bears a name of ours and leads elsewhere")
        if parts and hook.business_id in ours:
            advice = "`tasklists hooks remove --url` with its address removes one that an earlier address of ours left"
            what = f"not ours: {hook.name!r} {' and '.join(parts)}"
            yield _found_at("other", hook, organisation, what=what, advice=advice if hook.name in names else "")


def _found_at(kind: Kind, hook: Hook, organisation: Organisation, *, what: str, advice: str) -> HookFinding:
    location = organisation.location_of(hook.business_id) or ""
    return HookFinding(kind, location, EVENT_OF.get(hook.action, ""), what, advice, hook)
