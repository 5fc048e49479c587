"""What Nexudus itself does beside us: its own task lists and CRM stages, and webhooks that went silent. Reads only.

A native list makes its tasks besides ours (native-tasklists.md 3). Filters are not trusted: all rows are read and
compared here. A webhook's address may hold a secret, so none is ever told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.flows.native_lists import NativeList, native_lists, rows_of
from engine.flows.probing.notebook import Notebook
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import NexudusUnreachable, RequestRefused, RoleMissing
from engine.nexudus.refusal import first_words
from engine.nexudus.wire import usable_id

_STAGE_ONLY: Final = "a CRM stage"
_ADDRESS: Final = re.compile(r"\w+://\S+|\b[\w-]+(?:\.[\w-]+)+/\S*")
"""A web address in a text, with or without its scheme."""


def ask_about_native_lists(
    reader: NexudusReader, organisation: Organisation, lists: Mapping[str, Prepared], notebook: Notebook
) -> None:
    """Answer Q18: `overlap` names each native list that doubles one of ours, by location and plan."""
    try:
        rows = rows_of(reader, Entity.NATIVE_TASK_LIST)
        stages, told = _stages(reader)
        found = list(native_lists(reader, rows, organisation, _stages_by_list(stages)))
        plans = _plan_ids(reader, lists) if any(one.tariffs for one in found) else None
    except (RoleMissing, NexudusUnreachable, RequestRefused) as error:
        notebook.not_asked("Q18", error.message)
        return
    overlaps = [(one, ours) for one in found if (ours := _doubled(one, organisation, lists, plans))]
    if overlaps:
        detail = "; ".join(_overlap_in_words(one, ours, organisation) for one, ours in overlaps)
        notebook.tell("Q18", "overlap", detail + told, lists=[one.number for one, _ in overlaps])
        notebook.check("native lists", "warning", "Nexudus makes its own tasks beside ours: see Q18")
        return
    stage_word = "no active native list or CRM stage" if not told else "no active native list"
    notebook.tell("Q18", "none", f"{stage_word} starts by itself where our lists are used{told}", lists=[])
    notebook.check("native lists", "ok", "none doubles ours" + told)


def _stages(reader: NexudusReader) -> tuple[tuple[Record, ...], str]:
    """The CRM stages, and a word on it where they cannot be read: an account without CRM has none."""
    try:
        return rows_of(reader, Entity.CRM_STAGE), ""
    except RoleMissing as error:
        return (), f" (CRM stages not read: no role {error.role})"
    except RequestRefused:
        return (), " (there is no list of CRM stages)"
    except NexudusUnreachable:
        return (), " (CRM stages could not be read)"


def _stages_by_list(stages: Iterable[Record]) -> dict[int, list[str]]:
    """Native list -> the stages that hand it out, in words; a stage that nothing enters by itself still counts."""
    found: dict[int, list[str]] = {}
    for stage in stages:
        number = stage.get("TaskListId")
        if isinstance(number, int) and number and stage.get("Active") is not False:
            found.setdefault(number, []).append(f"{_STAGE_ONLY} ({stage.get('Name')})")
    return found


def _plan_ids(reader: NexudusReader, lists: Mapping[str, Prepared]) -> dict[str, frozenset[int]] | None:
    """List -> ids of the plans that it names, as far as there are such plans; None where plans may not be listed."""
    try:
        rows = rows_of(reader, Entity.TARIFF)
    except RoleMissing:
        return None
    by_name: dict[str, set[int]] = {}
    for row in rows:
        by_name.setdefault(str(row.get("Name") or "").strip().casefold(), set()).add(usable_id(row) or 0)
    found: dict[str, frozenset[int]] = {}
    for name, prepared in lists.items():
        numbers: set[int] = set()
        for tariff in prepared.tasklist.applies.tariffs:
            plan = (tariff.name or "").strip().casefold()
            numbers |= by_name.get(plan, set()) if tariff.tariff is None else {tariff.tariff}
        found[name] = frozenset(numbers)
    return found


def _doubled(
    one: NativeList,
    organisation: Organisation,
    lists: Mapping[str, Prepared],
    plans: Mapping[str, frozenset[int]] | None,
) -> list[str]:
    """Our lists that a native one doubles: used at its location, and for one of its plans."""
    location = organisation.location_of(one.business_id)
    found = []
    for name in sorted(lists):
        applies = lists[name].tasklist.applies
        here = not applies.locations or location in applies.locations
        for_all = not one.tariffs or not applies.tariffs or plans is None
        if here and (for_all or (plans and one.tariffs & plans[name])):
            found.append(name)
    return found


def _overlap_in_words(one: NativeList, ours: list[str], organisation: Organisation) -> str:
    where = organisation.location_of(one.business_id)
    return f"native list {one.name!r} at {where} starts on {', '.join(one.starts_on)}, beside {', '.join(ours)}"


def check_webhooks(reader: NexudusReader, organisation: Organisation, notebook: Notebook) -> None:
    """Name each webhook of our locations that is off or fails: nobody else tells (webhooks.md 6)."""
    try:
        rows = rows_of(reader, Entity.WEBHOOK)
    except (RoleMissing, NexudusUnreachable, RequestRefused) as error:
        notebook.check("webhooks", "not asked", error.message)
        return
    ours = {place.business_id for place in organisation.locations.values()}
    silent = [row for row in rows if row.get("BusinessId") in ours and _fails(row)]
    told = "; ".join(_webhook_in_words(row, organisation.location_of) for row in silent)
    notebook.check("webhooks", "warning" if silent else "ok", told or f"{len(rows)} webhooks, none is off or fails")


def _fails(row: Record) -> bool:
    count = row.get("ErrorCount")
    return row.get("Active") is False or (isinstance(count, int) and count > 0)


def _webhook_in_words(row: Record, location_of: Callable[[int], str | None]) -> str:
    """A webhook by its name; addresses in its error are left out, for they may carry a secret."""
    business_id, name = row.get("BusinessId"), first_words(row.get("Name"))
    where = location_of(business_id) if isinstance(business_id, int) else None
    parts = ["is off"] if row.get("Active") is False else []
    if row.get("ErrorCount"):
        parts.append(f"failed {row['ErrorCount']} times")
    error = _ADDRESS.sub("[address]", first_words(row.get("LastError")))
    return f"webhook {name!r} at {where} {' and '.join(parts)}" + (f" ({error})" if error else "")
