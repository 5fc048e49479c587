"""A plain page to look at what is in the sandbox: people and their tasks. Made on the server, no script.

Must never change anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.html_text import HEADERS, STYLE, page, text
from engine.sandbox.page_hooks import hook_routes
from engine.sandbox.page_people import contracts_of, people_routes, task_forms
from engine.sandbox.state import State
from engine.sandbox.store import Record

_MOST_PEOPLE = 200  # a page for eyes; those with tasks come first


def page_routes(state: State) -> list[Route]:
    """The page, one for each member, the sign-up, the webhooks, and their stylesheet."""
    pages = Pages(state)
    return [
        *people_routes(state),
        *hook_routes(state),
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
        return page("Sandbox", f"<p>{count}</p>{''.join(map(self._section, shown))}{more}")

    async def member(self, request: Request) -> Response:
        """One person."""
        record = self._state.store.get("coworkers", request.path_params["id"])
        if record is None:
            return page("Sandbox", "<p>There is nobody with this id.</p>", 404)
        return page("Sandbox", self._section(record, forms=True) + contracts_of(self._state, record))

    async def style(self, _request: Request) -> Response:
        """The stylesheet."""
        return Response(STYLE, media_type="text/css", headers=HEADERS)

    def _section(self, coworker: Record, *, forms: bool = False) -> str:
        identifier = int(coworker["Id"])
        place = text(coworker.get("InvoicingBusinessName"))
        plan = text(coworker.get("CoworkerContractTariffNames") or "no plan")
        head = (
            f"<h2><a href='/member/{identifier}'>{text(coworker.get('FullName'))}</a> "
            f"<small>{identifier} · {place} · {plan}</small></h2>"
        )
        tasks = sorted(self._state.store.tasks_of(identifier), key=lambda one: (one["DueDate"] or "", one["Id"]))
        return head + (_table(tasks, forms=forms) if tasks else "<p class='quiet'>no tasks</p>")


def _table(tasks: Iterable[Record], *, forms: bool) -> str:
    titles = ("Due (local)", "Task", "Responsible", "List", "Notes", "State", *([""] if forms else []))
    head = "".join(f"<th>{title}</th>" for title in titles)
    rows = "".join(_row(task, forms=forms) for task in tasks)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(task: Record, *, forms: bool) -> str:
    due = str(task.get("DueDateLocal") or task.get("DueDate") or "").replace("T", " ")
    state = "completed" if task.get("Completed") else "open"
    buttons = f"<td>{task_forms(task)}</td>" if forms else ""
    return (
        f"<tr class='{state}'><td class='due'>{text(due)}</td><td>{text(task.get('Name'))}</td>"
        f"<td>{text(task.get('ResponsibleFullName'))}</td><td>{text(task.get('TaskListName'))}</td>"
        f"<td class='notes'>{text(task.get('Notes'))}</td><td>{text(state)}</td>{buttons}</tr>"
    )
