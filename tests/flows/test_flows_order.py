"""Order among items, through the sandbox: a task is completed on its page, and what waited for it is made, once."""

from __future__ import annotations

from given_account import ASHLEY, JOSE, Account
from order_given import ORDERED, give, press, run, task_named, waiting_for, waits

MADE_FIRST = {"papers": "created", "deposit": "created", "card": "waiting", "tour": "waiting", "photo": "waiting"}


def test_neighbouring_gates_open_together_and_nothing_below_is_made(account: Account) -> None:
    give(account)
    assert run(account) == MADE_FIRST
    assert account.names() == ["Sign the papers", "Take the deposit"]
    assert waiting_for(account) == {
        "card": ["papers", "deposit"],
        "tour": ["card", "papers", "deposit"],
        "photo": ["card", "tour", "papers", "deposit"],
    }


def test_completing_one_by_one_makes_the_next_once(account: Account) -> None:
    give(account)
    run(account)
    press(account, "Sign the papers")
    assert run(account)["card"] == "waiting"
    press(account, "Take the deposit")
    assert run(account)["card"] == "created"
    assert run(account)["card"] == "kept"
    press(account, "Hand out the card")
    outcomes = run(account)
    assert (outcomes["tour"], outcomes["photo"]) == ("created", "waiting")
    assert waiting_for(account) == {"photo": ["tour"]}
    press(account, "Show them round")
    assert run(account)["photo"] == "created"
    assert waits(account) == []
    assert sorted(account.names()) == sorted(set(account.names())), "each once"
    assert len(account.names()) == 5


def test_done_is_the_day_of_the_completion_and_stays_it(account: Account) -> None:
    give(account)
    run(account)
    account.far_side.set_clock(3 * 86_400)
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name)
    run(account, "--now", "2026-12-01T09:00")
    press(account, "Hand out the card")
    task = account.far_side.record("coworkertasks", task_named(account, "Hand out the card"))
    made = account.preview("--now", "2026-12-09T09:00", name="moving-in").json
    (tour,) = (action for action in made["actions"] if action["item"] == "tour")
    assert tour["action"] == "create"
    assert any("done is" in step for step in tour["explain"]["due"]), tour["explain"]["due"]
    assert task["Completed"]


def test_preview_shows_what_waits_and_that_is_no_change(account: Account) -> None:
    give(account)
    run(account)
    made = account.preview("--exit-code", name="moving-in")
    assert made.code == 0
    assert made.actions == {"papers": "keep", "deposit": "keep", "card": "wait", "tour": "wait", "photo": "wait"}
    (card,) = (action for action in made.json["actions"] if action["item"] == "card")
    assert card["waits"] == {"for": ["papers", "deposit"], "until": None, "stuck": False}
    assert "papers, deposit are completed" in card["reason"]


def test_a_preview_stores_no_completion(account: Account) -> None:
    give(account)
    run(account)
    press(account, "Sign the papers")
    before = waits(account)
    account.preview(name="moving-in")
    assert waits(account) == before


def test_a_gate_that_staff_deleted_stays_shut_and_is_reported(account: Account) -> None:
    give(account)
    run(account)
    press(account, "Sign the papers", "delete")
    press(account, "Take the deposit")
    assert run(account)["card"] == "waiting"
    (wait,) = waits(account)
    assert all(item["stuck"] for item in wait["items"])
    assert "papers, which was deleted in Nexudus" in wait["items"][0]["reason"]
    audited = account.cli("audit", "--coworker", ASHLEY, "--format", "json")
    assert audited.code == 3
    assert any("papers" in finding["what"] and finding["kind"] == "stuck" for finding in audited.json["findings"])


def test_a_task_opened_again_stops_only_what_is_not_made_yet(account: Account) -> None:
    give(account)
    run(account)
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name)
    run(account)
    press(account, "Sign the papers", "reopen")
    press(account, "Hand out the card")
    outcomes = run(account)
    assert (outcomes["card"], outcomes["tour"]) == ("kept", "waiting")
    made = account.preview(name="moving-in").json
    assert [action["drift"] for action in made["actions"]] == [[]] * 5


def test_a_gate_that_is_left_out_is_open(account: Account) -> None:
    give(account, ORDERED.replace("papers, gate: true", "papers, gate: true, when: 'coworker.active == false'"))
    assert run(account)["card"] == "waiting"
    press(account, "Take the deposit")
    assert run(account)["card"] == "created"


def test_without_the_ledger_nothing_is_made_twice_and_the_rest_still_comes(account: Account) -> None:
    give(account)
    run(account)
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name)
    run(account)
    press(account, "Hand out the card")
    account.lose_ledger()
    outcomes = run(account)
    assert outcomes == {
        "papers": "adopted", "deposit": "adopted", "card": "adopted", "tour": "created", "photo": "waiting",
    }  # fmt: skip
    assert len(account.names()) == 4


def test_resume_makes_what_may_be_made_by_now(account: Account) -> None:
    give(account)
    run(account)
    run(account, coworker=JOSE)
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name)
    resumed = account.cli("resume", "--no-wait", "--format", "json")
    assert resumed.code == 0
    assert [run["results"][-1]["coworker_id"] for run in resumed.json["runs"]] == [ASHLEY]
    assert account.cli("resume", "--no-wait", "--format", "json").json["runs"] == []
    assert account.names().count("Hand out the card") == 1
    assert "card" in waiting_for(account, JOSE)


def test_a_task_is_created_so_long_before_its_due(account: Account) -> None:
    give(
        account,
        """
tasklist: moving-in
name: Moving in
defaults: {responsible: front-desk, create: 5 business days before due}
items:
  - {id: later, name: Later, due: on 2026-12-17 at 12:00}
  - {id: at-once, name: At once, create: now, due: on 2026-12-17 at 12:00}
""",
    )
    assert run(account, "--now", "2026-11-25T09:00") == {"later": "waiting", "at-once": "created"}
    ((item,),) = ([*wait["items"]] for wait in waits(account))
    assert item["until"] == "2026-12-10T08:00:00Z"
    assert run(account, "--now", "2026-12-10T08:59")["later"] == "waiting"
    assert run(account, "--now", "2026-12-10T09:00")["later"] == "created"
    assert waits(account) == []
