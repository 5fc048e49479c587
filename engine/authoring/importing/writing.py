"""A draft to the text of a YAML file, with its notes as comments where they belong. Text only: it writes no file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from engine.authoring.importing.drafting import Draft, DraftItem
from engine.authoring.quoting import in_quotes

_WIDTH: Final = 116
_PLAIN: Final = re.compile(r"[A-Za-z0-9À-ɏ][^\n#:{}\[\],&*!|>%`\"]*")
_WORDS_OF_YAML: Final = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "~"}


def yaml_text(draft: Draft) -> str:
    """Return the whole file."""
    return "\n".join([*_head(draft), *_list(draft), *_items(draft)]) + "\n"


def scalar(text: str) -> str:
    """Return a text of one line as YAML reads it back: plain where nothing in it means something, else in quotes."""
    is_plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS_OF_YAML
    return text if is_plain and not re.fullmatch(r"[\d.:+-]+", text) else in_quotes(text)


def _head(draft: Draft) -> Iterator[str]:
    yield "# yaml-language-server: $schema=./tasklist.schema.json"
    yield "#"
    for line in draft.origin:
        yield from _comment(line, "")
    count = len(draft.all_reviews())
    if count:
        marked = "1 place is" if count == 1 else f"{count} places are"
        yield from _comment(f"{marked} marked REVIEW: look at each, then delete the comment.", "")
    yield from _comment("A draft: see what it says with `tasklists show`, and what it means with a preview.", "")
    for review in draft.reviews:
        yield from _comment(f"REVIEW {review}", "")
    for left in draft.left_out:
        yield from _comment(f"left out: {left}", "")


def _list(draft: Draft) -> Iterator[str]:
    yield f"tasklist: {draft.id}"
    yield f"name: {in_quotes(draft.title)}"
    if draft.events or draft.locations or draft.tariffs:
        yield "applies:"
        if draft.events:
            yield f"  on: [{', '.join(draft.events)}]"
        if draft.locations:
            yield f"  locations: [{', '.join(draft.locations)}]"
        if draft.tariffs:
            yield f"  tariffs: [{', '.join(f'{{tariff: {number}}}' for number in draft.tariffs)}]"
    yield f"anchor: {draft.anchor}"
    yield f"defaults: {{responsible: {scalar(draft.responsible)}}}"
    yield "items:"


def _items(draft: Draft) -> Iterator[str]:
    for item in draft.items:
        for review in item.reviews:
            yield from _comment(f"REVIEW {review}", "  ")
        yield from _item(item, draft)




def _item(item: DraftItem, draft: Draft) -> Iterator[str]:
    yield f"  - id: {item.id}"
    yield f"    name: {scalar(item.name)}"
    if item.phase:
        yield f"    phase: {scalar(item.phase)}"
    if item.notes:
        yield from _block("notes", item.notes)
    if item.checklist:
        yield "    checklist:"
        yield from (f"      - {scalar(line)}" for line in item.checklist)
    if item.responsible and item.responsible != draft.responsible:
        yield f"    responsible: {scalar(item.responsible)}"
    if item.due:
        yield f"    due: {_due(item)}"
    if item.when:
        yield f"    when: {scalar(item.when)}"
    if item.notify_by_email:
        yield "    notify_by_email: true"
    if item.display_to_everyone:
        yield "    display_to_everyone: true"


def _due(item: DraftItem) -> str:
    parts = [f"rule: {item.due}"]
    parts += [f"fallback: {item.fallback}"] if item.fallback else []
    parts += [f"roll: {item.roll}"] if item.roll else []
    return item.due if len(parts) == 1 else "{" + ", ".join(parts) + "}"


def _block(key: str, text: str) -> Iterator[str]:
    """A text as a literal block; a first line that begins with a space would tell YAML another depth."""
    yield f"    {key}: |"
    for line in text.split("\n"):
        yield f"      {line}" if line else ""


def _comment(text: str, indent: str) -> Iterator[str]:
    flat = " ".join(text.split())
    yield from textwrap.wrap(
        flat, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_long_words=False
    )
