"""What a person changes for one run, through the command line: seen before, made, gone on with, and never lost."""

import io

import pytest
from given_account import ANA, ASHLEY, BEN, EVA, Account

from engine.cli.asking import ask_input
from engine.core.model import Input
from engine.flows.request import read_input

CHANGES = ("--skip", "locker", "--responsible", "access-card=host", "--due", "welcome-tour=on 2027-03-01 at 15:30")


def test_a_preview_shows_the_run_as_it_was_changed_and_the_run_makes_just_that(account: Account):
    seen = account.preview(*CHANGES)
    assert seen.code == 0
    assert seen.json["overrides"] == {
        "skip": ["locker"],
        "responsible": {"access-card": "host"},
        "due": {"welcome-tour": "on 2027-03-01 at 15:30"},
    }
    assert [(part["item"], part["reason"]) for part in seen.json["left_out"]] == [("locker", "left out by --skip")]
    told = {part["item"]: part for part in seen.json["actions"]}
    assert told["welcome-tour"]["due_at"] == "2027-03-01T14:30:00Z"
    assert told["welcome-tour"]["explain"]["due"][0] == "by --due: on 2027-03-01 at 15:30"
    assert told["access-card"]["explain"]["responsible"][0] == "by --responsible"

    made = account.run(*CHANGES)
    assert made.outcomes == {"access-card": "created", "welcome-tour": "created"}
    assert made.json["overrides"] == seen.json["overrides"]
    due = {line["record"]["Name"]: line["record"]["DueDate"] for line in account.commits()}
    assert next(at for name, at in due.items() if "tour" in name).startswith("2027-03-01T14:30")
    assert len(account.commits()) == 2


def test_the_next_run_without_them_is_the_lists_own_again(account: Account):
    account.run(*CHANGES)
    again = account.run()
    assert again.json["overrides"] == {}
    assert again.outcomes == {"access-card": "kept", "locker": "created", "welcome-tour": "kept"}
    assert len(account.commits()) == 3


def test_for_a_task_that_is_made_they_change_nothing_and_the_plan_says_so(account: Account):
    account.run()
    account.far_side.clear_requests()
    told = account.run(*CHANGES)
    assert told.code == 0
    assert account.posts() == []
    warned = " ".join(told.json["warnings"])
    assert "--skip changes nothing for locker" in warned
    assert "--responsible changes nothing for access-card" in warned
    assert "--due changes nothing for welcome-tour" in warned
    assert "no longer wanted" not in warned
    tour = next(part for part in told.json["actions"] if part["item"] == "welcome-tour")
    assert [part["field"] for part in tour["drift"]] == ["DueDate"]


def test_a_run_that_was_cut_off_goes_on_as_it_was_changed(account: Account):
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    cut = account.run(*CHANGES, TASKLISTS_QUIET_SECONDS="0")
    account.far_side.clear_faults()
    assert cut.code == 3
    resumed = account.cli("resume", "--coworker", ASHLEY, "--format", "json", TASKLISTS_QUIET_SECONDS="0")
    assert resumed.code == 0
    made = {line["record"]["Name"]: line["record"] for line in account.commits()}
    assert len(made) == 2
    assert not [name for name in made if "ocker" in name]
    tour = next(record for name, record in made.items() if "tour" in name)
    assert tour["DueDate"].startswith("2027-03-01T14:30")
    card = next(record for name, record in made.items() if "card" in name)
    assert card["ResponsibleId"] in {ANA, BEN}


def test_somebody_by_user_id_is_looked_up_like_anybody_else(account: Account):
    seen = account.preview("--responsible", f"locker={EVA}")
    assert seen.code == 0
    locker = next(part for part in seen.json["actions"] if part["item"] == "locker")
    assert locker["payload"]["ResponsibleId"] == EVA
    nobody = account.preview("--responsible", "locker=999999")
    assert nobody.code == 2
    assert "999999" in nobody.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--skip", "lockr"), "nearest: locker"),
        (("--due", "locker=tomorrow"), "--due locker: "),
        (("--due", "locker"), "write --due 'ITEM=RULE'"),
        (("--responsible", "locker=fnt-desk"), "nearest: front-desk"),
    ],
)
@pytest.mark.parametrize("command", ["preview", "run"])
def test_what_cannot_be_changed_is_refused_before_anything_is_asked(
    account: Account, command: str, arguments: tuple[str, str], said: str
):
    call = account.preview if command == "preview" else account.run
    told = call(*arguments)
    assert (told.code, account.calls()) == (2, [])
    assert said in told.err


def test_saved_facts_are_planned_with_them_too(account: Account):
    online = account.preview("--save-facts", "facts.json", *CHANGES, "--now", "2026-11-24T10:00")
    offline = account.cli(
        "preview", "new-member", "--facts", "facts.json", "--format", "json", *CHANGES, "--now", "2026-11-24T10:00"
    )
    assert offline.json == online.json


def test_a_plan_is_read_phase_by_phase(account: Account):
    account.edit("new-member", "  - id: access-card\n", "  - id: access-card\n    phase: Before arrival\n")
    account.edit("new-member", "  - id: welcome-tour\n", "  - id: welcome-tour\n    phase: First week\n")
    table = account.cli("preview", "new-member", "--coworker", ASHLEY, COLUMNS="200").out
    places = [table.index(word) for word in ("locker", "Before arrival:", "access-card", "First week:", "welcome-tour")]
    assert places == sorted(places)
    narrow = account.cli("preview", "new-member", "--coworker", ASHLEY, COLUMNS="90").out
    assert "Before arrival:" in narrow
    markdown = account.cli("preview", "new-member", "--coworker", ASHLEY, "--format", "markdown").out
    assert "| **First week** | | | | | |" in markdown
    assert [part["phase"] for part in account.preview().json["actions"]] == ["Before arrival", "", "First week"]


def answers(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["Salto", "Kisi, 2nd door", ""], ("Salto", "Kisi, 2nd door")),
        (["[A, B]"], ("A", "B")),
        (["{code: A1}", "{code", "{code: A2}", ""], ({"code": "A1"}, {"code": "A2"})),
        ([""], ()),
        (['say "hi"', ""], ('say "hi"',)),
    ],
)
def test_a_list_is_asked_for_one_entry_at_a_time(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], value: tuple[object, ...]
):
    answers(monkeypatch, *lines)
    assert read_input("doors", "list", ask_input("doors", Input(type="list"))) == value


def test_an_answer_of_another_type_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    answers(monkeypatch, "soon", "2026-12-09")
    assert ask_input("out", Input(type="date", prompt="When do they leave")) == "2026-12-09"
    shown = capsys.readouterr().err
    assert shown.count("When do they leave") == 2
    assert "YYYY-MM-DD" in shown or "this must be a date" in shown
