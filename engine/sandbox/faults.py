"""Faults on demand: which exist, when each strikes, and how many times.

A fault is set to a share of the matching calls (`0.3`) or to a count (`2x`), and may be
narrowed to one entity (`2x:users`). Must never strike a call that no setting names, and
draws from a seeded source, so that one seed and one order of calls give the same faults.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.sandbox.modes import SwitchError, find_name

# When a fault is asked for: at the door, before or after a write commits, before or after a read.
BEFORE, AFTER, READ = "before-commit", "after-commit", "on-read"


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
    ("hang", "no answer until the client gives up", AFTER),
    ("slow", "the answer comes S51.slow-seconds late", AFTER),
    ("html-200", "HTTP 200 with an HTML page", AFTER),
    ("cut-body", "the JSON ends in the middle, then the connection closes", AFTER),
    ("empty-body", "HTTP 200 without a body", AFTER),
    ("value-null", "a successful envelope whose Value is null", AFTER),
    ("bare-id", "HTTP 200 with the id alone as a number", AFTER),
    ("text-id", "a successful envelope whose Value.Id is text", AFTER),
    ("was-successful-false", "HTTP 200 with WasSuccessful false", BEFORE),
    ("oops", "HTTP 500 with the envelope that begins with Ooops", BEFORE),
    ("redirect", "HTTP 302 to a login page", BEFORE),
)

_SPECIAL: tuple[Fault, ...] = (
    Fault("access-denied", "access-denied", BEFORE, "creation quota: HTTP 401 with the text Access Denied"),
    Fault("late-commit", "late-commit", BEFORE, "HTTP 504 now, the commit S51.late-seconds later"),
    Fault("page-500", "page-500", READ, "HTTP 500 on list page S38.page"),
    Fault("endless-pages", "endless-pages", READ, "HasNextPage is true for ever"),
    Fault("contradicting-counts", "contradicting-counts", READ, "the counts of a list disagree"),
    Fault("records-null", "records-null", READ, "a list whose Records is null"),
    Fault("token-expired", "token-expired", "door", "HTTP 401 although the token is good"),
    Fault("throttle", "throttle", "door", "refused as too many calls, in the style of S50"),
    Fault("two-factor", "two-factor", "token", "the token answer is two_factor_auth_check"),
    Fault("must-reset-password", "must-reset-password", "token", "the token answer is must_reset_password"),
    Fault("me-html", "html-200", "me", "/en/user/me answers with an HTML page"),
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
LIST_FAULTS = frozenset({"page-500", "endless-pages", "contradicting-counts", "records-null"})
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
    entity = match["entity"] or ""
    if match["count"] is not None:
        return Setting(count=int(match["count"]), entity=entity)
    return Setting(share=float(match["share"]), entity=entity)


class Faults:
    """The faults that are switched on, and the seeded draw that decides on shares."""

    def __init__(self, seed: int) -> None:
        self._settings: dict[str, Setting] = {}
        # Not for secrets: the same seed has to give the same faults.
        self._random = random.Random(seed)  # noqa: S311

    def change(self, wanted: Mapping[str, object]) -> None:
        """Set several, all or none. SwitchError for an unknown name or value."""
        found = {}
        for name, value in wanted.items():
            known = find_name(name, FAULTS, "fault")
            found[known] = parse_setting(known, str(value))
        self._settings.update(found)

    def clear(self) -> None:
        """Switch all off."""
        self._settings.clear()

    def as_dict(self) -> dict[str, str]:
        """What is on, with what is left of each count."""
        return {name: str(setting) for name, setting in sorted(self._settings.items())}

    def draw(self, when: str, entity: str, kinds: frozenset[str] | None = None) -> str:
        """The kind of the first fault that strikes a call to `entity` now, or an empty text.

        A count goes down only when its fault strikes. `kinds` narrows the draw.
        """
        for name, fault in FAULTS.items():
            setting = self._settings.get(name)
            if setting is None or fault.when != when or (kinds is not None and fault.kind not in kinds):
                continue
            if _matches(setting, fault, entity) and self._strikes(name, setting):
                return fault.kind
        return ""

    def _strikes(self, name: str, setting: Setting) -> bool:
        if setting.count is None:
            return self._random.random() < setting.share
        if setting.count == 0:
            return False
        self._settings[name] = replace(setting, count=setting.count - 1)
        return True


def _matches(setting: Setting, fault: Fault, entity: str) -> bool:
    if setting.entity:
        return setting.entity == entity
    # Without an entity, a fault of lists means the lists of tasks: the directory reads come first
    # and would use up a count that was meant for them.
    return fault.kind not in LIST_FAULTS or entity == _WRITABLE
