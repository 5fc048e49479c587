"""Where a fault may strike a call, and which faults make sense for it: what the mix draws from.

Must never offer a fault that no client could notice or survive in the place where it strikes:
the answer to another read, say, which looks exactly like a true one.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

# When a fault is asked for: at the door, before or after a write commits, on a read, before a webhook is sent.
DOOR, BEFORE, AFTER, READ, HOOK = "door", "before-commit", "after-commit", "on-read", "hook"
MIX = "mix"
_WRITES = frozenset({"create", "update", "delete"})
LIST_FAULTS = frozenset({"page-500", "endless-pages", "contradicting-counts", "records-null"})


@dataclass(frozen=True)
class Target:
    """A call as faults see it.

    `verb` is create, update, delete, list, one, batch, token, me or deliver. `is_struck_page`: a list call
    for the page of S38.page. `has_earlier`: there was a creation before, whose answer may come again.
    """

    entity: str
    verb: str
    is_struck_page: bool = False
    has_earlier: bool = False


# Broken or late answers of any call. `hold` and `half-answer` are `slow` again, for whoever kills.
_ANY = (
    *("error", "bad-gateway", "unavailable", "gateway-timeout", "oops", "redirect"),
    *("reset", "hang", "slow", "drip", "cut-headers", "cut-body", "wrong-length"),
    *("html-200", "empty-body", "large-body", "gzip-bomb"),
)
_ABOUT_VALUES = ("value-null", "bare-id", "text-id", "odd-id", "was-successful-false")


def is_mixed(mix: str, target: Target) -> bool:
    """Whether a mix, by its name, is about this call at all."""
    if mix == "mix-writes":
        return target.verb in _WRITES
    return mix == "mix" or target.verb not in {*_WRITES, "token"}


def pick_from_mix(target: Target, source: random.Random) -> tuple[str, str]:
    """A kind and its place: kinds evenly, then its places evenly."""
    kinds = _suitable(target)
    kind, places = source.choice(kinds)
    return kind, source.choice(places)


@functools.cache
def _suitable(target: Target) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_at_the_door(target), (DOOR,))
    if target.verb in _WRITES:
        found |= dict.fromkeys(_ANY, (BEFORE, AFTER)) | _of_writes(target)
    else:
        found |= dict.fromkeys((*_ANY, *_of_lists(target)), (READ,))
    return tuple(sorted(found.items()))


def _at_the_door(target: Target) -> tuple[str, ...]:
    return ("throttle", "refuse") if target.verb == "token" else ("throttle", "refuse", "token-expired")


def _of_writes(target: Target) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {"late-commit": (BEFORE,), "was-successful-false": (BEFORE, AFTER)}
    if target.verb != "delete":
        found |= dict.fromkeys(_ABOUT_VALUES, (BEFORE, AFTER))
    if target.verb == "create":
        found["access-denied"] = (BEFORE,)
    if target.verb == "create" and target.has_earlier:
        found["stale-answer"] = (BEFORE, AFTER)
    return found


def _of_lists(target: Target) -> tuple[str, ...]:
    if target.verb != "list":
        return ()
    return tuple(sorted(LIST_FAULTS if target.is_struck_page else LIST_FAULTS - {"page-500"}))
