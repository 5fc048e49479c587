"""What an account makes of paging, order and unknown ids: Q12, Q16 and Q19. Reads only.

Of the rows that come only ids are looked at; no text of anybody is kept.
"""

from __future__ import annotations

from typing import Final

from engine.flows.probing.notebook import Notebook
from engine.flows.probing.rights import FOR_CHECKS, NOBODYS_ID, Rights
from engine.nexudus.calls import Entity, read_one, read_some
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import NexudusUnreachable, RequestRefused, RoleMissing
from engine.nexudus.wire import usable_id

LARGE_PAGE: Final = 500
"""More than later runs ever ask for, and about 1 MiB of task rows."""

_FEW: Final = "5"
_WAYS: Final = ("1", "0", "-1")
"""The spellings of `dir` that documents give different meanings (api.md 2.5)."""


def ask_about_paging(reader: NexudusReader, notebook: Notebook) -> None:
    """Answer Q12 by four reads: what `dir` means, whether orderBy=Id holds, and how many rows a page may have."""
    try:
        ways = _ways(reader, Entity.COWORKER_TASK)
        if not any(ways.values()):
            ways = _ways(reader, Entity.USER)
        size, told = _page_size(reader)
    except (RoleMissing, NexudusUnreachable, RequestRefused) as error:
        notebook.not_asked("Q12", error.message)
        return
    facts = {"dir": ways, "size": size}
    if not any(ways.values()):
        notebook.not_told("Q12", f"fewer than two rows to compare; {told}")
    elif "mixed" in ways.values():
        notebook.tell("Q12", "not sorted", f"rows do not come in the order of their Ids; {told}", **facts)
    else:
        sorted_so = ", ".join(f"dir={way} {meaning}" for way, meaning in ways.items() if meaning)
        notebook.tell("Q12", f"1 is {ways['1'] or 'unknown'}", f"{sorted_so}; {told}", **facts)


def _ways(reader: NexudusReader, entity: Entity) -> dict[str, str]:
    """Spelling of dir -> the order that the rows came in; empty where there are too few of them."""
    return {way: _order(_page(reader, entity, {"dir": way, "size": _FEW})[0]) for way in _WAYS}


def _page(reader: NexudusReader, entity: Entity, query: dict[str, str]) -> tuple[list[int], int]:
    """The ids of a first page, and how many rows there are by its own count."""
    told = reader.look(read_some(entity, {"orderBy": "Id", "page": "1", **query}))
    rows = told.get("Records") if isinstance(told, dict) else None
    total = told.get("TotalItems") if isinstance(told, dict) else None
    ids = [usable_id(row) or 0 for row in rows] if isinstance(rows, list) else []
    return ids, total if isinstance(total, int) else len(ids)


def _order(ids: list[int]) -> str:
    if len(ids) < 2:
        return ""
    if ids == sorted(ids):
        return "ascending"
    return "descending" if ids == sorted(ids, reverse=True) else "mixed"


def _page_size(reader: NexudusReader) -> tuple[int | None, str]:
    """Rows that came on one page, where that was more than the usual hundred; and what to say of it."""
    ids, total = _page(reader, Entity.COWORKER_TASK, {"size": str(LARGE_PAGE)})
    if len(ids) > 100:
        return len(ids), f"{len(ids)} of {total} rows came on one page of {LARGE_PAGE}"
    if total > len(ids):
        return None, f"a page of {LARGE_PAGE} was cut to {len(ids)} rows"
    return None, f"{total} tasks are too few to tell the size of a page"


def ask_about_unknown_ids(reader: NexudusReader, rights: Rights, notebook: Notebook) -> None:
    """Answer Q16: the status for an id that is nobody's, and the one that refused a role, where one is missing."""
    refused = sorted(set(rights.missing.values()))
    facts = {"missing_role": refused[0] if refused else None}
    for_roles = f"; a missing role is answered with {refused[0]}" if refused else "; no role was missing"
    try:
        found = reader.look(read_one(Entity.COWORKER_TASK, NOBODYS_ID))
    except RoleMissing as error:
        notebook.not_asked("Q16", error.message)
    except (NexudusUnreachable, RequestRefused) as error:
        if reader.heard.status == 500:
            notebook.tell("Q16", "500", f"an unknown id is answered with 500{for_roles}", **facts)
        else:
            notebook.not_asked("Q16", error.message)
    else:
        if found is None:
            notebook.tell("Q16", "404", f"an unknown id is answered with 404{for_roles}", **facts)
        else:
            notebook.not_told("Q16", f"there is a task {NOBODYS_ID}")


def tell_about_roles(rights: Rights, needed: tuple[str, ...], notebook: Notebook) -> None:
    """Answer Q19: each role that the lists in use need and this login lacks, by name."""
    missing = [role for role in needed if rights.lacks(role)]
    open_roles = [role for role in needed if not rights.lacks(role) and not rights.has(role)]
    less = [role for role in FOR_CHECKS if rights.lacks(role) and role not in needed]
    parts = [f"missing: {', '.join(missing)}"] if missing else [f"{len(needed) - len(open_roles)} roles are held"]
    parts += [f"not asked: {', '.join(open_roles)}"] if open_roles else []
    parts += [f"for probe alone, missing: {', '.join(less)}"] if less else []
    detail = "; ".join(parts)
    notebook.tell(
        "Q19", "missing" if missing else "held", detail, needed=list(needed), missing=missing, not_told=open_roles
    )
    notebook.check("roles", "trouble" if missing else "ok", detail)
