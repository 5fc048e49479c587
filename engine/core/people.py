"""Who is responsible: a role at a location to one admin user, with fallbacks and fair, stable rotation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.core.errors import UserError
from engine.core.forms import Holder, Responsible
from engine.core.organisation import Organisation


@dataclass(frozen=True)
class Person:
    """What the directory says of a holder. `trouble` says why nobody may be given a task, or is ''."""

    id: int
    name: str
    trouble: str = ""


Directory = Mapping[str, Person]
"""str(holder) -> Person, for every holder that was looked up."""


@dataclass(frozen=True)
class Chosen:
    person: Person
    holder: str
    steps: tuple[str, ...]
    passed_over: tuple[str, ...] = ()
    """Holders who could not be given the task, each with the reason: a warning."""


class NotLookedUp(Exception):
    """A holder is needed that the directory does not hold yet."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(str(holder))
        self.holder = holder


def role_chain(organisation: Organisation, role: str) -> Iterator[str]:
    """Yield the role and the roles that stand in for it, breadth first, each once: cycles end."""
    waiting, seen = [role], {role}
    while waiting:
        name = waiting.pop(0)
        yield name
        for other in organisation.fallback_of(name):
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def choose_person(
    responsible: Responsible, *, organisation: Organisation, location: str, subject: str, directory: Directory
) -> Chosen:
    """Return the admin user for an item, the same for preview, run and replay.

    `subject` seeds rotation: rendezvous hashing over (subject, role, location), so a changed roster moves the
    fewest people. Holders who cannot be given a task are passed over and said so.

    Raises:
        NotLookedUp: the directory lacks a holder that the choice needs.
        UserError: nobody is left to choose.
    """
    if responsible.holder is not None:
        return _settled(responsible.holder, "named in the list", directory)
    assert responsible.role is not None  # the model allows no other form
    steps: list[str] = []
    passed: list[str] = []
    for role in role_chain(organisation, responsible.role):
        holders = organisation.holders_at(role, location)
        if not holders:
            steps.append(f"role {role} is held by nobody at {location}")
            continue
        if role != responsible.role:
            steps.append(f"fell back to role {role}")
        for holder in _in_order(holders, responsible.pick, f"{subject}|{role}|{location}"):
            person = _look_up(holder, directory)
            if person.trouble:
                if f"{holder} {person.trouble}" not in passed:  # one person may hold several roles of the chain
                    passed.append(f"{holder} {person.trouble}")
                steps.append(f"passed over {holder}: {person.trouble}")
                continue
            how = f"rotation over {len(holders)}" if responsible.pick == "rotate" else "first holder"
            steps.append(f"role {role} at {location} -> {holder} ({how}) -> user {person.id}")
            return Chosen(person, str(holder), tuple(steps), tuple(passed))
    why = "; ".join(passed or steps)
    raise UserError(
        f"nobody can be responsible for role {responsible.role!r} at {location}: {why}.",
        advice=f"Change the role's holders at {location}, or its fallback, in organisation.yaml.",
    )


def _settled(holder: Holder, how: str, directory: Directory) -> Chosen:
    person = _look_up(holder, directory)
    if person.trouble:
        raise UserError(f"{holder} {person.trouble}.", advice="Name somebody else, or a role.")
    return Chosen(person, str(holder), (f"{holder} ({how}) -> user {person.id}",))


def _look_up(holder: Holder, directory: Directory) -> Person:
    if str(holder) not in directory:
        raise NotLookedUp(holder)
    return directory[str(holder)]


def _in_order(holders: tuple[Holder, ...], pick: str, seed: str) -> list[Holder]:
    if pick == "first":
        return list(holders)
    return sorted(
        holders, key=lambda holder: hashlib.sha256(f"{seed}|{str(holder).lower()}".encode()).digest()
    )
