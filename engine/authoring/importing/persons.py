"""What an operator writes under "who" to a role of organisation.yaml, with a note where there is none. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from engine.core.organisation import Organisation
from engine.core.words import nearest

_NOT_STAFF: Final = (
    *("member", "the member", "customer", "client", "tenant", "candidate", "resident", "guest", "user", "them"),
    *("automatic", "automation", "auto", "system", "nexudus", "automated", "n/a", "na", "none", "tbd", "tbc", "?", "-"),
)
_NEAR: Final = (
    ("front-desk", ("reception", "receptionist", "frontdesk", "concierge", "desk")),
    ("community-manager", ("community", "cm", "community-team", "community-lead", "space-lead", "space-manager")),
    ("finance", ("accounts", "accounting", "billing", "bookkeeping", "bookkeeper", "accountant")),
    ("it", ("tech", "technical", "technology", "it-support", "it-team", "ict", "network")),
    ("host", ("hosts", "tour-guide", "ambassador")),
)
"""Roles that lists usually have, with what operators call them."""


@dataclass(frozen=True)
class Who:
    """A role or an e-mail, '' for nobody that could be told, and what a person should look at."""

    responsible: str
    notes: tuple[str, ...] = ()


def read_person(text: str, organisation: Organisation | None) -> Who:
    """Return the responsible that a text means: a known role, else the nearest thing to one."""
    plain = " ".join(text.split())
    if not plain:
        return Who("")
    first, more = _first_of(plain)
    notes = (f"{plain!r} names several: the first is taken",) if more else ()
    if first.casefold().strip(" .") in _NOT_STAFF:
        return Who("", (*notes, f"{plain!r} is no admin: who sees to it that it happens?"))
    if "@" in first:
        return _by_email(first.strip().lower(), organisation, notes)
    slug = _slug(first)
    known = organisation.known_roles() if organisation else frozenset()
    return _by_role(plain, slug, known, notes) if slug else Who("", (*notes, f"who {plain!r} is, is not clear"))


def _by_role(plain: str, slug: str, known: frozenset[str], notes: tuple[str, ...]) -> Who:
    if slug in known:
        return Who(slug, notes)
    usual = next((role for role, words in _NEAR if slug == role or slug in words), "")
    if usual and (usual in known or not known):
        return Who(usual, notes if not known or slug == usual else (*notes, f"{plain!r} is taken for {usual}"))
    close = nearest(slug, known)
    if close:
        return Who(close, (*notes, f"{plain!r} is taken for the role {close}"))
    return Who(slug, (*notes, f"{slug} is no role yet: give it holders in organisation.yaml"))


def _first_of(text: str) -> tuple[str, bool]:
    parts = [part for part in re.split(r"\s*(?:/|,|;|&|\+|\band\b|\bor\b|\n)\s*", text) if part.strip()]
    return (parts[0], len(parts) > 1) if parts else (text, False)


def _by_email(email: str, organisation: Organisation | None, notes: tuple[str, ...]) -> Who:
    if not re.fullmatch(r"[^@\s<>\"']+@[^@\s<>\"']+\.[^@\s<>\"']+", email):
        return Who("", (*notes, f"who {email!r} is, is not clear"))
    held = _roles_of(email, organisation) if organisation else []
    if len(held) == 1:
        return Who(held[0], (*notes, f"{email} holds the role {held[0]}, which stays when people change"))
    return Who(email, (*notes, "a role is better than a person: people leave"))


def _roles_of(email: str, organisation: Organisation) -> list[str]:
    found = []
    for role in sorted(organisation.known_roles()):
        holders = {holder for place in organisation.locations for holder in organisation.holders_at(role, place)}
        if any((holder.email or "").lower() == email for holder in holders):
            found.append(role)
    return found


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign)).replace("ß", "ss")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
