"""`tasklists backfill`: for whom, shown before anything is done; then each list once, and what is left said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from given_account import ASHLEY, BARCELONA, DANNY, JOSE, LESLIE, LONDON, PAULA, TRACY, Account, Answer
from test_output_schemas import faults
from whenever import Instant

from engine.authoring.folder import Folder
from engine.cli.output_schemas import OUTPUTS
from engine.flows.account import Place, open_to_run
from engine.flows.stopping import Stop

LIST = """
tasklist: tour
name: Tour
applies:
  on: [{on}]
defaults: {{responsible: front-desk}}
items:
  - {{id: tour, name: "Tour with {{{{ coworker.full_name }}}}"}}
"""


def day(offset: int) -> str:
    return str(Instant.now().add(hours=24 * offset).to_tz("UTC").date())


@pytest.fixture
def there(account: Account) -> Account:
    """Seeded members: José began 40 days ago, Danny 90 and 30, Tracy ends in 25; Ashley and Leslie are to begin."""
    kept = {ASHLEY, JOSE, LESLIE, DANNY, TRACY}
    for contract in account.far_side.records("coworkercontracts"):
        if contract["CoworkerId"] not in kept:
            account.far_side.remove_record("coworkercontracts", contract["Id"])
    (account.lists / "new-member.yaml").unlink()
    return account


def write(account: Account, on: str, more: str = "") -> None:
    text = LIST.format(on=on)
    account.write("tour", text.replace("defaults:", f"{more}\ndefaults:" if more else "defaults:"))


def backfill(account: Account, *arguments: object, **env: str) -> Answer:
    return account.cli("backfill", "tour", *arguments, "--format", "json", **env)


def members(answer: Answer) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for one in answer.json["members"]:
        found.setdefault(one["coworker_id"], []).append(one["event"])
    return found


def test_a_dry_run_shows_for_whom_and_leaves_no_trace(there: Account) -> None:
    write(there, "contract.activated")
    told = backfill(there, "--since", day(-100), "--dry-run")
    assert (told.code, faults(told.json, OUTPUTS["backfill"])) == (0, [])
    assert set(members(told)) == {JOSE, DANNY}
    assert {one["state"] for one in told.json["members"]} == {"found"}
    assert (there.posts(), there.ledger.exists(), told.json["dry_run"]) == ([], False, True)
    table = there.cli("backfill", "tour", "--since", day(-100), "--dry-run")
    assert str(JOSE) in table.out
    assert "tour: 3 found" in table.out
    assert "José" not in table.out + told.out


def test_the_days_are_both_counted_in(there: Account) -> None:
    write(there, "contract.activated")
    assert set(members(backfill(there, "--since", day(-40), "--until", day(-40), "--dry-run"))) == {JOSE}
    assert members(backfill(there, "--since", day(-39), "--until", day(-31), "--dry-run")) == {}


def test_everybody_gets_the_list_once_and_a_second_backfill_makes_nothing(there: Account) -> None:
    write(there, "contract.activated", "  when: coworker.active")
    there.far_side.put_record("coworkers", DANNY, Active=False)
    done = backfill(there, "--since", day(-100), "--yes")
    assert (done.code, faults(done.json, OUTPUTS["backfill"])) == (0, [])
    assert {one["state"] for one in done.json["members"]} == {"done"}
    assert [line["record"]["CoworkerId"] for line in there.commits()] == [JOSE]
    why = {one["coworker_id"]: one["why"] for one in done.json["members"]}
    assert "condition is false" in why[DANNY]
    assert f"3/3 coworker {DANNY}" in done.err
    again = backfill(there, "--since", day(-100), "--yes")
    assert (again.code, len(there.commits())) == (0, 1)
    (run,) = there.cli("status", "--format", "json").json["runs"]
    assert run["cause"] == "backfill"


def test_cancellations_and_first_activations_are_found_by_their_own_days(there: Account) -> None:
    write(there, "contract.cancelled")
    assert members(backfill(there, "--since", day(-1), "--dry-run")) == {}
    assert members(backfill(there, "--since", day(0), "--until", day(30), "--dry-run")) == {
        TRACY: ["contract.cancelled"]
    }
    write(there, "contract.first_activated")
    later = members(backfill(there, "--since", day(-35), "--dry-run"))
    assert DANNY not in later, "what began 30 days ago was the second contract"
    assert set(members(backfill(there, "--since", day(-100), "--dry-run"))) == {JOSE, DANNY}


def test_what_is_still_to_come_counts_only_with_a_last_day(there: Account) -> None:
    write(there, "contract.activated")
    assert members(backfill(there, "--since", day(0), "--dry-run")) == {}
    assert set(members(backfill(there, "--since", day(0), "--until", day(14), "--dry-run"))) == {ASHLEY, LESLIE}


def test_a_location_and_plans_leave_the_others_out(there: Account) -> None:
    write(there, "contract.activated")
    ends = ("--since", day(0), "--until", day(14), "--dry-run")
    assert set(members(backfill(there, *ends, "--location", "london"))) == {LESLIE}
    write(there, "contract.activated", "  tariffs: [Dedicated Desk]")
    assert set(members(backfill(there, *ends))) == {ASHLEY}


def test_a_list_without_events_is_for_all_active_members_that_it_fits(there: Account) -> None:
    write(there, "")
    active = {one["Id"] for one in there.far_side.records("coworkers") if one["Active"]}
    assert set(members(backfill(there, "--dry-run"))) == active
    there.far_side.put_record("coworkers", PAULA, Active=False)
    assert set(members(backfill(there, "--dry-run"))) == active - {PAULA}
    write(there, "", "  tariffs: [Virtual Office]")
    assert set(members(backfill(there, "--dry-run"))) == {LESLIE, DANNY}
    assert set(members(backfill(there, "--dry-run", "--location", "london"))) == {LESLIE}
    done = backfill(there, "--location", "london", "--yes")
    assert (done.code, [line["record"]["CoworkerId"] for line in there.commits()]) == (0, [LESLIE])


def test_signups_are_found_by_the_day_that_they_were_entered(there: Account) -> None:
    write(there, "coworker.created")
    new = 1424000077
    moment = Instant.now().subtract(hours=24 * 3).format_iso()
    for number, business in ((new, BARCELONA), (new + 1, LONDON)):
        there.far_side.put_record(
            "coworkers", number, FullName="Nina New", Active=True, CreatedOn=moment, InvoicingBusinessId=business
        )
    found = members(backfill(there, "--since", day(-3), "--until", day(-3), "--dry-run", "--location", "barcelona"))
    assert found == {new: ["coworker.created"]}


def test_a_backfill_of_one_list_hides_nobody_from_the_sweep(there: Account) -> None:
    write(there, "contract.activated")
    assert backfill(there, "--since", day(-40), "--yes").code == 0
    place = Folder(there.lists, "tasklists")
    with open_to_run(Place(there.env, there.lists, place.organisation().model), Stop()) as account:
        (job, *_) = account.ledger.jobs.listed()
        assert (job.cause, job.event, job.record_id) == ("backfill", "contract.activated", None)
        assert job.event_at is not None
        assert not account.ledger.jobs.seen("contract.activated", str(job.contract_id))


@pytest.mark.parametrize(
    ("on", "arguments", "told"),
    [
        ("contract.created", (), "--since"),
        ("contract.created", ("--since", "yesterday"), "is no day"),
        ("contract.created", ("--since", "2026-11-02", "--until", "2026-11-01"), "lies before"),
        ("contract.created", ("--since", "2026-11-01", "--location", "barcelna"), "Did you mean barcelona?"),
        ("team.created", ("--since", "2026-11-01"), "nothing but a delivery tells of team.created"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(there: Account, on: str, arguments: Any, told: str) -> None:
    write(there, on)
    answer = backfill(there, *arguments, "--yes")
    assert answer.code == 2
    assert told in answer.err
    assert there.posts() == []


def test_a_list_that_asks_for_inputs_is_refused_before_anybody_is_looked_for(there: Account) -> None:
    write(there, "contract.created", "inputs: {guest: {type: text}}")
    answer = backfill(there, "--since", day(-9), "--yes")
    assert (answer.code, "guest" in answer.err, there.reads()) == (2, True, 0)


def test_where_nobody_can_be_asked_nothing_is_begun(there: Account) -> None:
    write(there, "contract.activated")
    answer = there.subprocess("backfill", "tour", "--since", day(-100))
    assert (answer.code, "--yes" in answer.err, there.ledger.exists()) == (2, True, False)


def test_a_list_of_nexudus_that_is_cut_starts_nobody(there: Account) -> None:
    write(there, "contract.activated")
    there.far_side.set_fault("contradicting-counts", "1:coworkercontracts")
    answer = backfill(there, "--since", day(-100), "--yes")
    assert (answer.code, there.posts()) == (6, [])
    assert "could not be read to its end" in answer.err


def test_what_is_in_doubt_is_left_open_and_told(there: Account) -> None:
    write(there, "contract.activated")
    there.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    first = backfill(there, "--since", day(-40), "--until", day(-40), "--yes", TASKLISTS_QUIET_SECONDS="600")
    (left,) = first.json["members"]
    assert (first.code, left["state"], bool(left["due_at"])) == (3, "open", True)
    again = backfill(there, "--since", day(-40), "--until", day(-40), "--yes", TASKLISTS_QUIET_SECONDS="0")
    assert (again.code, again.json["members"][0]["state"], len(there.commits())) == (0, "done", 1)


def test_the_command_needs_no_network_to_be_explained(tmp_path: Path, account: Account) -> None:
    answer = account.cli("backfill", "--help")
    assert (answer.code, "--dry-run" in answer.out, account.calls()) == (0, True, [])
