"""What a job waits for, what counts as a try, and how it ends when nothing helps."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from given_account import ASHLEY, JOSE, PAULA, Account
from given_service import Service, put_contract, service_of
from whenever import Instant

from engine.core.errors import Unreachable
from engine.flows.deciding import MOST_TRIES
from engine.flows.run import Runner
from engine.flows.stopping import Stopped
from engine.flows.tenure import lease_name
from engine.ledger.limits import NoRoom
from engine.ledger.service_values import JobId
from engine.nexudus.errors import LoginRefused, NexudusUnreachable, RoleMissing, UnreadableRecord

CONTRACT, JOSES = 1418975228, 1418975229
LATER = 4300
DAY = 86_400.0


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    account.env["TASKLISTS_QUIET_SECONDS"] = "30"
    with service_of(account) as running:
        yield running


def asked(service: Service) -> JobId:
    """A job that is due: Ashley's list."""
    service.settle(service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY))
    service.clock.ahead += 11
    return service.jobs()[0].id


def seconds_ahead(service: Service, moment: Instant | None) -> int:
    assert moment is not None
    return round((moment - service.clock()).total("seconds"))


def wait_until(account: Account, rule: str) -> None:
    account.edit("new-member", "  tariffs:", f"  wait_until: {rule}\n  tariffs:")


def starts_in(service: Service, days: int) -> None:
    start = service.clock().to_tz("UTC").date().add(days=days)
    put_contract(service, LATER, PAULA, StartDate=f"{start}T00:00:00Z", Active=False)


def test_a_contract_that_starts_later_is_planned_at_once(service: Service) -> None:
    starts_in(service, 200)
    assert service.told("contract.created", LATER, CoworkerId=PAULA).why == "created 2"


def test_a_list_waits_until_its_moment_and_is_looked_at_every_day(service: Service, account: Account) -> None:
    wait_until(account, "14 days before contract.start at 09:00")
    starts_in(service, 16)
    first = service.told("contract.created", LATER, CoworkerId=PAULA)
    assert first.state == "open"
    assert first.why.startswith("it waits until ")
    assert seconds_ahead(service, first.due_at) == DAY
    assert service.ledger.jobs.oldest_due(service.clock().add(hours=12)) is None, "that is no backlog"
    states = [advanced.state for _ in range(4) for advanced in service.work(DAY)]
    assert states[-1] == "done"
    assert service.jobs()[0].tries == 0
    assert len(account.names()) == 2


def test_a_moment_less_than_a_day_ahead_is_met_exactly(service: Service, account: Account) -> None:
    account.edit("new-member", "[contract.created,", "[contract.renewed,")
    wait_until(account, "90 minutes after event")
    told = service.told("contract.renewed", CONTRACT, CoworkerId=ASHLEY)
    assert told.state == "open"
    received = service.jobs()[0].received_at
    assert told.due_at is not None
    assert (told.due_at - received).total("minutes") > 89.9  # rolled on to an open hour where that is closed
    assert [advanced.state for _ in range(5) for advanced in service.work(DAY)][-1] == "done"


def test_a_start_that_moves_is_followed_and_a_member_who_leaves_meanwhile_gets_nothing(
    service: Service, account: Account
) -> None:
    wait_until(account, "14 days before contract.start at 09:00")
    starts_in(service, 40)
    service.told("contract.created", LATER, CoworkerId=PAULA)
    starts_in(service, 3)
    assert [advanced.why for advanced in service.work(DAY)] == ["created 2"]
    put_contract(service, LATER + 1, JOSE, StartDate="2027-06-01T00:00:00Z", Active=False)
    assert service.told("contract.created", LATER + 1, CoworkerId=JOSE).state == "open"
    account.far_side.put_record("coworkers", JOSE, Archived=True)
    assert [advanced.why for advanced in service.work(DAY)] == ["the coworker is archived"]


def test_a_job_that_nexudus_has_kept_from_an_hour_shows_an_hour(service: Service) -> None:
    asked(service)
    since = service.jobs()[0].due_at
    hinder(service, *[NexudusUnreachable("away")] * 12)
    for _ in range(12):
        assert [advanced.state for advanced in service.work(300)] == ["open"]
    assert service.ledger.jobs.oldest_due(service.clock()) == since
    assert (service.clock() - since).total("minutes") >= 55
    assert [advanced.state for advanced in service.work(300)] == ["done"]
    assert service.ledger.jobs.oldest_due(service.clock()) is None


class Hindered(Runner):
    """A runner whose next runs raise, each with one of these errors; then it runs."""

    errors: list[Exception]

    def run(self, *arguments: Any, **named: Any) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return super().run(*arguments, **named)


def hinder(service: Service, *errors: Exception) -> None:
    service.advancer = service.new_advancer()
    runner = service.advancer._runner
    runner.__class__ = Hindered
    runner.errors = list(errors)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (NexudusUnreachable("away"), 5),
        (Unreachable("the ledger is busy"), 5),
        (LoginRefused("the password is wrong"), 60),
        (RoleMissing("CoworkerTask-Create"), 60),
    ],
    ids=["unreachable", "ledger", "login", "role"],
)
def test_what_is_nobodys_data_uses_up_no_try(service: Service, account: Account, error: Exception, pause: int) -> None:
    job_id = asked(service)
    hinder(service, *[error] * 2 * MOST_TRIES)
    first = service.advancer.advance(job_id)
    assert (first.state, seconds_ahead(service, first.due_at)) == ("open", pause)
    states = [service.advancer.advance(job_id).state for _ in range(2 * MOST_TRIES)]
    assert states == ["open"] * (2 * MOST_TRIES - 1) + ["done"]
    assert service.jobs()[0].tries == 0
    assert len(account.names()) == 3


def test_the_pauses_of_an_outage_grow_with_it_to_five_minutes_and_begin_anew_after_it(service: Service) -> None:
    job_id = asked(service)
    hinder(service, *[NexudusUnreachable("away")] * 9)
    pauses = []
    for _ in range(9):
        pauses.append(seconds_ahead(service, service.advancer.advance(job_id).due_at))
        service.clock.ahead += pauses[-1]
    assert pauses == [5, 5, 10, 20, 40, 80, 160, 300, 300]
    assert service.advancer.advance(job_id).state == "done"
    service.settle(service.deliver("contract.created", JOSES, CoworkerId=JOSE))
    hinder(service, NexudusUnreachable("away"))
    assert seconds_ahead(service, service.advancer.advance(service.jobs()[1].id).due_at) == 5


def test_a_fault_of_ours_is_tried_five_times_and_told_by_its_type(service: Service) -> None:
    job_id = asked(service)
    hinder(service, *[KeyError("Ashley Smith")] * MOST_TRIES)
    states = [service.advancer.advance(job_id).state for _ in range(MOST_TRIES)]
    assert states == ["open"] * (MOST_TRIES - 1) + ["failed"]
    assert service.jobs()[0].why == "a fault of the engine (KeyError); tried 5 times"
    assert len(service.said) == MOST_TRIES
    assert "Ashley" not in " ".join(service.said)
    assert service.ledger.inbox.counts()["failed"] == 1


def test_one_record_that_answers_500_is_left_to_a_person_after_most_of_an_hour(service: Service) -> None:
    job_id = asked(service)
    hinder(service, *[UnreadableRecord("CoworkerContract", CONTRACT)] * MOST_TRIES)
    pauses, state = 0, ""
    for _ in range(MOST_TRIES):
        advanced = service.advancer.advance(job_id)
        pauses += seconds_ahead(service, advanced.due_at) if advanced.due_at else 0
        state = advanced.state
    assert state == "aside"
    assert 1800 < pauses < 3600


def test_a_job_that_the_limits_leave_no_room_for_is_no_backlog_before_its_moment(service: Service) -> None:
    job_id, room = asked(service), service.clock().add(hours=5)
    hinder(service, NoRoom(room))
    assert service.advancer.advance(job_id).due_at == room
    assert service.ledger.jobs.oldest_due(room.add(seconds=-1)) is None


def test_who_asks_to_stop_leaves_the_job_due(service: Service) -> None:
    job_id = asked(service)
    hinder(service, Stopped())
    with pytest.raises(Stopped):
        service.advancer.advance(job_id)
    assert [found for found, _ in service.ledger.jobs.due(service.clock(), limit=9)] == [job_id]
    assert service.advancer.advance(job_id).state == "done"


def test_a_coworker_that_another_process_works_on_is_left_to_it_for_two_seconds(service: Service) -> None:
    job_id = asked(service)
    lease = service.ledger.take_lease(lease_name(ASHLEY), holder="another", seconds=60, now=service.clock())
    assert lease is not None
    advanced = service.advancer.advance(job_id)
    assert (advanced.state, seconds_ahead(service, advanced.due_at)) == ("open", 2)
    service.ledger.give_back_lease(lease)
    assert [advanced.why for advanced in service.work(3)] == ["created 3"]
    assert service.jobs()[0].tries == 0


def test_what_is_in_doubt_is_decided_after_the_quiet_period(service: Service, account: Account) -> None:
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    first = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert (first.state, service.jobs()[0].run_id) == ("open", first.run_id)
    assert 25 < seconds_ahead(service, first.due_at) <= 31
    assert service.work(5) == []
    second = service.work(27)[0]
    assert (second.state, second.why) == ("done", "adopted 1, kept 2")
    assert service.jobs()[0].tries == 0
    assert len(account.names()) == 3


def test_a_task_that_nexudus_refuses_is_tried_five_times_beside_those_that_are_made(
    service: Service, account: Account
) -> None:
    account.far_side.set_mode("S23.Name", "400")
    account.far_side.set_mode("S23.Name-limit", 25)
    service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY)
    states = [advanced.state for _ in range(MOST_TRIES) for advanced in service.work(200)]
    assert states == ["open"] * (MOST_TRIES - 1) + ["failed"]
    (job,) = service.jobs()
    assert job.why.startswith("failed 2, kept 1: item ")
    assert "Ashley" not in job.why
    assert account.names() == ["Hand out the access card"]
    account.far_side.set_mode("S23.Name", "accepted")
    service.ledger.jobs.reopen(job.id, service.clock())
    assert [advanced.why for advanced in service.work()] == ["created 2, kept 1"]


def test_data_that_no_task_can_be_made_of_is_set_aside_after_five_tries_and_mended_by_a_replay(
    service: Service, account: Account
) -> None:
    account.edit("new-member", "name: Hand out the access card", 'name: "Card until {{ contract.term_end | date }}"')
    account.far_side.put_record("coworkercontracts", CONTRACT, ContractTerm=None)
    service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY)
    states = [advanced.state for _ in range(MOST_TRIES) for advanced in service.work(200)]
    assert states == ["open"] * (MOST_TRIES - 1) + ["aside"]
    (job,) = service.jobs()
    assert job.why.startswith("access-card: contract.term_end is empty for this coworker. ")
    assert job.why.endswith("; tried 5 times")
    account.far_side.put_record("coworkercontracts", CONTRACT, ContractTerm="2027-12-04T00:00:00Z")
    service.ledger.jobs.reopen(job.id, service.clock())
    assert [advanced.why for advanced in service.work()] == ["created 3"]


class Killed(BaseException):
    """The process ends here."""


def test_a_job_whose_process_died_after_its_last_task_is_done_and_its_run_is_closed(
    service: Service, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = asked(service)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(service.ledger, "finish_run", die)
        with pytest.raises(Killed):
            service.advancer.advance(job_id)
    assert [run["open"] for run in service.runs()] == [True]
    assert service.advancer.advance(job_id).state == "done"
    assert [run["open"] for run in service.runs()] == [False, False]
    assert len(account.names()) == 3


def test_many_threads_on_one_advancer_make_each_list_once(service: Service, account: Account) -> None:
    for number, (coworker, contract) in enumerate([(ASHLEY, CONTRACT), (JOSE, JOSES), (PAULA, LATER)] * 3):
        starts_in(service, 20)
        service.deliver("contract.created", contract, CoworkerId=coworker, Copy=number)
    for delivery_id in service.ledger.inbox.due(service.clock(), limit=99):
        service.decider.settle(delivery_id)
        service.clock.ahead += 11  # due by then: the next one is a job of its own
    ids = [job.id for job in service.jobs()]
    assert len(ids) > 3
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(service.advancer.advance, ids))
    for _ in range(5):
        service.work(3)
    assert {job.state for job in service.jobs()} == {"done"}
    assert len(account.names()) == 7
    assert len({(line["record"]["CoworkerId"], line["record"]["Name"]) for line in account.commits()}) == 7
