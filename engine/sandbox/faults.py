"""Faults on demand: which exist, when each strikes, and how many times.

A fault is set to a share of the matching calls (`0.3`) or to a count (`2x`), and may be
narrowed to one entity (`2x:users`). Must never strike a call that no setting names, and
draws from a seeded source, so that one seed and one order of calls give the same faults.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.sandbox.entities import ENTITIES
from engine.sandbox.modes import SwitchError, find_name
from engine.sandbox.striking import (
    AFTER,
    BEFORE,
    DOOR,
    HOOK,
    LIST_FAULTS,
    MIX,
    READ,
    Target,
    is_mixed,
    pick_from_mix,
)


@dataclass(frozen=True)
class Fault:
    """`when` is where it strikes, `kind` what it does there."""

    name: str
    kind: str
    when: str
    meaning: str


# Kind, what the client sees, and when it strikes if the name does not say so.
_SPOILED: tuple[tuple[str, str, str], ...] = (
    ("error", "HTTP 500 with a short message", AFTER),
    ("bad-gateway", "HTTP 502 with an HTML page", AFTER),
    ("unavailable", "HTTP 503 with an HTML page", BEFORE),
    ("gateway-timeout", "HTTP 504 with an HTML page", AFTER),
    ("reset", "the connection is reset without an answer", AFTER),
    ("hang", "no answer; after S51.hang-seconds the connection closes", AFTER),
    ("slow", "the answer comes S51.slow-seconds late", AFTER),
    ("drip", "one byte of the answer every S51.drip-seconds", AFTER),
    ("html-200", "HTTP 200 with an HTML page", AFTER),
    ("cut-headers", "the connection closes in the middle of the headers", AFTER),
    ("cut-body", "the JSON ends in the middle, then the connection closes", AFTER),
    ("wrong-length", "a Content-Length larger than the body, then the connection closes", AFTER),
    ("empty-body", "HTTP 200 without a body", AFTER),
    ("large-body", "20 MB of blanks before the JSON", AFTER),
    ("gzip-bomb", "a small gzip body that unpacks to 200 MB of blanks and the JSON", AFTER),
    ("value-null", "a successful envelope whose Value is null", AFTER),
    ("bare-id", "HTTP 200 with the id alone as a number", AFTER),
    ("text-id", "a successful envelope whose Value.Id is text", AFTER),
    ("odd-id", "an Id that is none: see S51.odd-id", AFTER),
    ("was-successful-false", "HTTP 200 with WasSuccessful false", BEFORE),
    ("oops", "HTTP 500 with the envelope that begins with Ooops", BEFORE),
    ("redirect", "HTTP 302 to a login page", BEFORE),
    ("hold", "the answer waits S51.hold-seconds, for whoever wants to strike in between", AFTER),
    ("half-answer", "half of the answer, S51.hold-seconds of silence, then the rest", AFTER),
)
_STALE = "the answer to an earlier creation, with another task's record as Value"

_SPECIAL: tuple[Fault, ...] = (
    Fault("stale-answer", "stale-answer", AFTER, f"{_STALE}; after the commit of a creation"),
    Fault("stale-answer-before-commit", "stale-answer", BEFORE, f"{_STALE}; in place of the commit of a creation"),
    Fault("stale-answer-after-commit", "stale-answer", AFTER, f"{_STALE}; after the commit of a creation"),
    Fault("access-denied", "access-denied", BEFORE, "creation quota: HTTP 401 with the text Access Denied"),
    Fault("late-commit", "late-commit", BEFORE, "HTTP 504 now, the commit S51.late-seconds later"),
    Fault("page-500", "page-500", READ, "HTTP 500 on list page S38.page"),
    Fault("endless-pages", "endless-pages", READ, "HasNextPage is true for ever"),
    Fault("contradicting-counts", "contradicting-counts", READ, "the counts of a list disagree"),
    Fault("records-null", "records-null", READ, "a list whose Records is null"),
    Fault("token-expired", "token-expired", DOOR, "HTTP 401 although the token is good"),
    Fault("throttle", "throttle", DOOR, "refused as too many calls, in the style of S50"),
    Fault(
        "refuse",
        "refuse",
        DOOR,
        "the call is answered, but the port is shut for S51.refuse-seconds; by admin call a count begins at once",
    ),
    Fault("two-factor", "two-factor", "token", "the token answer is two_factor_auth_check"),
    Fault("must-reset-password", "must-reset-password", "token", "the token answer is must_reset_password"),
    Fault("me-html", "html-200", "me", "/en/user/me answers with an HTML page"),
    Fault("hook-dropped", "hook-dropped", HOOK, "a delivery is never sent"),
    Fault("hook-duplicated", "hook-duplicated", HOOK, "a delivery is sent twice"),
    Fault("hook-disorder", "hook-disorder", HOOK, "a delivery waits a while drawn up to S45.disorder-seconds"),
    Fault("hook-delayed", "hook-delayed", HOOK, "a delivery waits S45.delay-seconds"),
    Fault("mix", "mix", MIX, "any call meets one of the faults that make sense for it, drawn from the seed"),
    Fault("mix-writes", "mix-writes", MIX, "the same for POST, PUT and DELETE only"),
    Fault("mix-reads", "mix-reads", MIX, "the same for GET only"),
)

_WHEN_WORDS = {
    BEFORE: "in place of the commit of a write",
    AFTER: "after the commit of a write",
    READ: "on a read",
}


def _all_faults() -> dict[str, Fault]:
    found = []
    for kind, meaning, usual in _SPOILED:
        found.append(Fault(kind, kind, usual, f"{meaning}; {_WHEN_WORDS[usual]}"))
        for when, words in _WHEN_WORDS.items():
            found.append(Fault(f"{kind}-{when}", kind, when, f"{meaning}; {words}"))
    return {fault.name: fault for fault in (*found, *_SPECIAL)}


FAULTS: dict[str, Fault] = _all_faults()
# The long names come last, and so are the ones by which the mix counts what it drew.
_NAMES = {(fault.kind, fault.when): name for name, fault in sorted(FAULTS.items(), key=lambda one: len(one[0]))}
_MIXES = tuple(fault for fault in FAULTS.values() if fault.when == MIX)
#: what a setting may be narrowed to: an entity, or one of the two calls that are about none
_TARGETS = (*ENTITIES, "token", "me")
_WRITABLE = "coworkertasks"
_VALUE = re.compile(r"(?:(?P<count>[0-9]{1,9})x|(?P<share>0|1|0?\.[0-9]{1,9}|[01]\.0{1,9}))(?::(?P<entity>[a-z]+))?")


@dataclass(frozen=True)
class Setting:
    """How often a fault still strikes: `count` calls more, or a `share` of them. No entity: the usual one."""

    count: int | None = None
    share: float = 0.0
    entity: str = ""

    def __str__(self) -> str:
        amount = f"{self.count}x" if self.count is not None else f"{self.share:g}"
        return f"{amount}:{self.entity}" if self.entity else amount


def parse_setting(fault: str, text: str) -> Setting:
    """`0.3` is a share of the calls, `2x` the next two; `:entity` narrows it. SwitchError otherwise."""
    match = _VALUE.fullmatch(text.strip().lower())
    if match is None:
        raise SwitchError(
            f"fault {fault} has no value {text!r}. Allowed: a share from 0 to 1 such as 0.3, "
            f"or a count such as 2x, each with an entity if wanted: 2x:users."
        )
    entity = find_name(match["entity"], _TARGETS, "entity") if match["entity"] else ""
    if match["count"] is not None:
        return Setting(count=int(match["count"]), entity=entity)
    return Setting(share=float(match["share"]), entity=entity)


class Faults:
    """The faults that are switched on, the seeded draw that decides on shares, and how many struck."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._settings: dict[str, Setting] = {}
        self._on: tuple[Fault, ...] = ()
        self.struck: Counter[str] = Counter()
        self.clear()

    def change(self, wanted: Mapping[str, object]) -> None:
        """Set several, all or none. SwitchError for an unknown name or value."""
        found = {}
        for name, value in wanted.items():
            known = find_name(name, FAULTS, "fault")
            found[known] = parse_setting(known, str(value))
        self._settings.update(found)
        self._on = tuple(fault for name, fault in FAULTS.items() if name in self._settings and fault.when != MIX)

    def clear(self) -> None:
        """Switch all off and begin the draw anew from the seed."""
        self._settings.clear()
        self._on = ()
        # Not for secrets: the same seed has to give the same faults. Three sources, so that a share
        # set beside the mix does not change what the mix draws, nor a call what becomes of deliveries.
        self.random = random.Random(self._seed)  # noqa: S311
        self.for_hooks = random.Random(f"{self._seed} hooks")  # noqa: S311
        self._mixer = random.Random(f"{self._seed} mix")  # noqa: S311

    def as_dict(self) -> dict[str, str]:
        """What is on, with what is left of each count."""
        return {name: str(setting) for name, setting in sorted(self._settings.items())}

    def meet(self, target: Target) -> Fate:
        """What one call is in for; the mix is drawn here, once for the call."""
        for fault in _MIXES:
            setting = self._settings.get(fault.name)
            if setting is None or not is_mixed(fault.kind, target) or setting.entity not in {"", target.entity}:
                continue
            if self._strikes(fault.name, setting, self._mixer):
                return Fate(self, target, pick_from_mix(target, self._mixer))
        return Fate(self, target)

    def draw(self, when: str, target: Target, kinds: frozenset[str] | None = None) -> str:
        """The kind of the first set fault that strikes there now, or an empty text.

        A count goes down only when its fault strikes. `kinds` narrows the draw.
        """
        source = self.for_hooks if when == HOOK else self.random
        for fault in self._on:
            if fault.when != when or (kinds is not None and fault.kind not in kinds):
                continue
            setting = self._settings[fault.name]
            if _matches(setting, fault, target) and self._strikes(fault.name, setting, source):
                self.struck[fault.name] += 1
                return fault.kind
        return ""

    def begin_refusing(self) -> bool:
        """Use up one of a count of `refuse`, if there is one: how an admin call begins it at once."""
        setting = self._settings.get("refuse")
        is_struck = setting is not None and bool(setting.count) and self._strikes("refuse", setting, self.random)
        self.struck["refuse"] += is_struck
        return is_struck

    def _strikes(self, name: str, setting: Setting, source: random.Random) -> bool:
        if setting.count is None:
            return source.random() < setting.share
        if setting.count == 0:
            return False
        self._settings[name] = replace(setting, count=setting.count - 1)
        return True


class Fate:
    """The faults of one call; `mixed` is what the mix drew for it, kind and place."""

    def __init__(self, faults: Faults, target: Target, mixed: tuple[str, str] | None = None) -> None:
        self._faults = faults
        self._target = target
        self._mixed = mixed

    def draw(self, when: str, kinds: frozenset[str] | None = None) -> str:
        """The kind that strikes in this place, or an empty text. `kinds` narrows it."""
        if self._mixed is not None:
            kind, place = self._mixed
            if place == when and (kinds is None or kind in kinds):
                self._mixed = None
                self._faults.struck[_NAMES[kind, place]] += 1
                return kind
        return self._faults.draw(when, self._target, kinds)


def _matches(setting: Setting, fault: Fault, target: Target) -> bool:
    if setting.entity:
        return setting.entity == target.entity
    # Token and me have to be named: a count that was meant for records would be used up on them.
    if target.verb in {"token", "me"}:
        return fault.when == target.verb
    # Without an entity, a fault of lists means the lists of tasks: the directory reads come first
    # and would use up a count that was meant for them.
    return fault.kind not in LIST_FAULTS or target.entity == _WRITABLE
