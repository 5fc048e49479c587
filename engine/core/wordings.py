"""Texts by language: what a file says in one or several languages, and which of them a coworker gets.

Pure. It must never mix languages within a text, and never leave somebody without a text because theirs is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from engine.core.fact_values import Value
from engine.core.forms import Model
from engine.core.scalars import as_text, shown, wrong
from engine.core.text import CompiledText

_TAG = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?\Z",
    re.IGNORECASE,
)
"""The shape of a language tag by BCP 47: language, script, region, variants, extensions, private use."""

_BY_NAME: Final = {
    **{"english": "en", "spanish": "es", "catalan": "ca", "portuguese": "pt", "french": "fr", "german": "de"},
    **{"español": "es", "castellano": "es", "català": "ca", "português": "pt", "français": "fr", "deutsch": "de"},
    **{"italian": "it", "italiano": "it", "dutch": "nl", "nederlands": "nl", "basque": "eu", "euskara": "eu"},
}
"""Names that people write in place of a tag."""

ANY: Final = ""
"""In place of a tag: the text is for every language."""


def is_tag(text: str) -> bool:
    """Return whether a text has the shape of a language tag, such as es, pt-BR or zh-Hant-TW."""
    return _TAG.match(text) is not None


def tag_text(value: object) -> str:
    """Return a language tag as it was written. Raises PydanticCustomError, with the tag that was meant."""
    text = as_text(value)
    if is_tag(text):
        return text
    what, allowed = "this is no language tag", "such as en, es, pt-BR"
    raise wrong(what, found=shown(text), allowed=allowed, corrected=_meant(text))


Tag = Annotated[str, BeforeValidator(tag_text), WithJsonSchema({"type": "string", "examples": ["en", "pt-BR"]})]
"""A language tag."""


class Wording(Model):
    """One text, or one text for each of several languages: tag -> text, in the order of the file."""

    texts: dict[str, str]

    def __str__(self) -> str:
        return next(iter(self.texts.values()))

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags that it is written in; none for a text that is for every language."""
        return tuple(tag for tag in self.texts if tag != ANY)

    def as_written(self) -> str | dict[str, str]:
        """Return the text, or the mapping of tag to text, as a file holds it."""
        return self.texts[ANY] if ANY in self.texts else dict(self.texts)

    def places(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Yield (tag, what its place adds to the path of the whole, text)."""
        for tag, text in self.texts.items():
            yield tag, (() if tag == ANY else (tag,)), text


def _as_wording(value: object) -> object:
    if isinstance(value, Wording):
        return value
    if not isinstance(value, dict):
        return {"texts": {ANY: as_text(value)}}
    if not value:
        raise wrong("a text by language has at least one language", allowed="such as {en: Give the card}")
    found: dict[str, str] = {}
    for name, text in value.items():
        tag = _as_tag(name)
        if tag.lower() in map(str.lower, found):
            raise wrong(f"the language {tag!r} is given twice")
        found[tag] = as_text(text)
    return {"texts": found}


def _as_tag(name: object) -> str:
    text = str(name)
    if is_tag(text):
        return text
    what = f"{shown(text)} is no language tag: a text is text, or a mapping of language tags to texts"
    allowed = "such as {en: Give the card, es: Entregar la tarjeta}"
    raise wrong(what, found="a mapping", allowed=allowed, nearest=_meant(text))


def _meant(text: str) -> str:
    """Return the tag that was most likely meant, or ''."""
    dashed = re.sub(r"[_\s]+", "-", text.strip())
    return dashed if is_tag(dashed) else _BY_NAME.get(text.strip().lower(), "")


WORDING_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "description": "language tag -> text",
            "type": "object",
            "additionalProperties": {"type": "string"},
            "minProperties": 1,
        },
    ]
}
AnyWording = Annotated[Wording, BeforeValidator(_as_wording), WithJsonSchema(WORDING_SCHEMA)]


@dataclass(frozen=True)
class ReadyWording:
    """A wording whose texts are compiled: tag -> text, in the order of the file."""

    texts: tuple[tuple[str, CompiledText], ...]

    @property
    def source(self) -> str:
        """The first text as it was written."""
        return self.texts[0][1].source

    @property
    def facts_used(self) -> frozenset[tuple[str, ...]]:
        """The paths that any of the texts may read."""
        return frozenset(path for _, text in self.texts for path in text.facts_used)

    def chosen(self, languages: Sequence[str]) -> CompiledText:
        """Return the text for the first of `languages` that it is written in, by tag or by the tag's first part.

        The first text is for all others, and so is one without a language.
        """
        if len(self.texts) == 1:
            return self.texts[0][1]
        known = {tag.lower(): text for tag, text in self.texts}
        for language in languages:
            for tag in (language.lower(), language.lower().partition("-")[0]):
                if tag in known:
                    return known[tag]
        return self.texts[0][1]

    def render(self, facts: Mapping[str, Value], languages: Sequence[str] = ()) -> str:
        """Return the text for one coworker's facts in the language that is chosen; errors as `CompiledText.render`."""
        return self.chosen(languages).render(facts)


def compiled(
    wording: Wording, compile_one: Callable[[tuple[str, ...], str], CompiledText | None]
) -> ReadyWording | None:
    """Return a wording with every text compiled by `compile_one(place, text)`; None when one of them is wrong."""
    made = [(tag, compile_one(place, text)) for tag, place, text in wording.places()]
    sound = tuple((tag, text) for tag, text in made if text is not None)
    return ReadyWording(sound) if len(sound) == len(made) else None
