"""The texts and conditions of a list made ready: compiled against the facts that they may name. Pure."""

from __future__ import annotations

from engine.core.catalogue import Scope
from engine.core.checking import Checking
from engine.core.model import Item
from engine.core.prepared import Path, ReadyLine
from engine.core.text import CompiledCondition, CompiledText, compile_condition, compile_text
from engine.core.wanted import MAX_NAME
from engine.core.wordings import ReadyWording, Wording, compiled

_YES_AND_NO = dict.fromkeys(("yes", "on", "y", "True"), "true") | dict.fromkeys(("no", "off", "n", "False"), "false")


def ready_text(check: Checking, path: Path, source: str, names: Scope) -> CompiledText | None:
    """Return a text compiled against the facts in `names`; None when it has mistakes."""
    made = check.attempt(path, lambda: compile_text(source, names))
    if made is not None:
        _check_vars(check, path, source, made.facts_used)
    return made


def ready_wording(check: Checking, path: Path, wording: Wording, names: Scope) -> ReadyWording | None:
    """Return a text with each of its languages compiled; None when one of them has mistakes."""
    return compiled(wording, lambda place, text: ready_text(check, (*path, *place), text, names))


def ready_name(check: Checking, path: Path, wording: Wording, names: Scope) -> ReadyWording | None:
    """Return the name of a task, likewise. One without facts is known already: too long, or nothing at all."""
    name = ready_wording(check, path, wording, names)
    for _, place, source in wording.places() if name is not None else ():
        if "{" in source:
            continue
        if len(source.strip()) > MAX_NAME:
            found = f"{len(source.strip())} characters"
            check.fault((*path, *place), f"a name has at most {MAX_NAME} characters", found=found)
        if not source.strip():
            check.fault((*path, *place), "a name has at least one character")
    return name


def ready_lines(check: Checking, path: Path, item: Item, names: Scope) -> tuple[ReadyLine, ...]:
    """Return the lines of an item's checklist that have no mistakes."""
    found: list[ReadyLine] = []
    for number, line in enumerate(item.checklist or ()):
        at: Path = (*path, "checklist", number)
        text = ready_wording(check, (*at, "line"), line.line, names)
        when = ready_condition(check, (*at, "when"), line.when, names)
        if not any(text.strip() for text in line.line.texts.values()):
            check.fault(at, "a line of a checklist has at least one character")
        if text is not None:
            found.append(ReadyLine(text, when))
    return tuple(found)


def ready_condition(check: Checking, path: Path, source: str | None, names: Scope) -> CompiledCondition | None:
    """Return a condition compiled against the facts in `names`; None without one, or when it has mistakes."""
    if source is None:
        return None
    word = source.strip()
    if meant := _YES_AND_NO.get(word) or _YES_AND_NO.get(word.lower()):
        check.fault(path, "a condition gives true or false", found=repr(source), corrected=meant)
        return None
    made = check.attempt(path, lambda: compile_condition(source, names))
    if made is not None:
        _check_vars(check, path, source, made.facts_used)
    return made


def _check_vars(check: Checking, path: Path, source: str, used: frozenset[tuple[str, ...]]) -> None:
    for fact in sorted(used):
        if fact[:2] == ("location", "vars") and len(fact) > 2:
            for location in check.locations:
                if fact[2] not in check.organisation.locations[location].vars:
                    what = f"vars.{fact[2]} is not given at {location} in organisation.yaml"
                    check.fault(path, what, offset=max(source.find(".".join(fact)), 0))
