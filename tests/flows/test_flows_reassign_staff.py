"""What people do in Nexudus while tasks change hands: an old record is never sent back, and what moved is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from given_account import ANA, ASHLEY, BEN, EVA, Account
from whenever import Instant

from engine.authoring.folder import find_folder
from engine.core.forms import Holder
from engine.flows.account import Place, WritingAccount, open_to_run
from engine.flows.directory import Directory
from engine.flows.reassign import Asked, HandoverPlan, HandoverPlanner
from engine.flows.reassigning import Manner, Reassigned, Reassigner
from engine.flows.stopping import Stop
from engine.ledger.values import Reassigning
from engine.nexudus.answers import Record, Settled
from engine.nexudus.gate import Gate

LIST = """
tasklist: desk
name: "Welcome {{ coworker.full_name }}"
items:
  - {id: card, name: Card, responsible: ana@acme.example, due: 2027-01-05 at 10:00}
"""


class Watched:
    """The client, with somebody who does something right after a reading or right after an update."""

    def __init__(self, client, *, after_read: Callable[[], None], after_update: Callable[[], None]) -> None:
        self._client = client
        self._after_read, self._after_update = after_read, after_update
        self.reads = 0

    def task(self, task_id: int) -> Record | None:
        found: Record | None = self._client.task(task_id)
        self.reads += 1
        self._after_read()
        return found

    def update_task(self, record: Mapping[str, object], gate: Gate | None = None) -> Settled:
        answer: Settled = self._client.update_task(record, gate)
        self._after_update()
        return answer


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Instant:
        return Instant.now().add(seconds=self.ahead)


@contextmanager
def opened(account: Account) -> Iterator[tuple[WritingAccount, Callable[[int], HandoverPlan]]]:
    organisation = find_folder(str(account.lists), {}, account.folder).organisation().model
    with open_to_run(Place(account.env, account.lists, organisation), Stop()) as run:
        planner = HandoverPlanner(run.reader, run.ledger, Directory(run.reader, run.ledger, Instant.now), organisation)
        yield run, lambda to: planner.plan(Asked(Holder(user=ANA), Holder(user=to)))


@pytest.fixture
def made(account: Account) -> Account:
    account.write("desk", LIST)
    assert account.run(name="desk").code == 0
    return account


def card(account: Account) -> dict:
    (task,) = account.far_side.records("coworkertasks")
    return task


def apply(account: Account, *, to: int = BEN, quiet: float = 120, clock: Clock | None = None, **acts) -> Reassigned:
    nothing: Callable[[], None] = lambda: None  # noqa: E731 - said once for both moments
    acts = {"after_read": nothing, "after_update": nothing} | acts
    with opened(account) as (run, planned):
        manner = Manner(Stop(), "test", 30.0, quiet, clock=clock or Clock())
        return Reassigner(Watched(run.client, **acts), run.ledger, manner).apply(planned(to))


def test_a_record_that_waited_too_long_is_read_again_so_what_staff_wrote_meanwhile_stays(made: Account):
    clock, number = Clock(), card(made)["Id"]

    def the_limits_make_it_wait() -> None:
        if not clock.ahead:
            made.far_side.put_record("coworkertasks", number, Notes="Staff: the card is blue")
            clock.ahead = 30.0

    done = apply(made, clock=clock, after_read=the_limits_make_it_wait)
    assert [one.outcome for one in done.results] == ["reassigned"]
    assert (card(made)["ResponsibleId"], card(made)["Notes"]) == (BEN, "Staff: the card is blue")
    assert len(made.commits("update")) == 1


def test_what_somebody_changes_at_the_same_moment_is_told(made: Account):
    number = card(made)["Id"]
    done = apply(made, after_update=lambda: made.far_side.put_record("coworkertasks", number, Name="Blue card"))
    (one,) = done.results
    assert (one.outcome, one.why) == ("reassigned", "changed by somebody at the same moment: Name")
    assert card(made)["Name"] == "Blue card"


def test_a_task_that_staff_give_away_between_the_preview_and_the_change_is_left_to_them(made: Account):
    number = card(made)["Id"]
    with opened(made) as (run, planned):
        plan = planned(BEN)
        made.far_side.put_record("coworkertasks", number, ResponsibleId=EVA)
        done = Reassigner(run.client, run.ledger, Manner(Stop(), "test", 30.0, 120.0)).apply(plan)
        assert [(one.outcome, one.why) for one in done.results] == [
            ("skipped", f"it was given to user {EVA} meanwhile")
        ]
        assert run.ledger.open_reassignments() == ()
    assert card(made)["ResponsibleId"] == EVA


def test_an_update_that_staff_undo_at_once_is_not_called_done(made: Account):
    number = card(made)["Id"]
    done = apply(made, after_update=lambda: made.far_side.put_record("coworkertasks", number, ResponsibleId=EVA))
    (one,) = done.results
    assert (one.outcome, done.exit_code) == ("failed", 3)
    assert f"shows user {EVA}" in one.why


def test_an_interrupted_change_to_somebody_else_is_waited_out(made: Account):
    with opened(made) as (run, _):
        (known,) = run.ledger.known(ASHLEY)
        change = Reassigning(ASHLEY, known.identity, card(made)["Id"], ANA, EVA)
        run.ledger.reassigning(change, Instant.now())
    (held,) = apply(made).results
    assert (held.outcome, "interrupted change to user 1418332092 may still arrive" in held.why) == ("held", True)
    assert made.commits("update") == []
    later = Clock()
    later.ahead = 200.0
    (done,) = apply(made, clock=later).results
    assert done.outcome == "reassigned"
    with opened(made) as (run, _):
        told = [(one.change.after_id, one.outcome) for one in run.ledger.reassignments()]
        assert told == [(BEN, "reassigned"), (EVA, "skipped")]
        assert run.ledger.loads() == {BEN: 1}


def test_two_processes_do_not_reassign_at_once(made: Account):
    with opened(made) as (run, _):
        assert run.ledger.take_lease("reassign", holder="another", seconds=60, now=Instant.now())
    refused = made.cli(
        "reassign", "--from", ANA, "--to", BEN, "--yes", TASKLISTS_LEASE_SECONDS="0.2", TASKLISTS_QUIET_SECONDS="0"
    )
    assert (refused.code, "Another process is reassigning" in refused.err) == (3, True)
    assert made.commits("update") == []
