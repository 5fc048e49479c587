"""Saved facts: private, complete, and enough to plan without a network, a ledger or their libraries."""

import json
import stat
import subprocess
import sys

import pytest
from given_account import ASHLEY, ROOT, Account

HEAVY = ("httpx", "sqlalchemy", "holidays", "alembic")
LIST_MODULES = (
    "import sys\nfrom engine.cli.main import run_commands\ncode = run_commands(sys.argv[1:])\n"
    "print('MODULES', code, *sorted({name.partition('.')[0] for name in sys.modules}))\n"
)


@pytest.mark.parametrize("state", ["new", "made", "lost"])
def test_an_offline_plan_equals_the_online_one(account: Account, state: str):
    if state != "new":
        account.run()
    if state == "lost":
        account.lose_ledger()
    now = ("--now", "2026-11-24T10:00")
    online = account.preview("--save-facts", "facts.json", *now)
    assert stat.S_IMODE((account.folder / "facts.json").stat().st_mode) == 0o600
    account.far_side.clear_requests()
    offline = account.cli("preview", "new-member", "--facts", "facts.json", "--format", "json", *now)
    assert account.calls() == []
    assert offline.json == online.json
    again = account.preview("--save-facts", "facts.json", *now)
    assert (again.code, stat.S_IMODE((account.folder / "facts.json").stat().st_mode)) == (0, 0o600)


def test_offline_planning_imports_no_network_no_database_and_no_holidays(account: Account):
    account.preview("--save-facts", "facts.json")
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, "preview", "new-member", "--facts", "facts.json", "--format", "json"],
        cwd=account.folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told, _, modules = done.stdout.rpartition("MODULES")
    assert modules.split()[0] == "0"
    assert json.loads(told)["tasklist"] == "new-member"
    assert [name for name in HEAVY if name in modules.split()] == []
    assert not (account.folder / ".tasklists").exists()


def test_offline_a_changed_list_is_planned_with_the_saved_facts(account: Account):
    account.preview("--save-facts", "facts.json")
    account.edit(
        "new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start, responsible: front-desk}\n"
    )
    told = account.cli("preview", "new-member", "--facts", "facts.json", "--format", "json")
    assert told.actions["tea"] == "create"


def test_offline_the_command_line_wins_where_the_file_has_what_it_takes(account: Account):
    account.preview("--save-facts", "facts.json")
    for arguments, words in (
        (("--location", "london"), "saved at barcelona"),
        (("--contract", "5"), "do not know contract 5"),
    ):
        told = account.cli("preview", "new-member", "--facts", "facts.json", *arguments)
        assert (told.code, words in told.err) == (2, True)
    account.edit("organisation", "front-desk: ana@acme.example", "front-desk: eva@acme.example")
    told = account.cli("preview", "new-member", "--facts", "facts.json")
    assert (told.code, "do not know eva@acme.example" in told.err) == (2, True)


def test_a_coworker_or_facts_are_needed_and_not_both(account: Account):
    for arguments in ((), ("--coworker", str(ASHLEY), "--facts", "x.json")):
        told = account.cli("preview", "new-member", *arguments)
        assert (told.code, "--coworker ID" in told.err) == (2, True)


def test_an_event_is_counted_from_and_saved_with_the_facts(account: Account):
    tea = "items:\n  - {id: tea, name: Tea, due: 2 hours after event}\n"
    account.edit("new-member", "items:\n", tea)
    missing = account.preview()
    assert (missing.code, "anchor 'event' has no value" in missing.err) == (2, True)
    online = account.preview("--event", "2026-12-01T09:30", "--save-facts", "facts.json")
    due = next(action["due_at"] for action in online.json["actions"] if action["item"] == "tea")
    assert due == "2026-12-01T10:30:00Z"
    offline = account.cli("preview", "new-member", "--facts", "facts.json", "--format", "json")
    assert offline.json["actions"] == online.json["actions"]


def test_explain_tells_the_steps_to_each_date_and_person(account: Account):
    told = account.cli("preview", "new-member", "--coworker", ASHLEY, "--explain").out
    assert "access-card: due: 1 business day before" in told
    assert "welcome-tour: responsible: role host at barcelona" in told
    assert "locker [1415590047]: when: coworker.custom.wants_locker" in told
    account.far_side.put_record("coworkers", ASHLEY, Custom7="no")
    assert "left out: locker" in account.cli("preview", "new-member", "--coworker", ASHLEY).out
