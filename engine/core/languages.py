"""In which language a coworker's texts are written: the list's own, a fact's, else the location's. Pure.

It must never keep a task from being made: a language that nobody wrote gives the first that somebody did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.core.catalogue import Kind
from engine.core.checking import Checking
from engine.core.fact_values import Absent, Value
from engine.core.organisation import Organisation
from engine.core.prepared import OF_THE_LOCATION, Path, Spoken
from engine.core.text import compile_path
from engine.core.wordings import Wording, is_tag


@dataclass(frozen=True)
class Chosen:
    """Language tags, the best first; `odd` says why the one that the list asks for is not among them, or is ''."""

    tags: tuple[str, ...]
    odd: str = ""


def chosen_languages(
    spoken: Spoken, *, organisation: Organisation, location: str, values: Mapping[str, Value]
) -> Chosen:
    """Return the languages to look for in texts, for one coworker's typed facts at a location."""
    own = organisation.language or ""
    odd = ""
    if spoken.path in {(), OF_THE_LOCATION}:
        first = spoken.tag or organisation.language_at(location)
    else:
        first = _text_at(spoken.path, values).strip().replace("_", "-")
        if first and not is_tag(first):
            odd, first = f"{'.'.join(spoken.path)} holds no language tag for this coworker", ""
    return Chosen(tuple(dict.fromkeys(tag for tag in (first, own) if tag)), odd)


def _text_at(path: tuple[str, ...], values: Mapping[str, Value]) -> str:
    found: Value = values
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) and not isinstance(found, Absent) else None
    return found if isinstance(found, str) else ""


def ready_language(check: Checking) -> Spoken:
    """Return where the list's language comes from; a mistake in it is noted."""
    source, path = check.tasklist.language, ("language",)
    if source is None:
        return Spoken(path=OF_THE_LOCATION)
    if is_tag(source):
        return Spoken(tag=source)
    if tuple(source.strip().split(".")) == OF_THE_LOCATION:
        return Spoken(path=OF_THE_LOCATION)
    if "." not in source:
        allowed = "a tag such as es, or the path of a text fact such as coworker.custom.language"
        check.fault(path, "this is neither a language tag nor a fact", found=repr(source), allowed=allowed)
        return Spoken()
    found = check.attempt(path, lambda: compile_path(source, check.base))
    if found is not None and found[1] is not Kind.TEXT:
        check.fault(path, "a language is read from a text", found=repr(source), allowed="such as location.language")
    return Spoken(path=found[0]) if found else Spoken()


def check_languages(check: Checking) -> None:
    """Warn of each text that lacks a language which other texts of the list have."""
    texts = [(path, wording) for path, wording in _wordings(check) if wording.languages]
    spellings = {tag.lower(): tag for _, wording in reversed(texts) for tag in wording.languages}
    number = Counter(tag.lower() for _, wording in texts for tag in wording.languages)
    for path, wording in texts:
        own = {tag.lower() for tag in wording.languages}
        lacking = [spelt for tag, spelt in spellings.items() if tag not in own]
        for tag in sorted(lacking):
            others = f"{number[tag.lower()]} other text" + ("" if number[tag.lower()] == 1 else "s")
            what = f"this text is not written in {tag}, as {others} of the list"
            check.fault(path, what, code="language-missing", found=", ".join(wording.languages))


def _wordings(check: Checking) -> Iterator[tuple[Path, Wording]]:
    tasklist = check.tasklist
    yield ("name",), tasklist.name
    for name, given in (("notes", tasklist.defaults.notes), ("phase", tasklist.defaults.phase)):
        if given is not None:
            yield ("defaults", name), given
    for index, item in enumerate(tasklist.items):
        if not check.doubted("items", index):
            for place, wording in item.wordings():
                yield ("items", index, *place), wording
