"""The line between one simulated process and the far side, with its faults.

What is sent is committed by an event of its own, whether or not the sender still lives. It must never commit what
was not sent, and never let a commit come later than the quiet period allows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
from baton import Baton
from simulation_far_side import OOOPS, TASKS, Answer, FarSide, Json, as_json
from simulation_strands import Process

QUIET = 40.0
"""Seconds. Late commit, lag of lists and a stop between check and first byte stay below it together."""

MOST_LATE, MOST_LAG, MOST_STOP_IN_FLIGHT = 0.4 * QUIET, 0.2 * QUIET, 0.25 * QUIET

READ_FAULTS = ("refuse", "reset", "500", "502", "page", "cut", "empty", "throttle", "401", "hang")
NOT_DONE = ("refuse", "throttle", "throttle", "401", "refused", "denied")
"""Faults of a creation that prove that nothing was made."""

UNSURE = ("reset", "500", "502", "page", "cut", "empty", "null", "odd id", "stale", "unsaid", "hang", "late")
"""Faults of a creation after its first byte: each before or after the commit."""


class Line(httpx.BaseTransport):
    """One process's line to the far side. `fault` draws what goes wrong with an exchange, mostly ''."""

    def __init__(
        self,
        far_side: FarSide,
        baton: Baton,
        process: Process,
        *,
        fault: Callable[[str], str],
        watch: Callable[[Json, bytes], None],
    ) -> None:
        self._far_side = far_side
        self._baton = baton
        self._process = process
        self._fault = fault
        self._watch = watch
        self._random = far_side.random
        self._let_in_until = 0.0
        self._denied_until = 0.0

    def _draw(self, kind: str) -> str:
        """What goes wrong with this exchange. Another 401 soon after one would rightly be a missing right."""
        now = self._baton.now
        if kind == "create" and now < self._denied_until:
            return "denied"
        fault = self._fault(kind)
        if fault in {"401", "denied"}:
            if now < self._let_in_until:
                return ""
            self._let_in_until = now + 30.0
        if fault == "denied":
            self._denied_until = now + 10.0
        return fault

    def handle_request(self, request: httpx.Request) -> Any:
        """One exchange, in three steps for a creation and two for a read."""
        target = request.url.raw_path.decode()
        path = target.partition("?")[0]
        told = f"{request.method} {path}"
        if request.method == "POST" and path == TASKS:
            return self._create(request, told)
        assert request.method == "GET" or path == "/api/token", f"the engine sent {told}"
        self._baton.step(told)
        fault = self._draw("read") if request.method == "GET" else ""
        if fault:
            self._baton.tell(f"{self._process.name} meets {fault}")
        if fault == "refuse":
            raise httpx.ConnectError("connection refused")
        self._baton.sleep(self._random.uniform(0.02, 0.3))
        answer = (
            self._faulty(fault, request) if fault else self._far_side.answer(self._baton.now, target, self._disturbed)
        )
        self._baton.step(f"{answer.status_code} for {path}")
        return answer

    def _create(self, request: httpx.Request, told: str) -> Answer:
        body = request.content
        fields = json.loads(body)
        process, baton, random = self._process, self._baton, self._random
        fault = self._draw("create")
        process.most_stop = MOST_STOP_IN_FLIGHT
        stopped_for = process.stopped_for
        baton.step(told)
        process.was_stopped_in_flight = process.stopped_for > stopped_for
        process.most_stop = None
        process.sent += 1
        self._watch(fields, body)
        baton.tell(f"{process.name} sends {fields['Name']!r}" + (f", meets {fault}" if fault else ""))
        if fault in NOT_DONE:
            if fault == "refuse":
                raise httpx.ConnectError("connection refused")
            baton.sleep(random.uniform(0.02, 0.3))
            return self._faulty(fault, request)
        made: list[Json] = []
        commits = not fault or fault == "late" or random.random() < 0.5
        way = random.uniform(0.02, 0.3)
        late = random.uniform(1.0, MOST_LATE) if fault == "late" else 0.0
        if commits:
            lag = random.uniform(0, MOST_LAG) if random.random() < 0.3 else 0.0
            baton.at(baton.now + way + late, lambda: self._commit(fields, lag, made))
        baton.step("the request is out")
        baton.sleep(way + random.uniform(0.001, 0.3))
        answer = self._faulty(fault, request) if fault else self._far_side.receipt(made[0])
        baton.step(f"{answer.status_code} for the creation")
        return answer

    def _commit(self, fields: Json, lag: float, made: list[Json]) -> None:
        made.append(self._far_side.make(fields, at=self._baton.now, lag=lag))
        self._baton.tell(f"task {made[0]['Id']} is made")

    def _faulty(self, fault: str, request: httpx.Request) -> Answer:
        if fault == "reset":
            raise httpx.ReadError("reset")
        if fault == "hang":
            self._baton.sleep(request.extensions["timeout"]["read"])
            raise httpx.ReadTimeout("no answer")
        if fault == "throttle":
            return self._throttled()
        if fault == "stale":
            return self._stale(json.loads(request.content))
        if fault == "odd id":
            return as_json({"WasSuccessful": True, "Value": {"Id": self._random.choice((0, "12", None, True, -4))}})
        return _ANSWERS[fault]

    def _stale(self, fields: Json) -> Answer:
        """The late answer to another creation, on a line that was used again: of the same member, if there is one."""
        others = [
            task
            for _, task in sorted(self._far_side.tasks.items())
            if task["CoworkerId"] == fields["CoworkerId"]
            and "TaskItemUniqueId" in task
            and task["TaskItemUniqueId"] != fields["TaskItemUniqueId"]
        ]
        if others and self._random.random() < 0.5:
            return as_json({"WasSuccessful": True, "Value": self._random.choice(others)})
        other = {"Id": 1416999999, "CoworkerId": fields["CoworkerId"] + 77, "Name": "Of another member"}
        return as_json({"WasSuccessful": True, "Value": other})

    def _throttled(self) -> Answer:
        style = self._far_side.manners.throttle
        if style == "409":
            return Answer(409, b"", {"retry-after": self._random.choice(("1", "7", "45", "900"))})
        if style == "429 body":
            return Answer(429, b"Too many requests. Wait 2.5 seconds.", {"content-type": "text/plain"})
        return Answer(429, b"", {"retry-after": "3"})

    def _disturbed(self, page: Json) -> Json:
        """A page that contradicts itself, now and then, while faults are on."""
        fault = self._fault("list")
        if fault == "no records":
            return {**page, "Records": None}
        if fault == "contradiction":
            return {**page, "HasNextPage": not page["HasNextPage"]}
        if fault == "endless":
            return {**page, "HasNextPage": True, "TotalPages": 10_000}
        if fault == "short":
            return {**page, "Records": page["Records"][1:]}
        return page


_HTML = {"content-type": "text/html"}
_PAGE = Answer(200, b"<html><body>Log in</body></html>", _HTML)
_BAD_GATEWAY = Answer(502, b"<html>bad gateway</html>", _HTML)
_UNAUTHORISED = as_json({"Message": "Authorization has been denied for this request."}, 401)
_DENIED = as_json({"Message": "Access Denied"}, 401)
_REFUSED = as_json(
    {
        "Message": "Name: is busy",
        "Value": None,
        "WasSuccessful": False,
        "Errors": [{"PropertyName": "Name", "Message": "is busy", "AttemptedValue": None}],
    },
    400,
)

LIST_FAULTS = ("no records", "contradiction", "endless", "short")

_ANSWERS = {
    "500": OOOPS,
    "502": _BAD_GATEWAY,
    "late": _BAD_GATEWAY,
    "page": _PAGE,
    "cut": Answer(200, b'{"WasSuccessful": true, "Value": {"Id"', breaks=True),
    "empty": Answer(200),
    "null": as_json({"WasSuccessful": True, "Value": None}),
    "unsaid": as_json({"WasSuccessful": False, "Value": None}),
    "401": _UNAUTHORISED,
    "refused": _REFUSED,
    "denied": _DENIED,
}


def identity_of(fields: Json) -> bytes:
    """The identity that a creation carries, as the ledger keeps it."""
    return UUID(fields["TaskItemUniqueId"]).bytes
