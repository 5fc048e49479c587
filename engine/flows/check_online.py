"""`check --online`: the files held against an account, each misfit as a problem with its place. Reads only.

It must never take a right that is missing, or half a list, for a good answer: what was not looked at is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from whenever import Instant

from engine.authoring.check import Checked
from engine.core.errors import Place, Problem
from engine.flows.directory import Directory
from engine.flows.fitting import House, Misfit, all_misfits
from engine.nexudus.client import NexudusReader


def online_problems(reader: NexudusReader, checked: Checked) -> tuple[Problem, ...]:
    """Return what an account does not bear out of files that are sound by themselves, in the order of places.

    Raises:
        Unreachable: Nexudus gives no usable answer now.
        LoginRefused: it does not know the login.
    """
    organisation = checked.organisation
    assert organisation is not None  # the files are sound
    directory = Directory(reader, None, Instant.now)
    house = House(organisation.model, checked.lists, reader, directory, Instant.now)
    misfits, unasked = all_misfits(house)
    start = Place(organisation.source.name, 1, 1)
    told = [_problem(checked, misfit) for misfit in misfits]
    told += [Problem(start, what, severity="warning") for what in unasked]
    return tuple(sorted(set(told)))


def _problem(checked: Checked, misfit: Misfit) -> Problem:
    files: Mapping[str, object] = checked.loaded
    loaded = checked.loaded[misfit.tasklist] if misfit.tasklist in files else checked.organisation
    assert loaded is not None  # the files are sound
    what = f"{misfit.where}: {misfit.what}".rstrip(".")
    return Problem(loaded.place(misfit.path), what, nearest=misfit.nearest)
