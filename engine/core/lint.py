"""What makes no sense in a list that is sound: every part may be written so, and yet somebody is in for a surprise.

Pure. All of it are warnings, each with a word by which the list can allow it; nothing here stops a run.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.lint_conditions import lint_conditions
from engine.core.lint_dues import lint_dues
from engine.core.lint_items import lint_items
from engine.core.lint_view import View
from engine.core.prepared import Finding, Prepared


def lint(prepared: Prepared, locations: Sequence[str]) -> tuple[Finding, ...]:
    """Return all warnings about the sense of one form of a list, each once; `locations`: all where the list runs."""
    view = View(prepared, locations)
    return tuple(dict.fromkeys((*lint_conditions(view), *lint_dues(view), *lint_items(view))))
