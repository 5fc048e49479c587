"""The texts of one wanted task in one language: its name, its notes with the checklist, and its phase. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from engine.core.expanding import Expanding, Turn
from engine.core.fact_values import Value
from engine.core.prepared import Path, ReadyLine
from engine.core.wanted import MAX_NAME
from engine.core.wordings import ReadyWording

_BOX = "- [ ] "
"""Before each line of a checklist: an open box where notes are shown as Markdown, and plain to read elsewhere."""


def name_of(
    work: Expanding, path: Path, who: str, text: ReadyWording, *, values: Mapping[str, Value], optional: bool = False
) -> str | None:
    """Return a name: one line, whatever line breaks a member's text holds. None when it cannot be sent."""
    rendered = work.attempt(path, who, lambda: text.render(values, work.languages), optional=optional)
    if rendered is None:
        return None
    name = one_line(rendered)
    if not name:
        work.trouble(path, who, "the name is empty for this coworker.")
    if len(name) > MAX_NAME:
        what = f"the name is {len(name)} characters long for this coworker; at most {MAX_NAME} are sent."
        work.trouble(path, who, what)
    return name


def one_line(text: str) -> str:
    """Return a text on one line, without outer spaces."""
    return " ".join(text.splitlines()).strip()


def notes_of(work: Expanding, turn: Turn) -> str | None:
    """Return the notes, and below an empty line the checklist; None when they cannot be rendered."""
    own = turn.ready.notes
    rendered = _rendered(work, turn, own, "notes") if own else ""
    lines = _lines(work, turn)
    if rendered is None:
        return None
    return "\n\n".join(part for part in (rendered.strip("\n"), "\n".join(lines)) if part)


def _lines(work: Expanding, turn: Turn) -> Sequence[str]:
    found: list[str] = []
    for number, line in enumerate(turn.ready.checklist):
        make = partial(_line, line, turn.one.values, work.languages)
        told = work.attempt((*turn.path, "checklist", number), turn.who, make, optional=turn.ready.optional)
        if told:
            found.append(_BOX + told)
    return found


def _line(line: ReadyLine, values: Mapping[str, Value], languages: Sequence[str]) -> str:
    """Return one line of a checklist; '' when its condition leaves it out."""
    wanted = line.when is None or line.when.evaluate(values)
    return one_line(line.text.render(values, languages)) if wanted else ""


def phase_of(work: Expanding, turn: Turn) -> str:
    """Return the heading that the task is read under; '' without one."""
    text = turn.ready.phase
    return one_line(_rendered(work, turn, text, "phase") or "") if text else ""


def _rendered(work: Expanding, turn: Turn, text: ReadyWording, name: str) -> str | None:
    make = partial(text.render, turn.one.values, work.languages)
    return work.attempt((*turn.path, name), turn.who, make, optional=turn.ready.optional)
