"""The forms of the page: signing somebody up, and on a member's page their contracts and team.

Each is a plain POST, answered by a way back to the member. Must never take a form that
another site sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.sandbox.actions import ACTIONS
from engine.sandbox.html_text import HEADERS, attribute, page, table, text
from engine.sandbox.modes import SwitchError
from engine.sandbox.places import locations
from engine.sandbox.state import State
from engine.sandbox.store import Record

_LONGEST_FORM = 64 * 1024  # bytes
_OF_A_MEMBER = ("cancel", "change-plan", "join-team", "complete-task", "reopen-task", "delete-task")


def people_routes(state: State) -> list[Route]:
    """The sign-up and what a member's page can do."""
    forms = Forms(state)
    return [
        Route("/signup", forms.signup, methods=["GET", "POST"]),
        Route("/member/{id:int}/{action}", forms.member, methods=["POST"]),
    ]


class Forms:
    """One method for each form."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def signup(self, request: Request) -> Response:
        """The form, or what it does."""
        if request.method == "GET":
            return page("Sandbox", _signup_form(self._state, {}))
        form = await _read_form(request)
        if form is None:
            return _strange()
        asked: dict[str, Any] = {key: value for key, value in form.items() if value}
        try:
            made = ACTIONS["signup"](self._state, asked | {"user": "user" in asked})
        except SwitchError as error:
            return page("Sandbox", _wrong(error) + _signup_form(self._state, form), 400)
        return _back_to(made["coworker_id"])

    async def member(self, request: Request) -> Response:
        """Notice, another plan, a team, a task."""
        identifier, action = request.path_params["id"], request.path_params["action"]
        form = await _read_form(request)
        if form is None:
            return _strange()
        if action not in _OF_A_MEMBER:
            return page("Sandbox", "<p>There is no such form.</p>", 404)
        asked: dict[str, Any] = {key: value for key, value in form.items() if value}
        # A contract says whose it is.
        asked |= {} if "contract_id" in asked else {"coworker_id": identifier}
        try:
            ACTIONS[action](self._state, asked)
        except SwitchError as error:
            return page("Sandbox", f"{_wrong(error)}<p><a href='/member/{identifier}'>back</a></p>", 400)
        return _back_to(identifier)


def contracts_of(state: State, coworker: Record) -> str:
    """The contracts of a member, each with what can be done to it, and the way into a team."""
    own = [one for one in state.store.all("coworkercontracts") if one["CoworkerId"] == coworker["Id"]]
    own.sort(key=lambda one: (str(one["StartDate"]), one["Id"]))
    rows = [_contract(state, one) for one in own]
    titles = ("Contract", "Plan", "From", "To", "State", "")
    told = table(titles, rows) if rows else "<p class='quiet'>no contract</p>"
    team = text(coworker.get("TeamNames") or "no team")
    join = _form(coworker["Id"], "join-team", "<label>Team<input name='team' required></label>", "Join")
    return f"<h2>Contracts</h2>{told}<h2>Team</h2><p>{team}</p>{join}"


def _contract(state: State, contract: Record) -> str:
    condition = "cancelled" if contract["Cancelled"] else "active" if contract["Active"] else "to come"
    told = (
        *(contract["Id"], contract["TariffName"], str(contract["StartDate"] or "")[:10]),
        *(str(contract["CancellationDate"] or "")[:10], condition),
    )
    cells = "".join(f"<td>{text(one)}</td>" for one in told)
    forms = "" if contract["Cancelled"] else _contract_forms(state, contract)
    return f"<tr class='{'over' if contract['Cancelled'] else 'on'}'>{cells}<td>{forms}</td></tr>"


def _contract_forms(state: State, contract: Record) -> str:
    hidden = f"<input type='hidden' name='contract_id' value='{int(contract['Id'])}'>"
    ends = _form(contract["CoworkerId"], "cancel", f"{hidden}<label>On<input type='date' name='on'></label>", "Cancel")
    if not contract["Active"]:
        return ends
    plans = _choice("tariff", [(str(one["Id"]), one["Name"]) for one in state.store.all("tariffs")])
    return ends + _form(contract["CoworkerId"], "change-plan", f"{hidden}<label>Plan{plans}</label>", "Change plan")


def task_forms(task: Record) -> str:
    """What staff do to a task, as buttons."""
    hidden = f"<input type='hidden' name='task_id' value='{int(task['Id'])}'>"
    tick = ("reopen-task", "Reopen") if task.get("Completed") else ("complete-task", "Complete")
    offered = (tick, ("delete-task", "Delete"))
    return "".join(_form(task["CoworkerId"], name, hidden, button) for name, button in offered)


def _form(coworker: object, action: str, fields: str, button: str) -> str:
    target = f"/member/{attribute(coworker)}/{action}"
    return f"<form method='post' action='{target}'>{fields}<button>{button}</button></form>"


def _signup_form(state: State, form: Mapping[str, str]) -> str:
    places = [(name, one.get("Name")) for name, one in locations(state.store).items()]
    plans = [("", "none: a contact"), *((str(one["Id"]), one["Name"]) for one in state.store.all("tariffs"))]
    chosen = form.get
    fields = (
        f"<label>Name<input name='name' required value='{attribute(chosen('name'))}'></label>",
        f"<label>E-mail (made up if empty)<input name='email' value='{attribute(chosen('email'))}'></label>",
        f"<label>Location{_choice('location', places, chosen('location'))}</label>",
        f"<label>Plan{_choice('tariff', plans, chosen('tariff'))}</label>",
        f"<label>Start (today if empty)<input type='date' name='start' value='{attribute(chosen('start'))}'></label>",
        f"<label>Team<input name='team' value='{attribute(chosen('team'))}'></label>",
        "<label class='check'><input type='checkbox' name='user' value='yes'>portal user with welcome mail</label>",
    )
    return f"<h2>Sign up</h2><form method='post' action='/signup'>{''.join(fields)}<button>Sign up</button></form>"


def _choice(name: str, options: list[tuple[str, Any]], chosen: str | None = None) -> str:
    told = "".join(
        f"<option value='{attribute(value)}'{' selected' if value == chosen else ''}>{attribute(label)}</option>"
        for value, label in options
    )
    return f"<select name='{name}'>{told}</select>"


def _wrong(error: SwitchError) -> str:
    return f"<p class='wrong'>{text(error)}</p>"


def _strange() -> Response:
    return page("Sandbox", "<p>This form is not from here, or cannot be read.</p>", 403)


def _back_to(coworker: object) -> Response:
    return RedirectResponse(f"/member/{coworker}", status_code=303, headers=HEADERS)


async def _read_form(request: Request) -> dict[str, str] | None:
    """The fields of a form of ours; None for one that another site sent or that is none."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return None
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True)) if len(body) <= _LONGEST_FORM else None
    except ValueError:
        return None
