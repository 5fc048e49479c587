"""The world of one seed: who runs what when, what goes wrong, what staff does, and how it is judged.

It must never take anything but the seed into a choice, nor ask the engine whether all is well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from auditor import Audit, audit
from baton import Baton, Endless
from simulation_far_side import BUSINESS, FarSide, Json, Manners
from simulation_lists import ADA, BASE_URL, BO, MEMBERS, SINCE, START, Book, book, items, plan_of
from simulation_processes import Machine, preview, resume, run
from simulation_store import Store
from simulation_strands import Process
from simulation_wire import LIST_FAULTS, NOT_DONE, QUIET, READ_FAULTS, UNSURE, Line, identity_of

MOST_SECONDS = 6 * 3600.0
"""Of fake time: a denied creation waits an hour, and a seed may draw a few of them."""

MOST_LIVES = 40
"""Of one actor: crashes and faults end long before, so whoever is not done by then never would be."""

STAFF = "eva@acme.example"


class Broken(AssertionError):
    """Something that must never happen."""


@dataclass
class Fate:
    """How much goes wrong in one seed, drawn beforehand."""

    fault_rate: float
    list_rate: float
    store_rate: float
    calm_at: float
    lives_that_die: int
    lives_that_stop: int

    @classmethod
    def drawn(cls, random: Random) -> Fate:
        return cls(
            fault_rate=random.choice((0.0, 0.1, 0.2, 0.4)),
            list_rate=random.choice((0.0, 0.0, 0.1, 0.3)),
            store_rate=random.choice((0.0, 0.0, 0.01, 0.03)),
            calm_at=random.uniform(30, 200),
            lives_that_die=random.choice((0, 1, 1, 2, 3)),
            lives_that_stop=random.choice((0, 1, 1, 2)),
        )


@dataclass
class Found:
    """What one seed came to."""

    seed: int
    audit: Audit
    seconds: float = 0.0
    lives: int = 0
    deaths: int = 0
    sent: int = 0
    met: Counter[str] = field(default_factory=Counter)
    """What happened on the way, by name: faults, deaths, stops, adoptions."""
    trace: list[str] = field(default_factory=list)


_store: Store | None = None


def the_store() -> Store:
    """One store for all seeds of this process: it starts over with each."""
    global _store  # noqa: PLW0603 - making one costs more than a seed
    _store = _store or Store(BASE_URL, SINCE)
    return _store


class World:
    """One seed, from its draw to its judgement."""

    def __init__(self, seed: int, *, trace: bool = False) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.fate = Fate.drawn(self.random)
        self.trace: list[str] | None = [] if trace else None
        self.baton = Baton(self.random, most_seconds=MOST_SECONDS, trace=self.trace)
        self.store = the_store()
        self.store.renew(self.baton)
        self.store.trouble = self._store_trouble
        self.made: Book = book(items(self.random.choice((1, 2, 3, 4))))
        self.members = [ADA] if self.random.random() < 0.6 else [ADA, BO]
        self.far_side = FarSide(self.random, Manners.drawn(self.random), self._server_time)
        self.machine = Machine(self.baton, self.store, START, self._line, lanes=self.random.choice((1, 2, 3)))
        self.lives = self.deaths = self.sent = 0
        self.met: Counter[str] = Counter()
        self.violations: list[str] = []
        self._deaths_left, self._stops_left = self.fate.lives_that_die, self.fate.lives_that_stop
        self._fill()

    def judged(self) -> Found:
        """Run it to its end and judge it. Raises Broken."""
        try:
            self.baton.run()
        except Endless as error:
            self.violations.append(str(error))
        found = audit([plan_of(self.made, number) for number in self.members], self.far_side.commits)
        if self.violations or not found.clean:
            harm = (*found.lost, *found.doubled, *found.wrong, *found.orphan, *self.violations)
            raise Broken(f"{found}; {'; '.join(harm[:3])}")
        self.met["adopted"] += self.store.adopted()
        return Found(self.seed, found, self.baton.now, self.lives, self.deaths, self.sent, self.met, self.trace or [])

    # -- who is there

    def _fill(self) -> None:
        for number in self.members:
            self.far_side.add_member(number, MEMBERS[number])
        for number in range(self.random.choice((0, 0, 1, 3))):
            self._make_by_hand(ADA, f"Old note {number}", -1000.0)
        actors = [*self.members, *self.random.choices(self.members, k=3 - len(self.members))]
        actors = actors[: self.random.choice((len(self.members), 2, 2, 3))]
        for number, member in enumerate(actors):
            self._begin_later(Actor(self, f"p{number}", member, resumes=number >= len(self.members)), 0.0)
        for _ in range(self.random.choice((0, 0, 1))):
            self.baton.at(self.random.uniform(0, 60), self._look)
        for _ in range(self.random.choice((0, 0, 1, 2, 4))):
            self.baton.at(self.random.uniform(0, 240), self._staff_acts)
        self.baton.at(300.0, self._staff_tidies)

    def _begin_later(self, actor: Actor, most: float) -> None:
        self.baton.at(self.baton.now + self.random.uniform(0, most or 20), actor.live)

    def process(self, name: str, number: int, *, mortal: bool = True) -> Process:
        """A new process, with what is to happen to it."""
        process = Process(name, number)
        if mortal and self._deaths_left and self.random.random() < 0.7:
            self._deaths_left -= 1
            process.dies_at = int(self.random.uniform(1, self.random.choice((30, 120, 250))))
        if mortal and self._stops_left and self.random.random() < 0.7:
            self._stops_left -= 1
            self._send_to_sleep(process)
        return process

    def _send_to_sleep(self, process: Process) -> None:
        """Stop it somewhere, or, for long, between two creations: the lease is gone when it wakes."""
        if self.random.random() < 0.5:
            process.stops = {int(self.random.uniform(5, 60)): self.random.uniform(1, 4 * QUIET)}
        else:
            process.naps = {self.random.choice((1, 1, 2)): self.random.uniform(1.5 * QUIET, 4 * QUIET)}

    def _look(self) -> None:
        process = self.process("preview", 1)
        process.reads_only = True
        self.baton.spawn(process, lambda: preview(self.machine, process, self.made, self.random.choice(self.members)))

    # -- what goes wrong

    def _line(self, process: Process) -> Line:
        return Line(
            self.far_side, self.baton, process, fault=self._fault, watch=lambda *told: self._watch(process, *told)
        )

    def _fault(self, kind: str) -> str:
        fault = self._drawn_fault(kind)
        if fault:
            self.met[f"{kind}: {fault}"] += 1
        return fault

    def _drawn_fault(self, kind: str) -> str:
        if self.baton.now > self.fate.calm_at:
            return ""
        if kind == "list":
            return self.random.choice(LIST_FAULTS) if self.random.random() < self.fate.list_rate else ""
        rate = self.fate.fault_rate
        if self.random.random() >= (rate if kind == "create" else rate / 5):
            return ""
        if kind == "read":
            return self.random.choice(READ_FAULTS)
        return self.random.choice(UNSURE if self.random.random() < 0.75 else NOT_DONE)

    def _store_trouble(self, boundary: str) -> str:
        trouble = self._drawn_store_trouble(boundary)
        if trouble:
            self.met[f"ledger: {trouble}"] += 1
        return trouble

    def _drawn_store_trouble(self, boundary: str) -> str:
        if self.baton.now > self.fate.calm_at or self.random.random() >= self.fate.store_rate:
            return ""
        if boundary == "begin":
            return "locked"
        if self._deaths_left and self.random.random() < 0.5:
            self._deaths_left -= 1
            return "killed"
        return "full"

    def _watch(self, process: Process, fields: Json, body: bytes) -> None:
        """Every creation on the wire: it was meant beforehand, durably, and by somebody who may write."""
        self.sent += 1
        if process.reads_only:
            self.violations.append(f"a preview sent {fields['Name']!r}")
        if not self.store.intends(identity_of(fields), body.decode()):
            self.violations.append(f"{process.name} sent {fields['Name']!r} without a committed intent")
        holder = self.store.holder_of(fields["CoworkerId"])
        if holder != process.holder and not process.was_stopped_in_flight:
            self.violations.append(f"{process.name} sent {fields['Name']!r} under the lease of {holder}")

    # -- other hands

    def _server_time(self) -> str:
        skew = self.far_side.manners.skew if hasattr(self, "far_side") else 0.0
        return START.add(seconds=self.baton.now + skew).format_iso()

    def _make_by_hand(self, member: int, name: str, at: float) -> None:
        fields = {"CoworkerId": member, "BusinessId": BUSINESS, "Name": name, "ResponsibleId": 1418332091}
        self.far_side.make({**fields, "Notes": "by hand", "DueDate": None}, at=at, by=STAFF)

    def _staff_acts(self) -> None:
        ours = sorted(number for number, task in self.far_side.tasks.items() if task["UpdatedBy"] != STAFF)
        if not ours:
            return
        number = self.random.choice(ours)
        task, what = self.far_side.tasks[number], self.random.choice(("complete", "rename", "date", "delete", "twin"))
        self.baton.tell(f"staff: {what} {number}")
        self.met[f"staff: {what}"] += 1
        if what == "complete":
            self.far_side.change(number, STAFF, Completed=True)
        elif what == "rename":
            self.far_side.change(number, STAFF, Name="Renamed by staff")
        elif what == "date":
            self.far_side.change(number, STAFF, DueDate="2027-09-09T09:00:00Z")
        elif what == "twin":
            self._make_by_hand(task["CoworkerId"], task["Name"], self.baton.now)
        elif number in self.store.settled_task_ids():  # one of which the ledger does not know yet would be made again
            self.far_side.remove(number, STAFF)

    def _staff_tidies(self) -> None:
        """A twin by hand beside a doubtful request wants a person: here that person acts."""
        for number in sorted(self.far_side.tasks):
            if self.far_side.tasks[number].get("Notes") == "by hand":
                self.far_side.remove(number, STAFF)


class Actor:
    """Somebody who wants a list run for a member, and starts it again until it says that it is done."""

    def __init__(self, world: World, name: str, member: int, *, resumes: bool) -> None:
        self._world = world
        self._name = name
        self._member = member
        self._may_resume = resumes
        self._lives = 0
        self._code: int | None = None

    def live(self) -> None:
        """Start one process; it is followed by another one until the exit code is 0."""
        world = self._world
        self._lives += 1
        world.lives += 1
        if self._lives > MOST_LIVES:
            told = f"{self._name} is not done after {MOST_LIVES} processes, the last exit code is {self._code}"
            world.violations.append(told)
            return
        process = world.process(self._name, self._lives, mortal=self._lives < MOST_LIVES / 4)
        self._code = None
        resumes = self._may_resume and world.random.random() < 0.3
        patient = world.random.random() < 0.6
        world.baton.spawn(process, lambda: self._run(process, resumes, patient), after=lambda: self._after(process))

    def _run(self, process: Process, resumes: bool, patient: bool) -> None:
        world = self._world
        if resumes:
            self._code = resume(world.machine, process, world.made, patient=patient)
        else:
            ends_at = world.baton.now + world.random.uniform(0, 60) if world.random.random() < 0.15 else None
            self._code = run(world.machine, process, world.made, self._member, patient=patient, ends_at=ends_at)
        world.baton.tell(f"{self._name} exits with {self._code}")
        world.met[f"exit code {self._code}"] += 1
        assert self._code in {0, 3, 6, 130}, f"exit code {self._code}"

    def _after(self, process: Process) -> None:
        world = self._world
        world.deaths += not process.alive
        world.met["died with an open intent"] += not process.alive and world.store.has_open_intents()
        world.met["stopped longer than the quiet period"] += process.stopped_for > QUIET
        if self._code != 0:
            world._begin_later(self, 60.0)  # noqa: SLF001 - an actor is part of its world
