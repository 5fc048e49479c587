"""What is wrong in a file of cases besides its shape: names of no item, no fact, no location, values of another type.

Pure. It must never run a case: a case that fails is not wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from whenever import Instant

from engine.core.case_member import Told, member_of, moment_of
from engine.core.case_places import ground_of, locations_of, overrides_of, zone_at
from engine.core.case_values import Path, Wrong, unknown
from engine.core.cases import Case, CaseFile, merged, task_named
from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.overriding import with_overrides
from engine.core.prepared import Prepared

_ANY_MOMENT: Final = Instant.from_utc(2026, 1, 1, 12)
"""For members whose case says no moment: what else is wrong is told all the same."""


def wrong_in(cases: CaseFile, prepared: Prepared, tasklist: str, saved: Mapping[str, Facts]) -> Iterator[Wrong]:
    """Yield everything that is wrong with the cases of a list; `saved` are the saved members by name."""
    if cases.tasklist != tasklist:
        what = "a file of cases is named after its list"
        yield Wrong(("tasklist",), what, found=repr(cases.tasklist), allowed=tasklist)
    if not cases.cases:
        yield Wrong(("cases",), "there is no case")
    given = replace_given(cases)
    seen: dict[str, int] = {}
    for number, case in enumerate(given):
        if case.case in seen:
            what = f"two cases have this name, the other is number {seen[case.case] + 1}"
            yield Wrong(("cases", number, "case"), what, found=repr(case.case))
        seen.setdefault(case.case, number)
        for one in _of_case(case, prepared, saved):
            above: Path = ("given",) if _is_given(one.path, cases, number) else ("cases", number)
            yield replace(one, path=(*above, *one.path))


def _is_given(path: Path, cases: CaseFile, number: int) -> bool:
    """Whether a value that is wrong stands in what is said for all cases."""
    own, given = cases.cases[number], cases.given
    if path[:1] == ("facts",) and len(path) > 1:
        return path[1] not in own.facts.model_fields_set and path[1] in given.facts.model_fields_set
    return bool(path) and path[0] not in own.model_fields_set and path[0] in given.model_fields_set


def replace_given(cases: CaseFile) -> tuple[Case, ...]:
    """Return the cases with what is said for all of them where they say nothing."""
    given = cases.given
    found = []
    for case in cases.cases:
        own = case.model_fields_set
        told = {name: getattr(given, name) for name in ("at", "now") if name not in own}
        found.append(case.model_copy(update={**told, "facts": merged(given.facts, case.facts)}))
    return tuple(found)


def _of_case(case: Case, prepared: Prepared, saved: Mapping[str, Facts]) -> Iterator[Wrong]:
    places = list(_locations(("at",), case.at, prepared))
    yield from places
    yield from _items(case, prepared)
    if case.error is not None and (case.expect or case.left_out):
        yield Wrong(("error",), "a case that is refused makes and leaves out nothing: drop `error`, or the rest")
    try:
        with_overrides(prepared, overrides_of(case))
    except UserError as error:
        path = next((name for name in ("skip", "responsible", "due") if getattr(case, name)), "case")
        yield Wrong((path,), error.message.splitlines()[0].rstrip("."))
    if not places:
        yield from _facts(case, prepared, saved)


def _locations(path: Path, names: tuple[str, ...], prepared: Prepared) -> Iterator[Wrong]:
    known = prepared.organisation.locations
    for number, name in enumerate(names):
        if name not in known:
            what = f"there is no location {name!r}"
            yield replace(unknown((*path, number), name, known, what), on_key=False)


def _items(case: Case, prepared: Prepared) -> Iterator[Wrong]:
    items = {ready.item.id: ready for one in prepared.everywhere() for ready in one.items}
    named: list[tuple[Path, str, str | None, bool]] = []
    for number, one in enumerate(case.expect or ()):
        named.append((("expect", number, "item"), one.item, one.key, False))
        yield from _locations(("expect", number, "at"), one.at, prepared)
    named += [(("left_out", task), *task_named(task), True) for task in case.left_out]
    named += [(("facts", "done", task), *task_named(task), True) for task in case.facts.done]
    named += [(("facts", "gone", n), *task_named(task), False) for n, task in enumerate(case.facts.gone)]
    for path, item, key, on_key in named:
        if item not in items:
            yield replace(unknown(path, item, items, f"the list has no item {item!r}"), on_key=on_key)
        elif key is not None and items[item].loop is None:
            what = f"the item {item!r} has no for_each, and so no keys"
            yield Wrong(path, what, found=f"{item}[{key}]", allowed=item, on_key=on_key)


def _facts(case: Case, prepared: Prepared, saved: Mapping[str, Facts]) -> Iterator[Wrong]:
    known = prepared.tasklist.inputs
    for name in case.facts.inputs:
        if name not in known:
            yield unknown(("facts", "inputs", name), name, known, f"the list has no input {name!r}")
    here = saved.get(case.facts.saved or "")
    told: dict[Wrong, None] = {}
    for location in locations_of(case, prepared, here):
        try:
            one = Told(prepared, case.facts, zone_at(prepared, location, case.facts, here))
            told |= dict.fromkeys(_of_member(one, location, case.now, here))
        except UserError as error:
            told[_said(error)] = None
    yield from told


def _of_member(told: Told, location: str, now: str | None, saved: Facts | None) -> Iterator[Wrong]:
    """Yield what is wrong with the member; that the case says no moment only when that does not follow from it."""
    trouble: Wrong | None = None
    at = _ANY_MOMENT
    try:
        at = moment_of(told, now, saved)
    except UserError as error:
        trouble = _said(error)
    member_of(told, ground_of(told.prepared, location, told.zone, people={}), at, saved)
    yield from told.faults
    if trouble is not None and not told.faults:
        yield trouble


def _said(error: UserError) -> Wrong:
    return Wrong(("case",), f"{error.message.rstrip('.')}. {error.advice}".strip(" ."))


