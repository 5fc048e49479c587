"""Whether a responsible can be told: the role exists and is held where the list runs, the fact can name a person.

Pure. It must never look anybody up: whether a person may be given tasks is Nexudus's word, asked at each run.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.absences import role_chain
from engine.core.catalogue import Scope
from engine.core.checking import Checking
from engine.core.fact_types import Kind, in_words
from engine.core.forms import Responsible
from engine.core.prepared import Path
from engine.core.text import compile_path

_PERSONS = frozenset({Kind.TEXT, Kind.INT, Kind.NUMBER})
"""An e-mail is a text; a custom field that holds the id of a user may be called a number."""


def check_responsible(check: Checking, path: Path, responsible: Responsible, names: Scope) -> None:
    """Note a role that does not exist or that nobody holds, and a `from` that is no fact with a person in it."""
    if responsible.role is not None:
        _role(check, path, responsible.role)
    if responsible.fallback is not None:
        _role(check, (*path, "fallback"), responsible.fallback)
    if responsible.source is not None:
        _source(check, (*path, "from"), responsible.source, names)


def facts_of(responsible: Responsible) -> Iterable[tuple[str, ...]]:
    """Return the paths of the facts that a choice needs."""
    return () if responsible.source is None else (tuple(responsible.source.strip().split(".")),)


def _role(check: Checking, path: Path, role: str) -> None:
    known = check.organisation.known_roles()
    if role not in known:
        check.unknown(path, "role", role, known)
        return
    for location in check.locations:
        chain = role_chain(check.organisation, role)
        if not any(check.organisation.holders_at(name, location) for name in chain):
            check.fault(path, f"the role {role!r} and its fallback are held by nobody at {location}")


def _source(check: Checking, path: Path, source: str, names: Scope) -> None:
    found = check.attempt(path, lambda: compile_path(source, names))
    if found is None:
        return
    kind = found[1]
    if not (isinstance(kind, Kind) and kind in _PERSONS):
        check.fault(
            path,
            "a responsible is told by a fact that holds an e-mail or the id of a user",
            found=f"{source!r}, which is {in_words(kind)}",
            allowed="a text, such as coworker.custom.account_manager",
        )
