"""A state machine over one member's tasks: run, edit the list, crash, lose or restore the ledger, staff, replays.

After every step the auditor counts from the plans and the commit log alone. It must never ask the engine whether
all is well: only its exit code counts, and only together with the log.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from auditor import audit
from baton import Baton
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulation import simulation
from simulation_far_side import BUSINESS, FarSide, Json, Manners
from simulation_lists import ADA, MEMBERS, START, Book, Item, book, items, plan_of
from simulation_processes import Machine, preview, resume, run
from simulation_strands import Process
from simulation_wire import LIST_FAULTS, NOT_DONE, QUIET, READ_FAULTS, UNSURE, Line, identity_of
from simulation_world import STAFF, the_store

MOST_ITEMS = 6
MOST_TRIES = 8
A_DAY = 86_400.0

SEEDS = st.integers(0, 2**32 - 1)
STEPS = st.integers(1, 110)
RATES = st.sampled_from((0.0, 0.0, 0.2, 0.5))


class OneEffect(RuleBasedStateMachine):
    """No task is ever made twice; once a run says that it is done, none is missing; nobody else's task is written."""

    def __init__(self) -> None:
        super().__init__()
        self._simulation = simulation()
        self._simulation.__enter__()
        self.random = Random(0)
        self.baton = Baton(self.random, most_seconds=float("inf"))
        self.store = the_store()
        self.store.renew(self.baton)
        self.store.trouble = self._store_trouble
        self.far_side = FarSide(self.random, Manners(), lambda: START.add(seconds=self.baton.now).format_iso())
        self.far_side.add_member(ADA, MEMBERS[ADA])
        self.machine = Machine(self.baton, self.store, START, self._line)
        self.entries = items(2)
        self.plans: list[Json] = []
        self.rate = self.store_rate = 0.0
        self.lives = self.sent = self.renames = 0
        self.copies: list[bytes] = [self.store.copy()]
        self.deleted: set[int] = set()
        self.forgotten: set[int] = set()
        """Tasks that staff deleted and that a lost ledger no longer knows: they are rightly made once more."""
        self.is_done = False
        self._use(self.entries)

    @initialize(seed=SEEDS)
    def manners(self, seed: int) -> None:
        self.far_side.manners = Manners.drawn(Random(seed))

    # -- runs

    @rule(seed=SEEDS, rate=RATES, patient=st.booleans())
    def apply(self, seed: int, rate: float, patient: bool) -> None:
        code = self._run(seed, rate, patient=patient)
        self.is_done = code == 0

    @rule(seed=SEEDS, rate=RATES, step=STEPS)
    def crash(self, seed: int, rate: float, step: int) -> None:
        code = self._run(seed, rate, dies_at=step)
        self.is_done = code == 0

    @rule(seed=SEEDS, rate=RATES, step=STEPS, stop=st.sampled_from((0.0, QUIET / 2, 3 * QUIET)))
    def two_processes(self, seed: int, rate: float, step: int, stop: float) -> None:
        self._begin(seed, rate)
        codes: list[int] = []
        for number in range(2):
            process = self._process()
            process.stops = {step: stop} if stop and number == 0 else {}
            process.naps = {1: stop} if stop and number == 1 else {}
            self.baton.spawn(process, lambda process=process: codes.append(self._once(process)))  # type: ignore[misc]
        self.baton.run(drain=False)
        self.is_done = codes[-1:] == [0]

    @rule(seed=SEEDS, rate=RATES)
    def take_up_again(self, seed: int, rate: float) -> None:
        self._begin(seed, rate)
        process = self._process()
        self.baton.spawn(process, lambda: _ignored(resume(self.machine, process, self.book, patient=True)))
        self.baton.run(drain=False)

    @precondition(lambda self: self.is_done)
    @rule(seed=SEEDS)
    def replay(self, seed: int) -> None:
        sent = self.sent
        assert self._run(seed, 0.0) == 0
        assert self.sent == sent, "the same request once more sent something"

    @rule(seed=SEEDS)
    def look(self, seed: int) -> None:
        self._begin(seed, 0.2)
        process = self._process()
        process.reads_only = True
        self.baton.spawn(process, lambda: preview(self.machine, process, self.book, ADA))
        self.baton.run(drain=False)

    # -- the list

    @rule(number=st.integers(0, MOST_ITEMS))
    def rename_item(self, number: int) -> None:
        place = number % len(self.entries)
        self.renames += 1
        self._edit(place, text=f"New name {self.renames} for {{{{ coworker.full_name }}}}")

    @rule(number=st.integers(0, MOST_ITEMS), days=st.integers(1, 20))
    def move_item(self, number: int, days: int) -> None:
        place = number % len(self.entries)
        self._edit(place, days=self.entries[place].days + days)

    @precondition(lambda self: len(self.entries) < MOST_ITEMS)
    @rule(number=st.integers(0, 9), front=st.booleans())
    def add_item(self, number: int, front: bool) -> None:
        if all(entry.id != f"item-{number}" for entry in self.entries):
            added = Item(f"item-{number}", f"Added {number}", 100 + number)
            self._use((added, *self.entries) if front else (*self.entries, added))

    @precondition(lambda self: len(self.entries) > 1)
    @rule(number=st.integers(0, MOST_ITEMS))
    def remove_item(self, number: int) -> None:
        place = number % len(self.entries)
        self._use(self.entries[:place] + self.entries[place + 1 :])

    # -- the ledger

    @rule()
    def back_up(self) -> None:
        self.copies.append(self.store.copy())

    @rule(number=st.integers(0, 50))
    def restore(self, number: int) -> None:
        self._settle_down()
        self.store.restore(self.copies[number % len(self.copies)])
        self._forget()

    @rule()
    def lose(self) -> None:
        self._settle_down()
        self.store.lose()
        self._forget()

    # -- other hands

    @rule(number=st.integers(0, 50), deed=st.sampled_from(("complete", "rename", "date", "delete", "twin")))
    def staff(self, number: int, deed: str) -> None:
        ours = sorted(one for one, task in self.far_side.tasks.items() if task.get("Notes") != "by hand")
        if not ours:
            return
        chosen = ours[number % len(ours)]
        if deed == "complete":
            self.far_side.change(chosen, STAFF, Completed=True)
        elif deed == "rename":
            self.far_side.change(chosen, STAFF, Name="Renamed by staff")
        elif deed == "date":
            self.far_side.change(chosen, STAFF, DueDate="2027-09-09T09:00:00Z")
        elif deed == "twin":
            name = self.far_side.tasks[chosen]["Name"]
            fields = {"CoworkerId": ADA, "BusinessId": BUSINESS, "Name": name, "ResponsibleId": 1418332091}
            self.far_side.make({**fields, "Notes": "by hand", "DueDate": None}, at=self.baton.now, by=STAFF)
        elif chosen in self.store.settled_task_ids():
            self.far_side.remove(chosen, STAFF)
            self.deleted.add(chosen)

    @rule(seconds=st.sampled_from((1.0, QUIET, A_DAY)))
    def time_passes(self, seconds: float) -> None:
        self.baton.at(self.baton.now + seconds, lambda: None)
        self.baton.run()

    # -- what must hold

    @invariant()
    def nothing_is_doubled_or_unplanned(self) -> None:
        found = audit(self.plans, [line for line in self.far_side.commits if line["id"] not in self.forgotten])
        assert not found.doubled, found.doubled
        assert not found.orphan, found.orphan

    @invariant()
    def nothing_is_lost_once_it_is_done(self) -> None:
        if self.is_done:
            lost = audit([plan_of(self.book, ADA)], self.far_side.commits).lost
            assert not lost, lost

    def teardown(self) -> None:
        """Calm down, do as the tool advises, and run until it is done: nothing may be missing then."""
        try:
            if self.baton.failure is None:
                self._finish()
        finally:
            self.store.baton = None
            self._simulation.__exit__(None, None, None)

    def _finish(self) -> None:
        for number in sorted(self.far_side.tasks):
            if self.far_side.tasks[number].get("Notes") == "by hand":
                self.far_side.remove(number, STAFF)
        for _ in range(MOST_TRIES):
            self.is_done = self._run(1, 0.0, patient=True) == 0
            if self.is_done:
                break
            self.time_passes(seconds=3700.0)
        assert self.is_done, "it never ends"
        self.nothing_is_lost_once_it_is_done()
        self.nothing_is_doubled_or_unplanned()

    # -- how it is done

    @property
    def book(self) -> Book:
        return book(self.entries)

    def _use(self, entries: tuple[Item, ...]) -> None:
        self.entries = entries
        self.is_done = False
        self.plans.append(plan_of(self.book, ADA))

    def _edit(self, place: int, **fields: Any) -> None:
        """Two entries that nobody could tell apart are refused by the engine, so such an edit is left out."""
        edited = replace(self.entries[place], **fields)
        others = self.entries[:place] + self.entries[place + 1 :]
        if all((edited.text, edited.days) != (entry.text, entry.days) for entry in others):
            self._use((*self.entries[:place], edited, *self.entries[place + 1 :]))

    def _begin(self, seed: int, rate: float) -> None:
        self.random.seed(seed)
        self.rate = rate
        self.is_done = False

    def _run(self, seed: int, rate: float, *, dies_at: int = 0, patient: bool = True) -> int | None:
        """One process to its end: its exit code, None if it died."""
        self._begin(seed, rate)
        process = self._process()
        process.dies_at = dies_at
        codes: list[int] = []
        self.baton.spawn(process, lambda: codes.append(self._once(process, patient=patient)))
        self.baton.run(drain=False)
        return codes[0] if codes else None

    def _once(self, process: Process, *, patient: bool = True) -> int:
        code = run(self.machine, process, self.book, ADA, patient=patient)
        assert code in {0, 3, 6}, f"exit code {code}"
        return code

    def _process(self) -> Process:
        self.lives += 1
        return Process(f"p{self.lives}", self.lives)

    def _settle_down(self) -> None:
        """Whoever brings a backup back waits until nothing is under way any more."""
        self.baton.at(self.baton.now + QUIET, lambda: None)
        self.baton.run()
        self.copies.append(self.store.copy())

    def _forget(self) -> None:
        self.is_done = False
        self.forgotten |= self.deleted - self.store.settled_task_ids()

    def _line(self, process: Process) -> Line:
        return Line(
            self.far_side, self.baton, process, fault=self._fault, watch=lambda *told: self._watch(process, *told)
        )

    def _fault(self, kind: str) -> str:
        if self.random.random() >= (self.rate if kind == "create" else self.rate / 5):
            return ""
        if kind == "create":
            return self.random.choice(UNSURE if self.random.random() < 0.75 else NOT_DONE)
        return self.random.choice(READ_FAULTS if kind == "read" else LIST_FAULTS)

    def _store_trouble(self, boundary: str) -> str:
        if self.random.random() >= self.rate / 20:
            return ""
        return "locked" if boundary == "begin" else self.random.choice(("full", "killed"))

    def _watch(self, process: Process, fields: Json, body: bytes) -> None:
        self.sent += 1
        assert not process.reads_only, "a preview sent a task"
        assert self.store.intends(identity_of(fields), body.decode()), "sent without a committed intent"
        own = self.store.holder_of(ADA) == process.holder
        assert own or process.was_stopped_in_flight, "sent under the lease of another process"


def _ignored(_: object) -> None:
    return None
