"""The task lists and members of a simulation, and the plans that an auditor judges by: the same for all seeds.

It must never read the clock, nor keep anything of one seed for the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
from simulation_far_side import LOGIN, FarSide, Manners
from whenever import Instant

from engine.authoring.check import ready_list
from engine.authoring.folder import Folder
from engine.core.prepared import Prepared
from engine.flows.look import Policy
from engine.flows.preview import Previewer
from engine.flows.request import Request
from engine.flows.version import version_of
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.settings import NexudusSettings

SINCE = Instant.from_utc(2026, 11, 1)
START = Instant.from_utc(2026, 11, 23, 9)
BASE_URL = "https://nexudus.simulated"
SETTINGS = NexudusSettings(BASE_URL, LOGIN, "simulated-password")
ADA, BO = 1423831744, 1423831745
MEMBERS = {ADA: "Ada Example", BO: "Bo Example"}

_ORGANISATION = """\
owner: acme-coworking
since: 2026-11-01
locations:
  barcelona:
    business_id: 1421021016
    time_zone: Europe/Madrid
    calendar: spain
    roles: {front-desk: ana@acme.example, host: [ana@acme.example, ben@acme.example]}
calendars:
  spain: {working_days: mon-fri, hours: "09:00-18:00"}
"""
_HEAD = """\
tasklist: {name}
name: "Welcome {{{{ coworker.full_name }}}}"
anchor: contract.start
once_per: {once_per}
defaults: {{responsible: front-desk, notify_by_email: true}}
items:
"""


@dataclass(frozen=True)
class Item:
    """One entry of a list, as the state machine edits it."""

    id: str
    text: str
    days: int

    def yaml(self) -> str:
        return f"  - {{id: {self.id}, name: '{self.text}', due: {self.days} days after contract.start}}\n"


@dataclass(frozen=True, eq=False)
class Book:
    """A list made ready, with its version."""

    prepared: Prepared
    version: str


def items(number: int) -> tuple[Item, ...]:
    """So many entries; the first two share a name, as tasks of a list may."""
    return tuple(Item(f"item-{n}", f"Task {max(1, n)} for {{{{ coworker.full_name }}}}", n + 1) for n in range(number))


@cache
def book(entries: tuple[Item, ...], once_per: str = "membership", name: str = "simulated") -> Book:
    """Return a list of these entries, read from real files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "organisation.yaml").write_text(_ORGANISATION)
        head = _HEAD.format(name=name, once_per=once_per)
        (path / f"{name}.yaml").write_text(head + "".join(entry.yaml() for entry in entries))
        ready = ready_list(Folder(path, "tasklists"), name)
        return Book(ready.prepared, version_of(ready.prepared, ready.data))


@cache
def plan_of(made: Book, coworker_id: int) -> dict[str, Any]:
    """The plan, as a preview saves it before anything was made."""
    far_side = far_side_of(Random(0), Manners(), [coworker_id], START)
    with NexudusClient(SETTINGS, pace=NoPace(), transport=_CalmLine(far_side)) as client:
        policy = Policy(SINCE, True, 120)
        previewer = Previewer(client, None, made.prepared, policy=policy, clock=lambda: START)
        return previewer.preview(Request(coworker_id, START), made.version).plan.to_json()


def far_side_of(random: Random, manners: Manners, members: Sequence[int], start: Instant) -> FarSide:
    """A far side that knows these members."""
    far_side = FarSide(random, manners, start.format_iso)
    for number in members:
        far_side.add_member(number, MEMBERS[number])
    return far_side


class _CalmLine(httpx.BaseTransport):
    """A line on which nothing goes wrong and no time passes."""

    def __init__(self, far_side: FarSide) -> None:
        self._far_side = far_side

    def handle_request(self, request: httpx.Request) -> Any:
        """Answer at once."""
        assert request.method == "GET" or request.url.path == "/api/token"
        return self._far_side.answer(0.0, request.url.raw_path.decode())
