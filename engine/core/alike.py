"""Things that must differ and do not: items of one id, items that look the same, equal keys of a loop. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.core.model import Item

Numbered = Sequence[tuple[int, Item]]
"""Items with their positions in the list."""


def same_ids(items: Numbered) -> Iterator[tuple[int, int, str, str]]:
    """Yield (position, earlier position, key that says it, id) for items with the identity of an earlier one."""
    seen: dict[str, int] = {}
    for index, item in items:
        number = item.formerly or item.id
        if number in seen:
            yield index, seen[number], "formerly" if item.formerly else "id", number
        seen.setdefault(number, index)


def twins(items: Numbered) -> Iterator[tuple[int, int, str]]:
    """Yield (position, earlier position, both ids in words) for items that are alike in all but their id."""
    seen: dict[object, int] = {}
    ids: dict[int, str] = {}
    for index, item in items:
        ids[index] = item.id
        rest = item.model_copy(update={"id": "", "formerly": None}).model_dump_json()
        if rest in seen and ids[seen[rest]] != item.id:
            yield index, seen[rest], f"{item.id!r} and {ids[seen[rest]]!r}"
        seen.setdefault(rest, index)


def equal_keys(entries: object, key: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (position, earlier position, key) for entries of an input list whose for_each key is not their own.

    Texts count trimmed and with single spaces, as the identity does (design section 4, `for_each`).
    """
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        value: object = entry
        for part in key:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict):
            continue
        name = " ".join(str(value).split())
        if name in seen:
            yield index, seen[name], name
        seen.setdefault(name, index)
