"""A schedule made by hand: one process sleeps with the lease before its first write, another takes over and sleeps too.

The first one wakes when the quiet period of the other's requests is over, and must touch nothing of them; a third
one comes when the second has died in the middle of a request. It must never leave a step to chance but the seed's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from auditor import Audit, audit
from baton import Baton
from simulation_far_side import FarSide, Json, Manners
from simulation_lists import ADA, MEMBERS, START, Book, book, items, plan_of
from simulation_processes import Machine, run
from simulation_strands import Process
from simulation_wire import QUIET, Line, identity_of
from simulation_world import the_store

FIRST_SLEEP, SECOND_SLEEP = 2.8 * QUIET, 3.1 * QUIET
SECOND_COMES, THIRD_COMES = 45.0, 172.5


@dataclass
class Duel:
    """What came of it: exit codes by process, and what must never happen."""

    audit: Audit
    codes: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class _Fight:
    def __init__(self, seed: int) -> None:
        self.baton = Baton(Random(seed), most_seconds=24 * 3600.0)
        self.store = the_store()
        self.store.renew(self.baton)
        self.store.trouble = lambda _: ""
        self.far_side = FarSide(self.baton.random, Manners(), lambda: START.add(seconds=self.baton.now).format_iso())
        self.far_side.add_member(ADA, MEMBERS[ADA])
        self.machine = Machine(self.baton, self.store, START, self._line, lanes=1)
        self.made: Book = book(items(4))
        self.codes: dict[str, int] = {}
        self.violations: list[str] = []

    def enter(self, process: Process, moment: float) -> None:
        """Let a process begin at a moment of fake time."""
        self.baton.at(moment, lambda: _ignored(self.baton.spawn(process, lambda: self._fight(process))))

    def _fight(self, process: Process) -> None:
        self.codes[process.name] = run(self.machine, process, self.made, ADA, patient=True)

    def _line(self, process: Process) -> Line:
        def fault(kind: str) -> str:
            """The second creation of the second process is unsure, and is committed late."""
            return "late" if kind == "create" and process.name == "second" and process.sent == 1 else ""

        return Line(self.far_side, self.baton, process, fault=fault, watch=lambda *told: self._watch(process, *told))

    def _watch(self, process: Process, fields: Json, body: bytes) -> None:
        if not self.store.intends(identity_of(fields), body.decode()):
            self.violations.append(f"{process.name} sent {fields['Name']!r} without a committed intent")


def duel(step: int, dies_at: int, seed: int) -> Duel:
    """The first process sleeps at its `step`, the second one dies at its step `dies_at` (0: it lives)."""
    fight = _Fight(seed)
    first, second, third = Process("first"), Process("second"), Process("third")
    first.stops = {step: FIRST_SLEEP}
    second.naps, second.dies_at = {1: SECOND_SLEEP}, dies_at
    for process, moment in ((first, 0.0), (second, SECOND_COMES), (third, THIRD_COMES)):
        fight.enter(process, moment)
    try:
        fight.baton.run()
    finally:
        fight.store.baton = None
    return Duel(audit([plan_of(fight.made, ADA)], fight.far_side.commits), fight.codes, fight.violations)


def _ignored(_: object) -> None:
    return None
