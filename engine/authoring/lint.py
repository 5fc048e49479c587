"""Warnings about the sense of a folder's lists: which are looked for where, and which a file allows.

It must never silence an error, nor let a word under `allow` stand that silences nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from engine.authoring.loader import Loaded
from engine.authoring.people_check import unused_roles
from engine.core.errors import Problem
from engine.core.lint import lint
from engine.core.lint_unused import lint_unused
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Prepared

_OF_ONE_LIST: Final = frozenset({"unused-input", "unused-day", "never-reached", "implied", "idle-gate"})
"""Warnings that say nothing of a part that stands in the file of another list: there it may be of use to others."""


def sense_of(prepared: Prepared, locations: Sequence[str]) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Yield the warnings about a list, and about what it is at each location with an overlay, with its name or ''.

    `locations` are all where it runs: a condition may ask for one although another has an overlay.
    """
    yield "", (*lint(prepared, locations), *lint_unused(prepared))
    yield from ((location, lint(form, locations)) for location, form in prepared.overlays.items())


def not_allowed(told: Iterable[Problem], loaded: Loaded[TaskList], *, sound: bool) -> list[Problem]:
    """Return the problems of a list less the warnings that it allows, and one for each word that silences nothing.

    The latter only of a list that is `sound`: in others, nobody has looked for all warnings.
    """
    own = loaded.source.name
    found = [one for one in told if one.place.file == own or one.code not in _OF_ONE_LIST]
    words = loaded.model.allow
    kept = [problem for problem in found if not _is_allowed(problem, words)]
    used = {problem.code for problem in found}
    for index, word in enumerate(words if sound else ()):
        place = loaded.place(("allow", index) if len(words) > 1 else ("allow",))
        # What an extended list allows may be of use to it alone.
        if place.file == own and (word not in used or word in words[:index]) and "unused-allow" not in words:
            what = f"nothing of {word!r} is found here, so there is nothing to allow"
            kept.append(Problem(place, what, severity="warning", code="unused-allow"))
    return kept


def _is_allowed(problem: Problem, words: Collection[str]) -> bool:
    return problem.severity == "warning" and problem.code in words


def roles_without_use(loaded: Loaded[Organisation], lists: Iterable[Prepared]) -> Iterator[Problem]:
    """Yield a warning for each role that none of the folder's lists names, unless organisation.yaml allows it."""
    yield from (one for one in unused_roles(loaded, lists) if not _is_allowed(one, loaded.model.allow))
