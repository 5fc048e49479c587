"""Which webhooks the lists need, and how that compares with what Nexudus has. Values in, values out.

It must never take a webhook of somebody else for ours (ours lead to an address under PUBLIC_URL/hooks/), and never
show an address with the secret part of its path.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.words import EVENTS
from engine.nexudus.hook_secrets import HookSecrets
from engine.nexudus.settings import is_loopback
from engine.nexudus.webhooks import Hook

EVENT_OF: Final = {number: event for event, number in EVENTS.items()}
"""eWebhookAction number -> our name of the event."""


@dataclass(frozen=True)
class WantedHook:
    """One webhook that some list needs: one action at one location (webhooks.md 1)."""

    location: str
    business_id: int
    event: str
    url: str = field(repr=False)
    shown_url: str
    """The address, the secret part of its path masked."""
    lists: tuple[str, ...]

    @property
    def action(self) -> int:
        """The eWebhookAction number."""
        return EVENTS[self.event]

    @property
    def name(self) -> str:
        return f"tasklists {self.location} {self.event}"

    def to_fields(self) -> dict[str, object]:
        """The body of its creation."""
        return {
            "BusinessId": self.business_id,
            "Name": self.name,
            "Description": f"Starts task lists: {', '.join(self.lists)}. Made by tasklists hooks register.",
            "Action": self.action,
            "URL": self.url,
            "Active": True,
        }


def checked_public_url(text: str, *, insecure: bool = False) -> str:
    """Return PUBLIC_URL without a last slash.

    Raises:
        UserError: it is no address, holds a login, a ? or # part, or is plain http beyond this machine
            without `insecure` (whether Nexudus takes plain http is not documented, webhooks.md 1).
    """
    text = text.strip()
    if not text:
        raise _wrong_url("is not set")
    parts = _split(text)
    if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
        raise _wrong_url("is no web address")
    if "@" in parts.netloc:
        raise _wrong_url("holds a login")
    if parts.query or parts.fragment:
        raise _wrong_url("has a ? or # part")
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname):
        raise _wrong_url("is not https: members' data would travel in the clear (--insecure registers it all the same)")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # a wrong port raises only when asked for
    except ValueError:
        return None
    return parts


def _wrong_url(why: str) -> UserError:
    return UserError(
        f"TASKLISTS_PUBLIC_URL {why}.",
        advice="Set it, or give --url: the address at which Nexudus reaches `tasklists serve`, "
        "such as https://tasks.acme.example.",
    )


def tokens_in_use(secrets: HookSecrets) -> dict[str, str]:
    """Return location -> the secret part of its path: the first of two tokens. Without a token there is none."""
    return {location: tokens[0] for location, tokens in secrets.tokens.items() if tokens}


def wanted_hooks(
    lists: Mapping[str, Prepared], organisation: Organisation, public_url: str, tokens: Mapping[str, str]
) -> tuple[WantedHook, ...]:
    """Return one webhook for each location and event that a list uses, sorted by both.

    `tokens`: location -> the secret part of its path, for locations whose deliveries come unsigned.
    """
    users: dict[tuple[str, str], list[str]] = {}
    for name in sorted(lists):
        applies = lists[name].tasklist.applies
        for location in applies.locations or organisation.locations:
            for event in applies.on:
                users.setdefault((location, event), []).append(name)
    return tuple(
        _wanted(organisation, public_url, tokens, location=location, event=event, lists=names)
        for (location, event), names in sorted(users.items())
        if location in organisation.locations
    )


def _wanted(  # noqa: PLR0913  what one webhook is made of, by name
    organisation: Organisation,
    public_url: str,
    tokens: Mapping[str, str],
    *,
    location: str,
    event: str,
    lists: Iterable[str],
) -> WantedHook:
    path, token = f"{public_url}/hooks/{location}/{event}", tokens.get(location, "")
    return WantedHook(
        location=location,
        business_id=organisation.locations[location].business_id,
        event=event,
        url=f"{path}/{quote(token, safe='')}" if token else path,
        shown_url=f"{path}/[token]" if token else path,
        lists=tuple(dict.fromkeys(lists)),
    )


@dataclass(frozen=True)
class Match:
    """A wanted webhook and the one that stands for it; `changes` would make that one right."""

    wanted: WantedHook
    hook: Hook | None
    changes: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Compared:
    """What is wanted beside what there is. Every webhook of Nexudus is in exactly one place."""

    matches: tuple[Match, ...]
    doubled: tuple[tuple[WantedHook, Hook], ...] = ()
    """A further one of ours for the same location and action."""
    unused: tuple[Hook, ...] = ()
    """Ours, and no list needs it any more."""
    others: tuple[Hook, ...] = ()


def is_ours(hook: Hook, public_url: str) -> bool:
    """Whether a webhook leads to an address under PUBLIC_URL/hooks/."""
    return bool(public_url) and same_form(hook.url).startswith(f"{same_form(public_url)}/hooks/")


def same_form(url: str) -> str:
    """Return an address in the form that compares: host without case, no last slash. Paths keep their case."""
    parts = _split(url.strip())
    if parts is None:
        return url.strip()
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def compare(wanted: Collection[WantedHook], hooks: Iterable[Hook], public_url: str) -> Compared:
    """Match each wanted webhook with the best of ours: by location and action, else by address."""
    everything = tuple(hooks)
    left = {hook.id: hook for hook in everything if is_ours(hook, public_url)}
    others = tuple(hook for hook in everything if hook.id not in left)
    best = {one: _take(left, one, by_address=False) for one in wanted}
    best |= {one: _take(left, one, by_address=True) for one in wanted if best[one] is None}
    slots = {(one.business_id, one.action): one for one in wanted}
    doubled = tuple((slots[key], hook) for hook in left.values() if (key := (hook.business_id, hook.action)) in slots)
    spare = {hook.id for _, hook in doubled}
    return Compared(
        matches=tuple(Match(one, best[one], _changes(one, best[one])) for one in wanted),
        doubled=doubled,
        unused=tuple(hook for hook in left.values() if hook.id not in spare),
        others=others,
    )


def _take(left: dict[int, Hook], wanted: WantedHook, *, by_address: bool) -> Hook | None:
    """Take the best one out of `left`: one that is on before one that is off, the lowest id first."""
    slot = (wanted.business_id, wanted.action)
    fitting = [
        hook
        for hook in left.values()
        if (same_form(hook.url) == same_form(wanted.url) if by_address else (hook.business_id, hook.action) == slot)
    ]
    found = min(fitting, key=lambda hook: (len(_changes(wanted, hook)), hook.id), default=None)
    return None if found is None else left.pop(found.id)


def _changes(wanted: WantedHook, hook: Hook | None) -> dict[str, object]:
    if hook is None:
        return {}
    now = {"BusinessId": hook.business_id, "Action": hook.action, "Active": hook.active}
    fields = wanted.to_fields()
    changed = {name: fields[name] for name, value in now.items() if value != fields[name]}
    same = same_form(hook.url) == same_form(wanted.url)
    return changed if same else changed | {"URL": wanted.url}
