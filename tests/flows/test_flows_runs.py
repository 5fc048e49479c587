"""A run, and the runs after it: each task once, whatever was forgotten in between."""

import json
import shutil

import pytest
from given_account import ANA, ASHLEY, BARCELONA, JOSE, ROOT, TRACY, Account

THREE = {"access-card", "locker", "welcome-tour"}


def test_a_run_creates_each_wanted_task_once_and_a_second_creates_nothing(account: Account):
    first = account.run()
    assert (first.code, set(first.outcomes.values())) == (0, {"created"})
    assert first.outcomes.keys() == THREE
    account.far_side.clear_requests()
    second = account.run()
    assert (second.code, set(second.outcomes.values())) == (0, {"kept"})
    assert account.posts() == []
    assert len(account.commits()) == 3
    for action in second.json["actions"]:
        assert action["reason"].startswith("created 20")
        assert action["reason"].endswith(f"by run {first.json['run_id']}")


def test_a_run_after_the_ledger_is_lost_finds_what_was_made_and_creates_nothing(account: Account):
    first = account.run()
    account.lose_ledger()
    second = account.run()
    assert (second.code, set(second.outcomes.values())) == (0, {"adopted"})
    assert [r["task_id"] for r in second.json["results"]] == [r["task_id"] for r in first.json["results"]]
    assert set(account.run().outcomes.values()) == {"kept"}
    assert len(account.commits()) == 3


def test_a_new_member_costs_at_most_six_reads_with_a_warm_directory(account: Account):
    account.edit("new-member", "on: [contract.created, contract.first_activated]", "when: coworker.full_name != ''")
    assert account.run(coworker=TRACY).code == 0
    cold = account.reads()
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"created"}
    assert account.reads() <= 6
    assert cold <= 6


def test_the_shipped_list_costs_at_most_six_reads_with_a_warm_or_a_cold_directory(
    account: Account, capsys: pytest.CaptureFixture[str]
):
    shutil.rmtree(account.lists)
    shutil.copytree(ROOT / "tasklists", account.lists)
    assert account.run("--anyway", coworker=JOSE).code == 0
    cold = account.reads()
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"created"}
    warm = account.reads()
    with capsys.disabled():
        print(f"\nreads of a run of the shipped list: {warm} warm, {cold} cold")
    assert warm <= 6
    assert cold <= 6


def test_a_kept_run_reads_no_task_one_by_one(account: Account):
    account.run()
    account.far_side.clear_requests()
    account.run()
    assert [path for _, path in account.calls() if path.startswith("/api/crm/coworkertasks/")] == []
    assert account.reads() <= 6


def test_a_row_is_read_once_ever(account: Account):
    for number in range(5):
        task = {"BusinessId": BARCELONA, "CoworkerId": ASHLEY, "ResponsibleId": ANA, "Name": f"By hand {number}"}
        account.far_side.put_record("coworkertasks", 1400 + number, **task)
    account.run()
    assert sum(path.startswith("/api/crm/coworkertasks/14") for _, path in account.calls()) == 5
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    account.far_side.clear_requests()
    assert account.run().outcomes["tea"] == "created"
    assert sum(path.startswith("/api/crm/coworkertasks/14") for _, path in account.calls()) == 0


def test_what_preview_shows_is_what_run_posts_byte_for_byte(account: Account):
    shown = account.preview()
    assert not account.ledger.exists()
    assert {method for method, _ in account.calls()} == {"GET"}
    account.far_side.clear_requests()
    done = account.run()
    payloads = [json.dumps(a["payload"], ensure_ascii=False, separators=(",", ":")) for a in shown.json["actions"]]
    assert sorted(body.decode() for body in account.posts()) == sorted(payloads), "several are under way at once"
    assert done.json["checksum"] == shown.json["checksum"]


def test_preview_touches_no_run_and_no_task_of_a_ledger(account: Account):
    account.run(coworker=JOSE)
    before = account.cli("status", "--format", "json").out
    account.far_side.clear_requests()
    account.preview()
    assert account.cli("status", "--format", "json").out == before
    assert {method for method, _ in account.calls()} == {"GET"}


@pytest.mark.parametrize("hour", ["00:00", "12:34", "23:59"])
def test_another_time_of_the_same_local_day_gives_the_same_payloads(account: Account, hour: str):
    day = account.preview("--now", "2026-12-01T08:00").json
    other = account.preview("--now", f"2026-12-01T{hour}").json
    assert [a["payload"] for a in day["actions"]] == [a["payload"] for a in other["actions"]]
    assert day["checksum"] == other["checksum"]


def test_only_an_added_item_is_created_and_changed_ones_are_kept_with_drift(account: Account):
    made = account.run()
    name = made.json["task_list_name"]
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea with the member, due: on contract.start}\n")
    account.edit("new-member", "Hand out the access card", "Hand over the card")
    account.edit("new-member", "on contract.start at 09:00", "on contract.start at 09:30")
    shown = account.preview()
    assert shown.actions == {"tea": "create", "access-card": "keep", "locker": "keep", "welcome-tour": "keep"}
    drift = {a["item"]: a["drift"] for a in shown.json["actions"]}
    assert drift["access-card"] == [
        {"field": "Name", "was": "Hand out the access card", "wanted": "Hand over the card"}
    ]
    assert [part["field"] for part in drift["locker"]] == ["DueDate"]
    assert drift["welcome-tour"] == []
    done = account.run()
    assert done.outcomes == {"tea": "created", "access-card": "kept", "locker": "kept", "welcome-tour": "kept"}
    assert account.commits("update") == []
    assert len(account.commits()) == 4
    assert done.json["task_list_name"] == name


def test_the_batch_keeps_its_name_when_the_member_is_renamed(account: Account):
    account.run()
    account.far_side.put_record("coworkers", ASHLEY, FullName="Ashley Jones")
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    account.run()
    posted = [json.loads(body) for body in account.posts()]
    assert {body["TaskListName"] for body in posted} == {"Welcome Ashley Smith"}
    assert len(posted) == 4


@pytest.mark.parametrize("lost", ["ledger", "first-task"])
def test_the_batch_keeps_its_name_also_when_something_was_lost(account: Account, lost: str):
    made = account.run()
    if lost == "ledger":
        account.lose_ledger()
    else:
        account.far_side.remove_record("coworkertasks", made.json["results"][0]["task_id"])
    account.far_side.put_record("coworkers", ASHLEY, FullName="Ashley Jones")
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    shown = account.preview()
    done = account.run()
    assert shown.json["task_list_name"] == done.json["task_list_name"] == "Welcome Ashley Smith"
    assert json.loads(account.posts()[-1])["TaskListName"] == "Welcome Ashley Smith"


def test_again_makes_the_list_once_more_under_its_label(account: Account):
    account.run()
    more = account.run("--again", "2027")
    assert set(more.outcomes.values()) == {"created"}
    assert set(account.run("--again", "2027").outcomes.values()) == {"kept"}
    assert len(account.commits()) == 6


def test_a_task_deleted_in_nexudus_is_not_made_again(account: Account):
    made = account.run()
    account.far_side.remove_record("coworkertasks", made.json["results"][0]["task_id"])
    second = account.run()
    assert second.outcomes == {"access-card": "skipped", "locker": "kept", "welcome-tour": "kept"}
    assert "deleted in Nexudus" in second.json["actions"][0]["reason"]
    assert (second.code, len(account.commits())) == (0, 3)


def test_two_tasks_with_one_mark_are_a_conflict_and_that_task_is_not_made(account: Account):
    made = account.run()
    task_id = made.json["results"][0]["task_id"]
    copy = account.far_side.record("coworkertasks", task_id)
    account.far_side.put_record("coworkertasks", 99, **{k: v for k, v in copy.items() if k != "Id"})
    account.lose_ledger()
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    second = account.run()
    assert second.outcomes["access-card"] == "conflict"
    assert (second.code, account.names().count("Hand out the access card")) == (3, 1)
    assert f"99, {task_id}" in next(r["error"] for r in second.json["results"] if r["item"] == "access-card")


def test_the_json_of_preview_and_run_has_exactly_the_promised_keys(account: Account):
    top = ["tasklist", "version", "coworker_id", "business_id", "task_list_name", "now", "checksum"]
    top += ["overrides", "actions", "left_out", "warnings"]
    action = ["action", "item", "key", "task_item_unique_id", "due_at", "payload", "reason", "waits", "phase"]
    action += ["drift", "explain"]
    account.far_side.put_record("coworkers", ASHLEY, Custom7="no")
    shown, done = account.preview().json, account.run().json
    assert list(shown) == [*top, "team"]
    assert all(list(part) == action for part in shown["actions"])
    assert [list(part) for part in shown["left_out"]] == [["item", "key", "reason"]]
    assert list(done) == [*top, "run_id", "results", "team"]
    assert all(list(part) == ["item", "key", "outcome", "task_id", "error"] for part in done["results"])
    assert [part["item"] for part in done["actions"]] == [part["item"] for part in done["results"]]


def test_two_lists_for_one_member_do_not_touch_each_other(account: Account):
    text = (account.lists / "new-member.yaml").read_text(encoding="utf-8")
    account.write("second", text.replace("tasklist: new-member", "tasklist: second"))
    account.run()
    assert set(account.run(name="second").outcomes.values()) == {"created"}
    assert set(account.run().outcomes.values()) == {"kept"}
    assert len(account.commits()) == 6
