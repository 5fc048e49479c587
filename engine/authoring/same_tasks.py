"""`same_as` over a whole folder: which lists are sound enough to be referred to, and what each refers to.

Reads nothing but what the library has read or reads anyway; it must never take a broken list for one that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.authoring.composing import is_abstract
from engine.authoring.library import Library
from engine.authoring.loader import Loaded
from engine.core.errors import UserError
from engine.core.model import TaskList
from engine.core.same_as import Sameness, Shelf, sameness


def same_tasks(
    names: Iterable[str], lists: Mapping[str, Loaded[TaskList]], library: Library
) -> Iterator[tuple[str, Sameness]]:
    """Yield what `same_as` comes to in each named list; nothing where no list of the folder says it."""
    models = {name: loaded.model for name, loaded in lists.items()}
    if not any(item.same_as is not None for tasklist in models.values() for item in tasklist.items):
        return
    missing = set(library.names) - set(models)
    abstract = frozenset(name for name in missing if _is_abstract(library, name))
    shelf = Shelf(models, broken=frozenset(missing) - abstract, abstract=abstract)
    for name in names:
        if name in models:
            yield name, sameness(name, shelf)


def _is_abstract(library: Library, name: str) -> bool:
    try:
        return is_abstract(library.file(name).node)
    except UserError:
        return False
