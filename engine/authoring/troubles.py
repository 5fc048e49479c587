"""What goes wrong with one coworker, told with the place in the list's file that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.authoring.check import Ready
from engine.core.errors import Problem, Problems
from engine.core.expand import CannotExpand


@contextmanager
def placed(ready: Ready) -> Iterator[None]:
    """Turn the troubles of an expansion into problems with file, line and column.

    Raises:
        Problems: all that stands in the way of the plan.
    """
    try:
        yield
    except CannotExpand as error:
        raise Problems(
            Problem(ready.loaded.place(trouble.path), str(trouble).rstrip(".")) for trouble in error.troubles
        ) from None
