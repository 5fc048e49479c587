"""Who is away on a day, and who takes over: delegates are followed until somebody is there. Pure.

It must never take a person for present because two writings of one person differ: it asks for the look-up instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from whenever import Date

from engine.core.forms import Holder
from engine.core.organisation import Organisation
from engine.core.roster import Absence

Same = Callable[[Holder, Holder], bool]
"""Whether two holders are one person."""


@dataclass(frozen=True)
class StandIn:
    """Somebody who is there, and the sentences that lead from the one who was asked for."""

    holder: Holder
    steps: tuple[str, ...] = ()


class Rota:
    """Who is there on one local day at one location. `on` None: nobody is away, for there is no day to be away on."""

    def __init__(self, organisation: Organisation, location: str, on: Date | None, same: Same) -> None:
        self._organisation = organisation
        self._location = location
        self._on = on
        self._same = same
        self.gone: list[str] = []
        """Who was away without anybody to take over, each with the days: why nobody is left, if nobody is."""

    def there(self, holder: Holder, seen: tuple[Holder, ...] = (), led: tuple[str, ...] = ()) -> Iterator[StandIn]:
        """Yield who would take a task of this holder's, the nearest first: the holder, unless away, else delegates.

        `seen` and `led` are the way to this holder: who was away before, and the sentences that say so.
        """
        absence = self._absence(holder)
        if absence is None:
            yield StandIn(holder)
            return
        told = f"{holder} is away {absence.days()}"
        followers = tuple(self._delegates(absence))
        if not followers:
            lacks = f": role {absence.delegate.role} is held by nobody here" if absence.delegate else ""
            self._is_gone((*led, f"{told}{lacks or ', without a delegate'}"))
            return
        step = f"{told}: delegate {absence.delegate}"
        for follower in followers:
            if any(self._same(follower, earlier) for earlier in (*seen, holder)):
                self._is_gone((*led, f"{told}, and the delegates lead back to {follower}"))
                continue
            for found in self.there(follower, (*seen, holder), (*led, step)):
                yield StandIn(found.holder, (step, *found.steps))

    def _delegates(self, absence: Absence) -> Iterator[Holder]:
        delegate = absence.delegate
        if delegate is None:
            return
        if delegate.holder is not None:
            yield delegate.holder
        for role in role_chain(self._organisation, delegate.role) if delegate.role else ():
            yield from self._organisation.holders_at(role, self._location)

    def _absence(self, holder: Holder) -> Absence | None:
        """The absence of today; of several the first that names a delegate."""
        if self._on is None:
            return None
        today = [one for one in self._organisation.absences if one.covers(self._on) and self._same(one.who, holder)]
        return next((one for one in today if one.delegate is not None), today[0] if today else None)

    def _is_gone(self, way: tuple[str, ...]) -> None:
        self.gone.extend(told for told in way if told not in self.gone)


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
