"""Any order of what may happen to deliveries and jobs: nothing is lost, and each is in the state that the rules say.

The order is drawn from a seed: sequences that let things meet are rare among those that a property test would try.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from inbox_given import came, job
from ledger_given import NOW, Place, opened

from engine.core.errors import UserError
from engine.ledger.service_values import DeliveryId, JobId, NewDelivery, NewJob, StoredJob

BAD = ("aside", "failed")
STEPS = {
    **{"accept": 4, "decide": 8, "put_away": 1, "retry": 1, "replay": 4, "discard": 2},
    **{"ask": 1, "finish": 8, "postpone": 1, "reopen": 3, "discard_job": 1, "wait": 3, "restart": 0.5},
}
"""What may happen, and how often of so many times."""
SIGNUP = ("coworker.created", "contract.created", "contract.first_activated")
"""Events that one job may answer together."""


class World:
    """A ledger, and what it should hold. `own` is what was decided about a delivery itself: its jobs may leave it
    aside or failed all the same."""

    def __init__(self, place: Place, seed: int) -> None:
        self.random = Random(seed)
        self.place = place
        self.ledger = opened(place)
        self.now = NOW
        self.own: dict[DeliveryId, str] = {}
        self.bodies: dict[DeliveryId, bytes | None] = {}
        self.unverified: set[DeliveryId] = set()
        self.read: set[DeliveryId] = set()
        self.asked: dict[JobId, list[NewJob]] = {}
        self.state_of: dict[JobId, str] = {}
        self.causes: set[tuple[JobId, DeliveryId]] = set()

    def go_on(self, steps: int) -> None:
        for what in self.random.choices(list(STEPS), list(STEPS.values()), k=steps):
            getattr(self, what)()
            self.check()

    def delivery(self, *states: str) -> DeliveryId:
        return self.one_of(self.own, states) or self.accept()

    def stored_job(self, *states: str) -> JobId:
        return self.one_of(self.state_of, states) or self.ask()

    def one_of(self, among: dict[Any, str], states: tuple[str, ...]) -> Any:
        """One in one of these states, mostly; any other now and then."""
        fitting = [one for one, state in among.items() if state in states]
        every = list(among)
        return self.random.choice(fitting if fitting and self.random.random() < 0.9 else every or [None])

    # what is expected

    def bad_jobs(self, one: DeliveryId) -> list[JobId]:
        return [job_id for job_id, cause in self.causes if cause == one and self.state_of[job_id] in BAD]

    def state(self, one: DeliveryId) -> str:
        own = self.own[one]
        if own != "decided":
            return "done" if own == "discarded" else "aside" if own == "unverified" else own
        return max((self.state_of[job_id] for job_id in self.bad_jobs(one)), default="done")  # aside < failed

    def let_go(self, one: DeliveryId) -> None:
        for job_id in self.bad_jobs(one):
            if all(self.state(other) == "done" for found, other in self.causes if found == job_id and other != one):
                self.state_of[job_id] = "done"

    # what may happen

    def accept(self) -> DeliveryId:
        batch = [self.came() for _ in range(self.random.randint(1, 3))]
        accepted = self.ledger.inbox.accept(batch)
        whole = [(delivery, told.id) for delivery, told in zip(batch, accepted, strict=True)]
        for delivery, one in sorted(whole, key=lambda pair: pair[0].verified == "unverified"):
            genuine = delivery.verified != "unverified"
            if one not in self.own or (genuine and one in self.unverified):
                self.own[one] = "new" if genuine else "unverified"
                self.bodies[one] = delivery.body
                self.unverified = (self.unverified - {one}) | (set() if genuine else {one})
        return accepted[0].id

    def came(self) -> NewDelivery:
        proof = self.random.choice(["signature", "signature", "token", "unverified"])
        return came(self.random.choice("abcd"), verified=proof, received_at=self.now)

    def decide(self) -> None:
        one = self.delivery("new")
        wanted = [self.wanted() for _ in range(self.random.randint(0, 2))]
        was_new = self.own[one] == "new"
        told = self.ledger.inbox.decide(one, wanted, why="w", record_id=1, coworker_id=1, now=self.now)
        if not was_new:
            assert set(told) == {job_id for job_id, cause in self.causes if cause == one}
            return
        self.remember(told, wanted)
        self.causes |= {(job_id, one) for job_id in told}
        self.let_go(one)
        self.own[one], self.bodies[one] = "decided", None
        self.read.add(one)

    def wanted(self) -> NewJob:
        """Few and alike, so that they meet."""
        choice = self.random.choice
        due_at = self.now.add(seconds=self.random.randint(0, 30))
        told: dict[str, Any] = {"contract_id": choice([None, 10, 11]), "team_id": choice([None] * 4 + [5])}
        event = choice(["contract.created", "contract.created", *SIGNUP, "contract.cancelled"])
        told |= {"record_id": 1, "event": event}
        return job(choice(["first", "second"]), 1, due_at=due_at, received_at=self.now, **told)

    def remember(self, told: Sequence[JobId], wanted: list[NewJob]) -> None:
        for one in told:
            self.state_of[one] = "open"
            found = self.ledger.jobs.job(one)
            assert found is not None
            fitting = [each for each in wanted if _is_for(each, found)]
            assert fitting, "it was asked for"
            self.asked.setdefault(one, []).extend(fitting)
        found_all = [self.ledger.jobs.job(one) for one in told]
        assert all(any(one and _is_for(each, one) for one in found_all) for each in wanted), "each is asked for"

    def ask(self) -> JobId:
        wanted = [self.wanted() for _ in range(self.random.randint(1, 2))]
        told = self.ledger.jobs.ask(wanted, self.now)
        self.remember(told, wanted)
        return told[0]

    def put_away(self) -> None:
        one, end = self.delivery("new"), self.random.choice(BAD)
        step = self.ledger.inbox.set_aside if end == "aside" else self.ledger.inbox.fail
        assert step(one, "odd", self.now) == (self.own[one] == "new")
        self.own[one] = end if self.own[one] == "new" else self.own[one]

    def retry(self) -> None:
        one = self.delivery("new")
        assert self.ledger.inbox.retry(one, "t", self.now.add(seconds=9), self.now) == (self.own[one] == "new")

    def replay(self) -> None:
        one = self.delivery("decided", *BAD)
        if one in self.unverified or (self.bodies[one] is None and one not in self.read):
            with pytest.raises(UserError):
                self.ledger.inbox.replay(one, self.now)
        else:
            assert self.ledger.inbox.replay(one, self.now)
            self.own[one] = "new"

    def discard(self) -> None:
        one = self.delivery("decided", *BAD)
        assert self.ledger.inbox.discard(one, self.now)
        self.let_go(one)
        self.own[one], self.bodies[one] = "discarded", None

    def finish(self) -> None:
        one, end = self.stored_job("open"), self.random.choice([*BAD, "done"])
        was_open = self.state_of[one] == "open"
        assert self.ledger.jobs.finish(one, end, "e", self.now) == was_open
        if was_open:
            self.state_of[one] = end
            for delivery in [cause for found, cause in self.causes if found == one and end in BAD]:
                self.own[delivery] = "decided" if self.own[delivery] == "discarded" else self.own[delivery]

    def postpone(self) -> None:
        one = self.stored_job("open")
        due, is_try = self.now.add(seconds=self.random.randint(0, 60)), self.random.random() < 0.5
        assert self.ledger.jobs.postpone(one, due, "p", self.now, is_try=is_try) == (self.state_of[one] == "open")

    def reopen(self) -> None:
        one = self.stored_job(*BAD)
        assert self.ledger.jobs.reopen(one, self.now)
        self.state_of[one] = "open"

    def discard_job(self) -> None:
        one = self.stored_job(*BAD)
        assert self.ledger.jobs.discard(one, self.now)
        self.state_of[one] = "done"

    def wait(self) -> None:
        self.now = self.now.add(seconds=self.random.randint(1, 12))

    def restart(self) -> None:
        self.ledger.close()
        self.ledger = opened(self.place)

    # what must hold

    def check(self) -> None:
        self.every_delivery_is_in_the_one_state_that_the_rules_say()
        self.bodies_are_kept_until_done_and_no_longer()
        self.no_job_and_no_cause_is_lost()
        self.what_is_due_is_new_or_open()

    def every_delivery_is_in_the_one_state_that_the_rules_say(self) -> None:
        found = {one.id: one.state for one in self.ledger.inbox.listed(limit=99)}
        assert found == {one: self.state(one) for one in self.own}
        listed = [one.id for state in self.ledger.inbox.counts() for one in self.ledger.inbox.listed(state, limit=99)]
        assert sorted(listed) == sorted(self.own), "in just one of the lists"
        assert sum(self.ledger.inbox.counts().values()) == len(self.own)

    def bodies_are_kept_until_done_and_no_longer(self) -> None:
        assert {one: self.ledger.inbox.body(one) for one in self.own} == self.bodies

    def no_job_and_no_cause_is_lost(self) -> None:
        found = {one.id: one for one in self.ledger.jobs.listed(limit=999)}
        assert {one: stored.state for one, stored in found.items()} == self.state_of
        assert {(one, cause) for one, stored in found.items() for cause in stored.delivery_ids} == self.causes
        linked = {(each, one.id) for one in self.ledger.inbox.listed(limit=99) for each in one.jobs}
        assert linked == self.causes
        assert sum(self.ledger.jobs.counts().values()) == len(found)
        for one, stored in found.items():
            known = {each.contract_id for each in self.asked[one]} - {None}
            assert stored.contract_id in (known or {None}), "a contract that was known is known still"

    def what_is_due_is_new_or_open(self) -> None:
        later = self.now.add(hours=1)
        assert set(self.ledger.inbox.due(later, limit=99)) == {one for one in self.own if self.own[one] == "new"}
        open_ones = {one for one, state in self.state_of.items() if state == "open"}
        assert {one for one, _ in self.ledger.jobs.due(later, limit=999)} == open_ones


def _is_for(asked: NewJob, found: StoredJob) -> bool:
    same = (asked.tasklist, asked.coworker_id, asked.team_id) == (found.tasklist, found.coworker_id, found.team_id)
    answered = asked.event == found.event or {asked.event, found.event} <= set(SIGNUP)
    return same and answered and asked.contract_id in {None, found.contract_id}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_nothing_is_lost(place: Place, seed: int) -> None:
    world = World(place, seed)
    try:
        world.go_on(150 if isinstance(place, Path) else 40)
    finally:
        world.ledger.close()
