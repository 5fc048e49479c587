"""The for_each of an item made ready: what it goes over, and the key that tells the things apart. Pure."""

from __future__ import annotations

from engine.core.alike import equal_keys
from engine.core.catalogue import ListOf, Record, Scope, Type
from engine.core.checking import Checking
from engine.core.model import Item
from engine.core.prepared import Loop, Path
from engine.core.scalars import Plain
from engine.core.scopes import UNKNOWN, lists_in, thing_type, undeclared
from engine.core.text import compile_path


def ready_loop(check: Checking, path: Path, item: Item, names: dict[str, Type]) -> Loop | None:
    """Return the loop of an item, and add its thing to the `names` of the item's texts; None without one."""
    each = item.for_each
    if each is None:
        names |= undeclared(item, names) if check.doubted(*path, "for_each") else {}
        return None
    at = (*path, "for_each", each.name)
    names.setdefault(each.name, UNKNOWN)
    if each.name in check.base:
        check.fault(at, f"{each.name!r} is a fact already; give the thing another name")
        return None
    if check.doubted(*each.source.strip().split(".")[:2]):
        return None
    found = check.attempt(at, lambda: compile_path(each.source, check.base))
    if found is None:
        return None
    source, kind = found
    if not isinstance(kind, ListOf):
        check.fault(at, "for_each goes over a list", found=repr(each.source), allowed=lists_in(check.base))
        return None
    thing = thing_type(item, kind.element)
    names[each.name] = thing
    key = _ready_key(check, path, item, thing)
    if not key and not each.key and isinstance(thing, Record) and source[0] == "inputs":
        part = next(iter(thing.fields), "code")
        example = f"{{{each.name}: {each.source}, key: {each.name}.{part}}}"
        check.fault(at, "a list of mappings names its key", corrected=Plain(example))
    _check_equal_keys(check, source, key)
    return Loop(each.name, source, key, isinstance(thing, Record))


def _ready_key(check: Checking, path: Path, item: Item, thing: Type) -> tuple[str, ...]:
    each = item.for_each
    if each is None or not each.key:
        return ()
    text = each.key
    scoped: Scope = {each.name: thing}
    made = check.attempt((*path, "for_each", "key"), lambda: compile_path(text, scoped))
    return made[0][1:] if made else ()


def _check_equal_keys(check: Checking, source: tuple[str, ...], key: tuple[str, ...]) -> None:
    given = check.tasklist.inputs.get(source[1]) if source[0] == "inputs" and len(source) == 2 else None
    for index, first, name in equal_keys(given.default, key) if given else ():
        what = f"two entries have the key {name!r}, and each key makes one task"
        path: Path = ("inputs", source[1], "default")
        check.fault((*path, index), what, other=(*path, first))
