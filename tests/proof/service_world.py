"""A sandbox, a folder of lists and `tasklists serve` as processes: where the service is proven from end to end.

What has to be made for whom is worked out here, from the design's words alone; it must never import the engine.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from auditor import Audit, audit, read_commits
from sandbox_process import SandboxProcess, sandbox
from service_process import ROOT, Running, start

OWNER, NAMESPACE = "acme-coworking", uuid.UUID("3668bd1b-c290-527c-ac21-80e3d400b351")
BARCELONA, ANA, LOGIN = 1421021016, 1418332090, "api@acme.example"
SECRET = "9f1c02e7b6d84a35-hook-secret-of-both"
"""The same for both locations: then a delivery of one is genuine at the other, too."""

_LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
_OUR_LIMITS = ("WRITES_PER_MINUTE", "CALLS_PER_MINUTE", "CALLS_PER_HOUR", "CALLS_PER_100_MS", "WRITES_PER_DAY")
_ORGANISATION = f"""\
owner: {OWNER}
since: 2026-11-01
locations:
  barcelona: {{business_id: 1421021016, time_zone: Etc/UTC, calendar: always, roles: {{front-desk: ana@acme.example}}}}
  london: {{business_id: 1421021017, time_zone: Etc/UTC, calendar: always, roles: {{front-desk: omar@acme.example}}}}
calendars:
  always: {{working_days: mon-sun, hours: "09:00-18:00"}}
"""
FIRST_WEEK = """\
tasklist: first-week
name: "Week of {{ coworker.full_name }}"
applies: {on: [contract.created, contract.first_activated]}
anchor: contract.start
once_per: contract
defaults: {responsible: front-desk, late: keep}
items:
  - {id: card, name: "Card of {{ coworker.full_name }}", due: on contract.start at 10:00}
  - {id: tour, name: Tour, due: 1 day after contract.start at 11:00}
  - {id: chair, name: Chair}
"""
HELLO = """\
tasklist: hello
name: "Hello {{ coworker.full_name }}"
applies: {on: [coworker.created]}
once_per: coworker
defaults: {responsible: front-desk}
items: [{id: greet, name: "Greet {{ coworker.full_name }}"}]
"""
LEAVING = """\
tasklist: leaving
name: Leaving
applies: {on: [contract.cancelled]}
anchor: contract.cancellation
once_per: contract
defaults: {responsible: front-desk, late: keep}
items: [{id: key, name: Take the key back, due: on contract.cancellation at 10:00}]
"""
LISTS = {"first-week": FIRST_WEEK, "hello": HELLO, "leaving": LEAVING}
_DUE: dict[tuple[str, str], tuple[int, int] | None] = {
    ("first-week", "card"): (0, 10),
    ("first-week", "tour"): (1, 11),
    ("first-week", "chair"): None,
    ("hello", "greet"): None,
}
"""The items for somebody who comes: days after the start and the hour."""

PER_PERSON = len(_DUE)
STARTS = {"coworker.created": "hello", "contract.created": "first-week"}


@dataclass(frozen=True)
class Person:
    """Somebody who signed up at Barcelona, with a contract."""

    id: int
    contract: int
    name: str
    start: date

    def wanted(self) -> list[dict[str, Any]]:
        """The tasks that both lists ask for, as the actions of a plan."""
        return [action for event in STARTS for action in self.wanted_on(event)]

    def wanted_on(self, event: str) -> list[dict[str, Any]]:
        """Those of the list that starts on an event."""
        return [self._action(*of) for of in _DUE if of[0] == STARTS[event]]

    def _action(self, tasklist: str, item: str) -> dict[str, Any]:
        kind, subject = ("contract", self.contract) if tasklist == "first-week" else ("coworker", self.id)
        told = json.dumps([OWNER, kind, subject, tasklist, item, "", ""], separators=(",", ":"))
        identity = uuid.uuid5(NAMESPACE, told)
        batch = f"{'Week of' if tasklist == 'first-week' else 'Hello'} {self.name}"
        names = {"card": f"Card of {self.name}", "greet": f"Greet {self.name}"}
        payload = {
            "Name": names.get(item, item.capitalize()),
            "Notes": f"ref: {identity.hex[:16]} · {batch}",
            "DueDate": self._due(tasklist, item),
            "ResponsibleId": ANA,
            "BusinessId": BARCELONA,
            "CoworkerId": self.id,
            "NotifyByEmail": False,
            "DisplayToEveryone": False,
        }
        return {"action": "create", "task_item_unique_id": str(identity), "payload": payload}

    def _due(self, tasklist: str, item: str) -> str | None:
        when = _DUE[tasklist, item]
        return None if when is None else f"{self.start + timedelta(days=when[0])}T{when[1]}:00:00Z"


@dataclass
class ServiceWorld:
    """One account: its far side, its folder, and the port that its service has each time it is started."""

    far_side: SandboxProcess
    folder: Path
    commit_log: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        pace = {f"TASKLISTS_{name}": "0" for name in _OUR_LIMITS}
        quick = {"SETTLE_SECONDS": "0", "LEASE_SECONDS": "2", "QUIET_SECONDS": "1", "SWEEP": "off"}
        ours = pace | {f"TASKLISTS_{name}": value for name, value in quick.items()}
        secrets = {"TASKLISTS_HOOK_SECRETS": json.dumps(dict.fromkeys(("barcelona", "london"), SECRET))}
        return self.far_side.env | ours | secrets | {"TASKLISTS_PUBLIC_URL": self.url} | self.env | more

    def start(self, **env: str) -> Running:
        """Begin `tasklists serve`, always at the same port."""
        return start("serve", self.folder, self.environment(**env), "--port", str(self.port))

    @contextmanager
    def serving(self, **env: str) -> Iterator[Running]:
        running = self.start(**env)
        try:
            yield running
        finally:
            running.end()

    def cli(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Any other command, in a process of its own; AssertionError unless it ends with 0."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = [sys.executable, "-m", "engine.cli.main", *arguments]
        whole = kept | {"PYTHONPATH": str(ROOT)} | self.environment(**env)
        done = subprocess.run(
            command, cwd=self.folder, env=whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    def write(self, name: str, text: str) -> None:
        (self.folder / "tasklists" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def remove(self, name: str) -> None:
        """Take a list away."""
        (self.folder / "tasklists" / f"{name}.yaml").unlink()

    def sign_up(self, *, in_days: int = 40) -> Person:
        """Somebody with a name that occurs nowhere else, whose contract starts in so many days."""
        number = next(self._number)
        name = f"José 🚀 Vexworth-{number}-{random.Random(number).getrandbits(48):012x}"
        day = datetime.now(UTC).date() + timedelta(days=in_days)
        made = self.far_side.signup(name, tariff="Hot Desk", location="barcelona", start=str(day))
        person = Person(made["coworker_id"], made["contract_id"], name, day)
        self.people.append(person)
        return person

    def bodies(self, person: Person) -> dict[str, bytes]:
        """What Nexudus would tell of somebody who signed up, by event: whole records, full of personal data."""
        coworker = self.far_side.record("coworkers", person.id)
        contract = self.far_side.record("coworkercontracts", person.contract)
        both = {"coworker.created": coworker, "contract.created": contract}
        return {event: json.dumps([record], ensure_ascii=False).encode() for event, record in both.items()}

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the ledger beside the service."""
        with closing(sqlite3.connect(self.ledger, timeout=20)) as database:
            return database.execute(sql, values).fetchall()

    def change(self, *statements: str) -> int:
        """Write into the ledger, as if time had passed; how many rows were changed."""
        with closing(sqlite3.connect(self.ledger, timeout=20)) as database, database:
            return sum(database.execute(sql).rowcount for sql in statements)

    def hurry(self) -> int:
        """Make everything due that waits for its next try; how many waited."""
        now = int(time.time() * 1000)
        later = f"SET due_at = {now} WHERE state = 0 AND due_at > {now}"
        return self.change(f"UPDATE deliveries {later}", f"UPDATE jobs {later}")

    @property
    def ledger(self) -> Path:
        return self.folder / ".tasklists" / "ledger.db"

    def states(self) -> dict[str, dict[str, int]]:
        """How many deliveries and jobs there are in each state."""
        words = ("open", "done", "aside", "failed")
        told = {}
        for table in ("deliveries", "jobs"):
            counted = self.rows(f"SELECT state, count(*) FROM {table} GROUP BY state ORDER BY state")
            told[table] = {words[state]: number for state, number in counted}
        return told

    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not any("open" in states for states in self.states().values())

    def commits(self) -> list[dict[str, Any]]:
        return read_commits(self.commit_log)

    def has_all(self, people: Iterable[Person] | None = None) -> bool:
        """Whether everybody has as many tasks as both lists ask for."""
        made = Counter(line["record"]["CoworkerId"] for line in self.commits() if line["op"] == "create")
        return all(made[one.id] >= PER_PERSON for one in (self.people if people is None else people))

    def judged(self, people: Sequence[Person] | None = None) -> Audit:
        """What the auditor says of everybody who signed up."""
        whole = self.people if people is None else people
        return self._audited(action for person in whole for action in person.wanted())

    def judged_by(self, told: Iterable[tuple[Person, str]]) -> Audit:
        """What the auditor says of certain events of certain people."""
        return self._audited(action for person, event in told for action in person.wanted_on(event))

    def _audited(self, actions: Iterable[dict[str, Any]]) -> Audit:
        return audit([{"actions": list(actions)}], self.commits(), login=LOGIN)


@contextmanager
def service_world(folder: Path, *arguments: str, seed: int = 0) -> Iterator[ServiceWorld]:
    """A sandbox of its own without limits and native lists, and a folder with LISTS; no service yet."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "commits.jsonl"
    limits = [part for name in _LIMITS for part in ("--mode", f"S50.{name}=0")]
    with sandbox("--commit-log", str(log), "--seed", str(seed), *limits, *arguments) as far_side:
        for native in far_side.records("tasklists"):
            far_side.put_record("tasklists", native["Id"], Active=False)
        far_side.set_hook_secrets(barcelona=SECRET, london=SECRET)
        world = ServiceWorld(far_side, folder / "user", log, free_port())
        (world.folder / "tasklists").mkdir(parents=True)
        for name, text in {"organisation": _ORGANISATION, **LISTS}.items():
            world.write(name, text)
        yield world


def free_port() -> int:
    """A port that nobody listens on just now."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
