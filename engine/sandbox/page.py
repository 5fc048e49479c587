"""A plain page to look at what is in the sandbox: people and their tasks. Made on the server, no script.

Every text of a record is data: escaped, kept from turning the line around, control bytes
shown as a sign. Must never change anything.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from engine.sandbox.state import State
from engine.sandbox.store import Record

_MOST_PEOPLE = 200  # a page for eyes; those with tasks come first
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_STYLE = """\
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2f6f5e; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; border-bottom: 2px solid var(--accent); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
a { color: var(--accent); } small, .quiet { opacity: .7; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; background: var(--soft); }
td, th { padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.due { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.notes { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 26rem; }
tr.completed td { opacity: .6; }
"""


def page_routes(state: State) -> list[Route]:
    """The page, one for each member, and their stylesheet."""
    pages = Pages(state)
    return [
        Route("/", pages.everyone),
        Route("/member/{id:int}", pages.member),
        Route("/style.css", pages.style),
    ]


class Pages:
    """One method for each page."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def everyone(self, _request: Request) -> Response:
        """All people, those with tasks first."""
        store = self._state.store
        people = store.all("coworkers")
        people.sort(key=lambda one: (not store.tasks_of(one["Id"]), str(one["FullName"])))
        shown = people[:_MOST_PEOPLE]
        count = f"{len(people)} people, {len(store.all('coworkertasks'))} tasks"
        more = f"<p class='quiet'>The first {_MOST_PEOPLE} are shown.</p>" if len(people) > len(shown) else ""
        return _page("Sandbox", f"<p>{count}</p>{''.join(map(self._section, shown))}{more}")

    async def member(self, request: Request) -> Response:
        """One person."""
        record = self._state.store.get("coworkers", request.path_params["id"])
        if record is None:
            return _page("Sandbox", "<p>There is nobody with this id.</p>", 404)
        return _page("Sandbox", self._section(record))

    async def style(self, _request: Request) -> Response:
        """The stylesheet."""
        return Response(_STYLE, media_type="text/css", headers=_HEADERS)

    def _section(self, coworker: Record) -> str:
        identifier = int(coworker["Id"])
        place = _text(coworker.get("InvoicingBusinessName"))
        plan = _text(coworker.get("CoworkerContractTariffNames") or "no plan")
        head = (
            f"<h2><a href='/member/{identifier}'>{_text(coworker.get('FullName'))}</a> "
            f"<small>{identifier} · {place} · {plan}</small></h2>"
        )
        tasks = sorted(self._state.store.tasks_of(identifier), key=lambda one: (one["DueDate"] or "", one["Id"]))
        return head + (_table(tasks) if tasks else "<p class='quiet'>no tasks</p>")


def _table(tasks: Iterable[Record]) -> str:
    titles = ("Due (local)", "Task", "Responsible", "List", "Notes", "State")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, tasks))}</tbody></table>"


def _row(task: Record) -> str:
    due = str(task.get("DueDateLocal") or task.get("DueDate") or "").replace("T", " ")
    state = "completed" if task.get("Completed") else "open"
    return (
        f"<tr class='{state}'><td class='due'>{_text(due)}</td><td>{_text(task.get('Name'))}</td>"
        f"<td>{_text(task.get('ResponsibleFullName'))}</td><td>{_text(task.get('TaskListName'))}</td>"
        f"<td class='notes'>{_text(task.get('Notes'))}</td><td>{_text(state)}</td></tr>"
    )


def _text(value: object) -> str:
    """Text of a record, inert: escaped, isolated from the direction of its neighbours, no control bytes."""
    text = "" if value is None else str(value)
    visible = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(sign) else sign for sign in text)
    return f"<bdi>{html.escape(visible, quote=True)}</bdi>"


def _is_control(sign: str) -> bool:
    return (sign < " " and sign not in "\n\t") or "\x7f" <= sign <= "\x9f" or "\ud800" <= sign <= "\udfff"


def _page(title: str, body: str, status: int = 200) -> Response:
    text = (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><link rel='stylesheet' href='/style.css'></head>"
        f"<body><header><h1><a href='/'>{title}</a></h1><span class='quiet'>a stand-in for Nexudus; nothing here"
        f" is real</span></header><main>{body}</main></body></html>"
    )
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
