"""A composed list to its model: everywhere, and at each location with an overlay.

What is abstract, or lacks a list that it names, is read as far as it goes: stand-ins fill what others would give.
"""

from __future__ import annotations

from dataclasses import replace

from engine.authoring.composing import Composed
from engine.authoring.loader import Loaded, load_node
from engine.authoring.mending import completed
from engine.authoring.nodes import Mapping
from engine.core.errors import Problem, Problems
from engine.core.model import TaskList


def loaded_list(found: Composed) -> Loaded[TaskList]:
    """Return the model of a list with all that is wrong with it, in whichever of its files.

    Raises:
        Problems: everything that is wrong, when too little is left to go on with.
    """
    whole = found.whole and not found.abstract
    everywhere = load_node(TaskList, found.source, _readable(found.node, whole), found.problems)
    at: dict[str, Loaded[TaskList]] = {}
    problems: dict[Problem, None] = dict.fromkeys(everywhere.problems)
    for location, node in found.at.items():
        try:
            at[location] = load_node(TaskList, found.source, _readable(node, whole))
        except Problems as error:
            problems |= dict.fromkeys(error.problems)
            continue
        problems |= dict.fromkeys(at[location].problems)
    return replace(everywhere, problems=tuple(problems), others=found.others, at=at, whole=whole)


def _readable(node: Mapping, whole: bool) -> Mapping:
    return node if whole else completed(node)
