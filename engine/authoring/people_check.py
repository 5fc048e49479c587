"""What can be wrong with the people of organisation.yaml: roles, what stands in for them, absences and delegates.

Without the network: it must never say that a person exists, is active or may be given tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.authoring.loader import Loaded
from engine.authoring.mending import in_doubt
from engine.core.absences import role_chain
from engine.core.errors import Problem
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.roster import Absence, plainly_same
from engine.core.words import nearest

Told = Loaded[Organisation]


def people_problems(loaded: Told) -> Iterator[Problem]:
    """Yield every problem of the roles and the absences; none that only follows from a part that was taken out."""
    if not any(in_doubt((part,), loaded.doubtful) for part in ("roles", "locations")):
        yield from _roles(loaded)
    if not in_doubt(("absences",), loaded.doubtful):
        yield from _absences(loaded)


def _roles(loaded: Told) -> Iterator[Problem]:
    known = loaded.model.known_roles()
    for name, role in loaded.model.roles.items():
        for index, other in enumerate(role.fallback):
            path = ("roles", name, "fallback", index)
            if other == name:
                yield Problem(loaded.place(path), f"the role {name!r} cannot stand in for itself")
            elif other not in known:
                yield _unknown_role(loaded, path, other)
    for circle in _circles({name: role.fallback for name, role in loaded.model.roles.items()}):
        first, second = circle[0], circle[1]
        index = loaded.model.roles[first].fallback.index(second)
        ring = " -> ".join((*circle, first))
        what = f"these roles stand in for each other in a circle: {ring}"
        yield Problem(loaded.place(("roles", first, "fallback", index)), what, allowed="a chain that ends")


def _circles(links: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield each circle of two and more once, from the name that comes first in the file."""
    order = {name: number for number, name in enumerate(links)}
    for start in links:
        later = frozenset(name for name in links if order[name] >= order[start])
        found = _way_back(start, links, later)
        if found:
            yield found


def _way_back(start: str, links: dict[str, tuple[str, ...]], counted: frozenset[str]) -> tuple[str, ...]:
    """The shortest way from a role back to itself over roles that come later in the file; () without one."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        for other in links.get(way[-1], ()):
            if other == start and len(way) > 1:
                return way
            if other not in seen and other in counted:
                seen.add(other)
                ways.append((*way, other))
    return ()


def _absences(loaded: Told) -> Iterator[Problem]:
    absences = loaded.model.absences
    for index, one in enumerate(absences):
        at = ("absences", index)
        if one.last is not None and one.last < one.first:
            what = f"this absence ends on {one.last}, before it begins on {one.first}"
            yield Problem(loaded.place((*at, "to")), what, allowed=f"{one.first} or later")
        delegate = one.delegate
        if delegate is None:
            continue
        if delegate.role is not None and not _doubted_roles(loaded) and delegate.role not in loaded.model.known_roles():
            yield _unknown_role(loaded, (*at, "delegate", "role"), delegate.role)
        if delegate.holder is not None and plainly_same(delegate.holder, one.who):
            yield Problem(loaded.place((*at, "delegate")), f"{one.who} cannot be the delegate of an own absence")
        elif ring := _led_back(absences, index):
            what = f"while these absences overlap, the delegates lead in a circle: {' -> '.join(ring)}"
            yield Problem(loaded.place((*at, "delegate")), what, allowed="a delegate who is there")
    yield from _twice_away(loaded)


def _led_back(absences: Sequence[Absence], start: int) -> tuple[str, ...]:
    """The delegates from one absence back to the same person, each away on a day of all; () if they do not lead back.

    Told once for a circle: at the absence of it that stands first in the file.
    """
    ways: list[tuple[int, ...]] = [(start,)]
    while ways:
        way = ways.pop(0)
        delegate = absences[way[-1]].delegate
        for number, other in enumerate(absences):
            holder = delegate.holder if delegate else None
            if holder is None or not plainly_same(other.who, holder):
                continue
            if not _common_day([absences[one] for one in {*way, number}]):
                continue
            if number == start and len(way) > 1:
                return (*(str(absences[one].who) for one in way), str(absences[start].who))
            if number > start and number not in way:
                ways.append((*way, number))
    return ()


def _common_day(absences: Iterable[Absence]) -> bool:
    """Whether there is a day on which all of them are away: the last of the first days is one of every absence."""
    found = list(absences)
    latest = max(one.first for one in found)
    return all(one.covers(latest) for one in found)


def _twice_away(loaded: Told) -> Iterator[Problem]:
    """Two absences of one person on one day with different delegates: the first one counts, which nobody may expect."""
    absences = loaded.model.absences
    for index, one in enumerate(absences):
        for earlier in absences[:index]:
            both = earlier.delegate is not None and one.delegate is not None and earlier.delegate != one.delegate
            if both and plainly_same(one.who, earlier.who) and one.overlaps(earlier):
                what = f"{one.who} is away twice on the same days, with two delegates: {earlier.delegate} counts"
                yield Problem(loaded.place(("absences", index)), what, severity="warning")


def _doubted_roles(loaded: Told) -> bool:
    return any(in_doubt((part,), loaded.doubtful) for part in ("roles", "locations"))


def _unknown_role(loaded: Told, path: tuple[str | int, ...], name: str) -> Problem:
    names = sorted(loaded.model.known_roles())
    allowed = ", ".join(names) or "no role is given"
    return Problem(loaded.place(path), f"there is no role {name!r}", allowed=allowed, nearest=nearest(name, names))


def unused_roles(loaded: Told, lists: Iterable[Prepared]) -> Iterator[Problem]:
    """Yield a warning for each role that no list names, by itself or by what stands in. `lists` must be all of them."""
    told = loaded.model
    named = {role for one in lists for form in one.everywhere() for role in _roles_of(form)}
    named |= {one.delegate.role for one in told.absences if one.delegate is not None and one.delegate.role}
    used = {role for name in named for role in role_chain(told, name)}
    for path, role in _role_places(told):
        if role not in used:
            what = f"no list names the role {role!r}, and it stands in for none that is named"
            yield Problem(loaded.place(path), what, severity="warning", code="unused-role")


def _roles_of(prepared: Prepared) -> Iterator[str]:
    for ready in prepared.items:
        yield from (role for role in (ready.responsible.role, ready.responsible.fallback) if role)


def _role_places(told: Organisation) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each role once, where it first stands in the file."""
    places: dict[str, tuple[str | int, ...]] = {role: ("roles", role) for role in told.roles}
    for name, location in told.locations.items():
        for role in location.roles:
            places.setdefault(role, ("locations", name, "roles", role))
    for role, path in places.items():
        yield path, role
