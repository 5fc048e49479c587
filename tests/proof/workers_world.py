"""A door and two workers as processes of their own on one PostgreSQL, in a world that goes on while they are struck.

What has to be made for whom is worked out here, from the design's words alone; it must never import the engine.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from auditor import Audit, audit
from postgres_given import Server, private_server, rows_of
from service_process import Running, start, until
from service_world import ANA, BARCELONA, LISTS, LOGIN, NAMESPACE, OWNER, SECRET, Person, ServiceWorld, service_world

LEASE_SECONDS, QUIET_SECONDS, DEAD_SECONDS, IDLE_SECONDS = 1.0, 1.5, 5.0, 5.0
"""Lease and quiet period scaled from 30 and 120; a worker counts as dead after 5 s without a sign of life, and the
server ends a session that sleeps for 5 s in the middle of a transaction."""

PAST_EVERY_TIME_OUT = LEASE_SECONDS + QUIET_SECONDS + DEAD_SECONDS + IDLE_SECONDS + 1
LISTS_BY_TARIFF = {"Hot Desk": ("arrival-of-ten", 10), "Dedicated Desk": ("arrival-of-twelve", 12)}
_AHEAD = 6
"""So many members wait at most: enough for both workers, and few enough to be done soon after the end."""

_INTENDED = 0
"""The state of an intent whose result is not known yet."""


def list_text(name: str, items: int, tariff: str) -> str:
    """A list for one tariff."""
    head = [f"tasklist: {name}", 'name: "Arrival of {{ coworker.full_name }}"', "anchor: contract.start"]
    head += [f"applies: {{on: [contract.created], tariffs: [{tariff}]}}", "once_per: contract"]
    head += ["defaults: {responsible: front-desk, late: keep}", "items:"]
    due = "days after contract.start at 11:00"
    lines = [
        f'  - {{id: item-{n:02d}, name: "{n} for {{{{ coworker.full_name }}}}", due: {n} {due}}}'
        for n in range(1, items + 1)
    ]
    return "\n".join([*head, *lines]) + "\n"


def wanted(person: Person, tariff: str) -> list[dict[str, Any]]:
    """The tasks that a member's list asks for, as the actions of a plan."""
    name, items = LISTS_BY_TARIFF[tariff]
    return [_action(person, name, n) for n in range(1, items + 1)]


def _action(person: Person, tasklist: str, n: int) -> dict[str, Any]:
    told = json.dumps([OWNER, "contract", person.contract, tasklist, f"item-{n:02d}", "", ""], separators=(",", ":"))
    identity = uuid.uuid5(NAMESPACE, told)
    payload = {
        "Name": f"{n} for {person.name}",
        "Notes": f"ref: {identity.hex[:16]} · Arrival of {person.name}",
        "DueDate": f"{person.start + timedelta(days=n)}T11:00:00Z",
        "ResponsibleId": ANA,
        "BusinessId": BARCELONA,
        "CoworkerId": person.id,
        "NotifyByEmail": False,
        "DisplayToEveryone": False,
    }
    return {"action": "create", "task_item_unique_id": str(identity), "payload": payload}


@dataclass
class Fleet:
    """The door, the workers, and the server that they share; struck by one thread, fed by another."""

    world: ServiceWorld
    server: Server
    url: str
    env: dict[str, str]
    members: list[tuple[Person, str]] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    amid: int = 0
    """Kills and pauses that fell while runs were under way."""
    _door: Running | None = None

    @property
    def door(self) -> Running:
        assert self._door is not None
        return self._door

    def start_door(self) -> None:
        self._door = start("serve", self.world.folder, self.env, "--port", "0", "--no-work")

    def start_worker(self) -> None:
        self.workers.append(start("worker", self.world.folder, self.env))

    def start_all(self, workers: int, *, at_once: bool) -> None:
        """The door and its workers: one after the other, or all in the same moment."""
        calls = [self.start_door, *[self.start_worker] * workers]
        with ThreadPoolExecutor(len(calls) if at_once else 1) as pool:
            for done in [pool.submit(call) for call in calls]:
                done.result()

    def kill(self, place: int) -> None:
        """kill -9 one worker and start it again."""
        self._note()
        old = self.workers[place]
        old.kill()
        old.end()
        self.replace(place)

    def replace(self, place: int) -> None:
        """Another worker in the place of one that ended."""
        self.workers[place] = start("worker", self.world.folder, self.env)

    @contextmanager
    def paused(self, place: int, seconds: float) -> Iterator[None]:
        """One worker stands still for the block, and for so long at least."""
        self._note()
        self.workers[place].pause()
        end = time.monotonic() + seconds
        try:
            yield
            time.sleep(max(0.0, end - time.monotonic()))
        finally:
            self.workers[place].resume()

    def outage(self, seconds: float) -> None:
        """The database is stopped, and started again."""
        self.server.stop()
        time.sleep(seconds)
        self.server.start()

    def _note(self) -> None:
        """Strike while something is under way: a blow to an idle process proves nothing."""
        with suppress(AssertionError):
            until(self.unfinished, 3, every=0.01)
            self.amid += 1

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read the database beside the processes."""
        return rows_of(self.url, statement)

    def number(self, statement: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {statement}")[0][0])

    def sign_up(self, chance: random.Random) -> tuple[Person, bytes]:
        """A new member of one of both tariffs, and the body of its delivery."""
        tariff = chance.choice(list(LISTS_BY_TARIFF))
        name = f"José 🚀 Vexworth-{len(self.members)}-{chance.getrandbits(48):012x}"
        day = datetime.now(UTC).date() + timedelta(days=20 + chance.randrange(40))
        made = self.world.far_side.signup(name, tariff=tariff, location="barcelona", start=str(day))
        person = Person(made["coworker_id"], made["contract_id"], name, day)
        self.members.append((person, tariff))
        return person, self.world.bodies(person)["contract.created"]

    def deliver(self, body: bytes) -> bool:
        """Whether the door took it."""
        with suppress(OSError):
            return self.door.post("barcelona", "contract.created", body, secret=SECRET) == 202
        return False

    def waiting(self) -> int:
        """Members whose work is not done, as far as the door has told the ledger."""
        return self.number("deliveries WHERE state = 0") + self.number("jobs WHERE state = 0")

    def is_settled(self) -> bool:
        """Whether nothing is left: no delivery, no job, no run, no intent, and nothing in the queue."""
        live = "procrastinate_jobs WHERE status IN ('todo', 'doing')"
        return not self.waiting() and not self.unfinished() and not self.number(live)

    def unfinished(self) -> int:
        """Requests of runs that have not ended, and intents whose result is not known."""
        return self.number("requests") + self.number(f"tasks WHERE state = {_INTENDED}")

    def left(self) -> dict[str, list[tuple[Any, ...]]]:
        """What is still open, for whoever has to find out why."""
        asked = {
            "deliveries": "SELECT id, state, tries, why FROM deliveries WHERE state <> 1",
            "jobs": "SELECT id, coworker_id, state, tries, why, to_timestamp(due_at / 1000.0), now() FROM jobs"
            " WHERE state <> 1",
            "runs": "SELECT runs.id, runs.coworker_id, resumes_at FROM runs JOIN requests ON run_key = key",
            "queue": "SELECT id, status, lock, queueing_lock, attempts, worker_id FROM procrastinate_jobs",
            "workers": "SELECT *, now() FROM procrastinate_workers",
        }
        return {name: self.rows(statement) for name, statement in asked.items()}

    def states(self) -> set[int]:
        """The states of all deliveries and jobs; 1 is done."""
        told = self.rows("SELECT state FROM deliveries UNION SELECT state FROM jobs")
        return {int(row[0]) for row in told}

    def judged(self) -> Audit:
        """What the auditor says of everybody who signed up."""
        actions = [action for person, tariff in self.members for action in wanted(person, tariff)]
        return audit([{"actions": actions}], self.world.commits(), login=LOGIN)

    def end(self) -> None:
        """Whatever state they are in."""
        for running in [*self.workers, *([self._door] if self._door else [])]:
            running.end()


@contextmanager
def feeding(fleet: Fleet, seed: int) -> Iterator[None]:
    """Members sign up and their deliveries are posted, some of them twice, until the block ends."""
    over, chance = threading.Event(), random.Random(seed)
    troubles: list[BaseException] = []

    def feed() -> None:
        try:
            while not over.is_set():
                _, body = fleet.sign_up(chance)
                for _ in range(1 + (chance.random() < 0.2)):
                    for wait in count(1):  # the sender does not give up: that is the sweep's affair
                        if fleet.deliver(body):
                            break
                        assert wait < 400, "the door took nothing for very long"
                        time.sleep(0.25)
                _wait_for_room(fleet, over)
        except BaseException as error:  # told by the thread that waits for this one
            troubles.append(error)

    thread = threading.Thread(target=feed, name="sender")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not troubles, troubles


def _wait_for_room(fleet: Fleet, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(psycopg.OperationalError):  # the outage
            if fleet.waiting() < _AHEAD:
                return
        time.sleep(0.1)


@contextmanager
def workers_world(folder: Path, *, workers: int = 2, seed: int = 0, at_once: bool = False) -> Iterator[Fleet]:
    """A far side with some latency and some faults, a database, a door and so many workers."""
    with service_world(folder, "--mode", "S51.slow-seconds=0.15", seed=seed) as world, private_server() as server:
        for name in LISTS:
            (world.folder / "tasklists" / f"{name}.yaml").unlink()
        for tariff, (name, items) in LISTS_BY_TARIFF.items():
            world.write(name, list_text(name, items, tariff))
        for fault, share in {"slow": 0.5, "error-after-commit": 0.02, "error-before-commit": 0.02}.items():
            world.far_side.set_fault(fault, f"{share}:coworkertasks")
        url = server.new_database()
        scaled = {"LEASE_SECONDS": f"{LEASE_SECONDS}", "QUIET_SECONDS": f"{QUIET_SECONDS}", "LEDGER": url}
        told = world.environment(**{f"TASKLISTS_{name}": value for name, value in scaled.items()})
        fleet = Fleet(world, server, url, told)
        try:
            fleet.start_all(workers, at_once=at_once)
            yield fleet
        finally:
            fleet.end()


def settled(fleet: Fleet, seconds: float) -> float:
    """Wait until nothing is left to do; how long that took."""
    began = time.monotonic()
    try:
        until(fleet.is_settled, seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {fleet.left()}") from None
    return time.monotonic() - began
