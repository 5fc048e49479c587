"""What proves that a webhook is genuine: the shared secrets of each location, and path tokens for unsigned hooks.

Nothing weak may get past here (the door would look shut and be open), and nothing here may show a secret or token.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from engine.core.errors import UserError
from engine.core.words import nearest
from engine.nexudus.settings import secret_of

SECRETS: Final = "TASKLISTS_HOOK_SECRETS"
TOKENS: Final = "TASKLISTS_HOOK_TOKENS"

_MOST: Final = 2
"""The one in use and the one that takes over: rotation needs no more, and a third would never be retired."""

_SHORTEST: Final = 24
"""The least that Standard Webhooks asks for; HMAC-SHA256 gains nothing beyond 64."""

_LONGEST: Final = 1024
_FEWEST_DIFFERENT: Final = 8
"""A random text of 24 hex digits has fewer different ones only once in 40,000."""

_SAMPLES: Final = ("changeme", "change-me", "change_me", "placeholder", "your-secret", "example", "sample")
_FORM: Final = '{"barcelona": "...", "madrid": ["...", "..."]}'
_MAKE_ONE: Final = "python3 -c 'import secrets; print(secrets.token_hex(32))' makes a good one."


@dataclass(frozen=True)
class HookSecrets:
    """By location, one or two of each. `locations` are all those of organisation.yaml, with or without."""

    locations: frozenset[str]
    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)
    tokens: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)

    def mark(self, location: str, key: bytes) -> str:
        """16 hex digits that change when the location's secrets or tokens do, and tell nothing about them."""
        kept = [sorted(self.secrets.get(location, ())), sorted(self.tokens.get(location, ()))]
        return hmac.digest(key, json.dumps(["door", *kept]).encode(), "sha256").hex()[:16]

    def token_index(self, location: str, token: str) -> int | None:
        """Which of the location's tokens this is, None if none of them; the time taken tells nothing."""
        given, found = token.encode("utf-8", "surrogatepass"), None
        for index, known in enumerate(self.tokens.get(location, ())):
            if hmac.compare_digest(known.encode(), given):
                found = index
        return found


def read_hook_secrets(
    environ: Mapping[str, str], locations: Collection[str], *, needed: bool = True
) -> HookSecrets:
    """TASKLISTS_HOOK_SECRETS and TASKLISTS_HOOK_TOKENS, each also as ..._FILE, for these locations.

    UserError with one line for each thing that is wrong; with `needed` also when neither is set at all.
    """
    problems: list[str] = []
    secrets = _read(environ, SECRETS, locations, problems)
    tokens = _read(environ, TOKENS, locations, problems)
    problems += [
        f"{TOKENS} gives {location!r} a token that is also its secret: a token is seen by every proxy on the way."
        for location, kept in tokens.items()
        if set(kept) & set(secrets.get(location, ()))
    ]
    if needed and not (secrets or tokens or problems):
        problems.append(f"{SECRETS} is not set: no delivery could be told from a forged one.")
    if problems:
        raise UserError("\n".join(problems), advice=f"The form is {_FORM}; {_MAKE_ONE}")
    return HookSecrets(frozenset(locations), secrets, tokens)


def _read(
    environ: Mapping[str, str], name: str, locations: Collection[str], problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """The setting as far as it can be read; each trouble goes to `problems` as one sentence."""
    try:
        given = _mapping(name, secret_of(environ, name))
    except UserError as error:
        problems.append(str(error))
        return {}
    found = {location: _listed(value) for location, value in given.items()}
    for location, values in found.items():
        strangers = list(_location_troubles(location, locations))
        problems += [f"{name}: {trouble}" for trouble in strangers]
        whose = f" for {location!r}" if not strangers else ""
        problems += [f"{name}{whose}: {trouble}" for trouble in _troubles(values, _WEAK[name])]
    return {location: tuple(map(str, values)) for location, values in found.items()}


def _mapping(name: str, text: str) -> dict[str, object]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except UserError as error:
        raise UserError(f"{name} {error.message}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{name} is not JSON.") from None  # never the text: it holds secrets
    if not isinstance(found, dict):
        raise UserError(f"{name} is no JSON object of locations.")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse_twice()
    return found


def _refuse_twice() -> NoReturn:
    raise UserError("names one location twice.")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _location_troubles(location: str, locations: Collection[str]) -> Iterator[str]:
    if location not in locations:
        # A long one may be a secret that stands where its location belongs.
        shown = repr(location) if len(location) < _SHORTEST else "a name"
        near = nearest(location, locations)
        meant = f"; nearest: {near}" if near else ""
        yield f"{shown} is no location of organisation.yaml ({', '.join(sorted(locations))}){meant}."


def _troubles(values: list[object], weak: Callable[[str], str]) -> Iterator[str]:
    if not 1 <= len(values) <= _MOST:
        yield f"one or two are allowed, found {len(values)}."
    for number, value in enumerate(values, 1):
        trouble = weak(value) if isinstance(value, str) else "is not text"
        if trouble:
            yield f"number {number} {trouble}."
    if len(set(map(str, values))) < len(values):
        yield "the two are the same."


def _weak_secret(secret: str) -> str:
    """Why a secret is refused, "" if it is not (webhooks.md section 5: other text than ASCII is folded away)."""
    if not secret:
        return "is empty"
    if not secret.isascii() or not secret.isprintable():
        return "holds a character that is not printable ASCII"
    if len(secret) < _SHORTEST:
        return f"is shorter than {_SHORTEST} characters"
    if len(secret) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if len(set(secret)) < _FEWEST_DIFFERENT or any(sample in secret.lower() for sample in _SAMPLES):
        return "is a sample or a pattern, which anybody can guess"
    return ""


def _weak_token(token: str) -> str:
    """The same for a token, which must also stand in a path as it is."""
    if token and not re.fullmatch(r"[A-Za-z0-9_-]+", token):
        return "holds something else than letters, digits, - and _"
    return _weak_secret(token)


_WEAK: Final[Mapping[str, Callable[[str], str]]] = {SECRETS: _weak_secret, TOKENS: _weak_token}
