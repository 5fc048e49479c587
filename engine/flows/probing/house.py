"""The set-up against Nexudus: locations, time zones, people, plan names, clocks. Reads only.

It must never choose for the user: what does not fit is named, with what to write instead where that is known.
"""

from __future__ import annotations

from whenever import Instant

from engine.flows.fitting import (
    House,
    holders,
    location_misfits,
    people_misfits,
    plan_misfits,
    zone_misfits,
)
from engine.flows.probing.notebook import Notebook, State
from engine.nexudus.errors import NexudusUnreachable, RoleMissing

SKEW_NOTED, SKEW_TOO_MUCH = 30.0, 120.0
"""Seconds between our clock and the service's: two minutes are allowed for when tasks are recognised (design 5.3)."""

def check_house(house: House, notebook: Notebook) -> None:
    """Check locations, zones, people and plan names, each with one line; a missing role leaves its check out."""
    for name, check in (
        ("locations", _locations),
        ("time zones", _zones),
        ("people", _people),
        ("plans", _plans),
    ):
        try:
            troubles, detail = check(house)
        except RoleMissing as error:
            # Finding somebody whose default location is another one is part of a run; the rest serves probe alone.
            state: State = "warning" if error.role == "User-Read" else "not asked"
            notebook.check(name, state, f"the login has no role {error.role}")
        except NexudusUnreachable as error:
            notebook.check(name, "not asked", error.message)
        else:
            notebook.check(name, "trouble" if troubles else "ok", "; ".join(troubles) or detail)


def skew_of(date: str, now: Instant) -> float | None:
    """Return by how many seconds the service's clock is ahead of `now`, by the Date of an answer; None without one."""
    try:
        return (Instant.parse_rfc2822(date) - now).total("seconds")
    except ValueError:
        return None


def check_clock(notebook: Notebook, skew: float | None, source: str) -> None:
    """Judge a difference of clocks in seconds; `source` says whose moment was compared."""
    if skew is None:
        notebook.check("clock", "not asked", f"{source} says no moment")
        return
    state: State = "ok" if abs(skew) < SKEW_NOTED else "warning" if abs(skew) < SKEW_TOO_MUCH else "trouble"
    way = "ahead of" if skew > 0 else "behind"
    told = f"the service is {abs(skew):.0f} s {way} this machine, by {source}"
    notebook.check("clock", state, told if state == "ok" else f"{told}: set this machine's clock")


def _locations(house: House) -> tuple[list[str], str]:
    misfits = list(location_misfits(house))
    lost = {misfit.where for misfit in misfits}
    return list(map(str, misfits)), ", ".join(name for name in house.organisation.locations if name not in lost)


def _zones(house: House) -> tuple[list[str], str]:
    misfits = list(zone_misfits(house))
    return [f"{misfit.where}: {misfit.what}" for misfit in misfits], ", ".join(_same_zones(house))


def _same_zones(house: House) -> list[str]:
    places = house.organisation.locations.items()
    return [f"{name} {place.time_zone or house.directory.zone(place.business_id)}" for name, place in places]


def _people(house: House) -> tuple[list[str], str]:
    held = list(holders(house))
    troubles = list(map(str, people_misfits(house, held)))
    return troubles, f"{len(held) - len(troubles)} holders can be given tasks"


def _plans(house: House) -> tuple[list[str], str]:
    count = sum(len(prepared.tasklist.applies.tariffs) for prepared in house.lists.values())
    troubles = list(map(str, plan_misfits(house)))
    return troubles, f"{count} plan names are borne by plans" if count else "no list names a plan"
